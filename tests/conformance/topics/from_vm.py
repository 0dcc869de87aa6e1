"""2.1: a packet from a guest, in packet mode where flows are not what it is about."""

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dhcp6 import DHCP6_Solicit, DHCP6OptClientId
from scapy.layers.inet import IP, TCP, UDP, Ether
from scapy.layers.inet6 import ICMPv6ND_RS, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import Dot1Q
from scapy.packet import Raw

from kit import *


def udp(src, dst, sport=1000, dport=2000, ttl=64, **more):
    return ip4(src, dst, ttl, **more) / UDP(sport=sport, dport=dport) / Raw(DATA)


def two_guests(name, verifies, section="2.1", **more):
    """Guests 3 (10.1.1.3, VRF 3) and 4 (10.2.2.4, VRF 4) in packet mode, each routed to the other."""
    return Case(name, section, verifies).config(
        vm(3, "10.1.1.3", 3, policy=False, **more), vm(4, "10.2.2.4", 4, policy=False), gateway(3, 4),
        route(3, "10.2.2.4/32", 24), route(4, "10.1.1.3/32", 23))


def routing():
    two_guests("no-route", "No route: the packet is dropped DISCARD.").step(
        3, from_vm(3) / udp("10.1.1.3", "10.9.9.9"), drops={"DISCARD": 1})
    case = two_guests("longest-prefix", "The longest prefix of the VRF decides; a default route catches the rest.")
    case.config(vm(5, "10.2.0.5", 5, policy=False), vm(6, "10.9.0.6", 6, policy=False),
                route(3, "10.2.0.0/16", 25), route(3, "0.0.0.0/0", 26))
    for dst, vif in (("10.2.2.4", 4), ("10.2.2.5", 5), ("10.3.0.1", 6)):
        case.step(3, from_vm(3) / udp("10.1.1.3", dst), [(vif, to_vm(vif) / udp("10.1.1.3", dst, ttl=63))])
    two_guests("spoofed-source-packet-mode",
               "Anti-spoofing is the flow's RPF nexthop, so packet mode has none: any source address passes, and the "
               "source MAC is not checked on L3 forwarding.").step(
        3, Ether(dst=ROUTER, src="02:de:ad:00:00:01") / udp("172.16.0.1", "10.2.2.4"),
        [(4, to_vm(4) / udp("172.16.0.1", "10.2.2.4", ttl=63))])
    two_guests("ttl-2", "TTL is decremented; 2 leaves as 1, and only 1 is trapped.").step(
        3, from_vm(3) / udp("10.1.1.3", "10.2.2.4", ttl=2), [(4, to_vm(4) / udp("10.1.1.3", "10.2.2.4", ttl=1))])
    long = from_vm(3) / ip4("10.1.1.3", "10.2.2.4", 1) / UDP(sport=1000, dport=2000) / Raw(b"z" * 300)
    cut = bytes(long.__class__(bytes(long)))
    told = Ether(cut)
    told[IP].ttl = 0
    del told[IP].chksum
    two_guests("ttl-1-long", "TTL 1: trap 12, of which 190 bytes of the packet are handed over (section 1.8), TTL 0 in them.").step(
        3, long, [(AGENT, trap(ZERO_TTL, 3, 3, bytes(told)[:190]))])
    options = ip4("10.1.1.3", "10.2.2.4", options=[b"\x01\x01\x01\x00"]) / UDP(sport=1000, dport=2000) / Raw(DATA)
    left = ip4("10.1.1.3", "10.2.2.4", 63, options=[b"\x01\x01\x01\x00"]) / UDP(sport=1000, dport=2000) / Raw(DATA)
    two_guests("ip-options", "A header with options is routed like any other (RFC 791 section 3.1: IHL counts them).").step(
        3, from_vm(3) / options, [(4, to_vm(4) / left)])


def ipv6():
    def packet(hlim=64):
        return IPv6(src="2001:db8:1::3", dst="2001:db8:2::4", hlim=hlim) / UDP(sport=1000, dport=2000) / Raw(DATA)
    six = lambda vif: Ether(dst=vm_mac(vif), src=ROUTER, type=0x86dd)
    case = two_guests("ipv6-hop-limit", "IPv6 hop limit is not decremented; the nexthop's rewrite has the Ethertype of IPv6.")
    case.config(route(3, "2001:db8:2::4/128", 24))
    case.step(3, from_vm(3) / packet(), [(4, six(4) / packet())])
    case = two_guests("ipv6-longest-prefix", "IPv6 routes are found by the longest prefix too.")
    case.config(vm(5, "10.2.0.5", 5, policy=False), route(3, "2001:db8:2::/48", 25), route(3, "2001:db8:2::4/128", 24))
    other = IPv6(src="2001:db8:1::3", dst="2001:db8:2:7::1") / UDP(sport=1, dport=2) / Raw(DATA)
    case.step(3, from_vm(3) / packet(), [(4, six(4) / packet())])
    case.step(3, from_vm(3) / other, [(5, six(5) / other)])


