//! Documents as JSON: two-space indent, members in the order of the document, a final line end.

use serde::Serialize;

/// The document as JSON text.
///
/// # Errors
/// Only where a document's own `Serialize` fails, which those of `report/` do not.
pub fn json_text(document: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    Ok(text)
}
