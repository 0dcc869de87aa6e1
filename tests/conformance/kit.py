"""Words, frames and the form of a case: what the topics are written in.

    Case(id, section, verifies) ─ .config(objects) ─ .step(vif, frame, out=.., drops=.., flows=..) ─▶ Case.all
"""

import struct

from scapy.layers.inet import IP, UDP, Ether
from scapy.layers.l2 import GRE
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

ROUTER = "00:00:5e:00:01:00"
FABRIC = "00:1b:21:bb:f9:48"
PEER = "00:1b:21:bb:f9:46"
DATA = bytes(range(0x61, 0x61 + 20))
# Interfaces of the base set-up.
WIRE, HOST, AGENT = 0, 1, 2
# Commands of the agent's header.
ARP, NEXTHOP, RESOLVE, MISS, L3_PROTOCOLS, DF, ZERO_TTL, MAC_LEARN, MAC_MOVE = 2, 4, 5, 6, 7, 11, 12, 17, 18
ICMP_ERROR, ROUTER_ALERT, BFD = 13, 16, 20


# --- words of the vocabulary -----------------------------------------------------------------------------------------

VIF = {"policy": (0x1, "policy(P)"), "rx": (0x8, "mirror_rx(Mr)"), "tx": (0x10, "mirror_tx(Mt)"),
       "l3": (0x40, "l3(L3)"), "l2": (0x80, "l2(L2)"), "dhcp": (0x100, "dhcp(D)"),
       "vhost": (0x200, "vhost_phys(Vp)"), "unknown": (0x10000, "unknown_uc_flood(Uuf)"), "gateway_only": (0x1000, "no_arp_proxy(Mnp)"),
       "proxy": (0x100000, "mac_proxy(Proxy)"),
       "no_new": (0x40000, "drop_new_flows(Df)"), "learn": (0x80000, "mac_learn(L)"), "root": (0x200000, "etree_root(Er)"), "igmp": (0x2000000, "igmp(Ig)")}
NH = {"policy": (0x2, "policy"), "gre": (0x8, "gre"), "udp": (0x10, "udp"), "mpls_udp": (0x40, "mpls_udp"), "vxlan": (0x80, "vxlan"),
      "relaxed": (0x100, "relaxed_policy"), "tree": (0x200, "comp_fabric"), "ecmp": (0x400, "comp_ecmp"),
      "lu_ecmp": (0x800, "lu_ecmp"), "evpn": (0x1000, "comp_evpn"), "root": (0x200000, "etree_root"),
      "mcast": (0x20, "mcast"), "comp_encap": (0x2000, "comp_encap"), "tor": (0x4000, "comp_tor"),
      "unknown": (0x10000, "unknown_uc_flood"), "sip_copy": (0x20000, "sip_copy"), "learn": (0x100000, "mac_learn"),
      "control": (0x800000, "l2_control_data"), "l3_vxlan": (0x2000000, "l3_vxlan"),
      "validate": (0x8000000, "validate_mcast_src"), "uplinks": (0x10000000, "underlay_ecmp"),
      "nvgre": (0x80000000, "nvgre")}


def flags(table, names):
    known = sorted(table[name] for name in names)
    return {"value": hex(sum(bit for bit, _ in known)), "names": [name for _, name in known]}


def hexmac(text):
    return text.replace(":", "")


