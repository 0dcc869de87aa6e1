"""2.8: fat flows: the key that rules leave, for packets of a guest and to it."""

from scapy.layers.inet import ICMP, TCP, UDP, Ether
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.packet import Raw

from kit import *

VM, NET = "10.10.0.1", "8.8.8.8"
VM6, NET6 = "2001:db8:a::1", "2001:db8:f::8"


def rule(proto, port, ignore=None, aggr=None, src=None, dst=None):
    out = {"proto": proto, "port": port}
    for name, value in (("ignore", ignore), ("aggr", aggr), ("src", src), ("dst", dst)):
        if value is not None:
            out[name] = value
    return out


class Fat:
    """A guest with rules; each packet's key is that of the hold entry it makes."""

    def __init__(self, name, verifies, rules, exclude=()):
        more = {"fat_flow_rules": rules} | ({"fat_flow_exclude": list(exclude)} if exclude else {})
        self.case = Case(name, "2.8", verifies).config(vm(3, "10.10.0.3", 8, **more), gateway(8), tunnel(), label(42, 23))

    def out(self, packet, found, tcp=()):
        """From the guest."""
        frame = from_vm(3) / packet
        self.case.step(3, frame, [(AGENT, miss(3, 8, frame, 23))],
                       flows=[flow(key(23, *found), 8, 1, len(frame), "hold", tcp)])
        return self

    def back(self, packet, found, tcp=()):
        """To the guest, from another node."""
        self.case.step(WIRE, from_fabric(packet), [(AGENT, miss(WIRE, 8, from_fabric(packet, ttl=63), 23))],
                       flows=[flow(key(23, *found), 8, 1, len(packet), "hold", tcp)])
        return self

    def same(self, packet, found, packets, size):
        """From the guest, into an entry that waits already."""
        self.case.step(3, from_vm(3) / packet, flows=[flow(key(23, *found), 8, packets, size, "hold")])
        return self


def tcp(src, dst, sport, dport, flags="A"):
    return ip4(src, dst) / TCP(sport=sport, dport=dport, flags=flags, seq=1, ack=1)


def udp(src, dst, sport, dport):
    return ip4(src, dst) / UDP(sport=sport, dport=dport) / Raw(DATA)


def table():
    """The six combinations for TCP {0, 22}, less the two that the given cases have."""
    there, back = tcp(VM, NET, 64165, 22), tcp(NET, VM, 22, 64165)
    Fat("fat-22-none", "22 none: 10.10.0.1:0 -> 8.8.8.8:22, back 8.8.8.8:22 -> 10.10.0.1:0.", [rule(6, 22)]).out(
        there, (VM, 0, NET, 22, 6)).back(back, (NET, 22, VM, 0, 6))
    Fat("fat-0-source", "0 source: VM side cleared, 0.0.0.0:0 -> 8.8.8.8:0 and back.", [rule(6, 0, "src")]).out(
        there, ("0.0.0.0", 0, NET, 0, 6)).back(back, (NET, 0, "0.0.0.0", 0, 6))
    Fat("fat-22-source", "22 source: 0.0.0.0:0 -> 8.8.8.8:22, back 8.8.8.8:22 -> 0.0.0.0:0.", [rule(6, 22, "src")]).out(
        there, ("0.0.0.0", 0, NET, 22, 6)).back(back, (NET, 22, "0.0.0.0", 0, 6))
    Fat("fat-0-destination", "0 destination: 10.10.0.1:0 -> 0.0.0.0:0, back 0.0.0.0:0 -> 10.10.0.1:0.",
        [rule(6, 0, "dst")]).out(there, (VM, 0, "0.0.0.0", 0, 6)).back(back, ("0.0.0.0", 0, VM, 0, 6))
    Fat("fat-shared", "0 none: one entry for all TCP between two addresses, and no other protocol.", [rule(6, 0)]).out(
        there, (VM, 0, NET, 0, 6)).same(tcp(VM, NET, 7, 8), (VM, 0, NET, 0, 6), 2, 54).out(
        udp(VM, NET, 7, 8), (VM, 7, NET, 8, 17))


def ports():
    Fat("fat-port-either", "Port rule: matches on sport or dport; the port that matched is kept, the other cleared.",
        [rule(6, 22)]).out(tcp(VM, NET, 22, 40000), (VM, 22, NET, 0, 6)).back(
        tcp(NET, VM, 40000, 22), (NET, 0, VM, 22, 6))
    both = [rule(6, 22), rule(6, 80)]
    Fat("fat-two-ports", "Both ports configured: the numerically smaller is kept. {22, 80}: 80 -> 22 keeps 22 on destination, "
        "22 -> 80 keeps 22 on source.", both).out(tcp(VM, NET, 80, 22), (VM, 0, NET, 22, 6)).out(
        tcp(VM, "8.8.4.4", 22, 80), (VM, 22, "8.8.4.4", 0, 6))
    Fat("fat-two-ports-order", "The order in which rules are configured does not decide: the smaller port does.",
        both[::-1]).out(tcp(VM, NET, 80, 22), (VM, 0, NET, 22, 6))
    Fat("fat-equal-ports", "Both ports equal and configured: destination kept.", [rule(6, 22)]).out(
        tcp(VM, NET, 22, 22), (VM, 0, NET, 22, 6))
    Fat("fat-specific-beats-0", "Specific port beats 0, wherever it stands.", [rule(17, 0, "dst"), rule(17, 53)]).out(
        udp(VM, NET, 1000, 53), (VM, 0, NET, 53, 17)).out(udp(VM, NET, 1000, 54), (VM, 0, "0.0.0.0", 0, 17))
    Fat("fat-no-match", "No match: 5-tuple, with its TCP state.", [rule(17, 0), rule(6, 22)]).out(
        tcp(VM, NET, 1000, 23, "S"), (VM, 1000, NET, 23, 6), ("SYN",))


