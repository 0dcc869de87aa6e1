//! Whose turn it is, by the highest of several numbers that nothing but chance connects (rendezvous hashing): who goes
//! leaves to others only what was its own, and who comes takes from others only what it wins.

/// How much a contender, told by these words, wants `what`.
pub(crate) fn share(what: u32, contender: &[u32]) -> u64 {
    let words = contender.iter().fold(u64::from(what), |sum, word| {
        mixed(sum.rotate_left(32) ^ u64::from(*word))
    });
    mixed(words ^ u64::from(what))
}

/// The finish of SplitMix64 (Steele, Lea, Flood 2014): every bit of the result depends on every bit of the number.
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contenders_win_alike_often() {
        for contenders in 2u32..20 {
            let mut won = vec![0u32; contenders as usize];
            for what in 0..4096 {
                let winner = (0..contenders).max_by_key(|one| share(what, &[20 + one, 0]));
                won[winner.expect("one of them") as usize] += 1;
            }
            let fair = 4096 / contenders;
            assert!(
                won.iter().all(|won| won.abs_diff(fair) < fair / 3),
                "{won:?} of 4096"
            );
        }
    }
}
