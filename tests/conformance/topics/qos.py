"""2.9: ToS and EXP of tunnels, by QoS maps and forwarding classes alone."""

from scapy.layers.inet import IP, UDP, Ether
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q
from scapy.packet import Raw

from kit import *

SRC, DST = "10.1.1.3", "10.2.2.4"
UNKNOWN = "02:00:00:00:00:99"
# DSCP 46 is class 1, DSCP 10 class 2; of frames without IP priority 5 is class 1.
CLASSES = [{"object": "forwarding_class", "id": 1, "dscp": 34, "exp": 4, "priority": 4, "queue": 3},
           {"object": "forwarding_class", "id": 2, "dscp": 8, "exp": 1, "priority": 1, "queue": 0}]
MAP = {"object": "qos_map", "id": 1, "dscp": [[46, 1], [10, 2]], "priority": [[5, 1]]}
OTHER = {"object": "qos_map", "id": 2, "dscp": [[46, 2]]}


def udp(dscp, ttl=64):
    return ip4(SRC, DST, ttl, tos=dscp << 2) / UDP(sport=1000, dport=2000) / Raw(DATA)


def guest(name, verifies, policy=False, **more):
    case = Case(name, "2.9", verifies)
    return case.config(CLASSES, MAP, OTHER, vm(3, SRC, 3, policy, **more), gateway(3), route(3, f"{DST}/32", 30, 77),
                       {"object": "bridge", "vrf": 3, "mac": UNKNOWN, "nh": 30, "flags": ["label_valid(L)"], "label": 78})


def cases():
    case = guest("qos-none", "No inner-to-outer ToS copy in the default: ToS and EXP are 0.").config(tunnel())
    case.step(3, from_vm(3) / udp(46), [(WIRE, to_fabric(udp(46, 63), 77))])
    case = guest("qos-vif", "A vif's map: DSCP leads to a class, which gives DSCP and EXP of the tunnel; the packet within "
                 "stays as it is. A DSCP without a class is not marked.", qos_map=1).config(tunnel())
    case.step(3, from_vm(3) / udp(46), [(WIRE, to_fabric(udp(46, 63), 77, tos=34 << 2, exp=4))])
    case.step(3, from_vm(3) / udp(10), [(WIRE, to_fabric(udp(10, 63), 77, tos=8 << 2, exp=1))])
    case.step(3, from_vm(3) / udp(11), [(WIRE, to_fabric(udp(11, 63), 77))])
    case = guest("qos-ipv6", "IPv6 is marked by its traffic class.", qos_map=1).config(
        tunnel(), route(3, "2001:db8:2::4/128", 30, 77))
    six = IPv6(src="2001:db8:1::3", dst="2001:db8:2::4", tc=46 << 2) / UDP(sport=1000, dport=2000) / Raw(DATA)
    case.step(3, from_vm(3) / six, [(WIRE, to_fabric(six, 77, 64, tos=34 << 2, exp=4))])
    case = guest("qos-gre", "Over GRE alike.", qos_map=1).config(tunnel(30, "gre"))
    marked = underlay_out("8.0.0.3", 34 << 2, proto=47) / GRE(proto=0x8847) / mpls(77, 63, 4) / udp(46, 63)
    case.step(3, from_vm(3) / udp(46), [(WIRE, marked)])
    case = guest("qos-bridged", "Bridged packets are marked by their DSCP too, frames without IP by the priority of their "
                 "VLAN tag (IEEE 802.1p), untagged ones not.", qos_map=1).config(tunnel())
    framed = from_vm(3, UNKNOWN) / udp(46)
    case.step(3, framed, [(WIRE, to_fabric(framed, 78, 64, tos=34 << 2, exp=4))])
    tagged = from_vm(3, UNKNOWN) / Dot1Q(vlan=7, prio=5, type=0x88b5) / Raw(DATA)
    case.step(3, tagged, [(WIRE, to_fabric(tagged, 78, 64, tos=34 << 2, exp=4))])
    low = from_vm(3, UNKNOWN) / Dot1Q(vlan=7, prio=2, type=0x88b5) / Raw(DATA)
    case.step(3, low, [(WIRE, to_fabric(low, 78, 64))])
    plain = Ether(dst=UNKNOWN, src=vm_mac(3), type=0x88b5) / Raw(DATA)
    case.step(3, plain, [(WIRE, to_fabric(plain, 78, 64))])
    fwd, rev = key(23, SRC, 1000, DST, 2000, 17), key(23, DST, 2000, SRC, 1000, 17)
    case = guest("qos-flow", "A flow's map comes before the vif's.", True, qos_map=1).config(tunnel())
    case.config(pair(side(fwd, 3, 23) | {"qos_map": 2}, side(rev, 3, 0)))
    case.step(3, from_vm(3) / udp(46), [(WIRE, to_fabric(udp(46, 63), 77, tos=8 << 2, exp=1))],
              flows=[flow(fwd, 3, 1, 14 + len(udp(46))), flow(rev, 3, 0, 0)])
    case = guest("qos-broadcast", "Copies to other nodes are marked as well.", qos_map=1).config(
        tunnel(), broadcast(3, 3, legs=[("evpn", [(30, 78)])]))
    sent = from_vm(3, "ff:ff:ff:ff:ff:ff") / udp(46)
    case.step(3, sent, [(WIRE, to_fabric(sent, 78, 64, tos=34 << 2, exp=4))])
