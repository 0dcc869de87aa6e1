//! Addresses as the tables hold them: 128 bits, most significant byte first, with a flag for the family. An IPv4
//! address lies in the low 32 bits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The bits of an address, and whether it is IPv6.
pub(super) fn bits(address: IpAddr) -> (u128, bool) {
    match address {
        IpAddr::V4(address) => (address.to_bits().into(), false),
        IpAddr::V6(address) => (address.to_bits(), true),
    }
}

/// The address of these bits.
pub(super) fn address(bits: u128, v6: bool) -> IpAddr {
    if v6 {
        Ipv6Addr::from_bits(bits).into()
    } else {
        Ipv4Addr::from_bits(bits as u32).into()
    }
}

/// Bits of an address of a family, which is the length of a route to one of them.
pub(crate) const fn width(v6: bool) -> u8 {
    if v6 {
        128
    } else {
        32
    }
}

/// The bits of an address that a prefix of `length` keeps.
#[cfg(test)]
pub(crate) const fn mask(v6: bool, length: u8) -> u128 {
    let behind = width(v6) - length;
    let all = u128::MAX >> (128 - width(v6));
    match u128::MAX.checked_shl(behind as u32) {
        Some(mask) => mask & all,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_back_from_its_bits() {
        for text in ["10.0.0.3", "2001:db8::3", "::3"] {
            let one: IpAddr = text.parse().expect("an address");
            let (bits, v6) = bits(one);
            assert_eq!(address(bits, v6), one);
        }
    }

    #[test]
    fn a_mask_keeps_what_is_in_front() {
        assert_eq!(mask(false, 0), 0);
        assert_eq!(mask(false, 24), 0xffff_ff00);
        assert_eq!(mask(false, 32), 0xffff_ffff);
        assert_eq!(mask(true, 0), 0);
        assert_eq!(mask(true, 127), u128::MAX - 1);
        assert_eq!(mask(true, 128), u128::MAX);
    }
}
