//! The AXI4-Lite slave: turns the five channels into one request at a time.
//!
//! ```text
//!   AW ─▶ [ address ] ─┐                                   ┌─▶ B
//!   W  ─▶ [ data    ] ─┴─▶ request ─▶ registers ─▶ response ┤
//!   AR ─▶ [ address ] ───▶                                  └─▶ R
//! ```
//! Address and data of a write may come in any order. One access is under way at a time; a write that is complete goes
//! before a read. Every access is answered with OKAY; write strobes are not looked at: registers are 32 bits wide.

use crate::buses::{AxilInIn, AxilOutOut, RequestOut, ResponseIn};
use underpass_wires::{bundle, leaf, only, state, wire, Bit, BundleExt, U};

bundle! {
    /// What the master drives.
    pub struct AxilIn {
        /// Write address valid.
        awvalid: Bit,
        /// Write address.
        awaddr: U<16>,
        /// Write data valid.
        wvalid: Bit,
        /// Write data.
        wdata: U<32>,
        /// Ready for the write's answer.
        bready: Bit,
        /// Read address valid.
        arvalid: Bit,
        /// Read address.
        araddr: U<16>,
        /// Ready for the read's answer.
        rready: Bit,
    }

    /// What the slave drives; the answers are OKAY.
    pub struct AxilOut {
        /// Write address taken.
        awready: Bit,
        /// Write data taken.
        wready: Bit,
        /// Write done.
        bvalid: Bit,
        /// Read address taken.
        arready: Bit,
        /// Read done.
        rvalid: Bit,
        /// What was read.
        rdata: U<32>,
    }

    /// One access, in one clock.
    pub struct Request {
        /// There is one in this clock.
        valid: Bit,
        /// It writes.
        write: Bit,
        /// Byte address.
        address: U<16>,
        /// What to write.
        data: U<32>,
    }

    /// The answer to an access, some clocks later.
    pub struct Response {
        /// There is one in this clock.
        valid: Bit,
        /// What was read.
        data: U<32>,
    }

    /// A channel's beat that has been taken and waits.
    struct Held { full: Bit, value: U<32> }
}

/// The slave. All that it drives comes from registers. The answer may come from the clock of the request on.
pub fn axil(axi: AxilIn, response: Response) -> (AxilOut, Request) {
    let aw = state::<Held>("write_address");
    let w = state::<Held>("write_data");
    let ar = state::<Held>("read_address");
    let busy = state::<Bit>("busy");
    let (bvalid, rvalid, rdata) = (
        state::<Bit>("bvalid"),
        state::<Bit>("rvalid"),
        state::<U<32>>("rdata"),
    );

    wire!(write = aw.q.full & w.q.full & !busy.q);
    wire!(read = ar.q.full & !busy.q & !write);
    wire!(answered = bvalid.q & axi.bready | rvalid.q & axi.rready);
    wire!(writing = aw.q.full & w.q.full);
    let writes = state::<Bit>("writes");
    writes.next(write | read, writing);
    busy.next(write | read | answered, !answered);
    for (held, valid, value, taken) in [
        (aw, axi.awvalid, axi.awaddr.ext(), write),
        (w, axi.wvalid, axi.wdata, write),
        (ar, axi.arvalid, axi.araddr.ext(), read),
    ] {
        wire!(accept = valid & !held.q.full);
        held.next(
            accept | taken,
            Held {
                full: !taken,
                value,
            },
        );
    }
    bvalid.next(response.valid & writes.q | answered, !answered);
    rvalid.next(response.valid & !writes.q | answered, !answered);
    rdata.next(response.valid, response.data);

    let out = AxilOut {
        awready: !aw.q.full,
        wready: !w.q.full,
        bvalid: bvalid.q,
        arready: !ar.q.full,
        rvalid: rvalid.q,
        rdata: rdata.q,
    };
    let address = only(write, aw.q.value) | only(read, ar.q.value);
    let request = Request {
        valid: (write | read).reg_rst("request_valid"),
        write: write.reg("request_write"),
        address: address.trunc::<16>().reg("request_address"),
        data: w.q.value.reg("request_data"),
    };
    (out, request)
}

leaf!(
    /// The slave as a block.
    pub AxilSlave { axi_in: AxilInIn, response: ResponseIn } -> { axi_out: AxilOutOut, request: RequestOut },
    |axi: AxilIn, response: Response| -> (AxilOut, Request) { axil(axi, response) }
);

#[cfg(test)]
mod tests;
