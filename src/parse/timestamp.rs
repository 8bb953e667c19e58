//! Instants as the reports print them.
//!
//! Seen: `2015-09-30T15:00:44 -0700` (a blank before the offset, which RFC 3339 readers refuse).
//! Also read: no blank, `+02:00`, `+02`, `Z`, fractions of a second, and the basic form
//! `20261120T031207Z` of the API. An instant without an offset is a fault: it would be a guess.

use chrono::{NaiveDate, NaiveTime};

use crate::domain::{Instant, MILLIS_PER_SECOND};

/// The cell is not an instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimestampFault {
    /// Not the expected form.
    #[error("expected a form like 2026-09-01T13:45:00 +0200")]
    Form,
    /// Date and time are there, the offset is not.
    #[error("it has no offset from UTC; expected a form like 2026-09-01T13:45:00 +0200")]
    NoOffset,
    /// The 31st of February, 25 o'clock.
    #[error("there is no such date or time")]
    OutOfRange,
}

/// Reads one instant, keeping the printed offset.
///
/// # Errors
/// [`TimestampFault`].
pub fn parse_timestamp(cell: &[u8]) -> Result<Instant, TimestampFault> {
    let mut cursor = Cursor { rest: cell.trim_ascii() };
    let year = cursor.digits(4)?;
    let extended = cursor.take(b'-');
    let month = cursor.digits(2)?;
    if extended && !cursor.take(b'-') {
        return Err(TimestampFault::Form);
    }
    let day = cursor.digits(2)?;
    if !cursor.take(b'T') && !cursor.take(b't') && !cursor.take(b' ') {
        return Err(TimestampFault::Form);
    }
    let hour = cursor.digits(2)?;
    let colons = cursor.take(b':');
    let minute = cursor.digits(2)?;
    if colons && !cursor.take(b':') {
        return Err(TimestampFault::Form);
    }
    let second = cursor.digits(2)?;
    let millis = cursor.fraction()?;
    let offset_minutes = cursor.offset()?;
    let date =
        NaiveDate::from_ymd_opt(i32::try_from(year).unwrap_or(0), month, day).ok_or(TimestampFault::OutOfRange)?;
    let time = NaiveTime::from_hms_milli_opt(hour, minute, second, millis).ok_or(TimestampFault::OutOfRange)?;
    let local = date.and_time(time).and_utc().timestamp_millis();
    Ok(Instant::new(local - i64::from(offset_minutes) * 60 * MILLIS_PER_SECOND, offset_minutes))
}

/// The last date and offset of a file, so that only the time of day of most cells is read anew.
#[derive(Debug, Default)]
pub(super) struct TimestampCache {
    date: Vec<u8>,
    offset: Vec<u8>,
    midnight_millis: i64,
    offset_minutes: i16,
}

/// Bytes of `YYYY-MM-DDT`.
const DATE_BYTES: usize = 11;
/// Bytes of `HH:MM:SS`.
const TIME_BYTES: usize = 8;

impl TimestampCache {
    /// Reads one instant, as [`parse_timestamp`] does.
    ///
    /// # Errors
    /// [`TimestampFault`].
    pub(super) fn parse(&mut self, cell: &[u8]) -> Result<Instant, TimestampFault> {
        let parts =
            cell.split_at_checked(DATE_BYTES).and_then(|(date, rest)| Some((date, rest.split_at_checked(TIME_BYTES)?)));
        let Some((date, (time, offset))) = parts else { return parse_timestamp(cell) };
        if date == self.date && offset == self.offset {
            if let Some(millis) = time_of_day(time) {
                return Ok(Instant::new(self.midnight_millis + millis, self.offset_minutes));
            }
            return parse_timestamp(cell);
        }
        let instant = parse_timestamp(cell)?;
        if let Some(millis) = time_of_day(time).filter(|_| plain_offset(offset)) {
            self.date = date.to_vec();
            self.offset = offset.to_vec();
            self.midnight_millis = instant.utc_millis() - millis;
            self.offset_minutes = instant.offset_minutes();
        }
        Ok(instant)
    }
}

/// Milliseconds since midnight of `HH:MM:SS`, `None` for any other form.
fn time_of_day(time: &[u8]) -> Option<i64> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = time else { return None };
    let two = |tens: u8, ones: u8, below: i64| {
        let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        let value = i64::from(tens.wrapping_sub(b'0')) * 10 + i64::from(ones.wrapping_sub(b'0'));
        (digits && value < below).then_some(value)
    };
    Some(((two(h1, h2, 24)? * 60 + two(m1, m2, 60)?) * 60 + two(s1, s2, 60)?) * MILLIS_PER_SECOND)
}

/// Whether what follows the seconds is an offset and no fraction.
fn plain_offset(offset: &[u8]) -> bool {
    !matches!(offset.first(), Some(b'.' | b','))
}

