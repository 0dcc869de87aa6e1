"""2.10: frames for many: broadcast, unknown unicast, multicast; from guests, along trees, by head-end replication."""

from scapy.layers.inet import IP, UDP, Ether
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP as Arp, Dot1Q
from scapy.packet import Raw

from kit import *

ALL = "ff:ff:ff:ff:ff:ff"
UNKNOWN = "02:00:00:00:00:99"
FAR = "02:00:00:00:77:01"
TREE_LABEL, LABEL = 4650, 42
# Other nodes: two along the tree, two by head-end replication, two switches.
TREE1, TREE2, EVPN1, EVPN2, TOR1, TOR2 = (f"8.0.0.{host}" for host in (3, 4, 5, 6, 7, 8))
TREE = ("tree", [(30, 4700), (31, 4701)])
EVPN = ("evpn", [(32, 4702), (33, 4703)])
TOR = ("tor", [(34, 900), (35, 900)])


def far():
    """Tunnels to all other nodes: to the first one GRE, to switches VXLAN."""
    return (tunnel(30, "gre", TREE1) + tunnel(31, "mpls_udp", TREE2) + tunnel(32, "mpls_udp", EVPN1)
            + tunnel(33, "gre", EVPN2) + tunnel(34, "vxlan", TOR1) + tunnel(35, "vxlan", TOR2))


def network(name, verifies, *legs, also=(), guests=(3, 4, 5), **more):
    """Guests 3, 4 and 5 in VRF 2 without policy, and the lists that broadcasts go to."""
    case = Case(name, "2.10", verifies)
    case.config(*(vm(vif, f"10.1.1.{vif}", 2, policy=False, **more) for vif in guests), far(),
                broadcast(2, *guests, legs=legs, also=also))
    return case


def frame(dst=ALL, src=None, size=20):
    """Not IP: an Ethertype for experiments (IEEE 802)."""
    return Ether(dst=dst, src=src or vm_mac(3), type=0x88b5) / Raw((DATA * 100)[:size])


def datagram(dst=ALL, to="255.255.255.255", src=None):
    return Ether(dst=dst, src=src or vm_mac(3)) / ip4("10.1.1.3", to, 1) / UDP(sport=1000, dport=2000) / Raw(DATA)


def to_tree(inner, vni=5):
    """Copies along the tree to both of its nodes."""
    return [(WIRE, to_fabric_gre(along_tree(inner, vni, "8.0.0.2", TREE1), 4700, 64, TREE1)),
            (WIRE, to_fabric(along_tree(inner, vni, "8.0.0.2", TREE2), 4701, 64, TREE2))]


def to_evpn(inner):
    return [(WIRE, to_fabric(inner, 4702, 64, EVPN1)), (WIRE, to_fabric_gre(inner, 4703, 64, EVPN2))]


def to_tor(inner, *ends):
    return [(WIRE, vxlan_to(inner, 900, end)) for end in ends]


def to_guests(inner, *vifs):
    return [(vif, inner) for vif in vifs]


def from_vm_cases():
    case = network("bum-all-legs", "From a VM to all: the encap list but the source vif, the tree, EVPN and TOR lists.",
                   TREE, EVPN, TOR)
    sent = frame()
    case.step(3, sent, to_guests(sent, 4, 5) + to_tree(sent) + to_evpn(sent) + to_tor(sent, TOR1, TOR2))
    case = network("bum-ip-all-legs", "An IP broadcast goes to the same legs, its TTL of 1 untouched; an EVPN copy over GRE "
                   "has the identification of the packet within.", TREE, EVPN)
    sent = datagram()
    case.step(3, sent, to_guests(sent, 4, 5) + to_tree(sent) + to_evpn(sent))
    case = network("bum-each-source", "Never back to the source vif, whichever guest it is.", EVPN)
    for vif, others in ((3, (4, 5)), (4, (3, 5)), (5, (3, 4))):
        sent = frame(src=vm_mac(vif))
        case.step(vif, sent, to_guests(sent, *others) + to_evpn(sent))
    case = network("bum-tagged", "A tagged broadcast is flooded with its tag.", EVPN)
    sent = Ether(dst=ALL, src=vm_mac(3)) / Dot1Q(vlan=7, prio=5, type=0x88b5) / Raw(DATA)
    case.step(3, sent, to_guests(sent, 4, 5) + to_evpn(sent))
    case = network("bum-sizes", "Copies of frames of any length are whole: one beat, just over one, many, odd.", TREE)
    for size in (1, 50, 51, 115, 1371):
        sent = frame(size=size)
        case.step(3, sent, to_guests(sent, 4, 5) + to_tree(sent))
    case = network("bum-alone", "Where the sender alone is in the list, nothing leaves and nothing counts as lost.",
                   guests=(3,))
    case.step(3, frame())
    case = Case("bum-no-entry", "2.1", "No broadcast entry: L2_NO_ROUTE.")
    case.config(vm(3, "10.1.1.3", 2, policy=False), vm(4, "10.1.1.4", 2, policy=False))
    case.step(3, frame(), drops={"L2_NO_ROUTE": 1})
    case = network("bum-other-vrf", "A broadcast stays in its VRF.")
    case.config(vm(6, "10.9.9.6", 9, policy=False))
    sent = frame()
    case.step(3, sent, to_guests(sent, 4, 5))
    case.step(6, frame(src=vm_mac(6)), drops={"L2_NO_ROUTE": 1})


