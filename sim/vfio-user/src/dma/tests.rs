//! `Dma` against a model that knows every byte, and the cases that a model would not think of.

use std::os::fd::AsRawFd;

use proptest::collection::vec;
use proptest::prelude::*;
use rustix::fs::{fcntl_setfl, ftruncate, memfd_create, MemfdFlags};
use rustix::io::fcntl_dupfd_cloexec;

use super::*;

const PAGE: u64 = 4096;

fn file(pages: u64) -> OwnedFd {
    let file = memfd_create("dma-test", MemfdFlags::CLOEXEC).unwrap();
    ftruncate(&file, pages * PAGE).unwrap();
    file
}

fn again(file: &OwnedFd) -> OwnedFd {
    fcntl_dupfd_cloexec(file, 0).unwrap()
}

fn map(iova: u64, size: u64, offset: u64, protection: Protection) -> DmaMap {
    DmaMap {
        iova,
        size,
        offset,
        protection,
    }
}

fn range(iova: u64, size: u64) -> DmaUnmap {
    DmaUnmap::Range { iova, size }
}

fn bytes(file: &OwnedFd, offset: u64, len: usize) -> Vec<u8> {
    let mut data = vec![0; len];
    assert_eq!(rustix::io::pread(file, &mut data[..], offset), Ok(len));
    data
}

#[test]
fn a_page_of_memory_each_is_one_file() {
    let memory = file(64);
    let mut dma = Dma::default();
    for page in 0..64 {
        // Backwards in the file, so that neighbours in the address space are none there.
        let place = map(
            page * PAGE,
            PAGE,
            (63 - page) * PAGE,
            Protection::READ_WRITE,
        );
        dma.map(place, Some(again(&memory))).unwrap();
    }
    assert_eq!((dma.mappings(), dma.files()), (64, 1));
    let data: Vec<u8> = (0..64 * PAGE).map(|at| (at / PAGE) as u8).collect();
    dma.write(0, &data).unwrap();
    assert_eq!(bytes(&memory, 63 * PAGE, 4096), [0; 4096]);
    assert_eq!(bytes(&memory, 0, 4096), [63; 4096]);
    let mut back = vec![0; data.len()];
    dma.read(0, &mut back).unwrap();
    assert_eq!(back, data);
    dma.unmap(range(0, 64 * PAGE)).unwrap();
    assert_eq!((dma.mappings(), dma.files()), (0, 0));
}

#[test]
fn the_last_address_can_be_mapped_reached_and_unmapped() {
    let memory = file(1);
    let mut dma = Dma::default();
    dma.map(
        map(u64::MAX - 4095, PAGE, 0, Protection::READ_WRITE),
        Some(again(&memory)),
    )
    .unwrap();
    dma.write(u64::MAX - 1, &[1, 2]).unwrap();
    assert_eq!(bytes(&memory, 4094, 2), [1, 2]);
    assert!(matches!(
        dma.write(u64::MAX, &[1, 2]),
        Err(DmaError::BeyondEnd {
            iova: u64::MAX,
            count: 2
        })
    ));
    // What QEMU sends when it takes the upper part of the address space away.
    dma.unmap(range(0xfef0_0000, 0xffff_ffff_0110_0000))
        .unwrap();
    assert_eq!(dma.mappings(), 0);
    assert!(matches!(
        dma.unmap(range(2, u64::MAX)),
        Err(DmaError::BadRange { .. })
    ));
}

#[test]
fn memory_without_a_file_is_mapped_and_refused() {
    let mut dma = Dma::default();
    dma.map(map(0, PAGE, 0, Protection::READ_WRITE), None)
        .unwrap();
    assert!(matches!(
        dma.read(8, &mut [0]),
        Err(DmaError::NoFile { iova: 8 })
    ));
    assert!(matches!(
        dma.map(map(0, 1, 0, Protection::READ), None),
        Err(DmaError::Overlaps { other: 0, .. })
    ));
    dma.unmap(DmaUnmap::All).unwrap();
    assert!(matches!(
        dma.read(8, &mut [0]),
        Err(DmaError::NotMapped { iova: 8 })
    ));
}

#[test]
fn a_file_made_shorter_is_an_error_and_stays_short() {
    let memory = file(2);
    let mut dma = Dma::default();
    dma.map(
        map(0, 2 * PAGE, 0, Protection::READ_WRITE),
        Some(again(&memory)),
    )
    .unwrap();
    ftruncate(&memory, 100).unwrap();
    let beyond = |result| match result {
        Err(DmaError::Memory(MemoryError::BeyondFile { end, size })) => (end, size),
        other => panic!("expected an access beyond the file, found {other:?}"),
    };
    assert_eq!(beyond(dma.read(96, &mut [0; 8])), (104, 100));
    assert_eq!(beyond(dma.write(4096, &[0; 8])), (4104, 100));
    assert_eq!(beyond(dma.write(93, &[0; 8])), (101, 100));
    assert_eq!(rustix::fs::fstat(&memory).unwrap().st_size, 100);
    dma.write(92, &[7; 8]).unwrap();
}

