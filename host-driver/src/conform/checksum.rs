//! Checksums of frames that have their own: whether they are right is asked, not whether they are as wanted.

use super::fields::Field;
use super::frames::{half, Difference};

/// A header checksum that is wrong for the header it is in.
pub(super) fn header(got: &[u8], fields: &[Field], field: &Field) -> Option<Difference> {
    let start = start_of(fields, field, "ip.checksum", "ip.version")?;
    let words = usize::from(got.get(start)? & 0xf);
    let header = got.get(start..start + words * 4)?;
    let right = !sum(&[header.get(..10)?, header.get(12..)?]);
    wrong(got, field, right, "this header")
}

/// A UDP checksum that is wrong for the packet it is in.
pub(super) fn udp(got: &[u8], fields: &[Field], field: &Field) -> Option<Difference> {
    let from = |name| start_of(fields, field, "udp.checksum", name);
    let addresses = match from("ip.src") {
        Some(start) => got.get(start..start + 8)?,
        None => {
            let start = from("ipv6.src")?;
            got.get(start..start + 32)?
        }
    };
    let packet = got.get(from("udp.src_port")?..)?;
    let length = u16::try_from(packet.len()).ok()?.to_be_bytes();
    let parts = [
        addresses,
        &[0, 17],
        &length,
        packet.get(..6)?,
        packet.get(8..)?,
    ];
    let right = match !sum(&parts) {
        0 => u16::MAX,
        right => right,
    };
    wrong(got, field, right, "this packet")
}

fn wrong(got: &[u8], field: &Field, right: u16, what: &str) -> Option<Difference> {
    let found = half(got.get(field.start..field.end)?)?;
    (right != found).then(|| Difference::Field {
        byte: field.start,
        field: field.name.clone(),
        want: format!("{right} for {what}"),
        got: found,
    })
}

/// Where another field of the same headers starts: `field` is there what `name` is.
fn start_of(fields: &[Field], field: &Field, name: &str, other: &str) -> Option<usize> {
    let prefix = field.name.strip_suffix(name)?;
    let other = |field: &&Field| field.name.strip_prefix(prefix) == Some(other);
    fields.iter().find(other).map(|field| field.start)
}

/// One's complement sum of all parts, of which the last alone may be odd (RFC 1071).
pub(super) fn sum(parts: &[&[u8]]) -> u16 {
    let halves = parts.iter().flat_map(|part| part.chunks(2));
    let sum: u32 = halves
        .map(|half| match half {
            [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
            [high] => u32::from(*high) << 8,
            _ => 0,
        })
        .sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    ((sum & 0xffff) + (sum >> 16)) as u16
}