def base():
    """Fabric, host and agent, and the way to the node's own address: what every given case begins with."""
    return [
        {"object": "vif", "idx": WIRE, "type": "fabric", "mac": FABRIC, "flags": flags(VIF, ["l3", "l2", "vhost"]),
         "vrf": 0, "mtu": 1500},
        {"object": "vif", "idx": HOST, "type": "host", "mac": FABRIC, "ip": "8.0.0.2", "flags": flags(VIF, ["l3"]),
         "vrf": 0, "mtu": 1514, "nh_id": 5, "cross_connect_vif": WIRE},
        {"object": "vif", "idx": AGENT, "type": "agent", "mac": ROUTER, "flags": flags(VIF, ["l3"]), "vrf": 65535,
         "mtu": 1514},
        {"object": "nexthop", "id": 5, "type": "encap", "vrf": 0, "flags": flags(NH, []), "family": "inet",
         "out_vif": HOST, "rewrite_hex": hexmac(FABRIC) * 2 + "0800"},
        {"object": "nexthop", "id": 10, "type": "rcv", "vrf": 1, "flags": flags(NH, ["relaxed"]), "family": "inet",
         "out_vif": HOST},
        {"object": "nexthop", "id": 3, "type": "l2_rcv", "family": "bridge", "flags": flags(NH, [])},
        {"object": "route", "vrf": 0, "prefix": "8.0.0.2/32", "nh": 10, "flags": ["trap(T)"]},
    ]


def vm_mac(vif):
    """02:00:00:00:00:11 for vif 3, and so on, as in the given cases."""
    return f"02:00:00:00:00:{0x0e + vif:02x}"


def vm(vif, ip, vrf, policy=True, also=(), without=(), nh_flags=(), **more):
    """A guest: nexthop 20 + vif, bridged by nexthop 120 + vif."""
    names = ["l3", "l2", "dhcp", "root", *also] + (["policy"] if policy else [])
    names = [name for name in names if name not in without]
    nexthop = [name for name in ("root", *nh_flags) if name not in without] + (["policy"] if policy else [])
    rewrite = hexmac(vm_mac(vif)) + hexmac(ROUTER) + "0800"
    return [
        {"object": "vif", "idx": vif, "type": "vm", "mac": ROUTER, "ip": ip, "vrf": vrf, "flags": flags(VIF, names),
         "mtu": 9160, "nh_id": 20 + vif, **more},
        {"object": "nexthop", "id": 20 + vif, "type": "encap", "vrf": vrf, "flags": flags(NH, nexthop),
         "family": "inet", "out_vif": vif, "rewrite_hex": rewrite},
        {"object": "nexthop", "id": 120 + vif, "type": "encap", "vrf": vrf, "flags": flags(NH, nexthop),
         "family": "bridge", "out_vif": vif, "rewrite_hex": rewrite},
        {"object": "bridge", "vrf": vrf, "mac": vm_mac(vif), "nh": 120 + vif, "flags": []},
    ]


def gateway(*vrfs):
    return [{"object": "bridge", "vrf": vrf, "mac": ROUTER, "nh": 3, "flags": ["flood_dhcp(Df)"]} for vrf in vrfs]


def route(vrf, prefix, nh, label=None):
    flag = ["label_valid(L)", "proxy(P)"] if label is not None else ["proxy(P)"]
    out = {"object": "route", "vrf": vrf, "prefix": prefix, "nh": nh, "flags": flag}
    return out | ({"label": label} if label is not None else {})


ROUTE = {"L": "label_valid(L)", "P": "proxy(P)", "T": "trap(T)", "F": "flood(F)"}


def arp_route(vrf, prefix, nh, letters="", stitched=None, label=None):
    """A route with the flags that say who answers ARP for what is behind it."""
    letters = letters + ("L" if label is not None else "")
    out = {"object": "route", "vrf": vrf, "prefix": prefix, "nh": nh,
           "flags": [ROUTE[letter] for letter in "LPTF" if letter in letters]}
    out |= {"label": label} if label is not None else {}
    return out | ({"stitched_mac": stitched} if stitched else {})


def to_agent(nh=11):
    """What routes to gateways and DNS servers lead to."""
    return {"object": "nexthop", "id": nh, "type": "encap", "vrf": 0, "flags": flags(NH, []), "family": "inet",
            "out_vif": AGENT, "rewrite_hex": hexmac(ROUTER) * 2 + "0800"}


def tunnel(nh=30, kind="mpls_udp", to="8.0.0.3", also=("root",), **more):
    return [{"object": "nexthop", "id": nh, "type": "tunnel", "sip": "8.0.0.2", "dip": to,
             "flags": flags(NH, [kind, *also]), "family": "inet", "out_vif": WIRE,
             "rewrite_hex": hexmac(PEER) + hexmac(FABRIC) + "0800", **more}]