def from_fabric_cases():
    sent = frame(src=FAR)
    received = along_tree(sent, 5, TREE1, "8.0.0.2")
    case = network("bum-from-tree", "From the fabric by the label of a tree: stripped for VMs, re-sent as it came to the "
                   "other tree legs, not to the sender and not by EVPN.", TREE, EVPN)
    case.config(label(TREE_LABEL, 61))
    case.step(WIRE, from_fabric(received, TREE_LABEL, TREE1, label_ttl=65), to_guests(sent, 3, 4, 5)
              + [(WIRE, to_fabric(received, 4701, 64, TREE2))])
    other = along_tree(sent, 5, TREE2, "8.0.0.2")
    case.step(WIRE, from_fabric(other, TREE_LABEL, TREE2, label_ttl=65), to_guests(sent, 3, 4, 5)
              + [(WIRE, to_fabric_gre(other, 4700, 64, TREE1))])
    case = network("bum-from-tree-control-word", "Behind a tree's label four zero bytes stand, else INVALID_PACKET.", TREE)
    case.config(label(TREE_LABEL, 61))
    wrong = Raw(b"\x00\x00\x00\x01" + bytes(received)[4:])
    case.step(WIRE, from_fabric(wrong, TREE_LABEL, TREE1), drops={"INVALID_PACKET": 1})
    case = network("bum-from-evpn", "By an EVPN label, from an end of the EVPN list: for guests alone.", TREE, EVPN)
    case.config(label(LABEL, 61))
    case.step(WIRE, from_fabric(sent, LABEL, EVPN1), to_guests(sent, 3, 4, 5))
    case = network("bum-from-tor", "By a VNI, from a switch of the TOR list: as from a VM, and to the other switches.",
                   TREE, EVPN, TOR)
    case.config(vni(900, 2))
    case.step(WIRE, vxlan_from(sent, 900, TOR1),
              to_guests(sent, 3, 4, 5) + to_tree(sent) + to_evpn(sent) + to_tor(sent, TOR2))
    case = network("bum-from-evpn-to-tor", "What came by head-end replication goes on to the switches.", EVPN, TOR)
    case.config(label(LABEL, 61))
    case.step(WIRE, from_fabric(sent, LABEL, EVPN1), to_guests(sent, 3, 4, 5) + to_tor(sent, TOR1, TOR2))
    case = network("bum-source-unknown", "Where sources are not validated, anybody's copies are taken.", EVPN)
    case.config(label(LABEL, 61))
    case.step(WIRE, from_fabric(sent, LABEL, "8.0.0.99"), to_guests(sent, 3, 4, 5))
    case = network("bum-source-validated", "VALIDATE_MCAST_SRC: a source that is in no list is INVALID_MCAST_SOURCE, one of "
                   "them passes.", EVPN, also=["validate"])
    case.config(label(LABEL, 61))
    case.step(WIRE, from_fabric(sent, LABEL, "8.0.0.99"), drops={"INVALID_MCAST_SOURCE": 1})
    case.step(WIRE, from_fabric(sent, LABEL, EVPN1), to_guests(sent, 3, 4, 5))
    case.step(3, frame(), to_guests(frame(), 4, 5) + to_evpn(frame()))
    case = network("bum-multicast-from-vni", "An IP multicast by a VNI finds its group's own entry.", TOR)
    group = datagram("01:00:5e:01:02:03", "239.1.2.3", FAR)
    case.config(vni(900, 2), composite(70, 2, ["comp_encap"], [125]), composite(71, 2, ["mcast"], [70]),
                {"object": "bridge", "vrf": 2, "mac": "01:00:5e:01:02:03", "nh": 71, "flags": []})
    case.step(WIRE, vxlan_from(group, 900, TOR1), to_guests(group, 5))


