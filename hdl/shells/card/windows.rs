//! Which part of the card a register access is for.
//!
//! ```text
//!   0x0000 core · 0x1000 slow FIFO · 0x2000 rings         what is none of these reads 0 in the core
//! ```

use crate::buses::{RequestIn, RequestOut, ResponseIn, ResponseOut};
use crate::card::axil::{Request, Response};
use underpass_layout::registers::{rings, slow};
use underpass_wires::{any_of, leaf, one_of, Bit, U};

/// Log2 of the bytes of a window.
const WINDOW: usize = 12;

/// Requests for each of the parts, and the answer of the one that was asked.
#[track_caller]
fn windows(request: Request, answers: [Response; 3]) -> ([Request; 3], Response) {
    let window: U<4> = request.address.slice(WINDOW);
    let to_slow = window.eq(slow::PUNT_STATUS >> WINDOW);
    let to_rings = window.eq(rings::BASE_LOW >> WINDOW);
    let to = |here: Bit| Request {
        valid: request.valid & here,
        ..request
    };
    let response = Response {
        valid: any_of(&answers.map(|answer| answer.valid)),
        data: one_of(&answers.map(|answer| (answer.valid, answer.data))),
    };
    (
        [to(!to_slow & !to_rings), to(to_slow), to(to_rings)],
        response,
    )
}

leaf!(
    /// The windows as a block.
    pub Windows {
        request: RequestIn,
        from_core: ResponseIn,
        from_slow: ResponseIn,
        from_rings: ResponseIn,
    } -> {
        to_core: RequestOut,
        to_slow: RequestOut,
        to_rings: RequestOut,
        response: ResponseOut,
    },
    |request: Request, core: Response, slow: Response, rings: Response|
        -> (Request, Request, Request, Response) {
        let ([core, slow, rings], response) = windows(request, [core, slow, rings]);
        (core, slow, rings, response)
    }
);