def label(number, nh):
    return [{"object": "mpls", "label": number, "nh": nh}]


def composite(nh, vrf, names, members, family="bridge"):
    """A nexthop of several; members are nexthops, or pairs of a nexthop and a label."""
    pairs = [one if isinstance(one, tuple) else (one, None) for one in members]
    return {"object": "nexthop", "id": nh, "type": "composite", "family": family, "flags": flags(NH, names), "vrf": vrf,
            "components": [{"nh": nh, "label": number} for nh, number in pairs]}


def broadcast(vrf, *vifs, legs=(), also=()):
    """The list of a VRF's guests that broadcasts go to; `legs` are other lists: (flag, members)."""
    lists = [composite(60, vrf, ["comp_encap"], [120 + vif for vif in vifs])] if vifs else []
    lists += [composite(62 + place, 0, [kind], members) for place, (kind, members) in enumerate(legs)]
    return lists + [
        composite(61, vrf, ["mcast", *also], [one["id"] for one in lists]),
        {"object": "bridge", "vrf": vrf, "mac": "ff:ff:ff:ff:ff:ff", "nh": 61,
         "flags": ["label_valid(L)", "flood_dhcp(Df)"], "label": 5},
    ]


def vni(number, vrf, nh=84, also=()):
    """A VXLAN network identifier that stands for the bridge table of a VRF."""
    return [{"object": "nexthop", "id": nh, "type": "vrf_translate", "family": "bridge", "vrf": vrf,
             "flags": flags(NH, also)},
            {"object": "vxlan", "vnid": number, "nh": nh}]


def side(key, vrf, rpf, action="forward", also=(), dvrf=None):
    nh, sip, sport, dip, dport, proto = key
    out = {"sip": sip, "dip": dip, "sport": sport, "dport": dport, "proto": proto, "key_nh": nh, "rpf_nh": rpf,
           "vrf": vrf, "action": action, "flags": ["active", *also, "rflow_valid"]}
    if dvrf is not None:
        out["dvrf"] = dvrf
        out["flags"].append("vrf_translate")
    return out


def pair(fwd, rev):
    return [{"object": "flow_pair", "fwd": fwd, "rev": rev}]


def key(nh, sip, sport, dip, dport, proto):
    return (nh, sip, sport, dip, dport, proto)


def flow(key, vrf, packets, size, action="forward", tcp=()):
    nh, sip, sport, dip, dport, proto = key
    return {"key": {"nh": nh, "sip": sip, "sport": sport, "dip": dip, "dport": dport, "proto": proto}, "vrf": vrf,
            "action": action, "tcp_state": list(tcp), "packets": packets, "bytes": packets * size if packets else 0}


def gone(key):
    nh, sip, sport, dip, dport, proto = key
    return {"nh": nh, "sip": sip, "sport": sport, "dip": dip, "dport": dport, "proto": proto}


# --- frames ----------------------------------------------------------------------------------------------------------

def from_vm(vif, dst=ROUTER):
    return Ether(dst=dst, src=vm_mac(vif))


def to_vm(vif):
    """Routed to a guest: its MAC, from the router's."""
    return Ether(dst=vm_mac(vif), src=ROUTER)


def ip4(src, dst, ttl=64, **more):
    return IP(src=src, dst=dst, ttl=ttl, id=more.pop("id", 1), **more)


def mpls(number, ttl, exp=0):
    return Raw(struct.pack(">I", number << 12 | exp << 9 | 1 << 8 | ttl))


ZEROS = Raw(bytes(4))


def underlay_in(source, **more):
    return Ether(dst=FABRIC, src=PEER) / IP(src=source, dst="8.0.0.2", ttl=64, id=0x4d, **more)


def underlay_out(dest, tos=0, **more):
    return Ether(dst=PEER, src=FABRIC) / IP(src="8.0.0.2", dst=dest, ttl=64, tos=tos, id=more.pop("id", 1), **more)