def unknown_unicast():
    sent = frame(UNKNOWN, FAR)
    case = network("unknown-from-vni", "A MAC that nobody knows, from another node: L2_NO_ROUTE without UNKNOWN_UC_FLOOD of "
                   "the nexthop.", TOR)
    case.config(vni(900, 2))
    case.step(WIRE, vxlan_from(sent, 900, TOR1), drops={"L2_NO_ROUTE": 1})
    case = network("unknown-from-vni-flooded", "UNKNOWN_UC_FLOOD of the nexthop: to the broadcast entry; a known MAC is not "
                   "flooded.", TOR)
    case.config(vni(900, 2, also=["unknown"]))
    case.step(WIRE, vxlan_from(sent, 900, TOR1), to_guests(sent, 3, 4, 5) + to_tor(sent, TOR2))
    known = frame(vm_mac(4), FAR)
    case.step(WIRE, vxlan_from(known, 900, TOR1), to_guests(known, 4))
    case = network("unknown-flooded-to-all-legs", "Uuf of the vif: to every leg, as a broadcast.", TREE, EVPN)
    case.config(vm(3, "10.1.1.3", 2, policy=False, also=["unknown"]))
    sent = frame(UNKNOWN)
    case.step(3, sent, to_guests(sent, 4, 5) + to_tree(sent) + to_evpn(sent))
    case.step(4, frame(UNKNOWN, vm_mac(4)), drops={"L2_NO_ROUTE": 1})


def multicast():
    group6 = Ether(dst="33:33:00:00:12:34", src=vm_mac(3)) / IPv6(src="2001:db8:1::3", dst="ff0e::1234", hlim=1) / UDP(
        sport=1000, dport=2000) / Raw(DATA)
    case = network("multicast6", "IPv6 multicast goes to the broadcast entry, its hop limit of 1 untouched.", EVPN)
    case.step(3, group6, to_guests(group6, 4, 5) + to_evpn(group6))
    group = datagram("01:00:5e:01:02:03", "239.1.2.3")
    entry = [composite(70, 2, ["comp_encap"], [125]), composite(71, 2, ["mcast"], [70]),
             {"object": "bridge", "vrf": 2, "mac": "01:00:5e:01:02:03", "nh": 71, "flags": []}]
    case = network("multicast-own-entry", "Of a vif with Ig an IP multicast finds its group's own entry; a group without one "
                   "goes to the broadcast entry.", EVPN)
    case.config(vm(3, "10.1.1.3", 2, policy=False, also=["igmp"]), entry)
    case.step(3, group, to_guests(group, 5))
    other = datagram("01:00:5e:01:02:04", "239.1.2.4")
    case.step(3, other, to_guests(other, 4, 5) + to_evpn(other))
    case = network("multicast-without-igmp", "Without Ig the broadcast entry is used, whether the group has its own or not.",
                   EVPN)
    case.config(entry)
    case.step(3, group, to_guests(group, 4, 5) + to_evpn(group))


def handled_first():
    ask = Ether(dst=ALL, src=vm_mac(3)) / Arp(hwsrc=vm_mac(3), psrc="10.1.1.3", pdst="10.1.1.9")
    case = network("arp-flooded-to-evpn", "ARP that nobody here answers (route flag F) goes to the broadcast entry, other "
                   "nodes included.", EVPN)
    case.config({"object": "route", "vrf": 2, "prefix": "10.1.1.0/24", "nh": 61, "flags": ["flood(F)"]})
    case.step(3, ask, to_guests(ask, 4, 5) + to_evpn(ask))


def etree():
    leaf = {"without": ["root"], "also": ["learn"]}
    case = Case("etree-leaf-broadcast", "2.10", "From a leaf of an E-tree: to roots alone; each leaf left out is a "
                "LEAF_TO_LEAF.")
    case.config(vm(3, "10.1.1.3", 2, policy=False, **leaf), vm(4, "10.1.1.4", 2, policy=False, also=["learn"]),
                vm(5, "10.1.1.5", 2, policy=False, **leaf), broadcast(2, 3, 4, 5))
    sent = frame()
    case.step(3, sent, to_guests(sent, 4), drops={"LEAF_TO_LEAF": 1})
    up = frame(src=vm_mac(4))
    case.step(4, up, to_guests(up, 3, 5))
    case = Case("etree-leaf-unicast", "2.10", "A leaf's frame to another leaf is LEAF_TO_LEAF, to a root it passes.")
    case.config(vm(3, "10.1.1.3", 2, policy=False, **leaf), vm(4, "10.1.1.4", 2, policy=False, also=["learn"]),
                vm(5, "10.1.1.5", 2, policy=False, **leaf), broadcast(2, 3, 4, 5))
    case.step(3, frame(vm_mac(5)), drops={"LEAF_TO_LEAF": 1})
    case.step(3, frame(vm_mac(4)), to_guests(frame(vm_mac(4)), 4))


def cases():
    from_vm_cases()
    from_fabric_cases()
    unknown_unicast()
    multicast()
    handled_first()
    etree()
