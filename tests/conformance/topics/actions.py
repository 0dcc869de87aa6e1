"""2.6: what is done with the packets of a flow: source check, VRF, translation."""

from scapy.layers.inet import ICMP, IP, TCP, UDP, Ether
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.sctp import SCTP, SCTPChunkInit
from scapy.packet import Raw

from kit import *

SRC, DST, OTHER = "10.1.1.3", "10.2.2.4", "10.2.2.100"
SRC6, DST6, OTHER6 = "2001:db8:1::3", "2001:db8:2::4", "2001:db8:2::100"


def between(name, verifies):
    """Guests 3 (VRF 3) and 4 (VRF 4) in flow mode; the VRF of each knows both."""
    return Case(name, "2.6", verifies).config(
        vm(3, SRC, 3), vm(4, DST, 4), gateway(3, 4),
        [route(vrf, f"{ip}/{length}", nh) for vrf in (3, 4)
         for ip, length, nh in ((SRC, 32, 23), (DST, 32, 24), (SRC6, 128, 23), (DST6, 128, 24))])


def udp(src, dst, sport=1000, dport=2000, ttl=64, **more):
    return ip4(src, dst, ttl) / UDP(sport=sport, dport=dport, **more) / Raw(DATA)


def sources():
    fwd, rev = key(23, SRC, 1000, DST, 2000, 17), key(24, DST, 2000, SRC, 1000, 17)
    size = 14 + len(udp(SRC, DST))
    case = between("rpf-vif", "RPF by S(nh) type encap: the receiving vif must equal; else INVALID_SOURCE. The packet is "
                   "counted in the flow first.")
    case.config(pair(side(fwd, 3, 24), side(rev, 4, 24)))
    case.step(3, from_vm(3) / udp(SRC, DST), drops={"INVALID_SOURCE": 1},
              flows=[flow(fwd, 3, 1, size), flow(rev, 4, 0, 0)])
    case = between("rpf-none", "RPF by S(nh) type discard (0): no check.")
    case.config(pair(side(fwd, 3, 0), side(rev, 4, 0)))
    case.step(3, from_vm(3) / udp(SRC, DST), [(4, to_vm(4) / udp(SRC, DST, ttl=63))],
              flows=[flow(fwd, 3, 1, size), flow(rev, 4, 0, 0)])
    case = between("rpf-missing", "A missing S(nh): INVALID_NH.")
    case.config(pair(side(fwd, 3, 999), side(rev, 4, 24)))
    case.step(3, from_vm(3) / udp(SRC, DST), drops={"INVALID_NH": 1},
              flows=[flow(fwd, 3, 1, size), flow(rev, 4, 0, 0)])
    case = between("rpf-before-drop", "RPF comes before the action: a flow that drops its packets does not hide a wrong source.")
    case.config(pair(side(fwd, 3, 24, "drop"), side(rev, 4, 24, "drop")))
    case.step(3, from_vm(3) / udp(SRC, DST), drops={"INVALID_SOURCE": 1},
              flows=[flow(fwd, 3, 1, size, "drop"), flow(rev, 4, 0, 0, "drop")])
    inner = udp("10.1.1.9", SRC)
    found, back = key(23, "10.1.1.9", 1000, SRC, 2000, 17), key(23, SRC, 2000, "10.1.1.9", 1000, 17)
    case = Case("rpf-vif-from-fabric", "2.6", "S(nh) type encap: what comes through a tunnel is not from that vif.")
    case.config(vm(3, SRC, 2), vm(4, DST, 2), tunnel(), label(42, 23), pair(side(found, 2, 24), side(back, 2, 23)))
    case.step(WIRE, from_fabric(inner), drops={"INVALID_SOURCE": 1},
              flows=[flow(found, 2, 1, len(inner)), flow(back, 2, 0, 0)])
    case = Case("rpf-tunnel-from-vm", "2.6", "S(nh) type tunnel: a packet of a guest here has no outer source.")
    case.config(vm(3, SRC, 3), vm(4, DST, 4), gateway(3), tunnel(), route(3, f"{DST}/32", 24),
                pair(side(fwd, 3, 30), side(rev, 4, 24)))
    case.step(3, from_vm(3) / udp(SRC, DST), drops={"INVALID_SOURCE": 1},
              flows=[flow(fwd, 3, 1, size), flow(rev, 4, 0, 0)])


