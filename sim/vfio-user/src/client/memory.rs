//! Memory that a server may reach by message instead of by file.

use crate::codec::{DmaData, DmaSpan, Reply, Request};
use crate::Errno;

/// Answers the DMA_READ and DMA_WRITE requests of a server. They come for memory that was mapped without a file, and
/// are answered while the client waits for a reply, or in [`Client::serve`](crate::Client::serve).
pub trait ClientMemory: Send {
    /// The server reads.
    fn read(&mut self, iova: u64, data: &mut [u8]) -> Result<(), Errno>;

    /// The server writes.
    fn write(&mut self, iova: u64, data: &[u8]) -> Result<(), Errno>;
}

/// The answer to what a server asks. `limit` is how much it was told to ask at most.
pub(super) fn answer(
    request: Request,
    memory: Option<&mut (dyn ClientMemory + 'static)>,
    limit: u32,
) -> Result<Reply, Errno> {
    let Some(memory) = memory else {
        return Err(Errno::UNSUPPORTED);
    };
    match request {
        Request::DmaRead(DmaSpan { iova, count }) if count <= u64::from(limit) => {
            let mut data = vec![0; count as usize];
            memory.read(iova, &mut data)?;
            Ok(Reply::DmaRead(DmaData { iova, data }))
        }
        Request::DmaWrite(DmaData { iova, data }) if data.len() <= limit as usize => {
            memory.write(iova, &data)?;
            Ok(Reply::DmaWrite(DmaSpan {
                iova,
                count: data.len() as u64,
            }))
        }
        Request::DmaRead(_) | Request::DmaWrite(_) => Err(Errno::TOO_BIG),
        _ => Err(Errno::UNSUPPORTED),
    }
}
