//! Choices and frames out of bytes. What is missing reads as zeros, so that every input means something.

/// Bytes that have not been used yet.
#[derive(Clone, Debug)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// All of an input.
    pub fn new(data: &'a [u8]) -> Self {
        Bytes(data)
    }

    /// Whether everything has been used.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes, or as many as there are.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// The next `N` bytes, filled up with zeros.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let taken = self.take(N);
        array[..taken.len()].copy_from_slice(taken);
        array
    }

    /// The next byte.
    pub fn u8(&mut self) -> u8 {
        u8::from_le_bytes(self.array())
    }

    /// The next two bytes, the low one first.
    pub fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    /// The next four bytes, the low one first.
    pub fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    /// The next `N` words, the low byte first.
    pub fn words<const N: usize>(&mut self) -> [u32; N] {
        std::array::from_fn(|_| self.u32())
    }

    /// A length, and as many bytes as it says and there are.
    pub fn counted(&mut self) -> &'a [u8] {
        let length = self.u16();
        self.take(length.into())
    }
}

/// Appends what [`Bytes::counted`] reads.
///
/// # Panics
/// More than 65,535 bytes.
pub fn put_counted(to: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).expect("a length of 16 bits");
    to.extend(length.to_le_bytes());
    to.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_taken() {
        let mut data = vec![7];
        put_counted(&mut data, b"frame");
        let mut bytes = Bytes::new(&data);
        assert_eq!((bytes.u8(), bytes.counted()), (7, &b"frame"[..]));
        assert!(bytes.is_empty());
    }

    #[test]
    fn what_is_missing_is_zero() {
        let mut bytes = Bytes::new(&[1]);
        assert_eq!((bytes.u32(), bytes.u16()), (1, 0));
        let mut bytes = Bytes::new(&[9, 0, 5]);
        assert_eq!(bytes.counted(), [5]);
    }
}
