//! The table in which keys are looked up: eight bytes for a key, whatever its length.
//!
//! A slot keeps half of a hash, so what is found is compared as text by whoever asks. Places can be fetched from
//! memory ahead, many at a time.

/// A table from hashes to values; several values may share a hash. A slot keeps half of the hash, so what is
/// found has to be compared by its text.
#[derive(Debug, Default)]
pub(super) struct KeyTable {
    slots: Vec<Slot>,
    taken: usize,
    /// The values of slots that have several.
    chained: Vec<Chained>,
}

/// What a table has below a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing.
    None,
    /// One value.
    One(u32),
    /// Several values.
    Several,
}

#[derive(Clone, Copy, Debug)]
struct Chained {
    value: u32,
    /// One more than the place of the next one; zero at the end.
    next: u32,
}

/// Eight bytes, so that the slots of a million orders stay near the processor.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    tag: u32,
    /// One more than the value; above [`CHAIN`] one more than the place of the first chained value; zero where
    /// the slot is free.
    head: u32,
}

/// Marks a slot of several values. Values and chained values stay below it, or are not taken: two thousand
/// million orders do not fit any memory.
const CHAIN: u32 = 1 << 31;

impl KeyTable {
    /// Room for a number of hashes, half of the slots free.
    pub(super) fn with_capacity(hashes: usize) -> Self {
        let slots = vec![Slot::default(); hashes.max(8).saturating_mul(2).next_power_of_two()];
        Self { slots, taken: 0, chained: Vec::new() }
    }

    /// Adds a value below a hash.
    pub(super) fn insert(&mut self, hash: u64, value: u32) {
        if value >= CHAIN - 1 || self.chained.len() >= CHAIN as usize - 2 {
            return;
        }
        if self.taken.saturating_mul(2) >= self.slots.len() {
            self.grow();
        }
        let Some(place) = self.place_of(tag_of(hash)) else { return };
        let Some(slot) = self.slots.get_mut(place) else { return };
        if slot.head == 0 {
            *slot = Slot { tag: tag_of(hash), head: value + 1 };
            self.taken += 1;
            return;
        }
        if slot.head < CHAIN {
            self.chained.push(Chained { value: slot.head - 1, next: 0 });
            slot.head = CHAIN + u32::try_from(self.chained.len()).unwrap_or_default();
        }
        self.chained.push(Chained { value, next: slot.head - CHAIN });
        slot.head = CHAIN + u32::try_from(self.chained.len()).unwrap_or_default();
    }

    /// Fetches from memory what the hashes will look at, all at once.
    pub(super) fn fetch(&self, hashes: impl Iterator<Item = u64>) {
        hashes.for_each(|hash| {
            std::hint::black_box(
                self.first_place(tag_of(hash)).and_then(|place| self.slots.get(place)).map(|slot| slot.head),
            );
        });
    }

    /// What there is below a hash, or below one that shares its half.
    pub(super) fn find(&self, hash: u64) -> Found {
        match self.head_of(hash) {
            0 => Found::None,
            head if head < CHAIN => Found::One(head - 1),
            _ => Found::Several,
        }
    }

    /// The values below a hash, the latest of several first.
    pub(super) fn get(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let head = self.head_of(hash);
        let mut one = (1..CHAIN).contains(&head).then(|| head - 1);
        let mut next = head.saturating_sub(CHAIN);
        std::iter::from_fn(move || {
            one.take().or_else(|| {
                let chained = self.chained.get((next as usize).checked_sub(1)?)?;
                next = chained.next;
                Some(chained.value)
            })
        })
    }

    fn head_of(&self, hash: u64) -> u32 {
        let slot = self.place_of(tag_of(hash)).and_then(|place| self.slots.get(place));
        slot.map_or(0, |slot| slot.head)
    }

    /// The slot of a tag, or the free one where it would be put.
    fn place_of(&self, tag: u32) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut place = self.first_place(tag)?;
        loop {
            let slot = self.slots.get(place)?;
            if slot.head == 0 || slot.tag == tag {
                return Some(place);
            }
            place = (place + 1) & mask;
        }
    }

    /// Where a tag belongs: the upper bits say it, as the slots are a power of two.
    fn first_place(&self, tag: u32) -> Option<usize> {
        usize::try_from((u64::from(tag) * self.slots.len() as u64) >> u32::BITS).ok()
    }

    fn grow(&mut self) {
        let slots = vec![Slot::default(); self.slots.len().max(8) * 2];
        for slot in std::mem::replace(&mut self.slots, slots).into_iter().filter(|slot| slot.head != 0) {
            if let Some(free) = self.place_of(slot.tag).and_then(|place| self.slots.get_mut(place)) {
                *free = slot;
            }
        }
    }
}

/// The half of a hash that a slot keeps; all bits of a hash are equally good.
fn tag_of(hash: u64) -> u32 {
    (hash >> u32::BITS) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_gives_back_every_value_of_a_hash_and_no_other() {
        let spread = |number: u64| (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut table = KeyTable::with_capacity(0);
        for value in 0..5_000_u32 {
            table.insert(spread(u64::from(value % 1_000)), value);
        }
        table.insert(spread(1_000), 7);
        for number in 0..1_000_u64 {
            let found: Vec<u32> = table.get(spread(number)).collect();
            let wanted: Vec<u32> = (0..5_u32).rev().map(|round| round * 1_000 + number as u32).collect();
            assert_eq!(found, wanted);
            assert_eq!(table.find(spread(number)), Found::Several);
        }
        assert_eq!((table.find(spread(1_000)), table.find(spread(1_001))), (Found::One(7), Found::None));
        assert_eq!((table.get(spread(1_000)).count(), table.get(spread(1_001)).count()), (1, 0));
        assert_eq!(KeyTable::default().get(7).count(), 0);
        assert_eq!(KeyTable::default().find(7), Found::None);
    }
}
