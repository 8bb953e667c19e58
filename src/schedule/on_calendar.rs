//! A timetable in the words of other schedulers: `OnCalendar=` of systemd, the five fields of cron.
//!
//! Written from the sets of minutes, hours and days that croner read, not from the text, so that what
//! other schedulers read otherwise (`*/2` beside a weekday, `7` for Sunday, names) means the same there.
//! What they have no words for is refused.

use croner::{Cron, CronComponent};

use super::error::ScheduleError;
use super::timetable::Timetable;

/// The weekdays of systemd, Monday first; cron's Sunday is 0 and 7.
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const SUNDAY: u16 = 7;

/// Rules beyond the fields of old, and the letters by which they are known, once names are out.
const RULES: [(char, &str); 3] = [
    ('W', "working day nearest to a date (`W`)"),
    ('#', "n-th weekday of a month (`#`)"),
    ('L', "last weekday of a month (`L`)"),
];

/// The values of `OnCalendar=`, one line each; systemd starts at every instant that any of them means.
///
/// # Errors
/// [`ScheduleError::Foreign`] for a rule that systemd has no words for.
pub fn on_calendar(timetable: &Timetable) -> Result<Vec<String>, ScheduleError> {
    let pattern = &timetable.cron().pattern;
    let last_day = refuse_rules(timetable, "systemd", LastDay::Known)?;
    let list = |field| list(field, Dialect::Systemd);
    let time = format!("{}:{}:00 {}", list(&pattern.hours), list(&pattern.minutes), timetable.zone());
    let month = list(&pattern.months);
    let mut days = Vec::new();
    if !pattern.is_dow_wildcard() {
        days.push(format!("{} *-{month}-*", weekdays(&pattern.days_of_week)));
    }
    if !pattern.is_dom_wildcard() && !pattern.days.values().is_empty() {
        days.push(format!("*-{month}-{}", list(&pattern.days)));
    }
    if last_day {
        days.push(format!("*-{month}~01"));
    }
    if days.is_empty() {
        days.push(format!("*-{month}-*"));
    }
    Ok(days.into_iter().map(|day| format!("{day} {time}")).collect())
}

/// The five fields in the words that every cron knows.
///
/// # Errors
/// [`ScheduleError::Foreign`] for a rule that cron has no words for.
pub(super) fn plain_fields(timetable: &Timetable) -> Result<String, ScheduleError> {
    let pattern = &timetable.cron().pattern;
    refuse_rules(timetable, "cron", LastDay::Unknown)?;
    let [minute, hour, month] = [&pattern.minutes, &pattern.hours, &pattern.months].map(|it| list(it, Dialect::Cron));
    // A star in one of the two days means that the other decides, so all days one by one are no star.
    let days = |field: &CronComponent| ranges(&field.values(), Dialect::Cron);
    let day = if pattern.is_dom_wildcard() { "*".to_owned() } else { days(&pattern.days) };
    let weekday = if pattern.is_dow_wildcard() { "*".to_owned() } else { days(&pattern.days_of_week) };
    Ok(format!("{minute} {hour} {day} {month} {weekday}"))
}

/// Whether a scheduler has a word for the last day of a month.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LastDay {
    Known,
    Unknown,
}

/// Refuses what the other scheduler cannot say, and tells whether the last day of the month is asked for.
fn refuse_rules(timetable: &Timetable, scheduler: &'static str, last_day: LastDay) -> Result<bool, ScheduleError> {
    let refused = |rule| ScheduleError::Foreign { expression: timetable.expression().to_owned(), scheduler, rule };
    let fields: Vec<String> = timetable.expression().to_uppercase().split(' ').map(str::to_owned).collect();
    let Cron { pattern } = timetable.cron();
    let (day, weekday) = (fields.get(2).map_or("", String::as_str), fields.get(4).map_or("", String::as_str));
    let asked = day.split(',').any(|part| part == "L");
    if asked && last_day == LastDay::Unknown {
        return Err(refused("last day of a month (`L`)"));
    }
    if day.contains('W') {
        return Err(refused(rule('W')));
    }
    if pattern.days_of_week.has_modifiers() {
        return Err(refused(rule(if weekday.contains('#') { '#' } else { 'L' })));
    }
    Ok(asked)
}

