//! How a value lies in a memory row or on a bus: the first field of a record starts at bit 0, the next one follows
//! without a gap, and bit `n` of a record is bit `n % 32` of word `n / 32`.
//!
//! ```text
//!   word 0                          word 1
//!   31 ...  9 8 7 6 5 4 3 2 1 0     63 ... 33 32
//!  |  second field  | first field | |   third ..
//! ```

/// Writes fields one after the other into a row of 32-bit words.
pub struct Writer<'a> {
    words: &'a mut [u32],
    at: usize,
}

impl<'a> Writer<'a> {
    /// Starts at bit 0 of `words`.
    pub fn new(words: &'a mut [u32]) -> Self {
        Writer { words, at: 0 }
    }

    /// Appends the low `width` bits of `value`.
    ///
    /// # Panics
    /// When `value` needs more than `width` bits: a value that would be cut is a mistake of the caller.
    pub fn put(&mut self, value: u128, width: usize) {
        assert!(
            width >= 128 || value >> width == 0,
            "{value:#x} does not fit {width} bits"
        );
        let mut done = 0;
        while done < width {
            let (word, bit) = ((self.at + done) / 32, (self.at + done) % 32);
            let count = (32 - bit).min(width - done);
            let mask = u32::MAX >> (32 - count) << bit;
            let piece = value.checked_shr(done as u32).unwrap_or(0) as u32;
            self.words[word] = self.words[word] & !mask | piece << bit & mask;
            done += count;
        }
        self.at += width;
    }
}

/// Reads fields one after the other from a row of 32-bit words.
pub struct Reader<'a> {
    words: &'a [u32],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at bit 0 of `words`.
    pub fn new(words: &'a [u32]) -> Self {
        Reader { words, at: 0 }
    }

    /// The next `width` bits (at most 128).
    pub fn take(&mut self, width: usize) -> u128 {
        let mut value = 0;
        let mut done = 0;
        while done < width {
            let (word, bit) = ((self.at + done) / 32, (self.at + done) % 32);
            let count = (32 - bit).min(width - done);
            let piece = self.words[word] >> bit & u32::MAX >> (32 - count);
            value |= u128::from(piece) << done;
            done += count;
        }
        self.at += width;
        value
    }
}

/// A stored code that names no variant of its enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadCode {
    /// The enum that was expected.
    pub expected: &'static str,
    /// The number found.
    pub found: u128,
}

impl core::fmt::Display for BadCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} is no code of {}", self.found, self.expected)
    }
}

impl core::error::Error for BadCode {}

/// A type that can be one field of a record.
pub trait Field: Sized {
    /// What a reader of the documents sees in the type column; for an enum its codes.
    const CODES: &'static [(&'static str, u32)] = &[];
    /// For a record within a record: its fields.
    const FIELDS: &'static [FieldSpec] = &[];

    /// Appends this value in `width` bits.
    fn put(&self, to: &mut Writer<'_>, width: usize);
    /// Takes a value of `width` bits.
    fn take(from: &mut Reader<'_>, width: usize) -> Result<Self, BadCode>;
}

macro_rules! unsigned_fields {
    ($($t:ty),*) => {$(
        impl Field for $t {
            fn put(&self, to: &mut Writer<'_>, width: usize) {
                to.put(u128::from(*self), width);
            }
            fn take(from: &mut Reader<'_>, width: usize) -> Result<Self, BadCode> {
                Ok(from.take(width) as $t)
            }
        }
    )*};
}
unsigned_fields!(u8, u16, u32, u64, u128);

impl Field for bool {
    fn put(&self, to: &mut Writer<'_>, width: usize) {
        to.put(u128::from(*self), width);
    }
    fn take(from: &mut Reader<'_>, width: usize) -> Result<Self, BadCode> {
        Ok(from.take(width) != 0)
    }
}

/// Bytes in the order of the wire: byte 0 lies lowest.
impl<const N: usize> Field for [u8; N] {
    fn put(&self, to: &mut Writer<'_>, _width: usize) {
        // Sixteen at a time, for a shim is mostly bytes.
        for bytes in self.chunks(16) {
            let mut number = [0; 16];
            number[..bytes.len()].copy_from_slice(bytes);
            to.put(u128::from_le_bytes(number), 8 * bytes.len());
        }
    }
    fn take(from: &mut Reader<'_>, _width: usize) -> Result<Self, BadCode> {
        let mut all = [0; N];
        for bytes in all.chunks_mut(16) {
            let number = from.take(8 * bytes.len()).to_le_bytes();
            bytes.copy_from_slice(&number[..bytes.len()]);
        }
        Ok(all)
    }
}

/// What the documents, the JSON and the layout id know of one field.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// The field's name, the same in Rust, Verilog and JSON.
    pub name: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// Bits.
    pub width: usize,
    /// Names of its values, where it is an enum.
    pub codes: &'static [(&'static str, u32)],
    /// Its own fields, where it is a record.
    pub fields: &'static [FieldSpec],
}

/// A row, a key, a message or a piece of metadata with an exact bit layout.
pub trait Record: Field {
    /// Its name.
    const NAME: &'static str;
    /// Its doc comment.
    const DOC: &'static str;
    /// Bits.
    const WIDTH: usize;
    /// Its fields, lowest first.
    const SPEC: &'static [FieldSpec];

    /// Writes the record into `words`, from bit 0 on.
    fn pack_into(&self, words: &mut [u32]) {
        self.put(&mut Writer::new(words), Self::WIDTH);
    }

    /// Reads a record from `words`, from bit 0 on.
    fn unpack(words: &[u32]) -> Result<Self, BadCode> {
        Self::take(&mut Reader::new(words), Self::WIDTH)
    }
}

/// How many 32-bit words hold `bits`.
pub const fn words_for(bits: usize) -> usize {
    bits.div_ceil(32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that start within a word and end within another, in more than one piece.
    #[test]
    fn bytes_lie_in_the_order_of_the_wire_wherever_they_start() {
        let bytes: [u8; 19] = core::array::from_fn(|place| 0xa0 + place as u8);
        let mut words = [0; 6];
        let mut writer = Writer::new(&mut words);
        writer.put(0b101, 3);
        bytes.put(&mut writer, 8 * 19);
        writer.put(0b11, 2);
        for (place, byte) in bytes.into_iter().enumerate() {
            let mut reader = Reader::new(&words);
            for _ in 0..3 + 8 * place {
                reader.take(1);
            }
            assert_eq!(reader.take(8), byte.into(), "byte {place}");
        }
        let mut reader = Reader::new(&words);
        reader.take(3);
        assert_eq!(Field::take(&mut reader, 8 * 19), Ok(bytes));
        assert_eq!(reader.take(3), 0b11);
    }
}
