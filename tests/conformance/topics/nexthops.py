"""2.9 and 2.11: what becomes of a packet by its nexthop: translation, several members, control words, discard."""

from scapy.layers.inet import IP, UDP, Ether
from scapy.packet import Raw

from kit import *

SRC, DST, FAR = "10.1.1.3", "10.2.2.4", "10.1.1.9"


def udp(src=SRC, dst=DST, ttl=64, sport=1000):
    return ip4(src, dst, ttl) / UDP(sport=sport, dport=2000) / Raw(DATA)


def frame(dst, src=None):
    return Ether(dst=dst, src=src or vm_mac(3), type=0x88b5) / Raw(DATA)


def translate(nh, vrf, family="inet", also=()):
    return {"object": "nexthop", "id": nh, "type": "vrf_translate", "family": family, "vrf": vrf,
            "flags": flags(NH, also)}


def of_kind(nh, kind, vrf=0):
    more = {"out_vif": WIRE} if kind == "resolve" else {}
    return {"object": "nexthop", "id": nh, "type": kind, "family": "inet", "vrf": vrf, "flags": flags(NH, []), **more}


def bridge(vrf, mac, nh, label=None, also=()):
    more = {"label": label} if label is not None else {}
    flag = ["label_valid(L)"] if label is not None else []
    return {"object": "bridge", "vrf": vrf, "mac": mac, "nh": nh, "flags": [*flag, *also], **more}


def guests(name, section, verifies, policy=False):
    return Case(name, section, verifies).config(vm(3, SRC, 3, policy), vm(4, DST, 4, policy), gateway(3, 4))


def translations():
    case = guests("translate-l3", "2.9", "vrf_translate: the packet is looked up again in the other VRF; its TTL goes down "
                  "once, where it is delivered (2.1).")
    case.config(translate(50, 4), route(3, "10.2.2.0/24", 50), route(4, f"{DST}/32", 24))
    case.step(3, from_vm(3) / udp(), [(4, to_vm(4) / udp(ttl=63))])
    case.step(3, from_vm(3) / udp(ttl=2), [(4, to_vm(4) / udp(ttl=1))])
    case.step(3, from_vm(3) / udp(dst="10.2.2.5"), drops={"DISCARD": 1})
    case = guests("translate-l3-to-tunnel", "2.9", "vrf_translate, then a route to another node: its tunnel and its label.")
    case.config(translate(50, 7), route(3, "10.2.2.0/24", 50), tunnel(), route(7, f"{DST}/32", 30, 77))
    case.step(3, from_vm(3) / udp(), [(WIRE, to_fabric(udp(ttl=63), 77))])
    case = guests("translate-twice", "2.9", "vrf_translate may lead to another one.")
    case.config(translate(50, 7), translate(51, 4), route(3, "10.2.2.0/24", 50), route(7, "10.2.0.0/16", 51),
                route(4, f"{DST}/32", 24))
    case.step(3, from_vm(3) / udp(), [(4, to_vm(4) / udp(ttl=63))])
    case = guests("translate-l2", "2.9", "vrf_translate of family bridge: the MAC is looked up again in the other VRF, the "
                  "frame stays as it is.")
    case.config(translate(52, 4, "bridge"), bridge(3, vm_mac(4), 52))
    case.step(3, frame(vm_mac(4)), [(4, frame(vm_mac(4)))])
    case = guests("translate-l2-unknown", "2.9", "A MAC that the other VRF does not know either: L2_NO_ROUTE.")
    case.config(translate(52, 4, "bridge"), bridge(3, "02:00:00:00:00:99", 52))
    case.step(3, frame("02:00:00:00:00:99"), drops={"L2_NO_ROUTE": 1})
    case = guests("translate-flow-first", "2.9", "The flow is met once, before; it counts the packet once.", policy=True)
    fwd, rev = key(23, SRC, 1000, DST, 2000, 17), key(24, DST, 2000, SRC, 1000, 17)
    case.config(translate(50, 4), route(3, "10.2.2.0/24", 50), route(4, f"{DST}/32", 24),
                pair(side(fwd, 3, 23), side(rev, 4, 24)))
    case.step(3, from_vm(3) / udp(), [(4, to_vm(4) / udp(ttl=63))],
              flows=[flow(fwd, 3, 1, 14 + len(udp())), flow(rev, 4, 0, 0)])