#[test]
fn a_descriptor_must_fit_what_the_mapping_allows() {
    let memory = file(1);
    let reopen = |options: &std::fs::OpenOptions| {
        OwnedFd::from(
            options
                .open(format!("/proc/self/fd/{}", memory.as_raw_fd()))
                .unwrap(),
        )
    };
    let mut dma = Dma::default();
    let mut read_only = std::fs::File::options();
    let read_only = reopen(read_only.read(true));
    let not_opened =
        |result| matches!(result, Err(DmaError::Memory(MemoryError::NotOpened { .. })));
    assert!(not_opened(dma.map(
        map(0, PAGE, 0, Protection::READ_WRITE),
        Some(again(&read_only))
    )));
    dma.map(map(0, PAGE, 0, Protection::READ), Some(read_only))
        .unwrap();
    let mut write_only = std::fs::File::options();
    assert!(not_opened(dma.map(
        map(PAGE, PAGE, 0, Protection::READ),
        Some(reopen(write_only.write(true)))
    )));
    // A write would go to the end of the file.
    let mut both = std::fs::File::options();
    let append = reopen(both.read(true).write(true));
    fcntl_setfl(&append, rustix::fs::OFlags::APPEND).unwrap();
    assert!(not_opened(
        dma.map(map(PAGE, PAGE, 0, Protection::WRITE), Some(append))
    ));
    assert_eq!((dma.mappings(), dma.files()), (1, 1));
}

#[test]
fn only_regular_files_hold_memory() {
    let mut dma = Dma::default();
    let (socket, _peer) = std::os::unix::net::UnixStream::pair().unwrap();
    let folder = std::fs::File::open("/").unwrap();
    let device = std::fs::File::open("/dev/zero").unwrap();
    for odd in [OwnedFd::from(socket), folder.into(), device.into()] {
        let result = dma.map(map(0, PAGE, 0, Protection::READ), Some(odd));
        assert!(
            matches!(
                result,
                Err(DmaError::Memory(MemoryError::NotRegular { .. }))
            ),
            "{result:?}"
        );
    }
    assert_eq!((dma.mappings(), dma.files()), (0, 0));
}

#[test]
fn there_is_a_limit_to_mappings() {
    let mut dma = Dma::with_limit(2);
    dma.map(map(0, 1, 0, Protection::READ), None).unwrap();
    dma.map(map(1, 1, 0, Protection::READ), None).unwrap();
    assert!(matches!(
        dma.map(map(2, 1, 0, Protection::READ), None),
        Err(DmaError::TooMany { limit: 2 })
    ));
}

/// Huge pages can only be had where the machine has set some aside.
#[test]
fn huge_pages_are_written_too() {
    const HUGE: u64 = 2 << 20;
    let mut dma = Dma::default();
    let mapped = memfd_create(
        "huge",
        MemfdFlags::CLOEXEC | MemfdFlags::HUGETLB | MemfdFlags::HUGE_2MB,
    )
    .and_then(|memory| ftruncate(&memory, 2 * HUGE).map(|()| memory))
    .map_err(|error| DmaError::Memory(error.into()))
    .and_then(|memory| {
        dma.map(
            map(0, 2 * HUGE, 0, Protection::READ_WRITE),
            Some(again(&memory)),
        )
        .map(|()| memory)
    });
    let memory = match mapped {
        Ok(memory) => memory,
        Err(error) => {
            eprintln!("SKIPPED huge_pages_are_written_too: no huge pages here ({error:?}), see /proc/sys/vm/nr_hugepages");
            return;
        }
    };
    dma.write(HUGE - 2, &[1, 2, 3, 4]).unwrap();
    let mut back = [0; 6];
    dma.read(HUGE - 3, &mut back).unwrap();
    assert_eq!(back, [0, 1, 2, 3, 4, 0]);
    ftruncate(&memory, HUGE).unwrap();
    let result = dma.write(HUGE, &[1]);
    assert!(
        matches!(
            result,
            Err(DmaError::Memory(MemoryError::BeyondFile { .. }))
        ),
        "{result:?}"
    );
    // Not even the check before it saves a mapping that is gone: the kernel must say so, and no signal come.
    let window = dma
        .mappings
        .values()
        .next()
        .unwrap()
        .place
        .as_ref()
        .unwrap();
    assert!(window.memory.write(HUGE, &[1]).is_err());
}

/// One mapping as the model keeps it: addresses are wide, so that nothing overflows.
#[derive(Clone, Debug)]
struct Known {
    start: u128,
    end: u128,
    protection: Protection,
    file: Option<(usize, u64)>,
}

#[derive(Default)]
struct Model {
    known: Vec<Known>,
    files: [Vec<u8>; 2],
}