fn rule(letter: char) -> &'static str {
    RULES.iter().find(|rule| rule.0 == letter).map_or("such rule", |rule| rule.1)
}

/// `*` for every value, else the values.
fn list(field: &CronComponent, dialect: Dialect) -> String {
    let values = field.values();
    if values.len() == usize::from(field.max - field.min + 1) { "*".to_owned() } else { ranges(&values, dialect) }
}

/// How values are written.
#[derive(Clone, Copy)]
enum Dialect {
    /// `04..06`
    Systemd,
    /// `4-6`
    Cron,
}

/// Values in ascending order, three and more neighbours as a range.
fn ranges(values: &[u16], dialect: Dialect) -> String {
    match dialect {
        Dialect::Systemd => words(values, "..", |value| format!("{value:02}")),
        Dialect::Cron => words(values, "-", |value| value.to_string()),
    }
}

/// The weekdays by their names, Sunday last.
fn weekdays(field: &CronComponent) -> String {
    let mut values: Vec<u16> = field.values().into_iter().map(|day| if day == 0 { SUNDAY } else { day }).collect();
    values.sort_unstable();
    values.dedup();
    words(&values, "..", |day| WEEKDAYS.get(usize::from(day) - 1).copied().unwrap_or_default().to_owned())
}

fn words(values: &[u16], dash: &str, word: impl Fn(u16) -> String) -> String {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for &value in values {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == value => *last = value,
            _ => runs.push((value, value)),
        }
    }
    let text = |(first, last): (u16, u16)| match last - first {
        0 => word(first),
        1 => format!("{},{}", word(first), word(last)),
        _ => format!("{}{dash}{}", word(first), word(last)),
    };
    runs.into_iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn of(expression: &str) -> Timetable {
        Timetable::new(expression, "Europe/Paris".parse().unwrap(), TimeDelta::zero()).unwrap()
    }

    #[test]
    fn expressions_are_written_in_the_words_of_systemd_and_of_cron() {
        for (expression, systemd, cron) in [
            ("30 4 * * *", &["*-*-* 04:30:00 Europe/Paris"][..], "30 4 * * *"),
            ("*/15 * * * *", &["*-*-* *:00,15,30,45:00 Europe/Paris"], "0,15,30,45 * * * *"),
            ("0 6-8,20 * * mon-fri", &["Mon..Fri *-*-* 06..08,20:00:00 Europe/Paris"], "0 6-8,20 * * 1-5"),
            ("0 4 1,15 jan,7-9 ?", &["*-01,07..09-01,15 04:00:00 Europe/Paris"], "0 4 1,15 1,7-9 *"),
            ("0 4 * * 7,6", &["Sat,Sun *-*-* 04:00:00 Europe/Paris"], "0 4 * * 0,6"),
            ("0 4 * * 0-6", &["Mon..Sun *-*-* 04:00:00 Europe/Paris"], "0 4 * * 0-6"),
            ("0 4 13 * fri", &["Fri *-*-* 04:00:00 Europe/Paris", "*-*-13 04:00:00 Europe/Paris"], "0 4 13 * 5"),
            (
                "0 4 */10 * 1",
                &["Mon *-*-* 04:00:00 Europe/Paris", "*-*-01,11,21,31 04:00:00 Europe/Paris"],
                "0 4 1,11,21,31 * 1",
            ),
        ] {
            assert_eq!(on_calendar(&of(expression)).unwrap(), systemd, "{expression}");
            assert_eq!(plain_fields(&of(expression)).unwrap(), cron, "{expression}");
        }
    }

    #[test]
    fn what_has_no_words_elsewhere_is_refused_with_its_rule() {
        for (expression, rule) in [("0 4 15W * *", "`W`"), ("0 4 * * 1#2", "`#`"), ("0 4 * * 5L", "`L`")] {
            for refused in [on_calendar(&of(expression)).unwrap_err(), plain_fields(&of(expression)).unwrap_err()] {
                assert!(refused.to_string().contains(rule), "{refused}");
            }
        }
        assert_eq!(on_calendar(&of("0 4 L * *")).unwrap(), ["*-*~01 04:00:00 Europe/Paris"]);
        assert!(plain_fields(&of("0 4 L * *")).unwrap_err().to_string().contains("last day"));
    }
}
