//! Lengths of time as people write them: `90d`, `26h`, `10m`, `60s`.

use chrono::TimeDelta;

/// Units and their seconds.
const UNITS: [(char, i64); 5] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400), ('w', 604_800)];

/// The longest length accepted, ten years: anything beyond is a slip of the pen, and sums stay far from overflow.
const SECONDS_MAX: i64 = 3_653 * 86_400;

/// The text is not a length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time; expected a whole number and one of s, m, h, d, w, for example 10m")]
pub struct NotADuration(String);

/// Reads a whole number followed by one unit: `s`, `m` (minutes), `h`, `d` (of 24 hours) or `w`.
///
/// # Errors
/// [`NotADuration`] for any other text, and beyond ten years.
pub fn parse_duration(text: &str) -> Result<TimeDelta, NotADuration> {
    read(text).ok_or_else(|| NotADuration(text.to_owned()))
}

fn read(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().last()?;
    let digits = text.strip_suffix(unit)?;
    let seconds_each = UNITS.iter().find(|(known, _)| *known == unit)?.1;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = digits.parse::<i64>().ok()?.checked_mul(seconds_each)?;
    (seconds <= SECONDS_MAX).then(|| TimeDelta::seconds(seconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_length_is_a_number_and_a_unit() {
        assert_eq!(parse_duration("90d"), Ok(TimeDelta::days(90)));
        assert_eq!(parse_duration("60s"), Ok(TimeDelta::seconds(60)));
        assert_eq!(parse_duration("10m"), Ok(TimeDelta::minutes(10)));
        assert_eq!(parse_duration("26h"), Ok(TimeDelta::hours(26)));
        assert_eq!(parse_duration("2w"), Ok(TimeDelta::days(14)));
        assert_eq!(parse_duration("0s"), Ok(TimeDelta::zero()));
    }

    #[test]
    fn nothing_else_is_a_length() {
        for text in ["", "d", "90", "-1d", "+1d", "1.5h", "1 d", "1h30m", "90D", "5y", "99999999999999999999d", "4000d"]
        {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,8}") {
            let _ = parse_duration(&text);
        }

        #[test]
        fn every_number_of_minutes_reads_back(minutes in 0..1_000_000_i64) {
            prop_assert_eq!(parse_duration(&format!("{minutes}m")).unwrap().num_minutes(), minutes);
        }
    }
}
