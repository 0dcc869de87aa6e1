"""2.2: who answers ARP and neighbour solicitations, by the flags of routes and interfaces."""

import socket

from scapy.layers.inet import Ether
from scapy.layers.inet6 import (ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPv6,
                                in6_getnsma, in6_getnsmac)
from scapy.layers.l2 import ARP as Arp
from scapy.layers.l2 import Dot1Q
from scapy.packet import Raw
from scapy.pton_ntop import inet_ntop, inet_pton

from kit import *

ALL = "ff:ff:ff:ff:ff:ff"
ZERO = "00:00:00:00:00:00"
# A guest of another node, behind VXLAN network 7000.
FAR_MAC, FAR_IP, FAR_IP6, VNI = "02:00:00:00:00:99", "10.1.1.9", "2001:db8::9", 7000


def ip_of(vif):
    return f"10.1.1.{vif}"


def ip6_of(vif):
    return f"2001:db8::{vif}"


def who_has(target, mac=vm_mac(3), sender="10.1.1.3", to=ALL):
    return Ether(dst=to, src=mac) / Arp(op=1, hwsrc=mac, psrc=sender, hwdst=ZERO, pdst=target)


def is_at(target, mac, asker=vm_mac(3), sender="10.1.1.3"):
    return Ether(dst=asker, src=mac) / Arp(op=2, hwsrc=mac, psrc=target, hwdst=asker, pdst=sender)


def solicit(target, mac=vm_mac(3), sender="2001:db8::3"):
    group = in6_getnsma(inet_pton(socket.AF_INET6, target))
    return Ether(dst=in6_getnsmac(group), src=mac) / IPv6(
        src=sender, dst=inet_ntop(socket.AF_INET6, group), hlim=255) / ICMPv6ND_NS(
        tgt=target) / ICMPv6NDOptSrcLLAddr(lladdr=mac)


def advertise(target, mac, asker=vm_mac(3), sender="2001:db8::3", router=0, override=0):
    return Ether(dst=asker, src=mac) / IPv6(src=target, dst=sender, hlim=255) / ICMPv6ND_NA(
        tgt=target, R=router, S=1, O=override) / ICMPv6NDOptDstLLAddr(lladdr=mac)


def guests(name, verifies, *routes, **of_3):
    """Guests 3, 4 and 5 of VRF 2, which broadcasts reach, in packet mode; `of_3` is about guest 3."""
    return Case(name, "2.2", verifies).config(
        vm(3, ip_of(3), 2, policy=False, **of_3), vm(4, ip_of(4), 2, policy=False), vm(5, ip_of(5), 2, policy=False),
        gateway(2), broadcast(2, 3, 4, 5), list(routes))


def others(frame):
    return [(4, frame), (5, frame)]


def flooded(name, verifies, *routes, target="10.1.1.4", **of_3):
    asked = who_has(target)
    guests(name, verifies, *routes, **of_3).step(3, asked, others(asked))


def far_guest():
    """A guest of another node: its MAC is known, and so is the way there."""
    return tunnel(31, "vxlan", also=()) + [
        {"object": "bridge", "vrf": 2, "mac": FAR_MAC, "nh": 31, "flags": ["label_valid(L)"], "label": VNI}]


