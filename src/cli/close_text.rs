//! What `settle close` and `settle reopen` say to people.

use crate::export::{clean, counted};
use crate::report::closing::{CloseDocument, CloseState, Finding, ReopenDocument};

/// Findings of one code that are shown; JSON has them all.
const SHOWN_OF_A_CODE: usize = 20;

/// `1 finding stands against it`, `2 findings stand against it`.
pub(super) fn against(document: &CloseDocument) -> String {
    let findings = counted(document.findings.len() as u64, "finding");
    let verb = if document.findings.len() == 1 { "stands" } else { "stand" };
    format!("{findings} {verb} against it")
}

/// The result of closing.
pub(super) fn close_text(document: &CloseDocument) -> String {
    let month = &document.month;
    let mut text = match document.state {
        CloseState::Closed => format!("{month} is closed.\n"),
        CloseState::AlreadyClosed => {
            format!("{month} was closed already, on {}.\n", document.closed.as_deref().unwrap_or("an unknown day"))
        }
        CloseState::Refused => {
            format!("{month} is not closed. {}:\n\n", against(document))
        }
    };
    if document.state == CloseState::Refused {
        text.push_str(&findings_text(&document.findings));
        text.push_str(&hints(document));
        return text;
    }
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            text.push_str(&format!("  {name:<10} {}\n", clean(&value)));
        }
    };
    line("seal", document.seal.as_ref().map(ToString::to_string));
    line("pack", document.pack.clone());
    line("copy", document.copied_to.clone());
    line("documents", document.documents.map(|count| count.to_string()));
    line("event", document.event.map(|number| number.to_string()));
    line("replaces", document.replaces.as_ref().map(ToString::to_string));
    match document.same_again {
        Some(true) => line("made again", Some("the same, byte by byte".to_owned())),
        Some(false) => line("made again", Some("another pack than the sealed one".to_owned())),
        None => {}
    }
    for part in &document.left_out {
        line("not in it", Some(format!("{}: {}", part.name, part.why)));
    }
    for accepted in &document.accepted {
        let (count, code, reason) = (accepted.findings.len(), &accepted.code, &accepted.reason);
        line("accepted", Some(format!("{count} x {code}: {reason}")));
    }
    if document.state == CloseState::Closed {
        text.push_str("\nAnybody can check it: settle verify PACK\n");
    }
    text
}

/// Findings, those of one code together.
pub(super) fn findings_text(findings: &[Finding]) -> String {
    let mut codes: Vec<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut text = String::new();
    for code in codes {
        let own: Vec<&Finding> = findings.iter().filter(|finding| finding.code == code).collect();
        let never = own.iter().all(|finding| !finding.acceptable);
        text.push_str(&format!("{code}{}\n", if never { " (cannot be accepted)" } else { "" }));
        for finding in own.iter().take(SHOWN_OF_A_CODE) {
            text.push_str(&format!("  {}\n", clean(&finding.sentence())));
        }
        if own.len() > SHOWN_OF_A_CODE {
            text.push_str(&format!("  and {} more; --format json lists them\n", own.len() - SHOWN_OF_A_CODE));
        }
        if let Some(hint) = own.iter().find_map(|finding| finding.hint.as_ref()) {
            text.push_str(&format!("  hint: {}\n", clean(hint)));
        }
    }
    text
}

fn hints(document: &CloseDocument) -> String {
    let mut codes: Vec<&str> =
        document.findings.iter().filter(|finding| finding.acceptable).map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    if codes.is_empty() || document.findings.iter().any(|finding| !finding.acceptable) {
        return String::new();
    }
    let flags: Vec<String> = codes.iter().map(|code| format!("--accept {}", clean(code))).collect();
    format!("\nTo close it all the same: settle close {} {} --reason TEXT\n", document.month, flags.join(" "))
}

/// The result of opening again.
pub(super) fn reopen_text(document: &ReopenDocument) -> String {
    let mut text = String::new();
    for month in &document.reopened {
        text.push_str(&format!("{} is open again (event {}).\n", month.month, month.event));
        text.push_str(&format!("  its pack stays: seal {}\n", month.seal));
    }
    text
}
