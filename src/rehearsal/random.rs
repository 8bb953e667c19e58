//! A small deterministic source of randomness (splitmix64), so that a seed means the same merchant on
//! every machine and with every version of every dependency. Not for secrets.

/// A stream of pseudo-random numbers.
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// The stream of a seed and a purpose. Streams of different purposes do not influence each other,
    /// so one more account, or one more order, leaves everybody else's figures as they were.
    #[must_use]
    pub(super) fn for_purpose(seed: u64, purpose: &str) -> Self {
        // FNV-1a, 64 bit.
        let hash = purpose
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut random = Self { state: hash ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) };
        random.draw();
        random
    }

    /// The next number.
    pub(super) fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..bound`; 0 for an empty range.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.draw().checked_rem(bound).unwrap_or(0)
    }

    /// A number in `from..=until`.
    pub(super) fn between(&mut self, from: i64, until: i64) -> i64 {
        let width = u64::try_from(until - from).unwrap_or(0) + 1;
        from + i64::try_from(self.below(width)).unwrap_or(0)
    }

    /// True in so many of a thousand cases.
    pub(super) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of the entries; `None` only of an empty list.
    pub(super) fn choose<'a, T>(&mut self, entries: &'a [T]) -> Option<&'a T> {
        let position = usize::try_from(self.below(entries.len() as u64)).unwrap_or(0);
        entries.get(position)
    }

    /// So many decimal digits.
    pub(super) fn digits(&mut self, count: usize) -> String {
        self.symbols(b"0123456789", count)
    }

    /// So many upper-case letters and digits.
    pub(super) fn capitals(&mut self, count: usize) -> String {
        self.symbols(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", count)
    }

    /// The shape of a UUID, version 4.
    pub(super) fn uuid(&mut self) -> String {
        let mut hex = |count| self.symbols(b"0123456789abcdef", count);
        format!("{}-{}-4{}-a{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12))
    }

    fn symbols(&mut self, alphabet: &[u8], count: usize) -> String {
        (0..count).filter_map(|_| self.choose(alphabet).copied()).map(char::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_purpose_make_one_stream() {
        let draw = |seed, purpose| Random::for_purpose(seed, purpose).draw();
        assert_eq!(draw(1, "orders"), draw(1, "orders"));
        assert_ne!(draw(1, "orders"), draw(2, "orders"));
        assert_ne!(draw(1, "orders"), draw(1, "reserve"));
    }

    #[test]
    fn numbers_stay_in_their_range() {
        let mut random = Random::for_purpose(7, "range");
        for _ in 0..1_000 {
            assert!((3..=9).contains(&random.between(3, 9)));
            assert!(random.below(5) < 5);
        }
        assert_eq!(random.below(0), 0);
        assert_eq!(random.uuid().len(), 36);
        assert!(random.digits(7).bytes().all(|digit| digit.is_ascii_digit()));
    }
}
