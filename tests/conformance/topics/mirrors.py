"""2.13: copies for an analyzer: of what a vif sends and is sent, of flows; behind metadata, or as they are."""

from scapy.layers.inet import IP, UDP, Ether
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP as Arp
from scapy.packet import Raw

from kit import *

SRC, DST = "10.1.1.3", "10.1.1.4"
ANALYZER, ANALYZER6 = "7.7.7.3", "2001:db8:7::3"
NET = b"default-domain:tim:traffic-net"
END = b"\xff\x00"


def tlv(kind, value):
    return bytes([kind, len(value)]) + value


SENT = tlv(3, NET) + END
RECEIVED = tlv(4, NET) + END
# A flow's: host, what was done with it (ingress), source and destination network.
FLOW = tlv(1, bytes([8, 0, 0, 2])) + tlv(2, bytes.fromhex("40000000")) + tlv(3, NET) + tlv(4, NET) + END


def udp(src=SRC, dst=DST, ttl=64, sport=1000, dport=2000, data=DATA):
    return ip4(src, dst, ttl) / UDP(sport=sport, dport=dport) / Raw(data)


def bridged(data=DATA):
    """From guest 3 to guest 4 of its network, and the way back."""
    return from_vm(3, vm_mac(4)) / udp(data=data), from_vm(4, vm_mac(3)) / udp(DST, SRC, data=data)


def copy(frame, metadata=END, src=SRC, dst=ANALYZER, ttl=63):
    """The UDP packet to the analyzer: metadata, then the whole frame; routed, so its TTL went down."""
    return ip4(src, dst, ttl) / UDP(sport=50000, dport=8888) / Raw(metadata + bytes(frame))


def copy6(frame, metadata=END, src="2001:db8:8::2"):
    return IPv6(src=src, dst=ANALYZER6) / UDP(sport=50000, dport=8888) / Raw(metadata + bytes(frame))


def sent_copy(frame, metadata=END, **more):
    return (WIRE, to_fabric(copy(frame, metadata, **more), 55))


def udp_nexthop(also=("sip_copy",), family="inet", sip="8.0.0.2", dip=ANALYZER):
    return {"object": "nexthop", "id": 129, "type": "tunnel", "sip": sip, "dip": dip, "sport": 8097, "dport": 8888,
            "flags": flags(NH, ["udp", *also]), "vrf": 9, "family": family, "out_vif": WIRE, "rewrite_hex": ""}


def mirror(nh=129, juniper=True, vni=None, index=0):
    return {"object": "mirror", "index": index, "nh": nh, "vni": vni, "dynamic_juniper_header": juniper}


def analyzer(**more):
    """Mirror 0: behind metadata, by UDP to an analyzer that VRF 9 knows behind another node."""
    return [*tunnel(), route(9, f"{ANALYZER}/32", 30, 55), udp_nexthop(**more), mirror()]


def metadata(rx=None, tx=None):
    keys = {"mirror_metadata_rx_hex": rx, "mirror_metadata_tx_hex": tx}
    return {key: value.hex() for key, value in keys.items() if value is not None}


def guests(name, verifies, *also, rx=None, tx=None, policy=False, fourth=()):
    """Guests 3 and 4 of VRF 2, the first mirrored by mirror 0."""
    index = {"mirror_index": 0} if also else {}
    other = {"mirror_index": 0} if fourth else {}
    return Case(name, "2.13", verifies).config(
        vm(3, SRC, 2, policy, also=also, **index, **metadata(rx, tx)), vm(4, DST, 2, policy, also=fourth, **other),
        gateway(2), route(2, f"{SRC}/32", 23), route(2, f"{DST}/32", 24))


