//! `settle.pack/1`: what a sealed pack says of itself. Field names are exact.

use serde::{Deserialize, Serialize};

use super::terms::Terms;
use crate::domain::{AccountName, DocumentId, SettlementId};

/// The number of the form of a pack.
pub const SCHEMA: &str = "settle.pack/1";
/// The entry that describes all others.
pub const MANIFEST: &str = "manifest.json";
/// The entry for people.
pub const README: &str = "README.txt";

/// What a pack says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// `YYYY-MM`.
    pub month: String,
    /// How the month was read.
    pub terms: Terms,
    /// Every document that the archive held, by name and hash.
    pub documents: Vec<PackDocument>,
    /// What could not be put into the pack, and why.
    pub left_out: Vec<LeftOut>,
    /// Every entry but this one, in the order of the zip.
    pub entries: Vec<Entry>,
}

/// Whether a pack holds the documents that its figures rest on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RawBytes {
    /// Their bytes.
    #[default]
    All,
    /// Their hashes.
    None,
}

/// A document of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackDocument {
    /// The SHA-256 of its bytes.
    pub sha256: DocumentId,
    /// What it is called in the statement.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// Its length.
    pub bytes: u64,
    /// The settlement that it describes.
    pub settlement_id: Option<SettlementId>,
    /// The account for which it was brought in, where it names none itself.
    pub account: Option<AccountName>,
    /// The `Content-Type` with which it came.
    pub content_type: Option<String>,
    /// Whether figures rest on it; only then its bytes are in the pack.
    pub counts: bool,
}

/// A file that was given to the close.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackInput {
    /// What it was given as.
    pub role: InputRole,
    /// Its name, without folders.
    pub name: String,
    /// The mapping that was named for an order list.
    pub mapping: Option<String>,
    /// The SHA-256 of its bytes.
    pub sha256: DocumentId,
    /// Its length.
    pub bytes: u64,
}

/// What a file was given as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputRole {
    /// A bank statement.
    Bank,
    /// A list of orders.
    Orders,
    /// A disbursement list.
    Disbursements,
    /// The certificate with which notifications are signed.
    Certificate,
}

impl InputRole {
    /// The word in the manifest and in paths.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            InputRole::Bank => "bank",
            InputRole::Orders => "orders",
            InputRole::Disbursements => "disbursements",
            InputRole::Certificate => "certificate",
        }
    }
}

/// Something that a pack ought to hold and does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The entry.
    pub name: String,
    /// Why it is not there.
    pub why: String,
}

/// One entry of the zip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its bytes.
    pub sha256: DocumentId,
    /// Its length.
    pub bytes: u64,
}

/// The entry of a document.
#[must_use]
pub fn raw_entry(id: &DocumentId) -> String {
    format!("raw/{id}")
}

impl PackInput {
    /// The entry of the file.
    #[must_use]
    pub fn entry(&self) -> String {
        format!("inputs/{}/{}", self.role.word(), self.sha256)
    }
}

/// The text for people.
#[must_use]
pub fn readme(terms: &Terms, left_out: &[LeftOut], documents: &[PackDocument]) -> String {
    let month = &terms.month;
    let counted = documents.iter().filter(|document| document.counts).count();
    let raw = match terms.raw {
        RawBytes::All => format!(
            "raw/          the {counted} documents that the figures rest on, as they came; each is named by its SHA-256\n"
        ),
        RawBytes::None => {
            format!(
                "              the {counted} documents that the figures rest on are not here; the manifest has their SHA-256\n"
            )
        }
    };
    let mut text = format!(
        "The sealed month {month} of Amazon Pay, closed with settle {settle}.\n\n\
         manifest.json   every file here with its SHA-256, every document, and the terms\n\
         statement.*     the month statement\n\
         journal*.csv    its entries, one line a posting\n\
         reconciliation.* payouts against the bank, orders, fees\n\
         disputes.*      chargebacks and claims\n\
         settle.toml     the settings under which all this was read\n\
         inputs/         bank statements and lists that were given to the close\n\
         {raw}\n\
         To check it by hand:\n\
         - `sha256sum` of this zip gives the seal that `settle close` printed.\n\
         - Unpack it; `sha256sum FILE` of every file must be what manifest.json says of it.\n\
         - `sha256sum raw/*` must give each file's own name.\n\
         - Add the rows of the files in raw/ by TransactionType and TransactionPostedDate; the sums are the movements.\n\n\
         To check every figure: `settle verify PACK` makes everything anew from raw/ and compares. It needs nothing else.\n\
         To see the rows behind a figure: `settle explain PATH --pack PACK`; without PATH it lists every figure.\n",
        settle = terms.settle,
    );
    if !terms.accepted.is_empty() {
        text.push_str("\nAccepted when the month was closed, though it did not tie:\n");
        for accepted in &terms.accepted {
            text.push_str(&format!("- {}: {}\n", accepted.code, accepted.reason));
            for finding in &accepted.findings {
                text.push_str(&format!("  {}\n", finding.sentence()));
            }
        }
    }
    if !left_out.is_empty() {
        text.push_str("\nNot in this pack:\n");
        left_out.iter().for_each(|part| text.push_str(&format!("- {}: {}\n", part.name, part.why)));
    }
    text
}