def ends():
    case = guests("discard-nexthop", "2.9", "discard: DISCARD.")
    case.config(of_kind(53, "discard"), route(3, f"{DST}/32", 53)).step(3, from_vm(3) / udp(), drops={"DISCARD": 1})
    case = guests("discard-l2", "2.1", "A MAC whose nexthop is discard: L2_NO_ROUTE.")
    case.config(of_kind(53, "discard"), bridge(3, "02:00:00:00:00:99", 53))
    case.step(3, frame("02:00:00:00:00:99"), drops={"L2_NO_ROUTE": 1})


def tunnels():
    near = "02:00:00:00:00:99"
    sent = Ether(dst=near, src=vm_mac(3)) / udp()
    case = guests("nvgre-sent", "2.9", "NVGRE (RFC 7637): GRE with the virtual subnet in its key, then the frame; the "
                  "identification is that of the packet within.")
    case.config(tunnel(30, "nvgre"), bridge(3, near, 30, 900))
    case.step(3, sent, [(WIRE, underlay_out("8.0.0.3", proto=47) / nvgre(sent, 900))])
    plain = frame(near)
    case.step(3, plain, [(WIRE, underlay_out("8.0.0.3", proto=47) / nvgre(plain, 900))])
    case = guests("nvgre-received", "2.3", "NVGRE from another node: the virtual subnet is looked up as a VNI.")
    case.config(vni(900, 4))
    came = Ether(dst=vm_mac(4), src="02:00:00:00:77:01") / udp(FAR)
    case.step(WIRE, underlay_in("8.0.0.3", proto=47) / nvgre(came, 900), [(4, came)])
    case.step(WIRE, underlay_in("8.0.0.3", proto=47) / nvgre(came, 901), drops={"INVALID_VNID": 1})
    case = guests("vxlan-routed", "2.9", "VXLAN with L3_VXLAN: the inner frame goes to the nexthop's MAC, from the physical "
                  "one.")
    case.config(tunnel(30, "vxlan", also=("root", "l3_vxlan"), rw_dst_mac="02:00:00:00:88:01"),
                route(3, f"{DST}/32", 30, 900))
    inner = Ether(dst="02:00:00:00:88:01", src=FABRIC) / udp(ttl=63)
    case.step(3, from_vm(3) / udp(), [(WIRE, vxlan_to(inner, 900, "8.0.0.3"))])
    more = {"out_vif": WIRE, "rewrite_hex": hexmac(PEER) + hexmac(FABRIC) + "0800"}
    case = guests("underlay-uplinks", "2.11", "A tunnel over three uplinks takes one of them, for UDP and for GRE.")
    for nh, kind, number, address in ((30, "mpls_udp", 77, DST), (31, "gre", 78, "10.2.2.5")):
        case.config(tunnel(nh, kind, also=("root", "uplinks"), more_uplinks=[more, more]),
                    route(3, f"{address}/32", nh, number))
    for sport in (1000, 1001):
        case.step(3, from_vm(3) / udp(sport=sport), [(WIRE, to_fabric(udp(ttl=63, sport=sport), 77))])
    case.step(3, from_vm(3) / udp(dst="10.2.2.5"), [(WIRE, to_fabric_gre(udp(dst="10.2.2.5", ttl=63), 78))])


def control_words():
    case = guests("control-word-sent", "2.9", "A bridge entry with L2c: four zero bytes behind the label.")
    case.config(tunnel(), bridge(3, "02:00:00:00:00:99", 30, 101, ["l2_control_data(L2c)"]),
                bridge(3, "02:00:00:00:00:98", 30, 102))
    sent = frame("02:00:00:00:00:99")
    case.step(3, sent, [(WIRE, to_fabric(ZEROS / sent, 101, 64))])
    plain = frame("02:00:00:00:00:98")
    case.step(3, plain, [(WIRE, to_fabric(plain, 102, 64))])
    case = guests("control-word-sent-gre", "2.9", "L2c over GRE.")
    case.config(tunnel(30, "gre"), bridge(3, "02:00:00:00:00:99", 30, 101, ["l2_control_data(L2c)"]))
    case.step(3, sent, [(WIRE, to_fabric_gre(ZEROS / sent, 101, 64))])
    case = guests("control-word-received", "2.3", "L2_CONTROL_DATA of a label's nexthop: four zero bytes are taken off; "
                  "anything else there is INVALID_PACKET.")
    four = dict(vm(4, DST, 4, False)[2], id=150, flags=flags(NH, ["root", "control"]))
    case.config(four, label(43, 150))
    came = frame(vm_mac(4), "02:00:00:00:77:01")
    case.step(WIRE, from_fabric(ZEROS / came, 43), [(4, came)])
    case.step(WIRE, from_fabric(Raw(b"\x00\x00\x01\x00") / came, 43), drops={"INVALID_PACKET": 1})


