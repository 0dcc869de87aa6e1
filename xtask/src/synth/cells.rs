//! The cells that `synth_xilinx -family xcup` maps to: what each takes, and which of its inputs reach which outputs
//! within a clock.
//!
//! Levels: a LUT, a carry cell and the read of a LUT memory are one each, wide multiplexers and buffers none. Block
//! memories, multipliers and flip-flops begin and end paths (a multiplier is taken as registered).

/// Where a cell is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A LUT used as logic.
    Lut,
    /// LUTs used as memory.
    LutMemory,
    /// A LUT used as shift register.
    Shift,
    /// A carry cell of four bits.
    Carry,
    /// Flip-flop or latch.
    FlipFlop,
    /// Block RAM of 36 kbit.
    Ramb36,
    /// Block RAM of 18 kbit.
    Ramb18,
    /// UltraRAM of 288 kbit.
    Uram,
    /// Multiplier block.
    Dsp,
    /// Wiring: wide multiplexers and buffers.
    Wiring,
}

/// What a cell of this type takes, and how many; `None` for a type that is not known here.
pub fn resource(kind: &str) -> Option<(Resource, u32)> {
    use Resource::*;
    Some(match kind {
        "LUT1" | "LUT2" | "LUT3" | "LUT4" | "LUT5" | "LUT6" | "LUT6_2" | "INV" => (Lut, 1),
        "MUXF7" | "MUXF8" | "MUXF9" => (Wiring, 0),
        "CARRY4" => (Carry, 1),
        "CARRY8" => (Carry, 2),
        "FDRE" | "FDSE" | "FDCE" | "FDPE" | "FDRE_1" | "FDSE_1" | "FDCE_1" | "FDPE_1" | "LDCE"
        | "LDPE" => (FlipFlop, 1),
        "SRL16E" | "SRLC16E" | "SRLC32E" => (Shift, 1),
        "RAM32X1S" | "RAM64X1S" => (LutMemory, 1),
        "RAM32X1D" | "RAM64X1D" | "RAM128X1S" => (LutMemory, 2),
        "RAM32M" | "RAM64M" | "RAM128X1D" | "RAM256X1S" => (LutMemory, 4),
        "RAM32M16" | "RAM64M8" | "RAM256X1D" | "RAM512X1S" => (LutMemory, 8),
        "RAMB36E1" | "RAMB36E2" => (Ramb36, 1),
        "RAMB18E1" | "RAMB18E2" => (Ramb18, 1),
        "URAM288" | "URAM288_BASE" => (Uram, 1),
        "DSP48E1" | "DSP48E2" => (Dsp, 1),
        "IBUF" | "OBUF" | "BUFG" | "BUFGCE" | "GND" | "VCC" => (Wiring, 0),
        _ => return None,
    })
}

/// Whether paths begin and end at this cell's pins, save where `arc` says otherwise.
pub fn has_state(resource: Resource) -> bool {
    use Resource::*;
    match resource {
        Lut | Carry | Wiring => false,
        LutMemory | Shift | FlipFlop | Ramb36 | Ramb18 | Uram | Dsp => true,
    }
}

/// The levels from an input pin to an output pin of the same cell, where the output follows the input within a clock.
pub fn arc(resource: Resource, input: (&str, usize), output: (&str, usize)) -> Option<u32> {
    match resource {
        Resource::Lut => Some(1),
        Resource::Wiring => Some(0),
        Resource::Carry => carry_arc(input, output),
        Resource::LutMemory | Resource::Shift => reads(input.0, output.0).then_some(1),
        _ => None,
    }
}

/// Bit `i` of the sum needs the selects up to `i` and the data below it; carry `i` also its own data.
fn carry_arc((port, index): (&str, usize), (out, bit): (&str, usize)) -> Option<u32> {
    let reaches = match (port, out) {
        ("CI" | "CI_TOP" | "CYINIT", _) => true,
        ("S", _) | ("DI", "CO") => index <= bit,
        ("DI", _) => index < bit,
        _ => false,
    };
    reaches.then_some(1)
}

/// Whether the port is the read address of the output: `ADDRA` of `DOA`, `DPRA3` of `DPO`, `A3` of all others.
fn reads(port: &str, out: &str) -> bool {
    match (port.strip_prefix("ADDR"), out.strip_prefix("DO")) {
        (Some(address), Some(data)) => address == data,
        _ if out == "DPO" => port.starts_with("DPRA"),
        _ => {
            out != "Q31"
                && port
                    .strip_prefix('A')
                    .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carry_goes_up_and_never_down() {
        let arc = |input, output| arc(Resource::Carry, input, output);
        assert_eq!(arc(("S", 1), ("O", 1)), Some(1));
        assert_eq!(arc(("S", 2), ("O", 1)), None);
        assert_eq!(arc(("DI", 1), ("O", 1)), None);
        assert_eq!(arc(("DI", 1), ("CO", 1)), Some(1));
        assert_eq!(arc(("DI", 1), ("O", 2)), Some(1));
        assert_eq!(arc(("CI", 0), ("O", 0)), Some(1));
    }

    #[test]
    fn a_read_address_reaches_its_own_output_only() {
        let arc = |input, output| arc(Resource::LutMemory, (input, 0), (output, 0));
        assert_eq!(arc("ADDRA", "DOA"), Some(1));
        assert_eq!(arc("ADDRH", "DOA"), None);
        assert_eq!(arc("DIA", "DOA"), None);
        assert_eq!(arc("DPRA", "DPO"), Some(1));
        assert_eq!(arc("A", "DPO"), None);
        assert_eq!(arc("A0", "SPO"), Some(1));
        assert_eq!(arc("WE", "SPO"), None);
    }

    #[test]
    fn a_shift_register_is_read_by_its_address() {
        let arc = |input, output| arc(Resource::Shift, (input, 0), (output, 0));
        assert_eq!(arc("A", "Q"), Some(1));
        assert_eq!(arc("A", "Q31"), None);
        assert_eq!(arc("D", "Q"), None);
        assert_eq!(arc("CE", "Q"), None);
    }

    #[test]
    fn clocked_cells_have_no_arcs() {
        for kind in ["FDRE", "RAMB36E2", "URAM288", "DSP48E2"] {
            let (resource, _) = resource(kind).unwrap();
            assert!(has_state(resource));
            assert_eq!(arc(resource, ("D", 0), ("Q", 0)), None);
        }
    }

    #[test]
    fn what_is_not_known_is_said() {
        assert_eq!(resource("PCIE40E4"), None);
    }
}