def answers():
    case = guests("arp-proxy", "P, no stitch, no F: the answer is the vif's MAC, for a subnet elsewhere as for the default "
                  "route.", arp_route(2, "10.2.0.0/16", 30, "P", label=48), arp_route(2, "0.0.0.0/0", 30, "P", label=49))
    case.config(tunnel())
    for target in ("10.2.2.4", "192.0.2.1"):
        case.step(3, who_has(target), [(3, is_at(target, ROUTER))])
    case = guests("arp-gateway", "The gateway is proxied with the vif's MAC, whether all are asked or the router alone.",
                  to_agent(), arp_route(2, "10.1.1.1/32", 11, "P"))
    for to in (ALL, ROUTER):
        case.step(3, who_has("10.1.1.1", to=to), [(3, is_at("10.1.1.1", ROUTER))])
    case = guests("arp-stitched-far", "P and a stitched MAC: vRouter replies with that MAC, of a guest of another node too.",
                  arp_route(2, f"{FAR_IP}/32", 31, "P", FAR_MAC, VNI)).config(far_guest())
    case.step(3, who_has(FAR_IP), [(3, is_at(FAR_IP, FAR_MAC))])
    case = guests("arp-stitched-flood", "A stitched MAC is the answer where the route has F as well.",
                  arp_route(2, "10.1.1.4/32", 24, "PF", vm_mac(4)))
    case.step(3, who_has("10.1.1.4"), [(3, is_at("10.1.1.4", vm_mac(4)))])
    case = guests("arp-stitched-subnet", "P and a stitched MAC on a route to a subnet: that MAC, for every address of it.",
                  arp_route(2, "10.3.0.0/24", 24, "P", vm_mac(4)))
    for target in ("10.3.0.7", "10.3.0.8"):
        case.step(3, who_has(target), [(3, is_at(target, vm_mac(4)))])
    case = guests("arp-longest-prefix", "The longest prefix says who answers: the host route, then the subnet, then the "
                  "default.", arp_route(2, "10.1.1.0/24", 30, "F"), arp_route(2, "0.0.0.0/0", 30, "P"),
                  arp_route(2, "10.1.1.4/32", 24, "P", vm_mac(4)), arp_route(2, "10.1.1.128/25", 30, "P")).config(tunnel())
    case.step(3, who_has("10.1.1.4"), [(3, is_at("10.1.1.4", vm_mac(4)))])
    case.step(3, who_has("10.1.1.5"), others(who_has("10.1.1.5")))
    for target in ("10.1.1.200", "172.16.0.1"):
        case.step(3, who_has(target), [(3, is_at(target, ROUTER))])
    case = guests("arp-unicast-answered", "A request to one neighbour alone is answered likewise; who has the address "
                  "hears nothing.", arp_route(2, "10.1.1.4/32", 24, "P", vm_mac(4)))
    case.step(3, who_has("10.1.1.4", to=vm_mac(4)), [(3, is_at("10.1.1.4", vm_mac(4)))])
    case = guests("arp-padded", "A request padded to the least Ethernet has is answered, and the padding is none of ARP's.",
                  arp_route(2, "10.1.1.4/32", 24, "P", vm_mac(4)))
    case.step(3, who_has("10.1.1.4") / Raw(bytes(18)), [(3, is_at("10.1.1.4", vm_mac(4)) / Raw(bytes(18)))])
    case = guests("arp-no-flow", "No flow is used for ARP: under policy it is answered and makes no entry.",
                  arp_route(2, "10.1.1.4/32", 24, "P", vm_mac(4)), arp_route(2, "10.1.1.5/32", 25, "F"))
    case.config(vm(6, ip_of(6), 2), arp_route(2, "10.1.1.6/32", 26, "P", vm_mac(6)))
    case.step(6, who_has("10.1.1.4", vm_mac(6), ip_of(6)),
              [(6, is_at("10.1.1.4", vm_mac(4), vm_mac(6), ip_of(6)))])


def floods():
    flooded("arp-proxy-and-flood", "P + F, no stitch: flood.", arp_route(2, "10.1.1.4/32", 24, "PF"))
    flooded("arp-flood-flag", "F: flood to the broadcast entry.", arp_route(2, "10.1.1.0/24", 24, "F"))
    flooded("arp-no-flag", "No P: flood, even where a MAC is stitched.", arp_route(2, "10.1.1.4/32", 24, "", vm_mac(4)))
    flooded("arp-no-route", "Without a route to the address there is no P: flood.", target="203.0.113.1")
    asked = who_has("10.1.1.4", to=vm_mac(4))
    guests("arp-unicast-bridged", "What is not answered goes on as any frame: a request to one neighbour goes to that one.",
           arp_route(2, "10.1.1.4/32", 24, "F")).step(3, asked, [(4, asked)])
    asked = Ether(dst=ALL, src=vm_mac(3)) / Dot1Q(vlan=7) / Arp(op=1, hwsrc=vm_mac(3), psrc="10.1.1.3", pdst="10.1.1.4")
    guests("arp-tagged", "VLAN-tagged request: flood, whatever the route says.",
           arp_route(2, "10.1.1.4/32", 24, "P", vm_mac(4))).step(3, asked, others(asked))
    asked = who_has("10.1.1.4")
    Case("arp-nowhere-to-flood", "2.2", "Flood to the broadcast entry: without one, L2_NO_ROUTE.").config(
        vm(3, ip_of(3), 2, policy=False), gateway(2)).step(3, asked, drops={"L2_NO_ROUTE": 1})


