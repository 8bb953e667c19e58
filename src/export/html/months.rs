//! Pictures by month: fees with the fee rate, and dispute rates. A month that is known only in part has a
//! star.

use super::picture::{Picture, Scale, TENTHS, axis_money, axis_percent, percent};
use crate::export::language::{Label, Words};
use crate::report::{Known, MonthFigures};
use rust_decimal::Decimal;

/// Pixels: the picture and its plot.
const WIDTH: i128 = 460;
const HEIGHT: i128 = 250;
const LEFT: i128 = 64;
const RIGHT: i128 = 396;
const TOP: i128 = 30;
const BOTTOM: i128 = 206;
/// A bar is never wider.
const BAR_MOST: i128 = 80;

/// A month as its axis names it: `2026-09`, with a star where it is known in part.
pub(super) fn month_name(month: &MonthFigures) -> String {
    let star = if month.known == Known::Part { "*" } else { "" };
    format!("{}{star}", month.month)
}

/// Hundredths of a per cent.
fn hundredths(rate: Option<Decimal>) -> Option<i128> {
    rate.map(|mut rate| {
        rate.rescale(2);
        rate.mantissa()
    })
}

/// Where the months stand along the axis: the middle of each, and the width of a bar.
fn places(count: usize) -> (Vec<i128>, i128) {
    let slot = (RIGHT - LEFT) * TENTHS / (count.max(1) as i128);
    let middle = |place: usize| LEFT * TENTHS + slot * place as i128 + slot / 2;
    ((0..count).map(middle).collect(), (slot * 7 / 10).min(BAR_MOST * TENTHS))
}

fn frame(picture: &mut Picture, scale: Scale, name: impl Fn(i128) -> String) {
    for tick in scale.ticks() {
        let y = scale.at(tick);
        picture.line("grid", [LEFT * TENTHS, y, RIGHT * TENTHS, y]);
        picture.text("end small", (LEFT - 6) * TENTHS, y + 40, &name(tick));
    }
}

fn month_axis(picture: &mut Picture, months: &[&MonthFigures], middles: &[i128]) {
    // Seven characters want 52 pixels; where months stand closer, every second one is named.
    let every = if months.len() > 6 { 2 } else { 1 };
    for (place, (month, middle)) in months.iter().zip(middles).enumerate() {
        if (months.len() - 1 - place).is_multiple_of(every) {
            picture.text("middle small", *middle, (BOTTOM + 17) * TENTHS, &month_name(month));
        }
    }
}

fn legend(picture: &mut Picture, entries: &[(&str, &str)]) {
    let slot = (WIDTH - 8) * TENTHS / (entries.len().max(1) as i128);
    for (place, (class, text)) in entries.iter().enumerate() {
        let x = 4 * TENTHS + slot * place as i128;
        picture.bar(class, [x, (HEIGHT - 15) * TENTHS, 10 * TENTHS, 10 * TENTHS], text);
        picture.text("small", x + 15 * TENTHS, (HEIGHT - 6) * TENTHS, text);
    }
}

/// Fees of each month as bars, percentage and fixed part, and the fee rate as a line.
pub(super) fn fees(months: &[&MonthFigures], words: Words) -> String {
    let cost = |month: &&MonthFigures| {
        (-month.tally.percentage_fee.units(), -month.tally.fixed_fee.units(), -month.tally.fee.units())
    };
    let costs: Vec<_> = months.iter().map(cost).collect();
    let scale = Scale::over(costs.iter().map(|(_, _, all)| *all), BOTTOM * TENTHS, TOP * TENTHS).rounded();
    let rates: Vec<_> = months.iter().map(|month| hundredths(month.tally.fee_rate())).collect();
    let rate_scale = Scale::over(rates.iter().flatten().copied(), BOTTOM * TENTHS, TOP * TENTHS).rounded();
    let described: Vec<String> = months
        .iter()
        .zip(&costs)
        .zip(&rates)
        .map(|((month, (_, _, all)), rate)| {
            let rate = rate.map_or_else(|| "–".to_owned(), |rate| percent(rate, words));
            format!("{} {} {rate}", month_name(month), axis_money(*all, words))
        })
        .collect();
    let mut picture = Picture::new(WIDTH, HEIGHT, &words.heading(Label::FeesByMonth), &described.join(", "));
    frame(&mut picture, scale, |tick| axis_money(tick, words));
    let (middles, width) = places(months.len());
    for ((described, (percentage, fixed, all)), middle) in described.iter().zip(&costs).zip(&middles) {
        let x = middle - width / 2;
        // The two parts stack where they are what the total is made of; else the total stands alone.
        if *percentage >= 0 && *fixed >= 0 && percentage.saturating_add(*fixed) == *all {
            let border = scale.at(*percentage);
            picture.bar("bar out", [x, border, width, scale.zero() - border], described);
            picture.bar("bar out2", [x, scale.at(*all), width, border - scale.at(*all)], described);
        } else {
            let (top, bottom) = (scale.at(*all).min(scale.zero()), scale.at(*all).max(scale.zero()));
            picture.bar("bar out", [x, top, width, bottom - top], described);
        }
    }
    picture.line("axis", [LEFT * TENTHS, scale.zero(), RIGHT * TENTHS, scale.zero()]);
    rate_line(&mut picture, &rates, &middles, rate_scale, words);
    month_axis(&mut picture, months, &middles);
    let names = [Label::PercentFees, Label::FixedFees, Label::FeeRate].map(|label| words.heading(label));
    let [percent, fixed, rate] = &names;
    legend(&mut picture, &[("bar out", percent), ("bar out2", fixed), ("bar rate", rate)]);
    picture.finish()
}

