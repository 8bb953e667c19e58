//! The keys by which a row of money finds its order, and the table in which they are looked up.
//!
//! Ids are compared without regard to case and to what shops append to them. The table is keyed with
//! random numbers, so that no file can make it slow; what it finds is compared as text.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Bytes of a key that are folded without an allocation.
const FOLD_BYTES: usize = 96;
/// Length of `P02-1234567-1234567`.
const PERMISSION_BYTES: usize = 19;
/// What shops append to an id of Amazon (`-capture` seen in Magento's plugin, the others by analogy).
const APPENDED: [&str; 4] = ["-capture", "-void", "-refund", "-auth"];

/// What an id of Amazon names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AmazonShape {
    /// `P02-1234567-1234567`: a charge permission, order reference or billing agreement.
    Permission,
    /// `…-C123456`: a charge; also an authorization, whose charge has the same digits.
    Charge,
    /// `…-R123456`
    Refund,
    /// `…-B123456`
    Dispute,
}

/// An id without what shops append, and what it names; `None` for text that is no id of Amazon.
pub(super) fn amazon_id(text: &str) -> Option<(&str, AmazonShape)> {
    let text = text.trim();
    if let Some(shape) = usual_shape(text.as_bytes()) {
        return Some((text, shape));
    }
    let bare = APPENDED.iter().find_map(|end| {
        let at = text.len().checked_sub(end.len())?;
        text.get(at..).filter(|tail| tail.eq_ignore_ascii_case(end)).and(text.get(..at))
    });
    let text = bare.unwrap_or(text);
    let mut parts = text.split('-');
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str| part.len() >= 6 && part.bytes().all(|byte| byte.is_ascii_digit());
    let head = first.len() == 3 && first.starts_with(|c: char| c.is_ascii_alphabetic());
    if !head || !digits(second) || !digits(third) {
        return None;
    }
    let shape = match (parts.next(), parts.next()) {
        (None, _) => AmazonShape::Permission,
        (Some(last), None) => shape_of(last.bytes().next()?)?,
        _ => return None,
    };
    Some((text, shape))
}

/// The shape of an id in the form that nearly all have: `P02-1234567-1234567`, perhaps with `-C123456` behind it.
fn usual_shape(text: &[u8]) -> Option<AmazonShape> {
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let (permission, rest) = text.split_at_checked(PERMISSION_BYTES)?;
    let &[letter, tens, ones, b'-', ref numbers @ ..] = permission else { return None };
    let (first, second) = numbers.split_at_checked(7)?;
    let sound = letter.is_ascii_alphabetic()
        && digits(&[tens, ones])
        && digits(first)
        && second.first() == Some(&b'-')
        && second.get(1..).is_some_and(digits);
    match rest {
        _ if !sound => None,
        [] => Some(AmazonShape::Permission),
        [b'-', letter, number @ ..] if number.len() == 6 && digits(number) => shape_of(*letter),
        _ => None,
    }
}

/// Whether a text is one id in its usual form and nothing else.
pub(super) fn is_usual_id(text: &str) -> bool {
    usual_shape(text.as_bytes()).is_some()
}

fn shape_of(letter: u8) -> Option<AmazonShape> {
    match letter.to_ascii_uppercase() {
        b'C' | b'A' => Some(AmazonShape::Charge),
        b'R' => Some(AmazonShape::Refund),
        b'B' => Some(AmazonShape::Dispute),
        _ => None,
    }
}

/// The charge permission of an id: what stands before its last part.
pub(super) fn permission_of(id: &str) -> Option<&str> {
    match amazon_id(id)? {
        (id, AmazonShape::Permission) => Some(id),
        (id, _) => id.rsplit_once('-').map(|(permission, _)| permission),
    }
}

/// Whether an id is of the sandbox: `S01-…`.
pub(super) fn is_sandbox(id: &str) -> bool {
    let mut bytes = id.bytes();
    let head = bytes.next().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'S'));
    head && bytes.next().is_some_and(|byte| byte.is_ascii_digit()) && amazon_id(id).is_some()
}

/// Whether a reference was made by Amazon: `AUTHORIZE_…`, or the 19 digits of a capture made by hand.
pub(super) fn is_made_by_amazon(reference: &str) -> bool {
    let digits = reference.len() == 19 && reference.bytes().all(|byte| byte.is_ascii_digit());
    digits || reference.starts_with("AUTHORIZE_")
}

/// An order number without a leading `#` and leading zeros.
pub(super) fn bare_number(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix('#').unwrap_or(text);
    let bare = text.trim_start_matches('0');
    if bare.is_empty() { text } else { bare }
}

/// Hashes keys of one run: words of eight bytes are multiplied with secret numbers, which is several times as
/// quick as the standard library's hash on texts this short. What hashes find is compared as text, so a hash
/// that fails costs time and nothing else.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyHasher {
    seed: u64,
    factor: u64,
}

impl Default for KeyHasher {
    fn default() -> Self {
        let random = RandomState::new();
        Self { seed: random.hash_one(1_u8), factor: random.hash_one(2_u8) | 1 }
    }
}

