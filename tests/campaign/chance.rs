//! Seeded chance, so that a campaign can be repeated.

/// A generator of numbers (PCG's linear step with xorshifted output).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Self(seed ^ 0x9e37_79b9_7f4a_7c15);
        chance.next();
        chance
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 29)
    }

    /// From 0 to below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Some of the numbers from 1 to `last`, ascending; all, where there are not more.
    pub(crate) fn some(&mut self, last: u64, count: u64) -> Vec<u64> {
        if count >= last {
            return (1..=last).collect();
        }
        // One out of each of equal stretches, so that no part is passed over.
        (0..count)
            .map(|part| {
                let (from, to) = (part * last / count, (part + 1) * last / count);
                1 + from + self.below(to - from)
            })
            .collect()
    }
}