def interfaces():
    case = guests("arp-vif-proxy", "vif Proxy: as P, with the vif's MAC, whatever the route says.", also=("proxy",))
    case.config(arp_route(2, "10.1.1.4/32", 24, "P", vm_mac(4)), arp_route(2, "10.1.1.5/32", 25, "F"))
    for target in ("10.1.1.4", "10.1.1.5", "203.0.113.1"):
        case.step(3, who_has(target), [(3, is_at(target, ROUTER))])
    announced = who_has("10.1.1.3")
    guests("arp-vif-proxy-gratuitous", "vif Proxy: a gratuitous request is dropped, INVALID_ARP.", also=("proxy",)).step(
        3, announced, drops={"INVALID_ARP": 1})
    case = guests("arp-vif-gateway-only", "vif Mnp: a reply for the gateway only; for others that P would answer "
                  "INVALID_ARP, and what P does not answer is flooded.", to_agent(), arp_route(2, "10.1.1.1/32", 11, "P"),
                  arp_route(2, "10.1.1.4/32", 24, "P", vm_mac(4)), arp_route(2, "10.1.1.5/32", 25, "F"),
                  also=("gateway_only",))
    case.step(3, who_has("10.1.1.1"), [(3, is_at("10.1.1.1", ROUTER))])
    case.step(3, who_has("10.1.1.4"), drops={"INVALID_ARP": 1})
    case.step(3, who_has("10.1.1.5"), others(who_has("10.1.1.5")))


def announcements():
    announced = who_has("10.1.1.3")
    guests("garp", "Gratuitous from a VM: flooded.", arp_route(2, "10.1.1.3/32", 23, "P", vm_mac(3))).step(
        3, announced, others(announced))
    guests("garp-trapped", "Gratuitous from a VM, and the route has T: trapped cmd 2 and flooded.",
           arp_route(2, "10.1.1.3/32", 23, "PT", vm_mac(3))).step(
        3, announced, [(AGENT, trap(ARP, 3, 2, announced)), *others(announced)])
    guests("garp-trapped-flood", "T without P: trapped cmd 2 and flooded likewise.",
           arp_route(2, "10.1.1.3/32", 23, "FT")).step(
        3, announced, [(AGENT, trap(ARP, 3, 2, announced)), *others(announced)])
    case = guests("garp-other-address", "Whose T it is the address says, not who tells it: a standby announces the address "
                  "that it takes over.", arp_route(2, "10.1.1.100/32", 24, "PT", vm_mac(4)))
    taken = who_has("10.1.1.100", sender="10.1.1.100")
    case.step(3, taken, [(AGENT, trap(ARP, 3, 2, taken)), *others(taken)])
    asked = who_has("10.1.1.100")
    case.step(3, asked, [(3, is_at("10.1.1.100", vm_mac(4)))], note="a request that is not gratuitous is not trapped")


def replies():
    case = guests("arp-reply", "A reply to a guest is bridged to it.")
    told = is_at(ip_of(3), vm_mac(3), vm_mac(4), ip_of(4))
    case.step(3, told, [(4, told)])
    lost = is_at(ip_of(3), vm_mac(3), "02:00:00:00:00:77", "10.1.1.77")
    case.step(3, lost, drops={"L2_NO_ROUTE": 1})
    told = is_at(ip_of(3), vm_mac(3), FAR_MAC, FAR_IP)
    guests("arp-reply-far", "A reply to a guest of another node goes there.").config(far_guest()).step(
        3, told, [(WIRE, vxlan_to(told, VNI, "8.0.0.3"))])
    told = is_at(ip_of(3), vm_mac(3), ROUTER, "10.1.1.1")
    guests("arp-reply-router", "ARP replies addressed to the host trap, cmd 2.", to_agent(),
           arp_route(2, "10.1.1.1/32", 11, "P")).step(3, told, [(AGENT, trap(ARP, 3, 2, told))])
    case = guests("arp-malformed", "ARP that is cut short, or whose addresses have other lengths: INVALID_ARP.",
                  arp_route(2, "10.1.1.4/32", 24, "P", vm_mac(4)))
    case.step(3, Ether(bytes(who_has("10.1.1.4"))[:41]), drops={"INVALID_ARP": 1})
    for field, value in (("hwlen", 8), ("plen", 16)):
        wrong = bytearray(bytes(who_has("10.1.1.4")))
        wrong[{"hwlen": 18, "plen": 19}[field]] = value
        case.step(3, Raw(bytes(wrong)), drops={"INVALID_ARP": 1})


def fabric(name, verifies, *routes):
    return guests(name, verifies, *routes).config(far_guest(), vni(VNI, 2))


def from_far(frame):
    return vxlan_from(frame, VNI, "8.0.0.3")


