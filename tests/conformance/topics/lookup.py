"""2.4 and 2.5: what a flow is looked up by, where, and what becomes of a packet that finds none."""

from scapy.layers.inet import ICMP, IP, TCP, UDP, Ether
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6EchoRequest, IPv6
from scapy.layers.sctp import SCTP, SCTPChunkInit
from scapy.packet import Raw

from kit import *

SRC, DST = "10.1.1.3", "10.2.2.4"
SRC6, DST6 = "2001:db8:1::3", "2001:db8:2::4"


def between(name, section, verifies, **more):
    """Guests 3 (VRF 3) and 4 (VRF 4), both in flow mode, each routed to the other, without flows."""
    return Case(name, section, verifies).config(
        vm(3, SRC, 3, **more), vm(4, DST, 4), gateway(3, 4), route(3, f"{DST}/32", 24), route(4, f"{SRC}/32", 23),
        route(3, f"{DST6}/128", 24), route(4, f"{SRC6}/128", 23))


def held(name, section, verifies, packet, found, size):
    """A packet of vif 3 that finds no flow: its key is that of the hold entry."""
    frame = from_vm(3) / packet
    return between(name, section, verifies).step(
        3, frame, [(AGENT, miss(3, 3, frame, 23))], flows=[flow(key(23, *found), 3, 1, size, "hold")])


def keys():
    sctp = ip4(SRC, DST) / SCTP(sport=5000, dport=5001) / SCTPChunkInit(init_tag=1)
    held("key-sctp", "2.4", "Keys: TCP/UDP/SCTP ports.", sctp, (SRC, 5000, DST, 5001, 132), 14 + len(sctp))
    stamp = ip4(SRC, DST) / ICMP(type=13, id=77)
    held("key-icmp-other", "2.4", "Other ICMP: sport 0, dport = type.", stamp, (SRC, 0, DST, 13, 1), 14 + len(stamp))
    esp = ip4(SRC, DST, proto=50) / Raw(DATA)
    held("key-no-ports", "2.4", "A protocol without ports has 0 for both.", esp, (SRC, 0, DST, 0, 50), 14 + len(esp))
    udp6 = IPv6(src=SRC6, dst=DST6) / UDP(sport=1000, dport=2000) / Raw(DATA)
    held("key-ipv6-udp", "2.4", "An IPv6 key has the same fields (IPv6 44 B).", udp6, (SRC6, 1000, DST6, 2000, 17),
         14 + len(udp6))
    tcp = ip4(SRC, DST, options=[b"\x01\x01\x01\x00"]) / TCP(sport=1000, dport=80, flags="PA") / Raw(DATA)
    held("key-behind-options", "2.4", "Ports stand behind the IP options (RFC 791 section 3.1: IHL).", tcp,
         (SRC, 1000, DST, 80, 6), 14 + len(tcp))


def icmp_errors():
    quoted = ip4(SRC, DST, 63) / UDP(sport=1000, dport=2000)
    fwd, rev = key(23, SRC, 1000, DST, 2000, 17), key(24, DST, 2000, SRC, 1000, 17)
    flows = pair(side(fwd, 3, 23), side(rev, 4, 24))
    error = ip4(DST, SRC) / ICMP(type=3, code=3) / quoted
    left = ip4(DST, SRC, 63) / ICMP(type=3, code=3) / quoted
    case = between("key-icmp-error", "2.4", "ICMP error: the embedded packet with its direction reversed is the key.")
    case.config(flows).step(4, from_vm(4) / error, [(3, to_vm(3) / left)],
                            flows=[flow(fwd, 3, 0, 0), flow(rev, 4, 1, 14 + len(error))])
    router = ip4("10.7.7.7", SRC) / ICMP(type=11, code=0) / quoted
    left = ip4("10.7.7.7", SRC, 63) / ICMP(type=11, code=0) / quoted
    case = between("key-icmp-error-router", "2.4",
                   "The embedded packet alone is the key: an error by a router in between finds the same flow. Its "
                   "source is behind the guest that the reverse flow's S(nh) names.")
    case.config(flows).step(4, from_vm(4) / router, [(3, to_vm(3) / left)],
                            flows=[flow(fwd, 3, 0, 0), flow(rev, 4, 1, 14 + len(router))])
    nested = ip4(DST, SRC) / ICMP(type=3, code=3) / ip4(SRC, DST, 63) / ICMP(type=11, code=0) / ip4(DST, SRC) / UDP()
    case = between("icmp-error-nested", "2.4", "An error about an ICMP error is dropped, MISC.")
    case.step(4, from_vm(4) / nested, drops={"MISC": 1})
    quoted6 = IPv6(src=SRC6, dst=DST6, hlim=63) / UDP(sport=1000, dport=2000, chksum=0x1234)
    error6 = IPv6(src=DST6, dst=SRC6) / ICMPv6DestUnreach(code=4) / quoted6
    fwd6, rev6 = key(23, SRC6, 1000, DST6, 2000, 17), key(24, DST6, 2000, SRC6, 1000, 17)
    case = between("key-icmpv6-error", "2.4", "ICMP error: the embedded packet with its direction reversed is the key, for IPv6 alike.")
    case.config(pair(side(fwd6, 3, 23), side(rev6, 4, 24)))
    case.step(4, from_vm(4) / error6, [(3, Ether(dst=vm_mac(3), src=ROUTER, type=0x86dd) / error6)],
              flows=[flow(fwd6, 3, 0, 0), flow(rev6, 4, 1, 14 + len(error6))])