def bridging():
    def two(name, verifies, **more):
        return Case(name, "2.1", verifies).config(
            vm(3, "10.1.1.3", 2, policy=False, **more), vm(4, "10.1.1.4", 2, policy=False), broadcast(2, 3, 4))
    packet = udp("10.1.1.3", "10.1.1.4", ttl=1)
    two("l2-ttl-1", "L2 delivery by the nexthop: no TTL change, so TTL 1 is delivered as it is.").step(
        3, from_vm(3, vm_mac(4)) / packet, [(4, from_vm(3, vm_mac(4)) / packet)])
    tagged = Ether(dst=vm_mac(4), src=vm_mac(3)) / Dot1Q(vlan=7) / udp("10.1.1.3", "10.1.1.4")
    two("l2-tagged", "A tagged frame for a known MAC is bridged with its tag: the DMAC decides.").step(
        3, tagged, [(4, tagged)])
    short = Ether(dst=vm_mac(4), src=vm_mac(3), type=0x88b5) / Raw(b"x")
    two("l2-not-ip", "The DMAC decides L2, whatever the Ethertype: a frame that is not IP, and 15 bytes long, is bridged.").step(
        3, short, [(4, short)])
    discover = Ether(dst="ff:ff:ff:ff:ff:ff", src=vm_mac(3)) / IP(src="0.0.0.0", dst="255.255.255.255") / UDP(
        sport=68, dport=67) / BOOTP(chaddr=bytes(6), xid=1) / DHCP(options=[("message-type", "discover"), "end"])
    two("dhcp-not-trapped", "DHCPv4 is trapped where the vif has D; without it the broadcast goes to the broadcast entry.",
        without=("dhcp",)).step(3, discover, [(4, discover)])
    not_client = Ether(dst="ff:ff:ff:ff:ff:ff", src=vm_mac(3)) / IP(src="10.1.1.3", dst="255.255.255.255") / UDP(
        sport=67, dport=68) / Raw(DATA)
    two("dhcp-server-port", "Only what comes from UDP port 68 is a DHCP request; from port 67 it is a broadcast like others.").step(
        3, not_client, [(4, not_client)])
    igmp = Ether(dst="01:00:5e:00:00:16", src=vm_mac(3)) / IP(
        src="10.1.1.3", dst="224.0.0.22", ttl=1, proto=2, options=[b"\x94\x04\x00\x00"]) / Raw(
        bytes.fromhex("160009040000000000000000"))
    two("igmp-trap", "IGMP goes to the agent, cmd 7, where the vif has Ig.", also=("igmp",)).step(
        3, igmp, [(AGENT, trap(L3_PROTOCOLS, 3, 2, igmp))])
    two("igmp-broadcast", "IGMP without Ig is treated as broadcast.").step(3, igmp, [(4, igmp)])
    multicast = Ether(dst="01:00:5e:01:02:03", src=vm_mac(3)) / udp("10.1.1.3", "239.1.2.3")
    two("multicast-broadcast-entry", "IP multicast uses the broadcast entry: every guest but the sender, unchanged.").step(
        3, multicast, [(4, multicast)])
    solicit = Ether(dst="33:33:00:01:00:02", src=vm_mac(3)) / IPv6(src="fe80::3", dst="ff02::1:2", hlim=1) / UDP(
        sport=546, dport=547) / DHCP6_Solicit(trid=1) / DHCP6OptClientId(duid=Raw(bytes.fromhex("00030001020000000011")))
    two("dhcpv6-trap", "DHCPv6 is trapped, cmd 7.").step(3, solicit, [(AGENT, trap(L3_PROTOCOLS, 3, 2, solicit))])
    rs = Ether(dst="33:33:00:00:00:02", src=vm_mac(3)) / IPv6(src="fe80::3", dst="ff02::2", hlim=255) / ICMPv6ND_RS(
    ) / ICMPv6NDOptSrcLLAddr(lladdr=vm_mac(3))
    two("router-solicitation-trap", "RS is trapped, cmd 7.").step(3, rs, [(AGENT, trap(L3_PROTOCOLS, 3, 2, rs))])
    case = two("l2-unknown-mac-multi", "Miss: L2_NO_ROUTE, and a MAC of another VRF is a miss as well.")
    case.config(vm(5, "10.5.1.5", 5, policy=False))
    case.step(3, from_vm(3, vm_mac(5)) / udp("10.1.1.3", "10.1.1.5"), drops={"L2_NO_ROUTE": 1})


def to_the_agent():
    case = Case("route-to-agent", "1.8", "A packet routed to pkt0 by an encap nexthop (default gateway and DNS server host "
                "routes) arrives as cmd 4; its TTL is not decremented (2.1).")
    case.config(vm(3, "10.1.1.3", 2, policy=False), gateway(2), route(2, "10.1.1.1/32", 11),
                to_agent())
    packet = from_vm(3) / udp("10.1.1.3", "10.1.1.1", dport=53)
    case.step(3, packet, [(AGENT, trap(NEXTHOP, 3, 2, packet))])
    answer = Ether(dst=vm_mac(3), src=ROUTER) / udp("10.1.1.1", "10.1.1.3", 53, 1000)
    case.step(AGENT, trap(0, 3, 2, answer), [(3, answer)],
              note="cmd 0 of the agent: transmit on vif")
    case.step(AGENT, trap(0, 9, 2, answer), drops={"INVALID_IF": 1}, note="no such vif")
    sent = Ether(dst=ROUTER, src=vm_mac(3)) / udp("10.1.1.3", "10.1.1.1", dport=53)
    case.step(AGENT, trap(1, 3, 2, sent), [(AGENT, trap(NEXTHOP, 3, 2, sent))],
              note="cmd 1 of the agent: treat as received from vif in vrf")


def cases():
    routing()
    ipv6()
    bridging()
    to_the_agent()
