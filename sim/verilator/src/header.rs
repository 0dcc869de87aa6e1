//! Reading back the ports that Verilator found, to hold them against the ports that the caller listed.
//!
//! The generated class declares one line a port: `VL_INW(&s_axis_tdata,511,0,16);`, with characters that C++ does not
//! take in a name written as `__0` and two hexadecimal digits.

use crate::error::Error;
use crate::source::{Dir, Port, Source};

/// How Verilator writes a Verilog name in C++.
pub(crate) fn mangled(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name.bytes().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'_' if rest.peek() == Some(&b'_') => {
                rest.next();
                out.push_str("___05F");
            }
            b'_' => out.push('_'),
            _ if byte.is_ascii_alphabetic() || (byte.is_ascii_digit() && !out.is_empty()) => {
                out.push(byte.into())
            }
            _ => out.push_str(&format!("__0{byte:02x}")),
        }
    }
    out
}

/// The ports of the class in a generated header, names mangled.
fn ports_of(header: &str) -> Vec<Port> {
    header
        .lines()
        .filter_map(|line| port_of(line.trim()))
        .collect()
}

/// One line `VL_<kind>(&<name>,<high bit>,<low bit>..);`.
fn port_of(line: &str) -> Option<Port> {
    let (kind, rest) = line.split_once("(&")?;
    let dir = match kind.strip_prefix("VL_")? {
        "IN" | "IN8" | "IN16" | "IN64" | "INW" => Dir::In,
        "OUT" | "OUT8" | "OUT16" | "OUT64" | "OUTW" => Dir::Out,
        _ => return None,
    };
    let mut fields = rest.trim_end_matches(");").split(',');
    let name = fields.next()?.to_string();
    let high: usize = fields.next()?.parse().ok()?;
    let low: usize = fields.next()?.parse().ok()?;
    Some(Port {
        name,
        width: high + 1 - low,
        dir,
    })
}

/// Refuses a list of ports that differs from the Verilog in any way.
pub(crate) fn check(source: &Source, header: &str) -> Result<(), Error> {
    let found = ports_of(header);
    let top = || source.top.clone();
    for port in &source.ports {
        let name = mangled(&port.name);
        let Some(real) = found.iter().find(|p| p.name == name) else {
            let found = found.into_iter().map(|p| p.name).collect();
            return Err(Error::PortMissing {
                top: top(),
                port: port.name.clone(),
                found,
            });
        };
        if (real.dir, real.width) != (port.dir, port.width) {
            let (expected, found) = ((port.dir, port.width), (real.dir, real.width));
            return Err(Error::PortShape {
                top: top(),
                port: port.name.clone(),
                expected,
                found,
            });
        }
    }
    match found.into_iter().find(|p| {
        !source
            .ports
            .iter()
            .any(|listed| mangled(&listed.name) == p.name)
    }) {
        Some(extra) => Err(Error::PortUnlisted {
            top: top(),
            port: extra.name,
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "    VL_IN8(&clk,0,0);\n    VL_INW(&s__024data,511,0,16);\n    VL_OUT64(&q,40,0);\n    VL_OUT(&r,31,0);\n    VL_UNCOPYABLE(Vdut);\n";

    fn source(ports: Vec<Port>) -> Source {
        Source::new("t", "", ports)
    }

    fn right() -> Vec<Port> {
        vec![
            Port::input("clk", 1),
            Port::input("s$data", 512),
            Port::output("q", 41),
            Port::output("r", 32),
        ]
    }

    #[test]
    fn names_are_written_as_verilator_writes_them() {
        assert_eq!(mangled("s$data"), "s__024data");
        assert_eq!(mangled("c__d"), "c___05Fd");
        assert_eq!(mangled("a_b1"), "a_b1");
        assert_eq!(mangled("_x___y"), "_x___05F_y");
    }

    #[test]
    fn the_right_list_passes() {
        check(&source(right()), HEADER).unwrap();
    }

    #[test]
    fn every_difference_is_named() {
        let mut ports = right();
        ports[2].width = 40;
        assert_eq!(
            check(&source(ports), HEADER).unwrap_err().to_string(),
            "port q of t: expected an output of 40 bits, the Verilog has an output of 41 bits"
        );
        let mut ports = right();
        ports[1].dir = Dir::Out;
        assert!(matches!(
            check(&source(ports), HEADER),
            Err(Error::PortShape { .. })
        ));
        let mut ports = right();
        ports.push(Port::input("rst", 1));
        assert_eq!(
            check(&source(ports), HEADER).unwrap_err().to_string(),
            "module t has no port rst; it has clk, s__024data, q, r"
        );
        let mut ports = right();
        ports.pop();
        assert!(
            matches!(check(&source(ports), HEADER), Err(Error::PortUnlisted { port, .. }) if port == "r")
        );
    }
}