def vrfs():
    fwd, rev = key(23, SRC, 1000, DST, 2000, 17), key(24, DST, 2000, SRC, 1000, 17)
    case = Case("vrf-translate", "2.6", "VRF: with VRFT the packet goes on in dvrf, where alone its route is.")
    case.config(vm(3, SRC, 3), vm(4, DST, 4), gateway(3, 4), route(4, f"{DST}/32", 24), route(3, f"{SRC}/32", 23),
                pair(side(fwd, 3, 23, dvrf=4), side(rev, 4, 24, dvrf=3)))
    size = 14 + len(udp(SRC, DST))
    case.step(3, from_vm(3) / udp(SRC, DST), [(4, to_vm(4) / udp(SRC, DST, ttl=63))],
              flows=[flow(fwd, 3, 1, size), flow(rev, 4, 0, 0)])
    case.step(4, from_vm(4) / udp(DST, SRC, 2000, 1000), [(3, to_vm(3) / udp(DST, SRC, 2000, 1000, 63))],
              flows=[flow(rev, 4, 1, size)])
    case = Case("vrf-translate-to-tunnel", "2.6", "VRF, then the route of dvrf: its tunnel and its label.")
    case.config(vm(3, SRC, 3), gateway(3), tunnel(), route(7, f"{DST}/32", 30, 77),
                pair(side(fwd, 3, 23, dvrf=7), side(key(23, DST, 2000, SRC, 1000, 17), 3, 30)))
    case.step(3, from_vm(3) / udp(SRC, DST), [(WIRE, to_fabric(udp(SRC, DST, ttl=63), 77))],
              flows=[flow(fwd, 3, 1, size), flow(key(23, DST, 2000, SRC, 1000, 17), 3, 0, 0)])


def nat(name, verifies, fwd, rev, fwd_flags, rev_flags, there, there_left, back=None, back_left=None, six=False):
    """A translated flow from guest 3 to guest 4, and an answer."""
    fwd, rev = key(23, *fwd), key(24, *rev)
    case = between(name, verifies)
    case.config(pair(side(fwd, 3, 23, "nat", fwd_flags), side(rev, 4, 24, "nat", rev_flags)))
    to = (lambda vif: Ether(dst=vm_mac(vif), src=ROUTER, type=0x86dd)) if six else to_vm
    size = 14 + len(there)
    case.step(3, from_vm(3) / there, [(4, to(4) / there_left)],
              flows=[flow(fwd, 3, 1, size, "nat"), flow(rev, 4, 0, 0, "nat")])
    if back is not None:
        case.step(4, from_vm(4) / back, [(3, to(3) / back_left)], flows=[flow(rev, 4, 1, 14 + len(back), "nat")])
    return case


