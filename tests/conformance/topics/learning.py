"""2.1: learning of source MACs: flag L of a vif, MAC_LEARN of a nexthop; what is new or has moved is trapped."""

from scapy.layers.inet import Ether
from scapy.packet import Raw

from kit import *

NEW, SECOND = "02:00:00:00:aa:01", "02:00:00:00:aa:02"
ALL = "ff:ff:ff:ff:ff:ff"


def frame(src, dst=ALL):
    return Ether(dst=dst, src=src, type=0x88b5) / Raw(DATA)


def guests(name, verifies):
    case = Case(name, "2.1", verifies)
    return case.config(*(vm(vif, f"10.1.1.{vif}", 2, policy=False, also=["learn"]) for vif in (3, 4)),
                       vm(5, "10.1.1.5", 2, policy=False), broadcast(2, 3, 4, 5), tunnel(34, "vxlan", "8.0.0.7"))


def cases():
    case = guests("learn-from-vm", "Flag L: a source MAC that is new is trapped, cmd 17, and the frame goes on; the same MAC "
                  "again is not.")
    case.step(3, frame(NEW, vm_mac(4)), [(AGENT, trap(MAC_LEARN, 3, 2, frame(NEW, vm_mac(4)))), (4, frame(NEW, vm_mac(4)))])
    case.step(3, frame(NEW), [(4, frame(NEW)), (5, frame(NEW))])
    case.step(3, frame(SECOND, vm_mac(4)), [(AGENT, trap(MAC_LEARN, 3, 2, frame(SECOND, vm_mac(4)))),
                                            (4, frame(SECOND, vm_mac(4)))])
    case = guests("learn-known", "A source MAC that has its entry is not trapped; of a vif without L none is.")
    case.step(3, frame(vm_mac(3)), [(4, frame(vm_mac(3))), (5, frame(vm_mac(3)))])
    case.step(5, frame(NEW), [(3, frame(NEW)), (4, frame(NEW))])
    case = guests("learn-moved", "A MAC that has its entry and comes from another vif is trapped, cmd 18, once.")
    case.config({"object": "bridge", "vrf": 2, "mac": NEW, "nh": 123, "flags": []})
    case.step(4, frame(NEW, vm_mac(5)), [(AGENT, trap(MAC_MOVE, 4, 2, frame(NEW, vm_mac(5)))), (5, frame(NEW, vm_mac(5)))])
    case.step(4, frame(NEW, vm_mac(5)), [(5, frame(NEW, vm_mac(5)))])
    case = guests("learn-from-vni", "MAC_LEARN of a VNI's nexthop: what comes by it is learnt too.")
    case.config(vni(900, 2, also=["learn"]))
    came = vxlan_from(frame(NEW, vm_mac(4)), 900, "8.0.0.7")
    told = came.copy()
    told.getlayer("IP").ttl = 63
    case.step(WIRE, came, [(AGENT, trap(MAC_LEARN, WIRE, 2, told)), (4, frame(NEW, vm_mac(4)))])
    case.step(WIRE, came, [(4, frame(NEW, vm_mac(4)))])