def ports():
    there, back = bridged()
    case = guests("mirror-rx", "Mr: what the VM sends is copied behind TLV 3 and the end, what it is sent is not.", "rx",
                  rx=SENT, tx=RECEIVED).config(analyzer())
    case.step(3, there, [sent_copy(there, SENT), (4, there)])
    case.step(4, back, [(3, back)])
    case = guests("mirror-tx", "Mt: what the VM is sent is copied behind TLV 4, what it sends is not.", "tx",
                  rx=SENT, tx=RECEIVED).config(analyzer())
    case.step(3, there, [(4, there)])
    case.step(4, back, [sent_copy(back, RECEIVED), (3, back)])
    case = guests("mirror-default-metadata", "Without metadata the copy has ff 00.", "rx", "tx").config(analyzer())
    case.step(3, there, [sent_copy(there), (4, there)])
    case.step(4, back, [sent_copy(back), (3, back)])
    case = guests("mirror-both-ends", "A packet between two mirrored VMs is copied where it is sent and where it arrives; "
                  "each copy has its VM's address.", "rx", fourth=("tx",), rx=SENT).config(analyzer())
    case.step(3, there, [sent_copy(there, SENT), sent_copy(there, src=DST), (4, there)])
    case = guests("mirror-routed", "The copy of what a VM sends is the frame as it came; the copy of what a VM is sent is "
                  "the frame as it leaves, TTL and MACs changed.", "rx", fourth=("tx",)).config(analyzer())
    routed, left = from_vm(3) / udp(), to_vm(4) / udp(ttl=63)
    case.step(3, routed, [sent_copy(routed), sent_copy(left, src=DST), (4, left)])
    case = guests("mirror-before-drop", "Rx comes before anything: a packet without a route is copied, then DISCARD.", "rx")
    lost = from_vm(3) / udp(dst="10.99.0.1")
    case.config(analyzer()).step(3, lost, [sent_copy(lost)], {"DISCARD": 1})
    case = guests("mirror-unknown-mac", "A frame for an unknown MAC is copied, then L2_NO_ROUTE.", "rx")
    lost = from_vm(3, "02:00:00:00:00:99") / udp()
    case.config(analyzer()).step(3, lost, [sent_copy(lost)], {"L2_NO_ROUTE": 1})
    case = guests("mirror-arp", "An ARP request is copied, and answered.", "rx")
    ask = Ether(dst="ff:ff:ff:ff:ff:ff", src=vm_mac(3)) / Arp(hwsrc=vm_mac(3), psrc=SRC, pdst=DST)
    answer = Ether(dst=vm_mac(3), src=ROUTER) / Arp(op=2, hwsrc=ROUTER, psrc=DST, hwdst=vm_mac(3), pdst=SRC)
    case.config(analyzer()).step(3, ask, [sent_copy(ask), (3, answer)])
    case = guests("mirror-ttl-1", "A packet that is trapped for its TTL is copied as it came.", "rx").config(analyzer())
    low = from_vm(3) / udp(ttl=1)
    case.step(3, low, [sent_copy(low), (AGENT, trap(ZERO_TTL, 3, 2, from_vm(3) / udp(ttl=0)))])
    case = guests("mirror-sizes", "Copies of any length are whole, their UDP checksum right: odd frames, odd metadata, one "
                  "beat and many.", "rx", rx=SENT[:1] + b"\x03abc" + END).config(analyzer())
    for size in (0, 1, 3, 22, 35, 100, 1201):
        frame, _ = bridged((DATA * 100)[:size])
        case.step(3, frame, [sent_copy(frame, SENT[:1] + b"\x03abc" + END), (4, frame)])


def ways():
    there, _ = bridged()
    case = guests("mirror-no-copy-sip", "Without SIP_COPY the copy comes from the nexthop's own source.", "rx")
    case.config(analyzer(also=())).step(3, there, [sent_copy(there, src="8.0.0.2"), (4, there)])
    case = guests("mirror-over-gre", "The copy is routed in the VRF of the mirror's nexthop: over GRE, with the copy's own "
                  "identification outside.", "rx")
    case.config(tunnel(30, "gre"), route(9, f"{ANALYZER}/32", 30, 55), udp_nexthop(), mirror())
    case.step(3, there, [(WIRE, to_fabric_gre(copy(there), 55)), (4, there)])
    case = guests("mirror-over-vxlan", "The copy over L3 VXLAN: a new Ethernet header within.", "rx")
    far = "02:00:00:00:88:01"
    case.config(tunnel(30, "vxlan", also=("root", "l3_vxlan"), rw_dst_mac=far), route(9, f"{ANALYZER}/32", 30, 55),
                udp_nexthop(), mirror())
    case.step(3, there, [(WIRE, vxlan_to(Ether(dst=far, src=FABRIC) / copy(there), 55, "8.0.0.3")), (4, there)])
    case = guests("mirror-to-local-analyzer", "The copy is routed to a guest here, behind that guest's Ethernet header.", "rx")
    case.config(vm(5, ANALYZER, 9, policy=False), route(9, f"{ANALYZER}/32", 25), udp_nexthop(), mirror())
    case.step(3, there, [(5, to_vm(5) / copy(there)), (4, there)])
    case = guests("mirror-order", "The copies come before the original where both leave one vif.", "rx")
    case.config(route(9, f"{ANALYZER}/32", 24), udp_nexthop(), mirror())
    case.step(3, there, [(4, to_vm(4) / copy(there)), (4, there)], note="in order")
    case = guests("mirror-no-way", "A copy that no route takes is DISCARD; the packet itself goes on.", "rx")
    case.config(udp_nexthop(), mirror()).step(3, there, [(4, there)], {"DISCARD": 1})
    case = guests("mirror-ipv6-analyzer", "An IPv6 analyzer: the copy is IPv6, its checksum with it; the hop limit is not "
                  "decremented.", "rx", rx=SENT)
    case.config(tunnel(), route(9, f"{ANALYZER6}/128", 30, 55),
                udp_nexthop(also=(), family="inet6", sip="2001:db8:8::2", dip=ANALYZER6), mirror())
    case.step(3, there, [(WIRE, to_fabric(copy6(there, SENT), 55, 64)), (4, there)])
    case = guests("mirror-raw-vxlan", "Without Juniper header: a static mirror over VXLAN with the mirror's VNI, the frame as "
                  "it is.", "rx")
    case.config(tunnel(30, "vxlan"), mirror(30, False, 777))
    case.step(3, there, [(WIRE, vxlan_to(there, 777, "8.0.0.3")), (4, there)])
    case = guests("mirror-raw-tx", "A static mirror of what a VM is sent: the frame as it leaves.", fourth=("tx",))
    case.config(vm(5, "10.1.1.5", 2, policy=False), mirror(125, False))
    routed, left = from_vm(3) / udp(), to_vm(4) / udp(ttl=63)
    case.step(3, routed, [(5, left), (4, left)])