def several():
    """What member a hash takes is nobody's to say: members that look alike show what else is decided."""
    case = guests("ecmp-member-label", "2.11", "The label is the member's, not the route's.")
    case.config(tunnel(), composite(70, 3, ["ecmp"], [(30, 101), (30, 101)], "inet"), route(3, f"{DST}/32", 70, 55))
    case.step(3, from_vm(3) / udp(), [(WIRE, to_fabric(udp(ttl=63), 101))])
    case = guests("ecmp-lu", "2.11", "LU_ECMP: the label is the route's, not the member's.")
    case.config(tunnel(), composite(70, 3, ["ecmp", "lu_ecmp"], [(30, 101), (30, 102)], "inet"),
                route(3, f"{DST}/32", 70, 55))
    case.step(3, from_vm(3) / udp(), [(WIRE, to_fabric(udp(ttl=63), 55))])
    case = guests("ecmp-one-left", "2.11", "Members that are gone (discard) are passed over: packets of any flow take the one that is there.")
    case.config(tunnel(), of_kind(53, "discard"), composite(70, 3, ["ecmp"], [(53, 101), (30, 102), (53, 103)], "inet"),
                route(3, f"{DST}/32", 70))
    for sport in (1000, 1001, 1002, 1003, 1004):
        case.step(3, from_vm(3) / udp(sport=sport), [(WIRE, to_fabric(udp(ttl=63, sport=sport), 102))])
    case = guests("ecmp-empty-slot", "2.11", "A slot that no nexthop is in is passed over likewise.")
    case.config(tunnel(), composite(70, 3, ["ecmp"], [(998, 101), (30, 102), (999, 103)], "inet"),
                route(3, f"{DST}/32", 70))
    for sport in (1000, 1001, 1002):
        case.step(3, from_vm(3) / udp(sport=sport), [(WIRE, to_fabric(udp(ttl=63, sport=sport), 102))])
    case = guests("ecmp-local", "2.11", "A member may be a guest here.")
    case.config(composite(70, 3, ["ecmp"], [24, 24], "inet"), route(3, f"{DST}/32", 70))
    case.step(3, from_vm(3) / udp(), [(4, to_vm(4) / udp(ttl=63))])
    case = guests("ecmp-from-label", "2.11", "A label may lead to several guests: the packet goes to one of them.")
    case.config(composite(70, 4, ["ecmp"], [24, 24, 24], "inet"), label(42, 70))
    case.step(WIRE, from_fabric(udp(FAR)), [(4, to_vm(4) / udp(FAR))])
    case = guests("ecmp-many", "2.11", "More than 16 members, without a flow.")
    case.config(tunnel(), composite(70, 3, ["ecmp"], [(30, 101)] * 20, "inet"), route(3, f"{DST}/32", 70))
    for sport in (1000, 1001, 1002):
        case.step(3, from_vm(3) / udp(sport=sport), [(WIRE, to_fabric(udp(ttl=63, sport=sport), 101))])
    fwd, rev = key(23, SRC, 1000, DST, 2000, 17), key(24, DST, 2000, SRC, 1000, 17)
    for name, verifies, index, members, number in (
            ("ecmp-flow-index-17", "A flow may name a member behind the 16th.", 17,
             [(30, 100 + place) for place in range(20)], 117),
            ("ecmp-flow-index-0", "A flow's index 0 is the first member.", 0, [(30, 101), (30, 102), (30, 103)], 101)):
        case = guests(name, "2.11", verifies, policy=True)
        case.config(tunnel(), composite(70, 3, ["ecmp"], members, "inet"), route(3, f"{DST}/32", 70),
                    pair(side(fwd, 3, 23) | {"ecmp_index": index}, side(rev, 3, 0)))
        case.step(3, from_vm(3) / udp(), [(WIRE, to_fabric(udp(ttl=63), number))],
                  flows=[flow(fwd, 3, 1, 14 + len(udp())), flow(rev, 3, 0, 0)])
    case = guests("ecmp-mirrored-members", "2.13", "A mirrored VM behind an ECMP nexthop: the copy, then the packet.")
    case.config(vm(4, DST, 4, False, also=["tx"], mirror_index=0), vm(5, "10.2.2.5", 4, False),
                composite(70, 3, ["ecmp"], [24, 24], "inet"), route(3, f"{DST}/32", 70),
                {"object": "mirror", "index": 0, "nh": 125, "vni": None, "dynamic_juniper_header": False})
    left = to_vm(4) / udp(ttl=63)
    case.step(3, from_vm(3) / udp(), [(5, left), (4, left)])


def cases():
    translations()
    ends()
    tunnels()
    control_words()
    several()
