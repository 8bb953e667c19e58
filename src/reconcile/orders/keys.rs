//! The keys by which a row of money finds its order, and their hashes.
//!
//! Ids are compared without regard to case and to what shops append to them. Hashes are keyed with random
//! numbers, so that no file can make a table slow; what they find is compared as text.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::parse::trimmed;

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
    let text = trimmed(text);
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
    let text = trimmed(text);
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
        let bytes = text.as_bytes();
        if is_amazon && authorization_letter(bytes).is_some() {
            return self.of_folded(text, is_amazon);
        }
        match bytes {
            [] => 0,
            _ if text.is_ascii() => self.of_words(bytes, uppercase_word),
            _ => self.of_folded(text, is_amazon),
        }
    }

    /// The hash of a text that has to be written anew before it can be hashed, which few have.
    #[cold]
    fn of_folded(&self, text: &str, is_amazon: bool) -> u64 {
        let mut folded = text.to_uppercase().into_bytes();
        if is_amazon {
            authorization_to_charge(&mut folded);
        }
        self.of_words(&folded, |word| word)
    }

    fn of_words(&self, bytes: &[u8], fold: impl Fn(u64) -> u64) -> u64 {
        let mix = |state: u64, word: u64| {
            let product = u128::from(state ^ word) * u128::from(self.factor);
            (product as u64) ^ (product >> u64::BITS) as u64
        };
        let (words, rest) = bytes.as_chunks::<8>();
        let state = words.iter().fold(self.seed, |state, word| mix(state, fold(u64::from_le_bytes(*word))));
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        // The length tells texts apart that differ in zeros at their end; twice, so that every bit counts.
        let state = mix(state, fold(u64::from_le_bytes(last)));
        mix(mix(state, bytes.len() as u64), self.seed).max(1)
    }
}

/// Eight ASCII characters with their letters in upper case.
fn uppercase_word(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    // The top bit of each byte tells whether it is at least `a`, and whether it is beyond `z`; no carry leaves a byte.
    let from_a = word + ONES * u64::from(0x80 - b'a');
    let beyond_z = word + ONES * u64::from(0x7f - b'z');
    let lower = (from_a & !beyond_z) & (ONES * 0x80);
    word - (lower >> 2)
}

/// The charge of an authorization has its digits (seen in WooCommerce's plugin).
fn authorization_to_charge(folded: &mut [u8]) {
    if let Some(letter) = authorization_letter(folded).and_then(|at| folded.get_mut(at)) {
        *letter = b'C';
    }
}

/// Where the letter of an authorization stands: behind the last dash.
fn authorization_letter(id: &[u8]) -> Option<usize> {
    let at = id.iter().rposition(|byte| *byte == b'-')? + 1;
    id.get(at).filter(|letter| letter.eq_ignore_ascii_case(&b'A')).map(|_| at)
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
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn keys_are_hashed_as_if_they_were_written_in_upper_case(text in "\\PC{0,40}", ascii in "[ -~]{0,40}") {
            let hasher = KeyHasher::default();
            prop_assert_eq!(hasher.name(&text), hasher.name(&text.to_uppercase()));
            let upper = ascii.to_ascii_uppercase();
            prop_assert!(ascii.is_empty() || hasher.name(&ascii) == hasher.of_words(upper.as_bytes(), |word| word));
        }
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
}
