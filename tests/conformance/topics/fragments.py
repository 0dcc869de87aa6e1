"""2.12: parts of packets, in the order in which they were sent. What becomes of those out of order takes time."""

from scapy.layers.inet import ICMP, IP, UDP, Ether
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.packet import Raw

from kit import *

SRC, DST, FAR, OTHER = "10.1.1.3", "10.2.2.4", "10.9.9.9", "10.7.7.7"
SRC6, DST6 = "2001:db8:1::3", "2001:db8:2::4"
# Bytes of a datagram of 60 in each part.
SIZES = (24, 24, 12)


def datagram(src, dst, sport, dport):
    """A UDP datagram with the checksum that it has between these."""
    head = IPv6(src=src, dst=dst) if ":" in src else IP(src=src, dst=dst)
    whole = head / UDP(sport=sport, dport=dport) / Raw(bytes(range(52)))
    return bytes(whole)[len(head):]


def parts(src, dst, ttl=64, sport=1000, dport=2000, behind=None):
    """The datagram in parts, as IPv4 carries them."""
    bytes_left, at, found = behind or datagram(src, dst, sport, dport), 0, []
    for size in SIZES:
        more = "MF" if at + size < len(bytes_left) else ""
        proto = 17 if behind is None else 1
        found.append(IP(src=src, dst=dst, ttl=ttl, id=0x77, proto=proto, flags=more, frag=at // 8) / Raw(
            bytes_left[at:at + size]))
        at += size
    return found


