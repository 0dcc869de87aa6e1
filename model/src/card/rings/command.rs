//! The command ring: rows and splits that the host wants written, two beats each.

use super::ring::{Beat, Ring};
use crate::card::memory::{HostMemory, Unmapped};
use crate::core::Core;
use crate::tables::RowError;
use underpass_layout::hash::Split;
use underpass_layout::registers::TABLE_DATA_WORDS;
use underpass_layout::rings::{CommandKind, RingCommand, COMMAND_BEATS};
use underpass_layout::{BadCode, Record};

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("a field has no meaning: {0}")]
    Code(#[from] BadCode),
    #[error(transparent)]
    Row(#[from] RowError),
    #[error("no command has kind {found}")]
    Kind { found: u8 },
}

/// Carries out the next command, if there is one.
pub(super) fn next(
    ring: &mut Ring,
    core: &mut Core,
    memory: &mut dyn HostMemory,
) -> Result<bool, Unmapped> {
    if !ring.enabled() || ring.used() == 0 {
        return Ok(false);
    }
    let command = words(&ring.beat(memory, ring.consumer)?);
    let data = words(&ring.beat(memory, ring.consumer.wrapping_add(1))?);
    if carry_out(core, &command, &data).is_err() {
        ring.refuse();
    }
    ring.consume(COMMAND_BEATS);
    Ok(true)
}

fn carry_out(core: &mut Core, command: &[u32], data: &[u32]) -> Result<(), Refused> {
    let command = RingCommand::unpack(command)?;
    let (table, row) = (command.table.into(), command.row as usize);
    match CommandKind::from_code(command.kind.into()) {
        Some(CommandKind::WriteRow) => core.write_row(table, row, data)?,
        Some(CommandKind::WriteSplit) => {
            core.tables.write_split(table, row, Split::unpack(data)?)?;
        }
        Some(CommandKind::None) | None => {
            return Err(Refused::Kind {
                found: command.kind,
            })
        }
    }
    Ok(())
}

fn words(beat: &Beat) -> [u32; TABLE_DATA_WORDS] {
    std::array::from_fn(|word| {
        let byte = |i| u32::from(beat[4 * word + i]) << (8 * i);
        byte(0) | byte(1) | byte(2) | byte(3)
    })
}
