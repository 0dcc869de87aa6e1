//! All that is unsafe: loading a model's shared library, calling its few functions, and touching its ports' storage.
//!
//! The other side is `shim`'s C++. What a pointer means there is said here once, and everything above is safe Rust.

use std::ffi::{c_char, c_void, CStr, CString};
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use libloading::Library as Loaded;

use crate::shim;
use crate::source::Port;

/// The functions of a loaded library.
pub(crate) struct Api {
    new: unsafe extern "C" fn(u64, *mut *mut c_void) -> *mut c_void,
    delete: unsafe extern "C" fn(*mut c_void),
    eval: unsafe extern "C" fn(*mut c_void) -> bool,
    tick: unsafe extern "C" fn(*mut c_void, u64, u64) -> bool,
    time: unsafe extern "C" fn(*const c_void) -> u64,
    error: unsafe extern "C" fn(*const c_void) -> *const c_char,
    trace: unsafe extern "C" fn(*mut c_void, *const c_char) -> bool,
    coverage: unsafe extern "C" fn(*mut c_void, *const c_char) -> bool,
    /// Unmaps the code of all of the above when dropped.
    _library: Loaded,
}

impl Api {
    /// Loads a library that `compile` made.
    pub(crate) fn load(path: &Path) -> Result<Api, libloading::Error> {
        // SAFETY: the library is one we compiled from generated C++ and our shim; its initialisers only construct
        // Verilator's runtime. Cached ones are found by a key that covers the shim's ABI number. The function types
        // are those of `shim::TEMPLATE`, and the pointers copied out of the symbols do not outlive `_library`.
        unsafe {
            let library = Loaded::new(path)?;
            let abi = *library.get::<unsafe extern "C" fn() -> u32>(b"underpass_abi\0")?;
            debug_assert_eq!(abi(), shim::ABI);
            Ok(Api {
                new: *library.get(b"underpass_new\0")?,
                delete: *library.get(b"underpass_delete\0")?,
                eval: *library.get(b"underpass_eval\0")?,
                tick: *library.get(b"underpass_tick\0")?,
                time: *library.get(b"underpass_time\0")?,
                error: *library.get(b"underpass_error\0")?,
                trace: *library.get(b"underpass_trace\0")?,
                coverage: *library.get(b"underpass_coverage\0")?,
                _library: library,
            })
        }
    }
}

/// A port's storage inside a model.
struct Slot {
    at: NonNull<c_void>,
    width: usize,
}

/// One C++ model and its ports, in the order of the list it was built with.
pub(crate) struct Model {
    handle: NonNull<c_void>,
    slots: Vec<Slot>,
    api: Arc<Api>,
}

// SAFETY: a model is a plain C++ object without threads of its own; the shim sets Verilator's thread-local context
// before each use, and `&mut self` on all that evaluates keeps uses apart.
unsafe impl Send for Model {}

impl Model {
    /// A new model, every register and input zero; `None` if C++ could not make one.
    pub(crate) fn new(api: Arc<Api>, ports: &[Port]) -> Option<Model> {
        let mut at = vec![ptr::null_mut(); ports.len()];
        // SAFETY: `at` has room for the pointers of all ports, which is what the shim built for this list writes.
        let handle = NonNull::new(unsafe { (api.new)(at.len() as u64, at.as_mut_ptr()) })?;
        let mut model = Model {
            handle,
            slots: Vec::with_capacity(ports.len()),
            api,
        };
        for (at, port) in at.into_iter().zip(ports) {
            model.slots.push(Slot {
                at: NonNull::new(at)?,
                width: port.width,
            });
        }
        Some(model)
    }

    /// Settles the logic with the clock low.
    pub(crate) fn eval(&mut self) -> Result<(), String> {
        // SAFETY: the handle is live until `drop`, and borrowed mutably.
        let done = unsafe { (self.api.eval)(self.handle.as_ptr()) };
        self.done(done)
    }

    /// Whole clocks.
    pub(crate) fn tick(&mut self, clocks: u64, half_period: u64) -> Result<(), String> {
        // SAFETY: as in `eval`.
        let done = unsafe { (self.api.tick)(self.handle.as_ptr(), clocks, half_period) };
        self.done(done)
    }

    /// Simulated time.
    pub(crate) fn time(&self) -> u64 {
        // SAFETY: the handle is live, and reading the time changes nothing.
        unsafe { (self.api.time)(self.handle.as_ptr()) }
    }