def from_fabric(inner, number=42, source="8.0.0.3", ttl=64, label_ttl=64):
    """MPLS over UDP from another node; no UDP checksum, as RFC 7510 section 3 allows."""
    outer = Ether(dst=FABRIC, src=PEER) / IP(src=source, dst="8.0.0.2", ttl=ttl, id=0x4d)
    return outer / UDP(sport=50505, dport=6635, chksum=0) / mpls(number, label_ttl) / inner


def to_fabric(inner, number, ttl=63, dest="8.0.0.3", tos=0, exp=0):
    """What a tunnel nexthop sends: the label's TTL is the packet's after it went down; the port is free."""
    return underlay_out(dest, tos) / UDP(sport=50000, dport=6635, chksum=0) / mpls(number, ttl, exp) / inner


def to_fabric_gre(inner, number, ttl=63, dest="8.0.0.3", id=1):
    """MPLS over GRE (RFC 4023): the identification is that of an IPv4 packet within."""
    return underlay_out(dest, id=id, proto=47) / GRE(proto=0x8847) / mpls(number, ttl) / inner


def vxlan_from(inner, number, source):
    return underlay_in(source) / UDP(sport=50505, dport=4789, chksum=0) / VXLAN(flags=8, vni=number) / inner


def vxlan_to(inner, number, dest):
    return underlay_out(dest) / UDP(sport=50000, dport=4789, chksum=0) / VXLAN(flags=8, vni=number) / inner


def nvgre(inner, number):
    """RFC 7637 section 3.2: the key is the virtual subnet and a flow id, which is free."""
    return GRE(key_present=1, proto=0x6558, key=number << 8) / inner


def along_tree(inner, number, source, dest, ttl=64):
    """What stands behind the label of a tree: zeros, then a VXLAN packet between the tunnel's ends."""
    packet = IP(src=source, dst=dest, ttl=ttl, id=1) / UDP(sport=50000, dport=4789, chksum=0)
    return ZEROS / packet / VXLAN(flags=8, vni=number) / inner


def trap(command, vif, vrf, packet, params=(0, 0, 0, 0, 0), param5=0):
    """The agent's header (30 bytes behind Ethernet) and the packet."""
    header = struct.pack(">HHHIIIIIB3x", vif, vrf, command, *params, param5)
    return Ether(dst=ROUTER, src=ROUTER, type=0x0800) / Raw(header) / Raw(bytes(packet))


def miss(vif, vrf, packet, nh):
    return trap(MISS, vif, vrf, packet, (0, nh, 0, 0, 0), 1)


class Case:
    all = []

    def __init__(self, name, section, verifies):
        self.case = {"id": name, "topic": section, "verifies": verifies, "config": base(), "steps": []}
        Case.all.append(self.case)

    def config(self, *lists):
        for objects in lists:
            self.case["config"] += objects if isinstance(objects, list) else [objects]
        return self

    def step(self, vif=None, frame=None, out=(), drops=None, flows=(), gone=(), change=None, note=""):
        step = {}
        if change is not None:
            step["config_change"] = change
        if frame is not None:
            raw = bytes(frame)
            step["inject"] = {"vif": vif, "len": len(raw), "summary": frame.summary(), "hex": raw.hex(), "note": note}
        elif note:
            step["note"] = note
        expect = {"out": [leaving(*one) for one in out], "drops": drops or {}}
        if flows:
            expect["flows_new_or_changed"] = list(flows)
        if gone:
            expect["flows_gone"] = list(gone)
        step["expect"] = expect
        self.case["steps"].append(step)
        return self


def leaving(vif, frame):
    raw = bytes(frame)
    return {"vif": vif, "len": len(raw), "summary": frame.summary(), "hex": raw.hex()}


def reply(rpf, rev_key, rev_rpf):
    return {"object": "agent_reply_to_hold_entry", "rpf_nh": rpf, "rev_key_nh": rev_key, "rev_rpf_nh": rev_rpf}
