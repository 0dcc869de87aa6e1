//! What a card says it is: the magic number, the id of its layout, its profile and its build.
//!
//! Sizes are asked for, never assumed: a card whose tables differ from its profile is refused before anything is
//! written into it.

use underpass_layout::id::layout_id;
use underpass_layout::profile::{Profile, PROFILES};
use underpass_layout::registers::{
    ADDRESS_ROW_BITS, BUILD, LAYOUT_ID_HIGH, LAYOUT_ID_LOW, MAGIC, MAGIC_VALUE, PROFILE,
    TABLE_ADDRESS, TABLE_ROWS,
};
use underpass_layout::tables::TABLES;

use super::DriverError;
use crate::access::CardAccess;

/// What a card said it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The id of its layout, which is ours.
    pub layout_id: u64,
    /// The sizes of its tables.
    pub profile: &'static Profile,
    /// Low half of the hash of the RTL it was built from.
    pub build: u32,
}

impl Identity {
    /// Asks a card.
    pub fn read(card: &mut impl CardAccess) -> Result<Identity, DriverError> {
        let found = card.read(MAGIC)?;
        if found != MAGIC_VALUE {
            return Err(DriverError::NotACard {
                found,
                expected: MAGIC_VALUE,
            });
        }
        let low = card.read(LAYOUT_ID_LOW)?;
        let high = card.read(LAYOUT_ID_HIGH)?;
        let id = u64::from(high) << 32 | u64::from(low);
        if id != layout_id() {
            return Err(DriverError::OtherLayout {
                card: id,
                driver: layout_id(),
            });
        }
        let profile = profile(card.read(PROFILE)?)?;
        rows(card, profile)?;
        let build = card.read(BUILD)?;
        Ok(Identity {
            layout_id: id,
            profile,
            build,
        })
    }
}

fn profile(code: u32) -> Result<&'static Profile, DriverError> {
    let found = PROFILES.iter().find(|profile| profile.code() == code);
    found.ok_or_else(|| DriverError::UnknownProfile {
        found: String::from_utf8_lossy(&code.to_le_bytes())
            .trim_end()
            .to_owned(),
    })
}

fn rows(card: &mut impl CardAccess, profile: &Profile) -> Result<(), DriverError> {
    for table in TABLES {
        card.write(TABLE_ADDRESS, table.id << ADDRESS_ROW_BITS)?;
        let found = card.read(TABLE_ROWS)?;
        if found as usize != profile.rows(table) {
            return Err(DriverError::OtherRows {
                table: table.name,
                profile: profile.name,
                found,
                expected: profile.rows(table),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::AccessError;
    use underpass_layout::profile::SIM;

    /// Identity registers and nothing else; one of them may be changed.
    struct Fake {
        changed: (u32, u32),
        table: u32,
    }

    impl CardAccess for Fake {
        fn read(&mut self, offset: u32) -> Result<u32, AccessError> {
            if self.changed.0 == offset {
                return Ok(self.changed.1);
            }
            Ok(match offset {
                MAGIC => MAGIC_VALUE,
                LAYOUT_ID_LOW => layout_id() as u32,
                LAYOUT_ID_HIGH => (layout_id() >> 32) as u32,
                PROFILE => SIM.code(),
                TABLE_ROWS => SIM.rows[self.table as usize] as u32,
                _ => 0,
            })
        }

        fn write(&mut self, offset: u32, value: u32) -> Result<(), AccessError> {
            assert_eq!(
                offset, TABLE_ADDRESS,
                "asking what a card is changes nothing"
            );
            self.table = value >> ADDRESS_ROW_BITS;
            Ok(())
        }
    }

    fn changed(offset: u32, value: u32) -> Result<Identity, DriverError> {
        Identity::read(&mut Fake {
            changed: (offset, value),
            table: 0,
        })
    }

    #[test]
    fn a_card_of_our_layout_is_taken() {
        let identity = changed(BUILD, 0xabcd).unwrap();
        assert_eq!(
            identity,
            Identity {
                layout_id: layout_id(),
                profile: &SIM,
                build: 0xabcd
            }
        );
    }

    #[test]
    fn another_layout_is_refused_with_both_ids_and_a_hint() {
        let error = changed(LAYOUT_ID_HIGH, 0x1234).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the card runs layout 00001234{:08x}, this program was built for layout {:016x}",
                layout_id() as u32,
                layout_id()
            )
        );
        assert!(error.hint().is_some());
    }

    #[test]
    fn what_is_no_card_of_ours_is_refused() {
        let error = changed(MAGIC, u32::MAX).unwrap_err();
        assert_eq!(
            error.to_string(),
            "found 0xffffffff in the first register, expected 0x50444e55: this is no Underpass card"
        );
    }

    #[test]
    fn an_unknown_profile_is_refused() {
        let error = changed(PROFILE, u32::from_le_bytes(*b"big ")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the card says it is of profile \"big\", expected one of `sim`, `u250`"
        );
    }

    #[test]
    fn tables_of_another_size_are_refused() {
        let error = changed(TABLE_ROWS, 7).unwrap_err();
        assert_eq!(
            error.to_string(),
            "table port of the card has 7 rows, expected 1024 in profile sim"
        );
    }
}
