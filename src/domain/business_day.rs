//! Business days of banks: the TARGET calendar, and further holidays that a user names.
//!
//! TARGET is closed on Saturdays, Sundays, 1 January, Good Friday, Easter Monday, 1 May, 25 and 26
//! December. Other currencies follow the same list plus what the config says (bank-statements §10.2).

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Fixed closing days of TARGET: month and day.
const FIXED: [(u32, u32); 4] = [(1, 1), (5, 1), (12, 25), (12, 26)];

/// Days looked at to find the next business day; no run of holidays is as long.
const CLOSED_DAYS_MAX: u32 = 60;

/// Which days banks work on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BankCalendar {
    holidays: BTreeSet<NaiveDate>,
}

/// The business days before and after a posting in which its bank line may be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusinessWindow {
    /// Business days before.
    pub before: u32,
    /// Business days after.
    pub after: u32,
}

impl BankCalendar {
    /// TARGET and these further holidays.
    #[must_use]
    pub fn with_holidays(holidays: impl IntoIterator<Item = NaiveDate>) -> Self {
        Self { holidays: holidays.into_iter().collect() }
    }

    /// Whether banks work on this day.
    #[must_use]
    pub fn is_open(&self, day: NaiveDate) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        let fixed = FIXED.contains(&(day.month(), day.day()));
        !weekend && !fixed && !is_easter_closing(day) && !self.holidays.contains(&day)
    }

    /// So many business days later; the day itself for none.
    #[must_use]
    pub fn after(&self, day: NaiveDate, count: u32) -> NaiveDate {
        self.step(day, count, |day| day.checked_add_days(Days::new(1)))
    }

    /// So many business days earlier; the day itself for none.
    #[must_use]
    pub fn before(&self, day: NaiveDate, count: u32) -> NaiveDate {
        self.step(day, count, |day| day.checked_sub_days(Days::new(1)))
    }

    /// The days on which what was posted on a day may be booked.
    #[must_use]
    pub fn window(&self, posted: NaiveDate, window: BusinessWindow) -> RangeInclusive<NaiveDate> {
        self.before(posted, window.before)..=self.after(posted, window.after)
    }

    fn step(&self, day: NaiveDate, count: u32, next: impl Fn(NaiveDate) -> Option<NaiveDate>) -> NaiveDate {
        let mut day = day;
        for _ in 0..count {
            for _ in 0..CLOSED_DAYS_MAX {
                let Some(neighbour) = next(day) else { return day };
                day = neighbour;
                if self.is_open(day) {
                    break;
                }
            }
        }
        day
    }
}

/// Good Friday and Easter Monday.
fn is_easter_closing(day: NaiveDate) -> bool {
    let Some(easter) = easter_sunday(day.year()) else { return false };
    let days = (day - easter).num_days();
    days == -2 || days == 1
}

/// Easter Sunday of the Gregorian calendar (Meeus, Jones, Butcher).
fn easter_sunday(year: i32) -> Option<NaiveDate> {
    let a = year.rem_euclid(19);
    let (b, c) = (year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b / 4, b % 4);
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15).rem_euclid(30);
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k).rem_euclid(7);
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(sum / 31).ok()?, u32::try_from(sum % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn easter_is_where_the_almanac_has_it() {
        for (year, sunday) in [
            (2000, "2000-04-23"),
            (2024, "2024-03-31"),
            (2025, "2025-04-20"),
            (2026, "2026-04-05"),
            (2038, "2038-04-25"),
        ] {
            assert_eq!(easter_sunday(year), Some(day(sunday)));
        }
    }

    #[test]
    fn weekends_and_the_closing_days_of_target_are_no_business_days() {
        let calendar = BankCalendar::default();
        for closed in ["2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25", "2026-12-26", "2026-09-05"]
        {
            assert!(!calendar.is_open(day(closed)), "{closed}");
        }
        for open in ["2026-01-02", "2026-04-02", "2026-04-07", "2026-12-24", "2026-07-14"] {
            assert!(calendar.is_open(day(open)), "{open}");
        }
        assert!(!BankCalendar::with_holidays([day("2026-07-14")]).is_open(day("2026-07-14")));
    }

    #[test]
    fn windows_count_business_days_over_holidays() {
        let calendar = BankCalendar::default();
        let window = BusinessWindow { before: 1, after: 7 };
        assert_eq!(calendar.window(day("2026-04-01"), window), day("2026-03-31")..=day("2026-04-14"));
        assert_eq!(calendar.window(day("2026-09-05"), window), day("2026-09-04")..=day("2026-09-15"));
        assert_eq!(calendar.after(day("2026-12-24"), 1), day("2026-12-28"));
        assert_eq!(calendar.after(NaiveDate::MAX, 3), NaiveDate::MAX);
    }

    /// Easter by another way: the paschal full moon from the epact, as the calendar's reform defined it.
    fn easter_by_the_epact(year: i32) -> NaiveDate {
        let century = year / 100 + 1;
        let (solar, lunar) = (3 * century / 4 - 12, (8 * century + 5) / 25 - 5);
        let golden = year % 19 + 1;
        let mut epact = (11 * golden + 20 + lunar - solar).rem_euclid(30);
        if epact == 24 || (epact == 25 && golden > 11) {
            epact += 1;
        }
        let moon = if epact > 23 { 74 - epact } else { 44 - epact };
        let march = NaiveDate::from_ymd_opt(year, 3, 1).unwrap();
        let full = march + Days::new(u64::try_from(moon - 1).unwrap());
        let until_sunday = 7 - full.weekday().num_days_from_sunday();
        full + Days::new(u64::from(until_sunday))
    }

    #[test]
    fn easter_is_the_sunday_after_the_paschal_moon_of_every_year() {
        for year in 1583..=4099 {
            assert_eq!(easter_sunday(year), Some(easter_by_the_epact(year)), "{year}");
        }
    }

    #[test]
    fn good_friday_and_easter_monday_are_closed_and_their_neighbours_are_not() {
        let calendar = BankCalendar::default();
        let open: Vec<&str> = ["2026-04-02", "2026-04-03", "2026-04-06", "2026-04-07", "2025-04-17", "2025-04-22"]
            .into_iter()
            .filter(|text| calendar.is_open(day(text)))
            .collect();
        assert_eq!(open, ["2026-04-02", "2026-04-07", "2025-04-17", "2025-04-22"]);
    }

    #[test]
    fn holidays_that_a_user_names_are_skipped_in_both_directions() {
        let calendar = BankCalendar::with_holidays([day("2026-07-14"), day("2026-07-15")]);
        assert_eq!(calendar.after(day("2026-07-13"), 1), day("2026-07-16"));
        assert_eq!(calendar.before(day("2026-07-16"), 1), day("2026-07-13"));
        assert_eq!(calendar.after(day("2026-07-14"), 0), day("2026-07-14"));
        assert_eq!(calendar.before(day("2026-07-20"), 3), day("2026-07-13"));
    }
}
