//! Payouts over the period, one bar each, with their state at the bank. Money that Amazon collects hangs
//! below the line.

use chrono::{DateTime, Days, FixedOffset, NaiveDate};

use super::picture::{Picture, Scale, TENTHS, axis_money, minus};
use super::view::{bank_class, bank_label};
use super::waterfall::sum;
use crate::export::language::{Label, Words, local};
use crate::reconcile::payouts::PayoutState;
use crate::report::{Account, PayoutLine, PeriodRange};

/// Pixels: the picture and its plot.
const WIDTH: i128 = 940;
const HEIGHT: i128 = 210;
const LEFT: i128 = 64;
const RIGHT: i128 = 930;
const TOP: i128 = 12;
const BOTTOM: i128 = 164;
/// Dates that fit below the plot.
const DATES_MOST: i64 = 10;

/// A payout and where it stands.
struct Bar<'a> {
    place: usize,
    payout: &'a PayoutLine,
    at: DateTime<FixedOffset>,
    state: Option<PayoutState>,
}

/// Draws the payouts of an account; nothing where there are none or the period has no bounds.
pub(super) fn timeline(account: &Account, id: &str, period: &PeriodRange, words: Words) -> Option<String> {
    let (from, until) = (local(period.from.as_deref()?)?, local(period.until.as_deref()?)?);
    let bars: Vec<Bar<'_>> =
        account.payouts.iter().enumerate().filter_map(|(place, payout)| bar(place, payout)).collect();
    let first = bars.iter().map(|bar| bar.at).min()?.min(from);
    let last = bars.iter().map(|bar| bar.at).max()?.max(until);
    let span = i128::from((last - first).num_seconds().max(1));
    let x_of = |at: DateTime<FixedOffset>| {
        LEFT * TENTHS + i128::from((at - first).num_seconds()) * (RIGHT - LEFT) * TENTHS / span
    };
    let amounts = bars.iter().map(|bar| sum(bar.payout.amount).units());
    let scale = Scale::over(amounts, BOTTOM * TENTHS, TOP * TENTHS).rounded();
    let described: Vec<String> = bars.iter().map(|bar| describe(bar, words)).collect();
    let mut picture = Picture::new(WIDTH, HEIGHT, &words.heading(Label::PayoutTimeline), &described.join("; "));
    for tick in scale.ticks() {
        picture.line("grid", [LEFT * TENTHS, scale.at(tick), RIGHT * TENTHS, scale.at(tick)]);
        picture.text("end small", (LEFT - 6) * TENTHS, scale.at(tick) + 40, &axis_money(tick, words));
    }
    dates(&mut picture, (first, last), &x_of, words);
    // A bar is a day wide, less a gap; where the period is long, at least a pixel.
    let width = (86_400 * (RIGHT - LEFT) * TENTHS / span * 7 / 10).clamp(TENTHS, 22 * TENTHS);
    for (bar, described) in bars.iter().zip(&described) {
        let y = scale.at(sum(bar.payout.amount).units());
        let (top, height) = (y.min(scale.zero()), (y - scale.zero()).abs().max(TENTHS));
        let x = (x_of(bar.at) - width / 2).clamp(LEFT * TENTHS, RIGHT * TENTHS - width);
        picture.push(&format!(r##"<a href="#{id}-p{}">"##, bar.place));
        picture.bar(&format!("bar {}", bank_class(bar.state)), [x, top, width, height], described);
        picture.push("</a>");
    }
    picture.line("axis", [LEFT * TENTHS, scale.zero(), RIGHT * TENTHS, scale.zero()]);
    states(&mut picture, &bars, words);
    Some(picture.finish())
}

fn bar<'a>(place: usize, payout: &'a PayoutLine) -> Option<Bar<'a>> {
    let state = payout.reconciled.as_ref().map(|known| known.state);
    Some(Bar { place, payout, at: local(&payout.posted)?, state })
}

fn describe(bar: &Bar<'_>, words: Words) -> String {
    let (at, amount) = (words.date(bar.at.date_naive()), minus(&words.money(bar.payout.amount)));
    format!("{at} {amount}, {}", words.of_label(bank_label(bar.state)))
}

fn dates(
    picture: &mut Picture,
    (first, last): (DateTime<FixedOffset>, DateTime<FixedOffset>),
    x_of: &impl Fn(DateTime<FixedOffset>) -> i128,
    words: Words,
) {
    let days = (last.date_naive() - first.date_naive()).num_days().max(1);
    let every = days.div_euclid(DATES_MOST).max(1) as u64;
    let mut day: NaiveDate = first.date_naive();
    for _ in 0..=DATES_MOST + 1 {
        let Some(at) = day.and_hms_opt(12, 0, 0).and_then(|noon| noon.and_local_timezone(*first.offset()).single())
        else {
            return;
        };
        if at <= last {
            let x = x_of(at).max(LEFT * TENTHS);
            picture.text("middle small", x.min((RIGHT - 24) * TENTHS), (BOTTOM + 17) * TENTHS, &words.day(day));
        }
        let Some(next) = day.checked_add_days(Days::new(every)) else { return };
        day = next;
    }
}

fn states(picture: &mut Picture, bars: &[Bar<'_>], words: Words) {
    let mut x = LEFT * TENTHS;
    for state in super::view::BANK_STATES.iter().copied().map(Some).chain([None]) {
        if bars.iter().any(|bar| bar.state == state) {
            let text = words.heading(bank_label(state));
            let class = format!("bar {}", bank_class(state));
            picture.bar(&class, [x, (HEIGHT - 15) * TENTHS, 10 * TENTHS, 10 * TENTHS], &text);
            picture.text("small", x + 15 * TENTHS, (HEIGHT - 6) * TENTHS, &text);
            x += (30 + 8 * text.chars().count() as i128) * TENTHS;
        }
    }
}