def never_again():
    there, _ = bridged()
    case = guests("mirror-of-mirror-raw", "Copies are not mirrored again, though the analyzer's vif is mirrored itself.", "rx")
    case.config(vm(5, "10.1.1.5", 2, policy=False, also=["rx", "tx"], mirror_index=1),
                vm(6, "10.1.1.6", 2, policy=False), mirror(125, False), mirror(126, False, index=1))
    case.step(3, there, [(5, there), (4, there)])
    case = guests("mirror-of-mirror-routed", "Nor is one that is routed to its analyzer.", "rx")
    case.config(vm(5, ANALYZER, 9, policy=False, also=["tx"], mirror_index=1), vm(6, "10.1.1.6", 2, policy=False),
                route(9, f"{ANALYZER}/32", 25), udp_nexthop(), mirror(), mirror(126, False, index=1))
    case.step(3, there, [(5, to_vm(5) / copy(there)), (4, there)])
    case = guests("mirror-bum", "Of a broadcast each copy to a mirrored VM is mirrored once, and the sender's once.", "rx",
                  fourth=("tx",), rx=SENT)
    case.config(analyzer(), vm(5, "10.1.1.5", 2, policy=False), broadcast(2, 3, 4, 5))
    sent = Ether(dst="ff:ff:ff:ff:ff:ff", src=vm_mac(3), type=0x88b5) / Raw(DATA)
    case.step(3, sent, [sent_copy(sent, SENT), sent_copy(sent, src=DST), (4, sent), (5, sent)])


def from_nodes():
    inner, left = udp("10.1.1.9", SRC), to_vm(3) / udp("10.1.1.9", SRC)
    case = guests("mirror-tx-from-fabric", "Of a packet out of an L3 tunnel the copy has the Ethernet header that the VM "
                  "gets.", "tx", tx=RECEIVED).config(analyzer(), label(42, 23))
    case.step(WIRE, from_fabric(inner), [sent_copy(left, RECEIVED), (3, left)])
    frame = Ether(dst=vm_mac(3), src="02:00:00:00:77:01") / udp("10.1.1.9", SRC)
    case = guests("mirror-tx-from-fabric-l2", "Of a frame out of an L2 tunnel the copy is the frame.", "tx", tx=RECEIVED)
    case.config(analyzer(), label(43, 123)).step(WIRE, from_fabric(frame, 43), [sent_copy(frame, RECEIVED), (3, frame)])


def mirrored(key, vrf, rpf, first=0, second=None, action="forward", text=FLOW, **more):
    out = side(key, vrf, rpf, action, also=["mirror"], **more)
    out |= {"mirror_index": first, "mirror_metadata_hex": text.hex()} if first is not None else {}
    return out | ({"second_mirror_index": second} if second is not None else {})


