"""2.7: how far a TCP connection is, as its two flows show it."""

from scapy.layers.inet import TCP
from scapy.packet import Raw

from kit import *

SRC, DST = "10.1.1.3", "10.2.2.4"
FWD, REV = key(23, SRC, 1136, DST, 500, 6), key(24, DST, 500, SRC, 1136, 6)


class Connection:
    """A flow between guests 3 and 4, with what both directions have carried and are said to be."""

    def __init__(self, name, verifies):
        self.case = Case(name, "2.7", verifies).config(
            vm(3, SRC, 3), vm(4, DST, 4), gateway(3, 4), route(3, f"{DST}/32", 24), route(4, f"{SRC}/32", 23),
            pair(side(FWD, 3, 23), side(REV, 4, 24)))
        self.packets, self.bytes, self.words = [0, 0], [0, 0], [(), ()]

    def segment(self, reverse, flags, seq, ack=0, data=b"", words=None, gone_now=False):
        """One segment; `words` of both flows afterwards, where they change."""
        ends = ((SRC, DST, 1136, 500), (DST, SRC, 500, 1136))[reverse]
        build = lambda ttl: ip4(ends[0], ends[1], ttl) / TCP(
            sport=ends[2], dport=ends[3], flags=flags, seq=seq, ack=ack) / Raw(data)
        vif, other = (3, 4) if not reverse else (4, 3)
        frame = from_vm(vif) / build(64)
        self.packets[reverse] += 1
        self.bytes[reverse] += len(frame)
        changed = [reverse]
        if words is not None:
            changed += [one for one in (0, 1) if words[one] != self.words[one] and one != reverse]
            self.words = list(words)
        state = [self.state(one) for one in (0, 1) if one in changed]
        keys = [gone(FWD), gone(REV)] if gone_now else []
        self.case.step(vif, frame, [(other, to_vm(other) / build(63))], flows=[] if gone_now else state, gone=keys)
        return self

    def state(self, one):
        found = flow((FWD, REV)[one], (3, 4)[one], self.packets[one], 0, "forward", self.words[one])
        return found | {"bytes": self.bytes[one]}

    def established(self):
        """Initial sequence numbers 1 and 100."""
        self.segment(0, "S", 1, words=(("SYN",), ("SYN_R",)))
        self.segment(1, "SA", 100, 2, words=(("SYN", "SYN_R", "EST"), ("SYN", "SYN_R", "EST_R")))
        both = ("SYN", "SYN_R", "EST", "EST_R")
        return self.segment(0, "A", 2, 101, words=(both, both))


EST = ("SYN", "SYN_R", "EST", "EST_R")


def closing():
    # FIN of the initiator at 2, acknowledged by 3; FIN of the other side at 101, acknowledged by 102.
    Connection("tcp-fin-both", "FIN is tracked with its sequence number; when both directions are closed the pair is DEAD "
               "and goes.").established().segment(
        0, "FA", 2, 101, words=(("FIN",) + EST, ("FIN_R",) + EST)).segment(
        1, "A", 101, 3, words=(("FIN", "HALF_CLOSE") + EST, ("FIN_R",) + EST)).segment(
        1, "FA", 101, 3, words=(("FIN", "HALF_CLOSE", "FIN_R") + EST, ("FIN", "FIN_R") + EST)).segment(
        0, "A", 3, 102, gone_now=True)
    # Four bytes with the FIN: it stands at 2 + 4, acknowledged by 7. An acknowledgement of the data alone closes nothing.
    Connection("tcp-fin-with-data", "The sequence number of a FIN is behind the data that it comes with.").established().segment(
        0, "FA", 2, 101, data=b"last", words=(("FIN",) + EST, ("FIN_R",) + EST)).segment(
        1, "A", 101, 6, words=(("FIN",) + EST, ("FIN_R",) + EST)).segment(
        1, "A", 101, 7, words=(("FIN", "HALF_CLOSE") + EST, ("FIN_R",) + EST))


def resets():
    # RFC 5961 section 3.2: in SYN-SENT a reset counts if its ACK acknowledges the SYN.
    Connection("tcp-rst-answers-syn", "RST in SYN state is accepted if ack = syn + 1: the pair goes.").segment(
        0, "S", 1, words=(("SYN",), ("SYN_R",))).segment(1, "RA", 0, 2, gone_now=True)
    Connection("tcp-rst-wrong-ack", "RST in SYN state with another ack: the packet is forwarded, the state is kept.").segment(
        0, "S", 1, words=(("SYN",), ("SYN_R",))).segment(1, "RA", 0, 3).segment(
        1, "SA", 100, 2, words=(("SYN", "SYN_R", "EST"), ("SYN", "SYN_R", "EST_R")))
    Connection("tcp-rst-initiator", "RST is accepted if its seq equals the peer's last ack, from either side.").established(
        ).segment(1, "A", 101, 2).segment(0, "R", 2, gone_now=True)


def opening():
    Connection("tcp-syn-again", "SYN sets SYN / SYN_R; the same SYN again changes nothing but the packets.").segment(
        0, "S", 1, words=(("SYN",), ("SYN_R",))).segment(0, "S", 1)
    Connection("tcp-syn-ack-wrong", "SYN-ACK whose ack is not seq + 1 does not set EST by itself.").segment(
        0, "S", 1, words=(("SYN",), ("SYN_R",))).segment(1, "SA", 100, 1, words=(("SYN", "SYN_R"), ("SYN", "SYN_R")))


def cases():
    opening()
    closing()
    resets()
