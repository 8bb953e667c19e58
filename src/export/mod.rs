//! Floor 7: documents → bytes.
//!
//! One file a format; all say the same figures, to the cent. A format is a pure function from a
//! document to text; [`Target`] alone writes, and what it writes appears whole or not at all.

mod claims_csv;
mod csv;
mod import_text;
mod json;
mod reconciliation_csv;
mod reconciliation_text;
mod rows;
mod statement_csv;
mod statement_text;
mod table;
mod writer;

pub use claims_csv::claims_csv;
pub use csv::{CsvDialect, CsvText, UnknownDialect};
pub use import_text::import_text;
pub use json::json_text;
pub use reconciliation_csv::reconciliation_csv;
pub use reconciliation_text::reconciliation_text;
pub use rows::{format_row, row_header};
pub use statement_csv::statement_csv;
pub use statement_text::statement_text;
pub use table::{Paint, clean};
pub use writer::{Target, WriteError};
