"""1.8, 2.1, 2.3: what is handed to the agent, and by which command."""

import struct

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import ICMP, IP, TCP, UDP, Ether
from scapy.layers.inet6 import ICMPv6ND_RS, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import GRE
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from kit import *

GATEWAY = "10.1.1.1"


def guest(name, section, verifies):
    """Guest 3 of VRF 2 in packet mode, whose gateway is the agent's."""
    return Case(name, section, verifies).config(
        vm(3, "10.1.1.3", 2, policy=False), gateway(2), to_agent(), arp_gateway())


def arp_gateway():
    return arp_route(2, f"{GATEWAY}/32", 11, "P")


def bfd(state, dport=3784):
    """A control packet (RFC 5880 section 4.1): version 1, state in the two highest bits of the second byte."""
    packet = struct.pack(">BBBBIIIII", 1 << 5, state << 6, 3, 24, 7, 0, 1000000, 1000000, 0)
    return from_vm(3) / ip4("10.1.1.3", GATEWAY, 255) / UDP(sport=49152, dport=dport) / Raw(packet)


def to_the_gateway():
    echo = from_vm(3) / ip4("10.1.1.3", GATEWAY) / ICMP(type=8, id=7, seq=1) / Raw(DATA)
    guest("gateway-echo", "1.8", "The gateway's host route leads to pkt0: an echo request for it arrives as cmd 4.").step(
        3, echo, [(AGENT, trap(NEXTHOP, 3, 2, echo))])
    last = from_vm(3) / ip4("10.1.1.3", GATEWAY, 1) / UDP(sport=1000, dport=53) / Raw(DATA)
    guest("gateway-ttl-1", "2.1", "TTL is not decremented when the next nexthop is the agent's encap: TTL 1 arrives as it is, "
          "cmd 4.").step(3, last, [(AGENT, trap(NEXTHOP, 3, 2, last))])
    none = from_vm(3) / ip4("10.1.1.3", GATEWAY, 0) / UDP(sport=1000, dport=53) / Raw(DATA)
    guest("gateway-ttl-0", "2.1", "TTL 0: TTL_EXCEEDED, for the agent's routes too.").step(3, none, drops={"TTL_EXCEEDED": 1})
    renewal = from_vm(3) / ip4("10.1.1.3", GATEWAY) / UDP(sport=68, dport=67) / BOOTP(
        ciaddr="10.1.1.3", chaddr=bytes(6), xid=2) / DHCP(options=[("message-type", "request"), "end"])
    guest("dhcp-unicast", "2.1", "Only broadcast DHCP is cmd 7: a renewal sent to the server alone is routed, and arrives as "
          "cmd 4, of which 190 bytes are handed over (1.8).").step(
        3, renewal, [(AGENT, trap(NEXTHOP, 3, 2, bytes(renewal)[:190]))])
    case = guest("bfd", "1.8", "BFD packets arrive as cmd 20, with the session's state in param.")
    for state in (1, 2, 3):
        case.step(3, bfd(state), [(AGENT, trap(BFD, 3, 2, bfd(state), (state << 6, 0, 0, 0, 0)))])
    guest("bfd-other-port", "1.8", "Another port is not BFD's: cmd 4.").step(
        3, bfd(3, 3783), [(AGENT, trap(NEXTHOP, 3, 2, bfd(3, 3783)))])


def protocols():
    rs = from_vm(3) / IPv6(src="2001:db8::3", dst="2001:db8::1", hlim=255) / ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(
        lladdr=vm_mac(3))
    guest("router-solicitation-unicast", "2.1", "RS is trapped, cmd 7, also where it is sent to the router alone.").step(
        3, rs, [(AGENT, trap(L3_PROTOCOLS, 3, 2, rs))])


def error(about, kind=3, code=4):
    """What a router of the underlay says to the node: RFC 792 quotes the IP header and 8 bytes behind it."""
    quoted = bytes(about)[:28]
    return underlay_in("8.0.0.9") / ICMP(type=kind, code=code) / Raw(quoted)


def sent(**more):
    return IP(src="8.0.0.2", dst="8.0.0.3", ttl=60, id=9, **more)


def later(frame):
    """One from the TTL of the outer header, as of every packet for the node."""
    frame = Ether(bytes(frame))
    frame[IP].ttl -= 1
    del frame[IP].chksum
    return Ether(bytes(frame))


def about_tunnels():
    case = Case("icmp-error-gre", "2.3", "ICMP error about a tunnel: trap 13. The quoted packet is MPLS over GRE.")
    for kind, code in ((3, 4), (11, 0), (3, 1)):
        told = error(sent() / GRE(proto=0x8847) / mpls(48, 63) / Raw(DATA), kind, code)
        case.step(WIRE, told, [(AGENT, trap(ICMP_ERROR, WIRE, 0, later(told)))])
    case = Case("icmp-error-udp", "2.3", "ICMP error about a tunnel: trap 13. The quoted packet is MPLS over UDP, to either "
                "port.")
    for port in (6635, 51234):
        told = error(sent() / UDP(sport=50000, dport=port, chksum=0) / mpls(48, 63) / Raw(DATA))
        case.step(WIRE, told, [(AGENT, trap(ICMP_ERROR, WIRE, 0, later(told)))])
    case = Case("icmp-error-host", "2.3", "An ICMP error about something else is the host's, and so is an echo.")
    about_udp = error(sent() / UDP(sport=6635, dport=7777) / Raw(DATA))
    about_tcp = error(sent() / TCP(sport=1000, dport=6635))
    echo = underlay_in("8.0.0.9") / ICMP(type=8, id=1, seq=1) / Raw(DATA)
    for frame in (about_udp, about_tcp, echo):
        case.step(WIRE, frame, [(HOST, later(frame))])
    elsewhere = error(sent() / GRE(proto=0x8847) / mpls(48, 63) / Raw(DATA))
    elsewhere = Ether(bytes(elsewhere))
    elsewhere[IP].dst = "239.1.1.1"
    elsewhere.dst = "01:00:5e:01:01:01"
    for layer in (elsewhere[IP],):
        del layer.chksum
    elsewhere = Ether(bytes(elsewhere))
    Case("underlay-multicast", "2.3", "Multicast other than ARP and ND crosses to the host as it is.").step(
        WIRE, elsewhere, [(HOST, elsewhere)])


def router_alert():
    def alert(vni_number, flags_byte):
        inner = Ether(dst=vm_mac(3), src="02:00:00:00:00:99") / ip4("10.1.1.9", "10.1.1.3") / UDP(
            sport=1000, dport=2000) / Raw(DATA)
        return underlay_in("8.0.0.3") / UDP(sport=50505, dport=4789, chksum=0) / VXLAN(flags=flags_byte, vni=vni_number) / inner

    def case(name, verifies):
        return Case(name, "2.3", verifies).config(vm(3, "10.1.1.3", 2, policy=False), vni(7000, 2))

    frame = alert(7000, 0x09)
    case("vxlan-router-alert", "VXLAN with the router-alert bit: trap 16, whatever the frame within is.").step(
        WIRE, frame, [(AGENT, trap(ROUTER_ALERT, WIRE, 2, later(frame)))])
    case("vxlan-router-alert-unknown", "An unknown VNI comes first: INVALID_VNID.").step(
        WIRE, alert(7001, 0x09), drops={"INVALID_VNID": 1})


def cases():
    to_the_gateway()
    protocols()
    about_tunnels()
    router_alert()
