//! What all pictures share: scales, ticks and escaped text. Coordinates are whole tenths of a pixel, so
//! that no float is needed and the same figures always draw the same picture.

use std::fmt::Write as _;

use crate::export::language::Words;

/// Tenths in a pixel.
pub(super) const TENTHS: i128 = 10;
/// Ten-thousandths in one unit of a currency.
const UNITS_PER_ONE: i128 = crate::domain::Amount::UNITS_PER_ONE as i128;
/// Beyond this many units an axis is drawn in rougher steps, so that no product overflows.
const ROOM: i128 = i128::MAX / 1_000_000;

/// Text that cannot leave its element or its attribute.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in super::super::table::clean(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// A picture in the making.
pub(super) struct Picture {
    body: String,
    width: i128,
    height: i128,
    name: String,
    description: String,
}

impl Picture {
    /// An empty picture of so many pixels, with a name and a description for those who do not see it.
    pub(super) fn new(width: i128, height: i128, name: &str, description: &str) -> Self {
        Self { body: String::new(), width, height, name: escape(name), description: escape(description) }
    }

    /// Adds markup that is safe already.
    pub(super) fn push(&mut self, markup: &str) {
        self.body.push_str(markup);
    }

    /// Adds a rectangle; tenths of pixels, height and width may not be negative.
    pub(super) fn bar(&mut self, class: &str, [x, y, width, height]: [i128; 4], title: &str) {
        let [x, y, width, height] = [x, y, width, height].map(px);
        let title = escape(title);
        let _ = write!(
            self.body,
            r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}" rx="1.5"><title>{title}</title></rect>"#
        );
    }

    /// Adds a line.
    pub(super) fn line(&mut self, class: &str, [x1, y1, x2, y2]: [i128; 4]) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(px);
        let _ = write!(self.body, r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#);
    }

    /// Adds text; the class says how it is anchored.
    pub(super) fn text(&mut self, class: &str, x: i128, y: i128, text: &str) {
        let (x, y, text) = (px(x), px(y), escape(text));
        let _ = write!(self.body, r#"<text class="{class}" x="{x}" y="{y}">{text}</text>"#);
    }

    /// The picture as an SVG element.
    pub(super) fn finish(self) -> String {
        let Self { body, width, height, name, description } = self;
        format!(
            r#"<svg viewBox="0 0 {width} {height}" role="img" aria-label="{name}. {description}" preserveAspectRatio="xMidYMid meet">{body}</svg>"#
        )
    }
}

/// Tenths as pixels.
pub(super) fn px(tenths: i128) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let size = tenths.unsigned_abs();
    match size % 10 {
        0 => format!("{sign}{}", size / 10),
        tenth => format!("{sign}{}.{tenth}", size / 10),
    }
}

/// From values to places along an axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    min: i128,
    max: i128,
    from: i128,
    to: i128,
}

impl Scale {
    /// The scale that holds zero and all values, and on which the smallest stands at `from`, the largest at
    /// `to` (tenths of pixels).
    pub(super) fn over(values: impl Iterator<Item = i128>, from: i128, to: i128) -> Self {
        let (min, max) = values.fold((0, 0), |(min, max): (i128, i128), value| (min.min(value), max.max(value)));
        let (min, max) = (min.max(-ROOM), max.min(ROOM));
        Self { min, max: if min == max { min + 1 } else { max }, from, to }
    }

    /// The same scale, widened to whole ticks.
    pub(super) fn rounded(self) -> Self {
        let step = step(self.max - self.min);
        let floor = |value: i128| value.div_euclid(step) * step;
        Self { min: floor(self.min), max: floor(self.max + step - 1), ..self }
    }

    /// Where a value stands.
    pub(super) fn at(self, value: i128) -> i128 {
        let value = value.clamp(self.min, self.max);
        self.from + (value - self.min).saturating_mul(self.to - self.from) / (self.max - self.min)
    }

    /// Where zero stands.
    pub(super) fn zero(self) -> i128 {
        self.at(0)
    }

    /// The values at which a line is drawn.
    pub(super) fn ticks(self) -> Vec<i128> {
        let step = step(self.max - self.min);
        let first = self.min.div_euclid(step) * step;
        (0..=TICKS_MOST).map(|place| first + place * step).filter(|tick| (self.min..=self.max).contains(tick)).collect()
    }
}

/// Lines of an axis, at the most.
const TICKS_MOST: i128 = 8;
/// Lines that an axis should have.
const TICKS_WANTED: i128 = 4;

/// 1, 2 or 5 times a power of ten, so that about [`TICKS_WANTED`] fit into a span.
fn step(span: i128) -> i128 {
    let wanted = (span / TICKS_WANTED).max(1);
    let mut power: i128 = 1;
    while power.saturating_mul(10) <= wanted {
        power = power.saturating_mul(10);
    }
    [1, 2, 5, 10].into_iter().map(|factor| power.saturating_mul(factor)).find(|step| *step >= wanted).unwrap_or(power)
}

/// A number with a true minus sign.
pub(super) fn minus(number: &str) -> String {
    number.replace('-', "\u{2212}")
}

/// A value of an axis of money, without decimals that say nothing.
pub(super) fn axis_money(units: i128, words: Words) -> String {
    let whole = units / UNITS_PER_ONE;
    if units % UNITS_PER_ONE == 0 {
        return minus(&words.number(&whole.to_string()));
    }
    let sign = if units < 0 { "-" } else { "" };
    let rest = (units % UNITS_PER_ONE).unsigned_abs();
    minus(&words.number(format!("{sign}{}.{rest:04}", whole.unsigned_abs()).trim_end_matches('0')))
}

/// Hundredths of a per cent, all of them.
pub(super) fn percent(hundredths: i128, words: Words) -> String {
    minus(&words.percent(&percent_text(hundredths)))
}

/// The same on an axis, without decimals that say nothing.
pub(super) fn axis_percent(hundredths: i128, words: Words) -> String {
    minus(&words.percent(percent_text(hundredths).trim_end_matches('0').trim_end_matches('.')))
}

fn percent_text(hundredths: i128) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", (hundredths / 100).unsigned_abs(), (hundredths % 100).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_holds_zero_and_its_ticks_are_round() {
        let scale = Scale::over([-13_000_i128, 47_000].into_iter(), 0, 1_000).rounded();
        assert_eq!(scale.ticks(), [-20_000, 0, 20_000, 40_000, 60_000]);
        assert_eq!((scale.at(-20_000), scale.at(60_000), scale.zero()), (0, 1_000, 250));
        let flat = Scale::over([0_i128].into_iter(), 0, 1_000);
        assert_eq!(flat.at(0), 0);
        let huge = Scale::over([i128::MAX, i128::MIN].into_iter(), 0, 7_000).rounded();
        assert!(huge.ticks().len() > 2 && huge.at(i128::MAX) <= 7_000);
    }

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(escape("</title><script>'\"&\u{202e}"), "&lt;/title&gt;&lt;script&gt;&#39;&quot;&amp;\u{fffd}");
        assert_eq!((px(-5), px(120), px(123)), ("-0.5".to_owned(), "12".to_owned(), "12.3".to_owned()));
    }
}