def protocols():
    echo = ip4(VM, NET) / ICMP(type=8, id=0x470) / Raw(DATA)
    Fat("fat-icmp", "Other protocols: both ports (ICMP id, type) cleared.", [rule(1, 0)]).out(echo, (VM, 0, NET, 0, 1))
    ping = IPv6(src=VM6, dst=NET6) / ICMPv6EchoRequest(id=0x470, data=DATA)
    Fat("fat-icmpv6", "ICMPv6 uses proto 1's rules.", [rule(1, 0)]).out(ping, (VM6, 0, NET6, 0, 58))
    six = IPv6(src=VM6, dst=NET6) / UDP(sport=1000, dport=53) / Raw(DATA)
    back = IPv6(src=NET6, dst=VM6) / UDP(sport=53, dport=1000) / Raw(DATA)
    Fat("fat-ipv6", "A rule without prefix is for both families: ignore clears the IPv6 address.", [rule(17, 53, "dst")]).out(
        six, (VM6, 0, "::", 53, 17)).back(back, ("::", 53, VM6, 0, 17))


def prefixes():
    Fat("fat-prefix-destination", "Destination prefix: the far address is masked to the aggregate length if inside, also in "
        "packets to the guest.", [rule(6, 0, aggr="dst4", dst="8.8.0.0/16 24")]).out(
        tcp(VM, "8.8.8.9", 1000, 80), (VM, 0, "8.8.8.0", 0, 6)).back(
        tcp("8.8.8.7", VM, 80, 1000), ("8.8.8.0", 0, VM, 0, 6)).out(
        tcp(VM, "8.9.8.9", 1000, 80), (VM, 1000, "8.9.8.9", 80, 6))
    Fat("fat-prefix-both", "Both prefixes: both must match.",
        [rule(6, 0, aggr="src4+dst4", src="10.10.0.0/16 24", dst="8.8.0.0/16 20")]).out(
        tcp("10.10.5.7", "8.8.31.9", 1000, 80), ("10.10.5.0", 0, "8.8.16.0", 0, 6)).out(
        tcp("10.11.5.7", "8.8.31.9", 1000, 80), ("10.11.5.7", 1000, "8.8.31.9", 80, 6))
    Fat("fat-prefix-ignore", "Ignore may be combined with one prefix: ignore source, /28 of the destination, on port 80.",
        [rule(6, 80, "src", aggr="dst4", dst="8.8.8.0/24 28")]).out(
        tcp(VM, "8.8.8.200", 1000, 80), ("0.0.0.0", 0, "8.8.8.192", 80, 6))
    Fat("fat-prefix-order", "Order: no-prefix rules, then source prefix, then destination prefix.",
        [rule(17, 0, aggr="dst4", dst="8.8.0.0/16 16"), rule(17, 0, aggr="src4", src="10.10.0.0/16 16"), rule(17, 53)]).out(
        udp(VM, NET, 1000, 53), (VM, 0, NET, 53, 17)).out(
        udp(VM, NET, 1000, 54), ("10.10.0.0", 0, NET, 0, 17)).out(
        udp("10.11.0.1", NET, 1000, 54), ("10.11.0.1", 0, "8.8.0.0", 0, 17))
    six = IPv6(src="2001:db8:a:1::5", dst=NET6) / UDP(sport=1000, dport=2000) / Raw(DATA)
    Fat("fat-prefix-ipv6", "Prefix aggregation of IPv6 addresses.",
        [rule(17, 0, aggr="src6", src="2001:db8:a::/48 64")]).out(six, ("2001:db8:a:1::", 0, NET6, 0, 17))


def excluded():
    Fat("fat-exclude-guest", "Exclude list (either address): the guest's own address in it gives the plain key too.",
        [rule(17, 0)], ["10.10.0.1/32"]).out(udp(VM, NET, 1000, 53), (VM, 1000, NET, 53, 17)).out(
        udp("10.10.0.2", NET, 1000, 53), ("10.10.0.2", 0, NET, 0, 17))
    Fat("fat-exclude-back", "Exclude list (either address): packets to the guest from an address in it.",
        [rule(17, 0)], ["8.8.8.0/24"]).back(udp(NET, VM, 53, 1000), (NET, 53, VM, 1000, 17)).back(
        udp("8.8.4.4", VM, 53, 1000), ("8.8.4.4", 0, VM, 0, 17))


def state():
    """A fat pair that is set up: many connections through one entry."""
    fwd, rev = key(23, VM, 0, NET, 0, 6), key(23, NET, 0, VM, 0, 6)
    case = Case("fat-hit-no-tcp-state", "2.8", "A fat key's TCP state is not tracked: packets of several connections are "
                "counted in one entry, a reset ends nothing.")
    case.config(vm(3, "10.10.0.3", 8, fat_flow_rules=[rule(6, 0)]), gateway(8), tunnel(), label(42, 23),
                route(8, f"{NET}/32", 30, 55), pair(side(fwd, 8, 23), side(rev, 8, 30)))
    for number, (sport, flags) in enumerate(((1000, "S"), (1001, "R")), 1):
        packet = lambda ttl: ip4(VM, NET, ttl) / TCP(sport=sport, dport=80, flags=flags, seq=1)
        flows = [flow(fwd, 8, number, 54)] + ([flow(rev, 8, 0, 0)] if number == 1 else [])
        case.step(3, from_vm(3) / packet(64), [(WIRE, to_fabric(packet(63), 55))], flows=flows)


def cases():
    table()
    ports()
    protocols()
    prefixes()
    excluded()
    state()