def translations():
    nat("nat-spat", "SPAT: sport = rflow.dport, on the way back DPAT: dport = rflow.sport; incremental checksum.",
        (SRC, 1000, DST, 2000, 17), (DST, 2000, OTHER, 40000, 17), ["snat", "spat"], ["dnat", "dpat"],
        udp(SRC, DST), udp(OTHER, DST, 40000, 2000, 63),
        udp(DST, OTHER, 2000, 40000), udp(DST, SRC, 2000, 1000, 63))
    nat("nat-dnat-dpat", "DNAT: dip = rflow.sip, DPAT: dport = rflow.sport; on the way back SNAT and SPAT.",
        (SRC, 1000, "10.2.2.200", 80, 17), (DST, 8080, SRC, 1000, 17), ["dnat", "dpat"], ["snat", "spat"],
        udp(SRC, "10.2.2.200", 1000, 80), udp(SRC, DST, 1000, 8080, 63),
        udp(DST, SRC, 8080, 1000), udp("10.2.2.200", SRC, 80, 1000, 63))
    tcp = lambda src, dst, sport, dport, ttl: ip4(src, dst, ttl) / TCP(
        sport=sport, dport=dport, flags="PA", seq=9, ack=7) / Raw(DATA)
    nat("nat-tcp", "NAT of TCP: the checksum covers addresses and ports (RFC 9293 section 3.1).",
        (SRC, 1000, DST, 80, 6), (DST, 80, OTHER, 50000, 6), ["snat", "spat"], ["dnat", "dpat"],
        tcp(SRC, DST, 1000, 80, 64), tcp(OTHER, DST, 50000, 80, 63))
    nat("nat-udp-without-checksum", "A UDP checksum of 0 says that there is none (RFC 768): it stays 0.",
        (SRC, 1000, DST, 2000, 17), (DST, 2000, OTHER, 40000, 17), ["snat", "spat"], ["dnat", "dpat"],
        udp(SRC, DST, chksum=0), udp(OTHER, DST, 40000, 2000, 63, chksum=0))
    echo = lambda kind, src, dst, ttl: ip4(src, dst, ttl) / ICMP(type=kind, id=0x470, seq=5) / Raw(DATA)
    nat("nat-icmp-echo", "NAT of an echo: addresses change, the identifier and the ICMP checksum do not.",
        (SRC, 0x470, DST, 0, 1), (DST, 0x470, OTHER, 0, 1), ["snat"], ["dnat"],
        echo(8, SRC, DST, 64), echo(8, OTHER, DST, 63), echo(0, DST, OTHER, 64), echo(0, DST, SRC, 63))
    # scapy computes the CRC32c of SCTP over the SCTP packet alone: addresses do not count (RFC 9260 section 6.8).
    sctp = lambda src, dst, ttl: ip4(src, dst, ttl) / SCTP(sport=5000, dport=5001) / SCTPChunkInit(init_tag=1)
    nat("nat-sctp", "NAT of SCTP: its checksum does not cover the addresses, so it stays.",
        (SRC, 5000, DST, 5001, 132), (DST, 5001, OTHER, 5000, 132), ["snat"], ["dnat"],
        sctp(SRC, DST, 64), sctp(OTHER, DST, 63))
    six = lambda src, dst, sport, dport: IPv6(src=src, dst=dst) / UDP(sport=sport, dport=dport) / Raw(DATA)
    nat("nat66-udp", "NAT66 same: the UDP checksum covers the IPv6 addresses (RFC 8200 section 8.1).",
        (SRC6, 1000, DST6, 2000, 17), (DST6, 2000, OTHER6, 40000, 17), ["snat", "spat"], ["dnat", "dpat"],
        six(SRC6, DST6, 1000, 2000), six(OTHER6, DST6, 40000, 2000),
        six(DST6, OTHER6, 2000, 40000), six(DST6, SRC6, 2000, 1000), six=True)
    ping = lambda src, dst: IPv6(src=src, dst=dst) / ICMPv6EchoRequest(id=0x470, seq=5, data=DATA)
    nat("nat66-icmp", "NAT66 of an echo: the ICMPv6 checksum covers the addresses (RFC 4443 section 2.3). An ICMPv6 "
        "echo's key has 129 as dport.",
        (SRC6, 0x470, DST6, 129, 58), (DST6, 0x470, OTHER6, 129, 58), ["snat"], ["dnat"],
        ping(SRC6, DST6), ping(OTHER6, DST6), six=True)


def nat_errors():
    """The reverse flow's packets to OTHER are delivered to SRC; so are errors about what left with OTHER as source."""
    fwd, rev = key(23, SRC, 1000, DST, 2000, 17), key(24, DST, 2000, OTHER, 40000, 17)
    case = between("nat-icmp-error", "Embedded packet of ICMP errors is rewritten: source address and port back to what the "
                   "guest had sent. The quoted header's checksum follows, the quoted UDP checksum stays as it was quoted.")
    case.config(pair(side(fwd, 3, 23, "nat", ["snat", "spat"]), side(rev, 4, 24, "nat", ["dnat", "dpat"])))
    quoted = lambda src, sport: ip4(src, DST, 63) / UDP(sport=sport, dport=2000, len=28, chksum=0x1234) / Raw(DATA)
    error = ip4(DST, OTHER) / ICMP(type=3, code=3) / quoted(OTHER, 40000)
    left = ip4(DST, SRC, 63) / ICMP(type=3, code=3) / quoted(SRC, 1000)
    case.step(4, from_vm(4) / error, [(3, to_vm(3) / left)],
              flows=[flow(fwd, 3, 0, 0, "nat"), flow(rev, 4, 1, 14 + len(error), "nat")])


def cases():
    sources()
    vrfs()
    translations()
    nat_errors()