def parts6(src, dst, hlim=64):
    bytes_left, at, found = datagram(src, dst, 1000, 2000), 0, []
    for size in SIZES:
        more = int(at + size < len(bytes_left))
        found.append(IPv6(src=src, dst=dst, hlim=hlim) / IPv6ExtHdrFragment(
            nh=17, offset=at // 8, m=more, id=0x77) / Raw(bytes_left[at:at + size]))
        at += size
    return found


class Sent:
    """Parts one after the other, and what their flow has carried by then."""

    def __init__(self, case, flows=()):
        self.case, self.flows, self.packets, self.bytes = case, flows, 0, 0

    def each(self, vif, frames, out=None, drops=None, action="forward"):
        for place, frame in enumerate(frames):
            changed = []
            if self.flows:
                self.packets, self.bytes = self.packets + 1, self.bytes + self.size(frame)
                fwd, vrf = self.flows[0]
                changed = [flow(fwd, vrf, self.packets, 0, action) | {"bytes": self.bytes}]
                if self.packets == 1:
                    changed += [flow(rev, vrf, 0, 0, action) for rev, vrf in self.flows[1:]]
            left = [(out[0], out[1][place])] if out else ()
            self.case.step(vif, frame, left, drops=drops, flows=changed)

    def size(self, frame):
        return len(frame)


def guests(name, verifies, policy=False):
    return Case(name, "2.12", verifies).config(
        vm(3, SRC, 3, policy), vm(4, DST, 4, policy=False), gateway(3, 4), tunnel(), route(3, f"{DST}/32", 24),
        route(3, f"{DST6}/128", 24), route(4, f"{SRC}/32", 23), route(3, f"{FAR}/32", 30, 77))


def from_guest(name, verifies, action="forward", **more):
    """A flow of guest 3 to guest 4."""
    fwd, rev = key(23, SRC, 1000, DST, 2000, 17), key(24, DST, 2000, SRC, 1000, 17)
    case = guests(name, verifies, policy=True).config(pair(side(fwd, 3, 23, action), side(rev, 4, 24, action)))
    return case, Sent(case, [(fwd, 3), (rev, 4)])


def framed(vif, packets):
    return [from_vm(vif) / packet for packet in packets]


def routed(vif, packets):
    return [to_vm(vif) / packet for packet in packets]


def cases():
    case = guests("fragments-packet-mode", "Packet mode: each part is routed by itself, the TTL of each goes down.")
    Sent(case).each(3, framed(3, parts(SRC, DST)), (4, routed(4, parts(SRC, DST, 63))))
    case = guests("fragments-packet-mode-tunnel", "Packet mode: each part goes into the tunnel by itself, the label's TTL that of "
                  "the part.")
    Sent(case).each(3, framed(3, parts(SRC, FAR)), (WIRE, [to_fabric(part, 77) for part in parts(SRC, FAR, 63)]))
    case = Case("fragments-bridged", "2.12", "Bridged parts stay as they are.").config(
        vm(3, SRC, 2, policy=False), vm(4, "10.1.1.4", 2, policy=False))
    whole = [from_vm(3, vm_mac(4)) / part for part in parts(SRC, "10.1.1.4")]
    Sent(case).each(3, whole, (4, whole))
    case, sent = from_guest("fragments-flow", "The head records the ports, later parts look them up: all of them meet the "
                            "head's flow.")
    sent.each(3, framed(3, parts(SRC, DST)), (4, routed(4, parts(SRC, DST, 63))))
    case, sent = from_guest("fragments-flow-drop", "All parts have the flow's action: FLOW_ACTION_DROP.", "drop")
    sent.each(3, framed(3, parts(SRC, DST)), drops={"FLOW_ACTION_DROP": 1}, action="drop")
    fwd, rev = key(23, SRC, 1000, FAR, 2000, 17), key(23, FAR, 2000, SRC, 1000, 17)
    case = guests("fragments-flow-tunnel", "Parts of a flow to another node: each is in the tunnel.", policy=True)
    case.config(pair(side(fwd, 3, 23), side(rev, 3, 30)))
    Sent(case, [(fwd, 3), (rev, 3)]).each(
        3, framed(3, parts(SRC, FAR)), (WIRE, [to_fabric(part, 77) for part in parts(SRC, FAR, 63)]))
    case = guests("fragments-from-fabric", "Parts that come through a tunnel find the guest's flow by the ports of the head.",
                  policy=True)
    case.config(label(42, 23), pair(side(rev, 3, 30), side(fwd, 3, 23)))
    FromFabric(case, [(rev, 3), (fwd, 3)]).each(
        WIRE, [from_fabric(part) for part in parts(FAR, SRC, sport=2000, dport=1000)],
        (3, routed(3, parts(FAR, SRC, sport=2000, dport=1000))))
    nat_fwd, nat_rev = key(23, SRC, 1000, DST, 2000, 17), key(24, DST, 2000, OTHER, 40000, 17)
    case = guests("fragments-nat", "NAT: the head's port and checksum are rewritten, of later parts the address alone.",
                  policy=True)
    case.config(pair(side(nat_fwd, 3, 23, "nat", ["snat", "spat"]), side(nat_rev, 4, 24, "nat", ["dnat", "dpat"])))
    Sent(case, [(nat_fwd, 3), (nat_rev, 4)]).each(
        3, framed(3, parts(SRC, DST)), (4, routed(4, parts(OTHER, DST, 63, sport=40000))), action="nat")
    six = key(23, SRC6, 1000, DST6, 2000, 17), key(24, DST6, 2000, SRC6, 1000, 17)
    case = guests("fragments-ipv6", "IPv6: the ports of the head stand behind its fragment header, later parts have its flow.",
                  policy=True)
    case.config(pair(side(six[0], 3, 23), side(six[1], 4, 24)))
    Sent(case, [(six[0], 3), (six[1], 4)]).each(
        3, framed(3, parts6(SRC6, DST6)),
        (4, [Ether(dst=vm_mac(4), src=ROUTER, type=0x86dd) / part for part in parts6(SRC6, DST6)]))
    echo = bytes(ICMP(type=8, id=0x470, seq=5) / Raw(bytes(range(52))))
    ping = key(23, SRC, 0x470, DST, 0, 1), key(24, DST, 0x470, SRC, 0, 1)
    case = guests("fragments-echo", "Parts of an echo: the identifier of the head is their port.", policy=True)
    case.config(pair(side(ping[0], 3, 23), side(ping[1], 4, 24)))
    Sent(case, [(ping[0], 3), (ping[1], 4)]).each(
        3, framed(3, parts(SRC, DST, behind=echo)), (4, routed(4, parts(SRC, DST, 63, behind=echo))))
    case, sent = from_guest("fragments-two-datagrams", "Two datagrams of one flow, part by part in turn: the identification "
                            "tells them apart.")
    first, second = parts(SRC, DST), parts(SRC, DST)
    left_first, left_second = parts(SRC, DST, 63), parts(SRC, DST, 63)
    for part in (*second, *left_second):
        part.id = 0x78
    mixed = [part for both in zip(first, second) for part in both]
    left = [part for both in zip(left_first, left_second) for part in both]
    sent.each(3, framed(3, mixed), (4, routed(4, left)))
    held()


class FromFabric(Sent):
    """A flow counts what is behind its tunnel's label."""

    def size(self, frame):
        return len(frame) - (14 + 20 + 8 + 4)


def held():
    """The head of a datagram whose flow is new."""
    fwd, rev = key(23, SRC, 1000, DST, 2000, 17), key(24, DST, 2000, SRC, 1000, 17)
    case = guests("fragments-hold", "The head makes the flow and is trapped; later parts wait with it and leave behind it, in "
                  "order.", policy=True)
    sent, left = framed(3, parts(SRC, DST)), routed(4, parts(SRC, DST, 63))
    size = sum(len(part) for part in sent)
    case.step(3, sent[0], [(AGENT, miss(3, 3, sent[0], 23))], flows=[flow(fwd, 3, 1, len(sent[0]), "hold")])
    case.step(3, sent[1], flows=[flow(fwd, 3, 2, 0, "hold") | {"bytes": len(sent[0]) + len(sent[1])}])
    case.step(3, sent[2], flows=[flow(fwd, 3, 3, 0, "hold") | {"bytes": size}])
    case.step(change=reply(23, 24, 24), out=[(4, part) for part in left], note="in order",
              flows=[flow(fwd, 3, 3, 0) | {"bytes": size}, flow(rev, 3, 0, 0)])
