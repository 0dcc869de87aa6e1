"""2.1, 2.3, 2.9: how long packets live, and how long they may be."""

from scapy.layers.inet import ICMP, IP, TCP, UDP, Ether
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from kit import *

SRC, DST, FAR = "10.1.1.3", "10.2.2.4", "10.9.9.9"
SRC6, FAR6 = "2001:db8:1::3", "2001:db8:9::9"
UNKNOWN = "02:00:00:00:00:99"


def udp(src, dst, ttl=64, **more):
    return ip4(src, dst, ttl, **more) / UDP(sport=1000, dport=2000) / Raw(DATA)


def udp6(hlim, src=SRC6, dst=FAR6):
    return IPv6(src=src, dst=dst, hlim=hlim) / UDP(sport=1000, dport=2000) / Raw(DATA)


def guest(name, section, verifies, kind="mpls_udp", policy=False):
    """Guest 3 of VRF 3; FAR and the MAC UNKNOWN are on another node."""
    return Case(name, section, verifies).config(
        vm(3, SRC, 3, policy), vm(4, DST, 4, policy=False), gateway(3), tunnel(30, kind), route(3, f"{DST}/32", 24),
        route(3, f"{FAR}/32", 30, 77), route(3, f"{FAR6}/128", 30, 77),
        {"object": "bridge", "vrf": 3, "mac": UNKNOWN, "nh": 30, "flags": ["label_valid(L)"], "label": 78})


def to_host(frame):
    """The host sees one less in the outer TTL."""
    frame = Ether(bytes(frame))
    frame[IP].ttl -= 1
    del frame[IP].chksum
    return Ether(bytes(frame))


def lifetimes():
    case = guest("hop-limit-2", "2.1", "IPv6 hop limit is not decremented: 2 leaves as 2, and the label has as much.")
    case.step(3, from_vm(3) / udp6(2), [(WIRE, to_fabric(udp6(2), 77, 2))])
    fwd, rev = key(23, SRC, 1000, FAR, 2000, 17), key(23, FAR, 2000, SRC, 1000, 17)
    case = guest("ttl-1-flow", "2.1", "The flow comes before the route: TTL 1 is trapped, and counted in its flow.", policy=True)
    case.config(pair(side(fwd, 3, 23), side(rev, 3, 0)))
    sent, told = from_vm(3) / udp(SRC, FAR, 1), from_vm(3) / udp(SRC, FAR, 0)
    case.step(3, sent, [(AGENT, trap(ZERO_TTL, 3, 3, told))], flows=[flow(fwd, 3, 1, len(sent)), flow(rev, 3, 0, 0)])
    case = guest("label-ttl", "2.9", "MPLS TTL = inner TTL after it went down; of a bridged packet it is 64.")
    case.step(3, from_vm(3) / udp(SRC, FAR, 9), [(WIRE, to_fabric(udp(SRC, FAR, 8), 77, 8))])
    framed = from_vm(3, UNKNOWN) / udp(SRC, FAR, 9)
    case.step(3, framed, [(WIRE, to_fabric(framed, 78, 64))])
    case = Case("label-ttl-in", "2.3", "MPLS TTL - 1 <= 0: TTL_EXCEEDED; with more the inner TTL is not touched, whatever it is.")
    case.config(vm(3, SRC, 3, policy=False), label(42, 23))
    for left in (64, 1):
        inner = udp(FAR, SRC, left)
        case.step(WIRE, from_fabric(inner, label_ttl=2), [(3, to_vm(3) / inner)])
    for label_ttl in (1, 0):
        case.step(WIRE, from_fabric(udp(FAR, SRC), label_ttl=label_ttl), drops={"TTL_EXCEEDED": 1})
    case = Case("ttl-0-from-fabric", "2.1", "A frame of another node for the router is routed: TTL 0 is dropped, "
                "TTL_EXCEEDED.")
    case.config(vm(3, SRC, 3, policy=False), gateway(3), vni(7000, 3), route(3, f"{SRC}/32", 23))
    ended = Ether(dst=ROUTER, src=UNKNOWN) / udp(FAR, SRC, 0)
    case.step(WIRE, vxlan_from(ended, 7000, "8.0.0.3"), drops={"TTL_EXCEEDED": 1})