def where():
    packet = ip4(SRC, DST) / UDP(sport=1000, dport=2000) / Raw(DATA)
    left = ip4(SRC, DST, 63) / UDP(sport=1000, dport=2000) / Raw(DATA)
    found = key(24, SRC, 1000, DST, 2000, 17)
    hop = from_vm(3) / left

    def at_output(name, verifies, **four):
        return Case(name, "2.4", verifies).config(vm(3, SRC, 3, policy=False), vm(4, DST, 4, **four), gateway(3, 4),
                                                  route(3, f"{DST}/32", 24), route(4, f"{SRC}/32", 23))
    case = at_output("flow-at-output", "At output if the nexthop has POLICY, under the K(nh) of the guest behind it; "
                     "routing came first, so the trapped copy has the TTL decremented.")
    case.step(3, from_vm(3) / packet, [(AGENT, miss(3, 3, hop, 24))], flows=[flow(found, 3, 1, 14 + len(packet), "hold")])
    case = at_output("flow-at-output-hit", "At output if the nexthop has POLICY: the flow that is found lets it pass.")
    rev = key(24, DST, 2000, SRC, 1000, 17)
    case.config(pair(side(found, 3, 23), side(rev, 4, 24)))
    case.step(3, from_vm(3) / packet, [(4, to_vm(4) / left)],
              flows=[flow(found, 3, 1, 14 + len(packet)), flow(rev, 4, 0, 0)])
    case = at_output("relaxed-policy", "RELAXED_POLICY: a miss forwards, and creates nothing.", nh_flags=("relaxed",))
    case.step(3, from_vm(3) / packet, [(4, to_vm(4) / left)])
    case = Case("broadcast-no-flow", "2.4", "Multicast and broadcast never meet a flow.").config(
        vm(3, "10.1.1.3", 2), vm(4, "10.1.1.4", 2), broadcast(2, 3, 4))
    shout = Ether(dst="ff:ff:ff:ff:ff:ff", src=vm_mac(3)) / ip4("10.1.1.3", "255.255.255.255") / UDP(sport=7, dport=7)
    case.step(3, shout, [(4, shout)])
    case = between("once-per-packet", "2.4", "Once per packet: looked up as it came, it is not looked up at the guest it goes to.")
    fwd = key(23, SRC, 1000, DST, 2000, 17)
    rev = key(23, DST, 2000, SRC, 1000, 17)
    case.config(pair(side(fwd, 3, 23), side(rev, 3, 0)))
    case.step(3, from_vm(3) / packet, [(4, to_vm(4) / left)],
              flows=[flow(fwd, 3, 1, 14 + len(packet)), flow(rev, 3, 0, 0)])


def new_flows():
    packet = from_vm(3) / ip4(SRC, DST) / UDP(sport=1000, dport=2000) / Raw(DATA)
    between("drop-new-flows", "2.5", "vif Df: a packet that would make a flow is dropped NEW_FLOWS.", also=("no_new",)).step(
        3, packet, drops={"NEW_FLOWS": 1})
    case = Case("drop-new-flows-fabric", "2.5", "vif Df: NEW_FLOWS for packets to that guest from other nodes as well.")
    case.config(vm(3, SRC, 2, also=("no_new",)), tunnel(), label(42, 23))
    inner = ip4("10.1.1.9", SRC) / UDP(sport=1, dport=2) / Raw(DATA)
    case.step(WIRE, from_fabric(inner), drops={"NEW_FLOWS": 1})


