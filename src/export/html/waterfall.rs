//! From the opening to the closing balance, step by step: what was captured, what it cost, what went back,
//! what was paid out. The steps are those of the balance identity, so the last bar ends where the closing
//! balance stands; where rows do not add up, the difference is a step of its own.

use super::picture::{Picture, Scale, TENTHS, escape, minus};
use crate::domain::{Money, Sum};
use crate::export::language::{Label, Words};
use crate::report::Account;

/// Pixels of the picture: its width, one step, and where the bars begin and end.
const WIDTH: i128 = 1000;
const STEP: i128 = 26;
const BARS_FROM: i128 = 216;
const BARS_TO: i128 = 880;
const BAR: i128 = 16;
const TOP: i128 = 4;

/// Kinds that are one step.
const DISPUTES: [&str; 3] = ["a_to_z_claim", "chargeback", "dispute"];
const OTHERS: [&str; 4] = ["authorization", "adjustment", "debt", "unknown"];

/// One step: its label, what it moves, and where its rows are.
struct Step {
    label: Label,
    moved: Sum,
    /// The balance itself, not a movement.
    is_balance: bool,
    target: String,
}

/// The exact number of money; nothing that a statement holds has more decimals.
pub(super) fn sum(money: Money) -> Sum {
    Sum::of(money).unwrap_or_default()
}

/// Σ of a figure over the movements of some kinds.
fn sum_of(account: &Account, kinds: &[&str], figure: impl Fn(&crate::report::Movement) -> Money) -> Sum {
    let wanted = account.movements.iter().filter(|movement| kinds.contains(&movement.kind));
    wanted.map(|movement| sum(figure(movement))).sum()
}

fn steps(account: &Account, id: &str) -> Vec<Step> {
    let gross = |kinds: &[&str]| sum_of(account, kinds, |movement| movement.amount);
    let fees: Sum = account.movements.iter().map(|movement| sum(movement.fee)).sum();
    let step = |label, moved, target: &str| Step { label, moved, is_balance: false, target: format!("#{id}-{target}") };
    let balance = |label, moved| Step { label, moved, is_balance: true, target: format!("#{id}-figures") };
    let (opening, closing) = (sum(account.opening_balance), sum(account.closing_balance));
    let mut steps = vec![
        balance(Label::Opening, opening),
        step(Label::Captures, gross(&["capture"]), "k-capture"),
        step(Label::Fees, fees, "figures"),
        step(Label::Refunds, gross(&["refund"]), "k-refund"),
        step(Label::Disputes, gross(&DISPUTES), "figures"),
        step(Label::Other, gross(&OTHERS), "figures"),
        step(Label::Payouts, gross(&["transfer"]), "k-transfer"),
    ];
    let reached: Sum = steps.iter().map(|step| step.moved).sum();
    if reached != closing {
        steps.push(step(Label::Difference, closing - reached, "figures"));
    }
    steps.push(balance(Label::Closing, closing));
    steps.retain(|step| step.is_balance || !step.moved.is_zero());
    steps
}

/// Draws the steps of an account.
pub(super) fn waterfall(account: &Account, id: &str, words: Words) -> String {
    let steps = steps(account, id);
    let shown = |sum: Sum| minus(&words.money(sum.in_currency(account.currency).unwrap_or(account.currency.zero())));
    let mut ends = Vec::new();
    let mut reached = 0_i128;
    for step in &steps {
        let from = if step.is_balance { 0 } else { reached };
        reached = if step.is_balance { step.moved.units() } else { reached.saturating_add(step.moved.units()) };
        ends.push((from, reached));
    }
    let scale = Scale::over(ends.iter().flat_map(|(from, to)| [*from, *to]), BARS_FROM * TENTHS, BARS_TO * TENTHS);
    let height = TOP + STEP * steps.len() as i128;
    let words_of = |step: &Step| format!("{} {}", words.of_label(step.label), shown(step.moved));
    let description: Vec<String> = steps.iter().map(words_of).collect();
    let name = words.heading(Label::Waterfall);
    let mut picture = Picture::new(WIDTH, height, &name, &description.join(", "));
    picture.line("axis", [scale.zero(), 0, scale.zero(), height * TENTHS]);
    for (place, (step, (from, to))) in steps.iter().zip(&ends).enumerate() {
        let top = (TOP + STEP * place as i128) * TENTHS;
        draw(&mut picture, step, (scale.at(*from), scale.at(*to)), top, words, &shown(step.moved));
        if place + 1 < steps.len() {
            picture.line("link", [scale.at(*to), top + BAR * TENTHS, scale.at(*to), top + STEP * TENTHS]);
        }
    }
    picture.finish()
}

fn draw(picture: &mut Picture, step: &Step, (from, to): (i128, i128), top: i128, words: Words, amount: &str) {
    /// The least width at which a bar can be seen: one pixel and a half.
    const VISIBLE: i128 = 15;
    let class = match (step.is_balance, step.moved.units() < 0) {
        (true, _) => "bar total",
        (false, true) => "bar out",
        (false, false) => "bar in",
    };
    let label = words.heading(step.label);
    let baseline = top + 125;
    picture.push(&format!(r#"<a href="{}">"#, escape(&step.target)));
    picture.text("end", (BARS_FROM - 12) * TENTHS, baseline, &label);
    let width = (to - from).abs().max(VISIBLE);
    picture.bar(class, [from.min(to), top, width, BAR * TENTHS], &format!("{label}: {amount}"));
    picture.text("end amount", (WIDTH - 2) * TENTHS, baseline, amount);
    picture.push("</a>");
}