def to_the_node():
    case = Case("ttl-to-the-node", "2.3", "Own IP, no tunnel: vhost, behind one more hop. The host's stack gets one less in "
                "the TTL, whatever the protocol.")
    for behind in (TCP(sport=1000, dport=22), ICMP(type=8, id=1, seq=1), UDP(sport=1, dport=2)):
        frame = underlay_in("8.0.0.9") / behind / Raw(DATA)
        case.step(WIRE, frame, [(HOST, to_host(frame))])
    none = Ether(dst=FABRIC, src=PEER) / IP(src="8.0.0.9", dst="8.0.0.2", ttl=0, id=1) / UDP(sport=1, dport=2) / Raw(DATA)
    Case("ttl-0-to-the-node", "2.3", "TTL 0: TTL_EXCEEDED, for the node itself too.").step(
        WIRE, none, drops={"TTL_EXCEEDED": 1})
    sent = Ether(dst=PEER, src=FABRIC) / IP(src="8.0.0.2", dst="8.0.0.9", ttl=64, id=1) / UDP(sport=1, dport=2) / Raw(DATA)
    Case("ttl-from-the-node", "2.3", "What the host itself sends crosses to the fabric as it is.").step(
        HOST, sent, [(WIRE, sent)])


def too_long():
    def packet(size, ttl=64, fragment="DF"):
        return ip4(SRC, FAR, ttl, flags=fragment) / UDP(sport=1, dport=2) / Raw(b"z" * (size - 28))

    def told(case, size, mtu):
        case.step(3, from_vm(3) / packet(size), [(AGENT, trap(
            DF, 3, 3, bytes(from_vm(3) / packet(size, 63))[:190], (mtu, 0xffffffff, 0, 0, 0)))])

    case = guest("df-fits", "2.9", "DF: the longest packet that fits MPLS over UDP is one of 1468 bytes; one more is trapped, "
                 "cmd 11, with that in param.")
    case.step(3, from_vm(3) / packet(1468), [(WIRE, to_fabric(packet(1468, 63), 77))])
    told(case, 1469, 1468)
    case = guest("df-gre", "2.9", "DF: GRE adds 28 bytes.", "gre")
    case.step(3, from_vm(3) / packet(1472), [(WIRE, to_fabric_gre(packet(1472, 63), 77))])
    told(case, 1473, 1472)
    case = guest("df-local", "2.9", "Within the node nothing is added, and DF asks nothing.")
    long = ip4(SRC, DST, flags="DF") / UDP(sport=1, dport=2) / Raw(b"z" * 1472)
    left = ip4(SRC, DST, 63, flags="DF") / UDP(sport=1, dport=2) / Raw(b"z" * 1472)
    case.step(3, from_vm(3) / long, [(4, to_vm(4) / left)])


def syn(options, port=80, flags="S", six=False, ttl=64, src=None, dst=None):
    head = IPv6(src=src or SRC6, dst=dst or FAR6, hlim=ttl) if six else ip4(src or SRC, dst or FAR, ttl)
    return head / TCP(sport=1000, dport=port, seq=5, flags=flags, options=options)


def mss(size):
    return [("MSS", size)]