def from_the_fabric():
    asked = who_has(ip_of(3), FAR_MAC, FAR_IP)
    everyone = [(vif, asked) for vif in (3, 4, 5)]
    case = fabric("fabric-arp-here", "From the fabric: a proxy reply is given if the target VM is on this host.",
                  arp_route(2, "10.1.1.3/32", 23, "P", vm_mac(3)))
    case.step(WIRE, from_far(asked), [(WIRE, vxlan_to(is_at(ip_of(3), vm_mac(3), FAR_MAC, FAR_IP), VNI, "8.0.0.3"))])
    fabric("fabric-arp-unstitched", "From the fabric: a guest here whose MAC is not known is asked for among the guests, "
           "and the broadcast does not go back to the fabric.", arp_route(2, "10.1.1.3/32", 23, "P")).step(
        WIRE, from_far(asked), everyone)
    fabric("fabric-arp-elsewhere", "From the fabric: no proxy reply for a guest of another node.",
           arp_route(2, "10.1.1.3/32", 31, "P", FAR_MAC, VNI)).step(WIRE, from_far(asked), everyone)
    fabric("fabric-arp-flood", "From the fabric: F, flood.", arp_route(2, "10.1.1.0/24", 23, "F")).step(
        WIRE, from_far(asked), everyone)
    fabric("fabric-arp-no-route", "From the fabric: no route, flood.").step(WIRE, from_far(asked), everyone)
    fabric("fabric-arp-gateway", "From the fabric: requests for the gateway are dropped, INVALID_ARP.", to_agent(),
           arp_route(2, "10.1.1.1/32", 11, "P")).step(
        WIRE, from_far(who_has("10.1.1.1", FAR_MAC, FAR_IP)), drops={"INVALID_ARP": 1})
    announced = who_has(FAR_IP, FAR_MAC, FAR_IP)
    fabric("fabric-garp", "Gratuitous from the fabric: flood, without a look at T.",
           arp_route(2, f"{FAR_IP}/32", 31, "PT", FAR_MAC, VNI)).step(
        WIRE, from_far(announced), [(vif, announced) for vif in (3, 4, 5)])
    tagged = Ether(dst=ALL, src=FAR_MAC) / Dot1Q(vlan=7) / Arp(op=1, hwsrc=FAR_MAC, psrc=FAR_IP, pdst=ip_of(3))
    fabric("fabric-arp-tagged", "VLAN-tagged from the fabric: flood.", arp_route(2, "10.1.1.3/32", 23, "P", vm_mac(3))).step(
        WIRE, from_far(tagged), [(vif, tagged) for vif in (3, 4, 5)])
    told = is_at(FAR_IP, FAR_MAC, vm_mac(3), ip_of(3))
    fabric("fabric-arp-reply", "A reply from the fabric is bridged to the guest.").step(WIRE, from_far(told), [(3, told)])


def underlay():
    """The node's own ARP: the host answers it, and the agent sees what tells of neighbours."""
    def case(name, verifies):
        return Case(name, "2.3", verifies)
    asked = who_has("8.0.0.2", PEER, "8.0.0.3")
    case("underlay-arp-request", "ARP of the underlay: cross-connect to the host, for whomever it asks.").step(
        WIRE, asked, [(HOST, asked)]).step(WIRE, who_has("8.0.0.9", PEER, "8.0.0.3"),
                                           [(HOST, who_has("8.0.0.9", PEER, "8.0.0.3"))])
    told = is_at("8.0.0.3", PEER, FABRIC, "8.0.0.2")
    case("underlay-arp-reply", "Replies of the underlay are trapped, cmd 2, and the host has them too.").step(
        WIRE, told, [(HOST, told), (AGENT, trap(ARP, WIRE, 0, told))])
    announced = who_has("8.0.0.3", PEER, "8.0.0.3")
    case("underlay-garp", "Gratuitous ARP of the underlay is trapped, cmd 2, and the host has it too.").step(
        WIRE, announced, [(HOST, announced), (AGENT, trap(ARP, WIRE, 0, announced))])
    asked = who_has("8.0.0.3", FABRIC, "8.0.0.2")
    case("host-arp-request", "The host's own requests go to the fabric.").step(HOST, asked, [(WIRE, asked)])