def hold_and_reply():
    def udp(sport, ttl=64, ident=1):
        return ip4(SRC, DST, ttl, id=ident) / UDP(sport=sport, dport=2000) / Raw(DATA)
    one, two = key(23, SRC, 1000, DST, 2000, 17), key(23, SRC, 1001, DST, 2000, 17)
    size = 14 + len(udp(1))
    case = between("hold-two-flows", "2.5", "Each key has a hold entry of its own; the first packet of each is trapped.")
    for found, sport in ((one, 1000), (two, 1001)):
        frame = from_vm(3) / udp(sport)
        case.step(3, frame, [(AGENT, miss(3, 3, frame, 23))], flows=[flow(found, 3, 1, size, "hold")])
    case = between("hold-then-forward", "2.5", "The agent creates the reverse entry and changes the forward entry: queued "
                   "packets leave in order, later ones pass at once, and so do the answers.")
    first = from_vm(3) / udp(1000)
    case.step(3, first, [(AGENT, miss(3, 3, first, 23))], flows=[flow(one, 3, 1, size, "hold")])
    case.step(3, from_vm(3) / udp(1000, ident=2), flows=[flow(one, 3, 2, size, "hold")])
    back = key(24, DST, 2000, SRC, 1000, 17)
    case.step(change=reply(23, 24, 24), note="they leave in order",
              out=[(4, to_vm(4) / udp(1000, 63)), (4, to_vm(4) / udp(1000, 63, 2))],
              flows=[flow(one, 3, 2, size), flow(back, 3, 0, 0)])
    case.step(3, from_vm(3) / udp(1000, ident=3), [(4, to_vm(4) / udp(1000, 63, 3))], flows=[flow(one, 3, 3, size)])
    answer = lambda ttl: ip4(DST, SRC, ttl) / UDP(sport=2000, dport=1000) / Raw(DATA)
    case.step(4, from_vm(4) / answer(64), [(3, to_vm(3) / answer(63))], flows=[flow(back, 3, 1, size)])

    echo = lambda kind, src, dst, ttl: ip4(src, dst, ttl) / ICMP(type=kind, id=0x470) / Raw(DATA)
    found, back = key(23, SRC, 0x470, DST, 0, 1), key(24, DST, 0x470, SRC, 0, 1)
    frame = from_vm(3) / echo(8, SRC, DST, 64)
    case = between("hold-icmp-echo", "2.5", "The reverse entry of an ICMP echo has the identifier as sport too (2.4: sport = "
                   "identifier, dport 0).")
    case.step(3, frame, [(AGENT, miss(3, 3, frame, 23))], flows=[flow(found, 3, 1, len(frame), "hold")])
    case.step(change=reply(23, 24, 24), out=[(4, to_vm(4) / echo(8, SRC, DST, 63))],
              flows=[flow(found, 3, 1, len(frame)), flow(back, 3, 0, 0)])
    case.step(4, from_vm(4) / echo(0, DST, SRC, 64), [(3, to_vm(3) / echo(0, DST, SRC, 63))],
              flows=[flow(back, 3, 1, len(frame))])

    inner = ip4("10.1.1.9", SRC) / UDP(sport=1000, dport=2000) / Raw(DATA)
    found, back = key(23, "10.1.1.9", 1000, SRC, 2000, 17), key(23, SRC, 2000, "10.1.1.9", 1000, 17)
    case = Case("hold-from-fabric", "2.5", "A packet from another node waits likewise, trapped with its tunnel headers; "
                "when the agent has answered it is delivered out of its tunnel, its own TTL untouched.")
    case.config(vm(3, SRC, 2), tunnel(), label(42, 23))
    case.step(WIRE, from_fabric(inner), [(AGENT, miss(WIRE, 2, from_fabric(inner, ttl=63), 23))],
              flows=[flow(found, 2, 1, len(inner), "hold")])
    case.step(change=reply(30, 23, 23), out=[(3, to_vm(3) / inner)],
              flows=[flow(found, 2, 1, len(inner)), flow(back, 2, 0, 0)])

    six = lambda: IPv6(src=SRC6, dst=DST6) / UDP(sport=1000, dport=2000) / Raw(DATA)
    frame = from_vm(3) / six()
    found, back = key(23, SRC6, 1000, DST6, 2000, 17), key(24, DST6, 2000, SRC6, 1000, 17)
    case = between("hold-ipv6", "2.5", "IPv6 flows wait and go on as those of IPv4 do; the hop limit stays (2.1).")
    case.step(3, frame, [(AGENT, miss(3, 3, frame, 23))], flows=[flow(found, 3, 1, len(frame), "hold")])
    case.step(change=reply(23, 24, 24), out=[(4, Ether(dst=vm_mac(4), src=ROUTER, type=0x86dd) / six())],
              flows=[flow(found, 3, 1, len(frame)), flow(back, 3, 0, 0)])


def cases():
    keys()
    icmp_errors()
    where()
    new_flows()
    hold_and_reply()