fn rate_line(picture: &mut Picture, rates: &[Option<i128>], middles: &[i128], scale: Scale, words: Words) {
    for tick in scale.ticks() {
        picture.text("small rate", (RIGHT + 6) * TENTHS, scale.at(tick) + 40, &axis_percent(tick, words));
    }
    let points: Vec<_> = rates.iter().zip(middles).filter_map(|(rate, middle)| Some((*middle, (*rate)?))).collect();
    for (before, after) in points.iter().zip(points.iter().skip(1)) {
        picture.line("rate", [before.0, scale.at(before.1), after.0, scale.at(after.1)]);
    }
    for (place, (x, rate)) in points.iter().enumerate() {
        let y = scale.at(*rate);
        picture.bar("bar rate", [x - 30, y - 30, 60, 60], &percent(*rate, words));
        // Labels of neighbours would run into each other; the last month is the one that is read.
        if points.len() <= 6 || place + 1 == points.len() {
            picture.text("middle small value", *x, y - 70, &percent(*rate, words));
        }
    }
}

/// Dispute rates of each month, by number and by amount, as pairs of bars.
pub(super) fn dispute_rates(months: &[&MonthFigures], words: Words) -> String {
    let rates = |month: &&MonthFigures| {
        [month.tally.dispute_rate_by_count(), month.tally.dispute_rate_by_amount()].map(hundredths)
    };
    let rates: Vec<_> = months.iter().map(rates).collect();
    let scale = Scale::over(rates.iter().flatten().flatten().copied(), BOTTOM * TENTHS, TOP * TENTHS).rounded();
    let name = |rate: Option<i128>| rate.map_or_else(|| "–".to_owned(), |rate| percent(rate, words));
    let described: Vec<String> = months
        .iter()
        .zip(&rates)
        .map(|(month, [count, amount])| format!("{} {} / {}", month_name(month), name(*count), name(*amount)))
        .collect();
    let mut picture = Picture::new(WIDTH, HEIGHT, &words.heading(Label::DisputeRates), &described.join(", "));
    frame(&mut picture, scale, |tick| axis_percent(tick, words));
    let (middles, width) = places(months.len());
    for (([count, amount], middle), described) in rates.iter().zip(&middles).zip(&described) {
        let half = width / 2;
        for (rate, class, x) in [(count, "bar in", middle - half), (amount, "bar in2", *middle)] {
            let Some(rate) = rate else { continue };
            let y = scale.at(*rate);
            picture.bar(class, [x, y, half, scale.zero() - y], described);
            if months.len() <= 4 {
                picture.text("middle small value", x + half / 2, y - 40, &percent(*rate, words));
            }
        }
    }
    picture.line("axis", [LEFT * TENTHS, scale.zero(), RIGHT * TENTHS, scale.zero()]);
    month_axis(&mut picture, months, &middles);
    let names = [Label::ByCount, Label::ByAmount].map(|label| words.heading(label));
    let [count, amount] = &names;
    legend(&mut picture, &[("bar in", count), ("bar in2", amount)]);
    picture.finish()
}
