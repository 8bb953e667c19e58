//! What was examined, for people: one line each, a hint below what needs one.

use super::table::{Paint, clean};
use crate::report::{Check, CheckState, DoctorDocument};

/// Width of the word for the state: the longest is `warning`.
const STATE_WIDTH: usize = 7;

/// The document as text.
#[must_use]
pub fn doctor_text(document: &DoctorDocument, paint: Paint) -> String {
    let width = document.checks.iter().map(|check| name(check).chars().count()).max().unwrap_or(0);
    let mut out: String = document.checks.iter().map(|check| lines(check, width, paint)).collect();
    out.push_str(&summary(document));
    out
}

fn lines(check: &Check, width: usize, paint: Paint) -> String {
    let word = format!("{:<STATE_WIDTH$}", check.state.word());
    let word = match check.state {
        CheckState::Ok => paint.good(&word),
        CheckState::Warning => paint.heading(&word),
        CheckState::Error => paint.bad(&word),
    };
    let mut text = format!("{word}  {:<width$}  {}\n", clean(&name(check)), clean(&check.message));
    let hint = check.hint.iter().map(|hint| format!("hint: {}", clean(hint)));
    let below = hint.chain(check.details.iter().map(|detail| clean(detail)));
    let indent = " ".repeat(STATE_WIDTH + 2);
    text.extend(below.map(|line| format!("{indent}{line}\n")));
    text
}

/// `shop-fr clock`, or `disk`.
fn name(check: &Check) -> String {
    let what = check.check.replace('_', " ");
    check.account.as_ref().map_or_else(|| what.clone(), |account| format!("{account} {what}"))
}

fn summary(document: &DoctorDocument) -> String {
    let count = |state| document.checks.iter().filter(|check| check.state == state).count();
    let plural = |number: usize, one: &str| if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") };
    let offline = if document.offline { "; Amazon was not asked (--offline)" } else { "" };
    let (errors, warnings) = (count(CheckState::Error), count(CheckState::Warning));
    format!("{}, {}, {} ok{offline}\n", plural(errors, "error"), plural(warnings, "warning"), count(CheckState::Ok))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ExitCode;

    #[test]
    fn each_check_is_a_line_with_its_hint_below() {
        let checks = vec![
            Check::ok("config", "settle.toml: 1 account"),
            Check::error("data_folder", "no\u{1b}[2J", ExitCode::Storage).of("shop").with_hint("ls".to_owned()),
        ];
        let text = doctor_text(&DoctorDocument::new(true, checks), Paint::Plain);
        let expected = "ok       config            settle.toml: 1 account\n\
             error    shop data folder  no\u{fffd}[2J\n         hint: ls\n\
             1 error, 0 warnings, 1 ok; Amazon was not asked (--offline)\n";
        assert_eq!(text, expected);
    }
}
