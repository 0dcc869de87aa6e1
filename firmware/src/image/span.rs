//! Where a field stands: each begins where the one before it ends, so that no offset is written twice.

/// A field's place in the header, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) at: usize,
    pub(super) len: usize,
}

impl Span {
    /// The first field.
    pub(super) const fn first(len: usize) -> Self {
        Self { at: 0, len }
    }

    /// The field behind this one.
    pub(super) const fn then(self, len: usize) -> Self {
        Self {
            at: self.end(),
            len,
        }
    }

    /// Where the next field begins.
    pub(super) const fn end(self) -> usize {
        self.at + self.len
    }

    /// The field's bytes; `N` is its length.
    pub(super) fn read<const N: usize, const LEN: usize>(self, header: &[u8; LEN]) -> [u8; N] {
        debug_assert_eq!(N, self.len, "the field's type and its place differ");
        core::array::from_fn(|i| header[self.at + i])
    }

    /// Sets the field's bytes.
    pub(super) fn write<const LEN: usize>(self, header: &mut [u8; LEN], bytes: &[u8]) {
        header[self.at..self.end()].copy_from_slice(bytes);
    }
}