def neighbours():
    def case(name, verifies, *routes, **of_3):
        return guests(name, f"IPv6 NS: same flags. {verifies}", *routes, **of_3)

    case("nd-proxy", "P, no stitch: the vif's MAC, and the router flag, which only the own MAC has.",
         arp_route(2, "2001:db8:2::/64", 30, "P", label=48)).config(tunnel()).step(
        3, solicit("2001:db8:2::4"), [(3, advertise("2001:db8:2::4", ROUTER, router=1))])
    case("nd-stitched-far", "P and a stitched MAC of a guest elsewhere: that MAC.",
         arp_route(2, f"{FAR_IP6}/128", 31, "P", FAR_MAC, VNI)).config(far_guest()).step(
        3, solicit(FAR_IP6), [(3, advertise(FAR_IP6, FAR_MAC))])
    asked = solicit(ip6_of(4))
    case("nd-flood", "F: flood.", arp_route(2, f"{ip6_of(4)}/128", 24, "F")).step(3, asked, others(asked))
    case("nd-no-route", "No route: flood.").step(3, asked, others(asked))
    tagged = Ether(bytes(asked))
    tagged = Ether(dst=tagged.dst, src=tagged.src) / Dot1Q(vlan=7) / tagged.payload
    case("nd-tagged", "With a tag: flood.", arp_route(2, f"{ip6_of(4)}/128", 24, "P", vm_mac(4))).step(
        3, tagged, others(tagged))
    probe = solicit(ip6_of(4))
    probe = Ether(dst=probe.dst, src=vm_mac(3)) / IPv6(src="::", dst=probe[IPv6].dst, hlim=255) / ICMPv6ND_NS(tgt=ip6_of(4))
    case("nd-dad", "DAD is bridged: nobody answers for who has the address.",
         arp_route(2, f"{ip6_of(4)}/128", 24, "P", vm_mac(4))).step(3, probe, others(probe))
    local = solicit("fe80::4", sender="fe80::3")
    case("nd-link-local", "Link-local addresses stay on the wire: flood, in spite of a default route.",
         arp_route(2, "::/0", 30, "P", label=49)).config(tunnel()).step(3, local, others(local))
    case("nd-vif-proxy", "vif Proxy: the vif's MAC.", arp_route(2, f"{ip6_of(4)}/128", 24, "F"), also=("proxy",)).step(
        3, solicit(ip6_of(4)), [(3, advertise(ip6_of(4), ROUTER, router=1))])
    case("nd-vif-gateway-only", "vif Mnp: for the gateway only, INVALID_ARP for others.", to_agent(),
         arp_route(2, "2001:db8::1/128", 11, "P"), arp_route(2, f"{ip6_of(4)}/128", 24, "P", vm_mac(4)),
         also=("gateway_only",)).step(
        3, solicit("2001:db8::1"), [(3, advertise("2001:db8::1", ROUTER, router=1))]).step(
        3, solicit(ip6_of(4)), drops={"INVALID_ARP": 1})
    told = advertise(ip6_of(3), vm_mac(3), vm_mac(4), ip6_of(4), override=1)
    guests("nd-advertisement", "A neighbour advertisement to a guest is bridged to it.").step(3, told, [(4, told)])
    announced = Ether(dst="33:33:00:00:00:01", src=vm_mac(3)) / IPv6(
        src=ip6_of(3), dst="ff02::1", hlim=255) / ICMPv6ND_NA(tgt=ip6_of(3), R=0, S=0, O=1) / ICMPv6NDOptDstLLAddr(
        lladdr=vm_mac(3))
    guests("nd-unsolicited", "An advertisement that a VM sends to all is one of the protocols that are trapped, cmd 7, and "
           "is flooded as well.").step(3, announced, [(AGENT, trap(L3_PROTOCOLS, 3, 2, announced)), *others(announced)])
    asked = solicit(ip6_of(3), FAR_MAC, FAR_IP6)
    answer = advertise(ip6_of(3), vm_mac(3), FAR_MAC, FAR_IP6)
    fabric("fabric-nd-here", "From the fabric NS as ARP: the guest here is answered for.",
           arp_route(2, f"{ip6_of(3)}/128", 23, "P", vm_mac(3))).step(
        WIRE, from_far(asked), [(WIRE, vxlan_to(answer, VNI, "8.0.0.3"))])
    fabric("fabric-nd-gateway", "From the fabric NS as ARP: those for the gateway are dropped, INVALID_ARP.", to_agent(),
           arp_route(2, "2001:db8::1/128", 11, "P")).step(
        WIRE, from_far(solicit("2001:db8::1", FAR_MAC, FAR_IP6)), drops={"INVALID_ARP": 1})
    fabric("fabric-nd-elsewhere", "From the fabric NS as ARP: a guest elsewhere is asked for among the guests.",
           arp_route(2, f"{ip6_of(3)}/128", 31, "P", FAR_MAC, VNI)).step(
        WIRE, from_far(asked), [(vif, asked) for vif in (3, 4, 5)])


def cases():
    answers()
    floods()
    interfaces()
    announcements()
    replies()
    from_the_fabric()
    underlay()
    neighbours()
