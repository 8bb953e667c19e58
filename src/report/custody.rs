//! The documents about keeping a data folder: backup, restoration, removal of personal data, the log.

use serde::Serialize;

use crate::archive::Finding;
use crate::domain::ExitCode;

/// `settle.backup/1`: what was copied.
#[derive(Clone, Debug, Serialize)]
pub struct BackupDocument {
    /// `settle.backup/1`.
    pub schema: &'static str,
    /// Where it is.
    pub target: String,
    /// Documents in it.
    pub documents: u64,
    /// Files in it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were copied; the others are those of the earlier backup.
    pub copied: u64,
    /// Their bytes.
    pub copied_bytes: u64,
    /// What was damaged or missing, and is not in it.
    pub findings: Vec<Finding>,
}

impl BackupDocument {
    /// How the run ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if self.findings.iter().any(Finding::is_damage) { ExitCode::Storage } else { ExitCode::Done }
    }
}

/// `settle.restore/1`: what was copied back.
#[derive(Clone, Debug, Serialize)]
pub struct RestoreDocument {
    /// `settle.restore/1`.
    pub schema: &'static str,
    /// Where it is now.
    pub data_dir: String,
    /// When the backup was made, RFC 3339.
    pub backup_created: String,
    /// Files that were copied.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Where the data folder that was there is now.
    pub moved_to: Option<String>,
    /// Files that the backup lacks.
    pub lacking: Vec<String>,
}

/// `settle.purge/1` and `settle.forget/1`: what was removed, or would be.
#[derive(Clone, Debug, Serialize)]
pub struct RemovalDocument {
    /// `settle.purge/1` or `settle.forget/1`.
    pub schema: &'static str,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// The documents.
    pub documents: Vec<RemovedDocument>,
    /// What is kept, and why; where else to look.
    pub notes: Vec<String>,
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemovedDocument {
    /// Its name.
    pub file: String,
    /// Its hash.
    pub sha256: String,
    /// Its format.
    pub kind: String,
    /// Rows in which a buyer was named; all, where it was removed.
    pub rows: u64,
    /// `removed`: its bytes are gone. `anonymous`: what stands in its place names no buyer.
    pub state: &'static str,
    /// The document that stands in its place.
    pub successor: Option<String>,
}

/// `settle.events/1`: the log.
#[derive(Clone, Debug, Serialize)]
pub struct EventsDocument {
    /// `settle.events/1`.
    pub schema: &'static str,
    /// The events.
    pub events: Vec<EventLine>,
    /// Whether every event follows the one before it and is as it was written, over the whole log.
    pub chain: &'static str,
}

/// One event.
#[derive(Clone, Debug, Serialize)]
pub struct EventLine {
    /// Its number.
    pub number: u64,
    /// When, RFC 3339.
    pub at: String,
    /// What it tells of.
    pub kind: String,
    /// In a few words.
    pub summary: String,
    /// All of it.
    pub facts: serde_json::Value,
    /// Its hash.
    pub hash: String,
}

impl EventsDocument {
    /// How the run ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if self.chain == "whole" { ExitCode::Done } else { ExitCode::Storage }
    }
}

/// An event in a few words, from its facts.
#[must_use]
pub fn event_summary(kind: &str, facts: &serde_json::Value) -> String {
    let text = |field: &str| facts.get(field).and_then(|value| value.as_str()).unwrap_or_default();
    let documents = facts.get("documents").and_then(|documents| documents.as_array()).map_or(0, Vec::len);
    let counted = |what: &str| match documents {
        1 => format!("1 document {what}"),
        count => format!("{count} documents {what}"),
    };
    match kind {
        "adopt" => counted("from before the log"),
        "import" => counted("came in"),
        "reread" => counted("read anew"),
        "close" => format!("{} closed, pack {}", text("month"), text("pack").get(..12).unwrap_or_default()),
        "reopen" => format!("{} opened again: {}", text("month"), text("reason")),
        "resolve" => {
            let counted = text("counted").get(..12).unwrap_or_default();
            format!("settlement {}: {counted} counts: {}", text("settlement_id"), text("reason"))
        }
        "rebuild" => "the catalog made anew".to_owned(),
        "restore" => "restored from a backup".to_owned(),
        "purge" => format!("{}, older than {}", counted("removed or made anonymous"), text("before")),
        "forget" => counted("without a buyer"),
        _ => String::new(),
    }
}