def segment_sizes():
    """The underlay carries 1500 bytes: 40 are the overlay's of routed packets, 62 of bridged ones, 20 TCP's."""
    case = guest("mss-routed", "2.1", "TCP SYN from a VM: MSS <= MTU - (40 + IP header + 20) where it is routed: 1420. The "
                 "checksum follows; what is small already stays.")
    for announced, left in ((1460, 1420), (1421, 1420), (1420, 1420), (536, 536), (65535, 1420)):
        case.step(3, from_vm(3) / syn(mss(announced)), [(WIRE, to_fabric(syn(mss(left), ttl=63), 77))])
    case = guest("mss-bridged", "2.1", "TCP SYN from a VM: MSS <= MTU - (62 + IP header + 20) where it is bridged: 1398.")
    for announced, left in ((1460, 1398), (1398, 1398)):
        case.step(3, from_vm(3, UNKNOWN) / syn(mss(announced)),
                  [(WIRE, to_fabric(from_vm(3, UNKNOWN) / syn(mss(left)), 78, 64))])
    case = guest("mss-ipv6", "2.1", "TCP SYN over IPv6: its header takes 40 bytes, so 1400 where it is routed and 1378 where "
                 "it is bridged.")
    case.step(3, from_vm(3) / syn(mss(1440), six=True), [(WIRE, to_fabric(syn(mss(1400), six=True), 77, 64))])
    case.step(3, from_vm(3, UNKNOWN) / syn(mss(1440), six=True),
              [(WIRE, to_fabric(from_vm(3, UNKNOWN) / syn(mss(1378), six=True), 78, 64))])
    case = guest("mss-gre", "2.1", "The overlay is taken to add as much whatever the tunnel is: 1420 over GRE.", "gre")
    case.step(3, from_vm(3) / syn(mss(1460)), [(WIRE, to_fabric_gre(syn(mss(1420), ttl=63), 77))])
    case = guest("mss-places", "2.1", "MSS clamp: the option is found behind others, at an odd place too, where the bytes of "
                 "the checksum change places (RFC 1071 section 2), and behind IP options.")
    for before in ([("NOP", None)], [("SAckOK", b""), ("NOP", None), ("NOP", None)], [("Timestamp", (1, 0)), ("NOP", None)],
                   [("WScale", 7)]):
        case.step(3, from_vm(3) / syn(before + mss(1460)), [(WIRE, to_fabric(syn(before + mss(1420), ttl=63), 77))])
    longer = lambda size, ttl: ip4(SRC, FAR, ttl, options=[b"\x01\x01\x01\x00"]) / TCP(
        sport=1000, dport=80, flags="S", options=mss(size))
    case.step(3, from_vm(3) / longer(1460, 64), [(WIRE, to_fabric(longer(1416, 63), 77))])
    case = guest("mss-others", "2.1", "MSS clamp: a SYN without the option stays, and so does what is no SYN; a SYN with an "
                 "acknowledgement does not.")
    for options, flag, left in (([], "S", []), ([("NOP", None)] * 4, "S", [("NOP", None)] * 4), (mss(1460), "A", mss(1460)),
                                (mss(1460), "SA", mss(1420))):
        case.step(3, from_vm(3) / syn(options, flags=flag), [(WIRE, to_fabric(syn(left, flags=flag, ttl=63), 77))])
    case = Case("mss-from-fabric", "2.1", "MSS clamp: a SYN from the fabric is delivered as it is.")
    case.config(vm(3, SRC, 3, policy=False), label(42, 23))
    inner = syn(mss(1460), src=FAR, dst=SRC)
    case.step(WIRE, from_fabric(inner), [(3, to_vm(3) / inner)])
    fwd, rev = key(23, SRC, 1000, FAR, 80, 6), key(23, FAR, 80, "10.7.7.7", 1000, 6)
    case = guest("mss-nat", "2.1", "MSS clamp of a SYN whose source is translated: the checksum covers both.", policy=True)
    case.config(pair(side(fwd, 3, 23, "nat", ["snat"]), side(rev, 3, 0, "nat", ["dnat"])))
    sent = from_vm(3) / syn(mss(1460))
    case.step(3, sent, [(WIRE, to_fabric(syn(mss(1420), ttl=63, src="10.7.7.7"), 77))],
              flows=[flow(fwd, 3, 1, len(sent), "nat", ["SYN"]), flow(rev, 3, 0, 0, "nat", ["SYN_R"])])


def cases():
    lifetimes()
    to_the_node()
    too_long()
    segment_sizes()