def flows():
    fwd, rev = key(23, SRC, 1000, DST, 2000, 17), key(24, DST, 2000, SRC, 1000, 17)
    routed, left = from_vm(3) / udp(), to_vm(4) / udp(ttl=63)
    size = len(routed)
    case = guests("mirror-flow", "A flow's packets are copied as they came, behind TLVs 1 to 4, from the node's own "
                  "address; another flow's and the answers are not.", policy=True)
    other = key(23, SRC, 1001, DST, 2000, 17)
    case.config(analyzer(), pair(mirrored(fwd, 2, 23), side(rev, 2, 24)),
                pair(side(other, 2, 23), side(key(24, DST, 2000, SRC, 1001, 17), 2, 24)))
    case.step(3, routed, [sent_copy(routed, FLOW, src="8.0.0.2"), (4, left)],
              flows=[flow(fwd, 2, 1, size), flow(rev, 2, 0, 0), flow(other, 2, 0, 0),
                     flow(key(24, DST, 2000, SRC, 1001, 17), 2, 0, 0)])
    case.step(4, from_vm(4) / udp(DST, SRC, sport=2000, dport=1000), [(3, to_vm(3) / udp(DST, SRC, 63, 2000, 1000))],
              flows=[flow(rev, 2, 1, size)])
    case.step(3, from_vm(3) / udp(sport=1001), [(4, to_vm(4) / udp(ttl=63, sport=1001))],
              flows=[flow(other, 2, 1, size)])
    case = guests("mirror-flow-two", "Both mirrors of a flow get a copy: the first with metadata by UDP, the second, a static "
                  "one, as it is.", policy=True)
    case.config(analyzer(), vm(5, "10.1.1.5", 2, policy=False), mirror(125, False, index=1),
                pair(mirrored(fwd, 2, 23, 0, 1), side(rev, 2, 24)))
    case.step(3, routed, [sent_copy(routed, FLOW, src="8.0.0.2"), (5, routed), (4, left)],
              flows=[flow(fwd, 2, 1, size), flow(rev, 2, 0, 0)])
    case = guests("mirror-flow-denied", "Mirror comes before drop: a flow that drops its packets is copied.", policy=True)
    case.config(analyzer(), pair(mirrored(fwd, 2, 23, action="drop"), side(rev, 2, 24, "drop")))
    case.step(3, routed, [sent_copy(routed, FLOW, src="8.0.0.2")], {"FLOW_ACTION_DROP": 1},
              flows=[flow(fwd, 2, 1, size, "drop"), flow(rev, 2, 0, 0, "drop")])
    case = guests("mirror-flow-and-port", "A mirrored vif's packet of a mirrored flow: one copy for each.", "rx", rx=SENT,
                  policy=True)
    case.config(analyzer(), pair(mirrored(fwd, 2, 23), side(rev, 2, 24)))
    case.step(3, routed, [sent_copy(routed, SENT), sent_copy(routed, FLOW, src="8.0.0.2"), (4, left)],
              flows=[flow(fwd, 2, 1, size), flow(rev, 2, 0, 0)])
    case = guests("mirror-flow-source-first", "The source check comes before the mirror: a packet from elsewhere is no "
                  "copy.", policy=True)
    case.config(analyzer(), pair(mirrored(fwd, 2, 24), side(rev, 2, 24)))
    case.step(3, routed, drops={"INVALID_SOURCE": 1}, flows=[flow(fwd, 2, 1, size), flow(rev, 2, 0, 0)])
    far = key(23, "10.1.1.9", 1000, SRC, 2000, 17)
    back = key(23, SRC, 2000, "10.1.1.9", 1000, 17)
    inner = udp("10.1.1.9", SRC)
    case = guests("mirror-flow-from-fabric", "A flow's packet out of an L3 tunnel first gets the VM's Ethernet header.",
                  policy=True)
    case.config(analyzer(), label(42, 23), pair(mirrored(far, 2, 30), side(back, 2, 23)))
    framed = to_vm(3) / inner
    case.step(WIRE, from_fabric(inner), [sent_copy(framed, FLOW, src="8.0.0.2"), (3, framed)],
              flows=[flow(far, 2, 1, len(inner)), flow(back, 2, 0, 0)])
    frame = Ether(dst=vm_mac(3), src="02:00:00:00:77:01") / inner
    case = guests("mirror-flow-from-fabric-l2", "Out of an L2 tunnel the frame is copied as it is.", policy=True)
    case.config(analyzer(), tunnel(31, "vxlan"), vni(900, 2), pair(mirrored(far, 2, 31), side(back, 2, 23)))
    case.step(WIRE, vxlan_from(frame, 900, "8.0.0.3"), [sent_copy(frame, FLOW, src="8.0.0.2"), (3, frame)],
              flows=[flow(far, 2, 1, len(frame)), flow(back, 2, 0, 0)])


def cases():
    ports()
    ways()
    never_again()
    from_nodes()
    flows()
