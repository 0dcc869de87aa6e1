//! The inject ring: frames of the host that enter the core on the slow port, each behind its shim.

use super::beats;
use super::ring::Ring;
use crate::card::memory::{HostMemory, Unmapped};
use crate::gather::read_shim;
use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::registers::slow::INJECT_MAX_BYTES;

/// The next frame with its shim. What follows a shim whose length can not be is no shim: all of it is refused.
pub(super) fn next(
    ring: &mut Ring,
    memory: &mut dyn HostMemory,
) -> Result<Option<Vec<u8>>, Unmapped> {
    let waiting = ring.used();
    if !ring.enabled() || waiting == 0 {
        return Ok(None);
    }
    let shim = ring.beat(memory, ring.consumer)?;
    let length = usize::from(read_shim(&shim).length);
    let taken = beats(length);
    if !(BEAT_BYTES + 1..=INJECT_MAX_BYTES).contains(&length) || taken > waiting {
        ring.refuse();
        ring.consume(waiting);
        return Ok(None);
    }
    let mut frame = shim.to_vec();
    for beat in 1..taken {
        frame.extend(ring.beat(memory, ring.consumer.wrapping_add(beat))?);
    }
    frame.truncate(length);
    ring.consume(taken);
    Ok(Some(frame))
}