impl Model {
    fn place(&self, at: u128, wish: Protection) -> Option<(usize, usize)> {
        let found = self
            .known
            .iter()
            .find(|known| (known.start..known.end).contains(&at))?;
        let allowed = (!wish.readable || found.protection.readable)
            && (!wish.writable || found.protection.writable);
        let (file, offset) = found.file.filter(|_| allowed)?;
        let at = usize::try_from(u128::from(offset) + (at - found.start)).ok()?;
        (at < self.files[file].len()).then_some((file, at))
    }

    fn places(&self, iova: u64, len: usize, wish: Protection) -> Option<Vec<(usize, usize)>> {
        let end = u128::from(iova) + len as u128;
        if len > 0 && end > 1 << 64 {
            return None;
        }
        (u128::from(iova)..end)
            .map(|at| self.place(at, wish))
            .collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Map(DmaMap, Option<usize>),
    Unmap(DmaUnmap),
    Read(u64, usize),
    Write(u64, Vec<u8>),
}

/// Two small neighbourhoods: the first addresses and the last ones.
fn address() -> impl Strategy<Value = u64> {
    prop_oneof![0..64u64, (0..64u64).prop_map(|below| u64::MAX - below)]
}

fn step() -> impl Strategy<Value = Step> {
    let protection =
        any::<(bool, bool)>().prop_map(|(readable, writable)| Protection { readable, writable });
    let size = prop_oneof![8 => 0..24u64, 1 => any::<u64>()];
    let unmap_size = prop_oneof![8 => 0..64u64, 1 => Just(u64::MAX), 1 => any::<u64>()];
    prop_oneof![
        4 => (address(), size, 0..100u64, protection, prop::option::weighted(0.9, 0..2usize))
            .prop_map(|(iova, size, offset, protection, file)| Step::Map(map(iova, size, offset, protection), file)),
        1 => (address(), unmap_size).prop_map(|(iova, size)| Step::Unmap(range(iova, size))),
        3 => (address(), 0..32usize).prop_map(|(iova, len)| Step::Read(iova, len)),
        3 => (address(), vec(any::<u8>(), 0..32)).prop_map(|(iova, data)| Step::Write(iova, data)),
    ]
}

proptest! {
    #[test]
    fn agrees_with_a_model_that_knows_every_byte(steps in vec(step(), 1..60)) {
        let files = [file(0), file(0)];
        let mut model = Model::default();
        for (file, known) in files.iter().zip(&mut model.files) {
            ftruncate(file, 96).unwrap();
            known.resize(96, 0);
        }
        let mut dma = Dma::default();
        for step in steps {
            match step {
                Step::Map(wanted, which) => {
                    let done = dma.map(wanted, which.map(|which| again(&files[which])));
                    let start = u128::from(wanted.iova);
                    let end = start + u128::from(wanted.size);
                    let free = model.known.iter().all(|known| end <= known.start || known.end <= start);
                    let in_file = which.is_none() || u128::from(wanted.offset) + u128::from(wanted.size) <= 1 << 64;
                    prop_assert_eq!(done.is_ok(), free && in_file && start < end && end <= 1 << 64, "{:?}", done);
                    if done.is_ok() {
                        let file = which.map(|which| (which, wanted.offset));
                        model.known.push(Known { start, end, protection: wanted.protection, file });
                    }
                }
                Step::Unmap(DmaUnmap::All) => unreachable!("not among the steps"),
                Step::Unmap(wanted @ DmaUnmap::Range { iova, size }) => {
                    let (start, end) = (u128::from(iova), u128::from(iova) + u128::from(size));
                    let apart = |known: &Known| end <= known.start || known.end <= start;
                    let inside = |known: &Known| start <= known.start && known.end <= end;
                    let whole = model.known.iter().all(|known| apart(known) || inside(known));
                    let done = dma.unmap(wanted);
                    prop_assert_eq!(done.is_ok(), whole && start < end && end <= 1 << 64, "{:?}", done);
                    if done.is_ok() {
                        model.known.retain(apart);
                    }
                }
                Step::Read(iova, len) => {
                    let mut data = vec![0; len];
                    let done = dma.read(iova, &mut data);
                    let expected = model.places(iova, len, Protection::READ);
                    let expected: Option<Vec<u8>> =
                        expected.map(|places| places.into_iter().map(|(file, at)| model.files[file][at]).collect());
                    prop_assert_eq!(done.is_ok().then_some(data), expected, "{:?}", done);
                }
                Step::Write(iova, data) => {
                    let done = dma.write(iova, &data);
                    let expected = model.places(iova, data.len(), Protection::WRITE);
                    prop_assert_eq!(done.is_ok(), expected.is_some(), "{:?}", done);
                    for ((file, at), byte) in expected.into_iter().flatten().zip(data) {
                        model.files[file][at] = byte;
                    }
                }
            }
            prop_assert_eq!(dma.mappings(), model.known.len());
            for (file, known) in files.iter().zip(&model.files) {
                prop_assert_eq!(&bytes(file, 0, 96), known);
            }
        }
    }
}