impl KeyHasher {
    /// The hash of a text without regard to case; zero for an empty one.
    pub(super) fn name(&self, text: &str) -> u64 {
        self.hash(text, false)
    }

    /// The hash of an id of Amazon; an authorization hashes like its charge.
    pub(super) fn amazon(&self, id: &str) -> u64 {
        self.hash(id, true)
    }

    fn hash(&self, text: &str, is_amazon: bool) -> u64 {
        if text.is_empty() {
            return 0;
        }
        let mut buffer = [0_u8; FOLD_BYTES];
        match buffer.get_mut(..text.len()) {
            Some(folded) if text.is_ascii() => {
                folded.copy_from_slice(text.as_bytes());
                folded.make_ascii_uppercase();
                if is_amazon {
                    authorization_to_charge(folded);
                }
                self.of_bytes(folded)
            }
            _ => {
                let mut folded = text.to_uppercase().into_bytes();
                if is_amazon {
                    authorization_to_charge(&mut folded);
                }
                self.of_bytes(&folded)
            }
        }
    }

    fn of_bytes(&self, bytes: &[u8]) -> u64 {
        let mix = |state: u64, word: u64| {
            let product = u128::from(state ^ word) * u128::from(self.factor);
            (product as u64) ^ (product >> u64::BITS) as u64
        };
        let (words, rest) = bytes.as_chunks::<8>();
        let state = words.iter().fold(self.seed, |state, word| mix(state, u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        // The length tells texts apart that differ in zeros at their end; twice, so that every bit counts.
        let state = mix(state, u64::from_le_bytes(last));
        mix(mix(state, bytes.len() as u64), self.seed).max(1)
    }
}

/// The charge of an authorization has its digits (seen in WooCommerce's plugin).
fn authorization_to_charge(folded: &mut [u8]) {
    let dash = folded.iter().rposition(|byte| *byte == b'-');
    if let Some(letter) = dash.and_then(|dash| folded.get_mut(dash + 1)).filter(|letter| **letter == b'A') {
        *letter = b'C';
    }
}

/// Whether two ids of Amazon name the same thing.
pub(super) fn same_amazon(left: &str, right: &str) -> bool {
    let fold = |byte: (usize, u8), dash: Option<usize>| match byte.1.to_ascii_uppercase() {
        b'A' if dash.is_some_and(|dash| dash + 1 == byte.0) => b'C',
        other => other,
    };
    let (left_dash, right_dash) = (left.rfind('-'), right.rfind('-'));
    // Nearly always they are the same to the letter.
    left == right
        || left.len() == right.len()
            && left
                .bytes()
                .enumerate()
                .zip(right.bytes().enumerate())
                .all(|(left, right)| fold(left, left_dash) == fold(right, right_dash))
}

/// Whether two names are the same without regard to case.
pub(super) fn same_name(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right) || (!left.is_ascii() && left.to_uppercase() == right.to_uppercase())
}

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
        let mut next = head.checked_sub(CHAIN).unwrap_or_default();
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

/// Keys of maps that are hashes of a [`KeyHasher`] already need no further hashing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_known_by_their_shape_whatever_the_shop_appends() {
        use AmazonShape::{Charge, Dispute, Permission, Refund};
        for (text, id, shape) in [
            ("P02-2400747-7777779", "P02-2400747-7777779", Permission),
            ("P02-2400747-7777779-C084595", "P02-2400747-7777779-C084595", Charge),
            ("p02-2400747-7777779-c084595-capture", "p02-2400747-7777779-c084595", Charge),
            ("P02-2400747-7777779-A084595", "P02-2400747-7777779-A084595", Charge),
            ("P02-2400747-7777779-R017571", "P02-2400747-7777779-R017571", Refund),
            ("P02-2400747-7777779-B017571", "P02-2400747-7777779-B017571", Dispute),
            ("C01-2400747-7777779", "C01-2400747-7777779", Permission),
        ] {
            assert_eq!(amazon_id(text), Some((id, shape)), "{text}");
            assert_eq!(permission_of(text).map(str::len), Some(19), "{text}");
        }
        assert!(is_usual_id("P02-2400747-7777779-C084595") && !is_usual_id("P02-2400747-7777779-C084595 P02"));
        for text in ["", "ch_1234", "4711", "P02-24-77", "AUTHORIZE_123", "2026-09-01", "P02-2400747-7777779-X1"] {
            assert_eq!(amazon_id(text), None, "{text}");
        }
        assert!(is_sandbox("S02-2400747-7777779-C084595") && !is_sandbox("P02-2400747-7777779") && !is_sandbox("S1"));
    }

    #[test]
    fn an_authorization_is_its_charge_and_case_does_not_count() {
        let hasher = KeyHasher::default();
        let (charge, authorization) = ("P02-2400747-7777779-C084595", "p02-2400747-7777779-a084595");
        assert_eq!(hasher.amazon(charge), hasher.amazon(authorization));
        assert!(same_amazon(charge, authorization) && !same_amazon(charge, "P02-2400747-7777779-C084596"));
        assert_eq!(hasher.name("straße"), hasher.name("STRASSE"));
        assert_eq!((bare_number("#00123"), bare_number("000"), bare_number(" A1 ")), ("123", "000", "A1"));
    }

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