/// What is left of the cell.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn take(&mut self, wanted: u8) -> bool {
        match self.rest {
            [first, rest @ ..] if *first == wanted => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn digits(&mut self, count: usize) -> Result<u32, TimestampFault> {
        let (head, rest) = self.rest.split_at_checked(count).ok_or(TimestampFault::Form)?;
        self.rest = rest;
        head.iter().try_fold(0_u32, |value, byte| match byte {
            b'0'..=b'9' => Ok(value * 10 + u32::from(byte - b'0')),
            _ => Err(TimestampFault::Form),
        })
    }

    /// `.717` or `,717`: milliseconds; further digits are read and dropped, no report has them.
    fn fraction(&mut self) -> Result<u32, TimestampFault> {
        if !self.take(b'.') && !self.take(b',') {
            return Ok(0);
        }
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&digits) {
            return Err(TimestampFault::Form);
        }
        let (head, rest) = self.rest.split_at_checked(digits).ok_or(TimestampFault::Form)?;
        self.rest = rest;
        let thousandths = head.iter().chain(b"00").take(3);
        Ok(thousandths.fold(0, |value, byte| value * 10 + u32::from(byte - b'0')))
    }

    /// `Z`, `+0200`, `+02:00` or `+02`, after any blanks.
    fn offset(&mut self) -> Result<i16, TimestampFault> {
        self.rest = self.rest.trim_ascii_start();
        if self.rest.is_empty() {
            return Err(TimestampFault::NoOffset);
        }
        if self.take(b'Z') || self.take(b'z') {
            return if self.rest.is_empty() { Ok(0) } else { Err(TimestampFault::Form) };
        }
        let west = self.take(b'-');
        if !west && !self.take(b'+') {
            return Err(TimestampFault::Form);
        }
        let hours = self.digits(2)?;
        self.take(b':');
        let minutes = if self.rest.is_empty() { 0 } else { self.digits(2)? };
        if !self.rest.is_empty() {
            return Err(TimestampFault::Form);
        }
        if hours > 15 || minutes > 59 {
            return Err(TimestampFault::OutOfRange);
        }
        let total = i16::try_from(hours * 60 + minutes).unwrap_or(0);
        Ok(if west { -total } else { total })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(text: &str) -> i64 {
        parse_timestamp(text.as_bytes()).unwrap().utc_millis() / 1000
    }

    #[test]
    fn all_forms_of_one_instant_are_equal() {
        for text in [
            "2015-10-01T11:10:34 -0700",
            "2015-10-01T11:10:34-0700",
            "2015-10-01T11:10:34-07:00",
            "2015-10-01T11:10:34 -07:00",
            "2015-10-01T11:10:34 -07",
            "2015-10-01T20:10:34 +0200",
            "2015-10-01T18:10:34Z",
            "2015-10-01T18:10:34.000Z",
            "20151001T181034Z",
            "2015-10-01 18:10:34 Z",
        ] {
            assert_eq!(seconds(text), 1_443_723_034, "{text}");
        }
        // Unix seconds as published for these three, in amazon-pay-reports.md §6.
        assert_eq!(seconds("2018-09-12T14:10:08 -0700"), 1_536_786_608);
        assert_eq!(seconds("2015-10-05T16:20:49 -0700"), 1_444_087_249);
    }

    #[test]
    fn fractions_are_kept_to_the_millisecond() {
        assert_eq!(parse_timestamp(b"2022-12-07T17:08:26.717Z").unwrap().utc_millis() % 1000, 717);
        assert_eq!(parse_timestamp(b"2022-12-07T17:08:26.7Z").unwrap().utc_millis() % 1000, 700);
        assert_eq!(parse_timestamp(b"2022-12-07T17:08:26.123456789Z").unwrap().utc_millis() % 1000, 123);
    }

    #[test]
    fn what_is_no_instant_is_refused_with_its_reason() {
        for (text, fault) in [
            ("2026-09-01T13:45:00", TimestampFault::NoOffset),
            ("2026-02-31T13:45:00Z", TimestampFault::OutOfRange),
            ("2026-09-01T24:00:00Z", TimestampFault::OutOfRange),
            ("2026-09-01T13:45:60Z", TimestampFault::OutOfRange),
            ("2026-09-01T13:45:00 +9900", TimestampFault::OutOfRange),
            ("2026-09-01", TimestampFault::Form),
            ("01.09.2026 13:45:00 UTC", TimestampFault::Form),
            ("2026-09-01T13:45:00ZZ", TimestampFault::Form),
            ("", TimestampFault::Form),
        ] {
            assert_eq!(parse_timestamp(text.as_bytes()), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_instant_reads_back(seconds in -2_000_000_000_i64..8_000_000_000, offset in -14*60..=14*60_i16) {
            let instant = Instant::new(seconds * 1000, offset);
            prop_assert_eq!(parse_timestamp(instant.to_string().as_bytes()), Ok(instant));
        }

        #[test]
        fn the_cache_changes_nothing(
            days in proptest::collection::vec((0..3_i64, 0..86_400_i64, proptest::sample::select(vec![-420, 0, 60, 120_i16])), 1..20),
            odd in "[0-9T:. Z+-]{0,28}",
        ) {
            let mut cache = TimestampCache::default();
            for (day, second, offset) in days {
                let text = Instant::new((1_790_000_000 + day * 86_400 + second) * 1000, offset).to_string();
                prop_assert_eq!(cache.parse(text.as_bytes()), parse_timestamp(text.as_bytes()));
                let odd = format!("{}{odd}", &text[..text.len().min(odd.len())]);
                prop_assert_eq!(cache.parse(odd.as_bytes()), parse_timestamp(odd.as_bytes()));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(cell in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse_timestamp(&cell);
        }
    }
}