    /// Starts a waveform.
    pub(crate) fn trace(&mut self, path: &CString) -> Result<(), String> {
        // SAFETY: as in `eval`; the path ends with a zero byte and is only read during the call.
        let done = unsafe { (self.api.trace)(self.handle.as_ptr(), path.as_ptr()) };
        self.done(done)
    }

    /// Writes what was covered so far.
    pub(crate) fn coverage(&mut self, path: &CString) -> Result<(), String> {
        // SAFETY: as in `trace`.
        let done = unsafe { (self.api.coverage)(self.handle.as_ptr(), path.as_ptr()) };
        self.done(done)
    }

    #[inline]
    fn done(&self, done: bool) -> Result<(), String> {
        if done {
            return Ok(());
        }
        // SAFETY: the shim returns a string that lives as long as the model and changes only in a later call.
        let text = unsafe { CStr::from_ptr((self.api.error)(self.handle.as_ptr())) };
        Err(text.to_string_lossy().into_owned())
    }

    /// Writes a port of up to 64 bits (of a wider one, the low 64; the rest is zero). Bits above the width are cut off,
    /// since Verilator counts on their being zero.
    #[inline]
    pub(crate) fn write_u64(&mut self, slot: usize, value: u64) {
        let Slot { at, width } = self.slots[slot];
        if width > 64 {
            return self.write(slot, &[value as u32, (value >> 32) as u32]);
        }
        let value = value & (u64::MAX >> (64 - width));
        // SAFETY: the shim's static_asserts tie the storage's size to the width as `storage_bytes` does, C++ aligns it
        // for its type, it lives as long as the model, and no reference to it exists.
        unsafe {
            match width {
                0..=8 => at.cast::<u8>().write(value as u8),
                9..=16 => at.cast::<u16>().write(value as u16),
                17..=32 => at.cast::<u32>().write(value as u32),
                _ => at.cast::<u64>().write(value),
            }
        }
    }

    /// Reads the low 64 bits of a port.
    #[inline]
    pub(crate) fn read_u64(&self, slot: usize) -> u64 {
        let Slot { at, width } = self.slots[slot];
        // SAFETY: as in `write_u64`; a wide port has at least three words.
        unsafe {
            match width {
                0..=8 => at.cast::<u8>().read().into(),
                9..=16 => at.cast::<u16>().read().into(),
                17..=32 => at.cast::<u32>().read().into(),
                33..=64 => at.cast::<u64>().read(),
                _ => {
                    let words = at.cast::<u32>();
                    u64::from(words.read()) | u64::from(words.add(1).read()) << 32
                }
            }
        }
    }

    /// Writes 32-bit words, lowest first. Words that are not given are zero, bits above the width are cut off.
    #[inline]
    pub(crate) fn write(&mut self, slot: usize, words: &[u32]) {
        let Slot { at, width } = self.slots[slot];
        let word = |n: usize| words.get(n).copied().unwrap_or(0);
        if width <= 64 {
            return self.write_u64(slot, u64::from(word(0)) | u64::from(word(1)) << 32);
        }
        let (room, given) = (width.div_ceil(32), words.len().min(width.div_ceil(32)));
        let at = at.cast::<u32>().as_ptr();
        // SAFETY: the storage holds `room` words (see `write_u64`), `given` is no more than that nor than `words` has,
        // and Rust's slice cannot overlap memory that C++ allocated.
        unsafe {
            ptr::copy_nonoverlapping(words.as_ptr(), at, given);
            ptr::write_bytes(at.add(given), 0, room - given);
            if !width.is_multiple_of(32) {
                let top = at.add(room - 1);
                top.write(top.read() & (u32::MAX >> (32 - width % 32)));
            }
        }
    }

    /// Reads 32-bit words, lowest first; what `out` has beyond the port is zeroed.
    #[inline]
    pub(crate) fn read(&self, slot: usize, out: &mut [u32]) {
        let Slot { at, width } = self.slots[slot];
        if width <= 64 {
            let value = self.read_u64(slot);
            for (n, word) in out.iter_mut().enumerate() {
                *word = value.checked_shr(32 * n as u32).unwrap_or(0) as u32;
            }
            return;
        }
        let taken = out.len().min(width.div_ceil(32));
        // SAFETY: the storage holds at least `taken` words, and so does `out`; they cannot overlap.
        unsafe { ptr::copy_nonoverlapping(at.cast::<u32>().as_ptr(), out.as_mut_ptr(), taken) };
        out[taken..].fill(0);
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: the handle came from `new`, is deleted once, and the library is still loaded through `api`.
        unsafe { (self.api.delete)(self.handle.as_ptr()) }
    }
}
