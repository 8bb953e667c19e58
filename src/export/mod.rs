//! Floor 7: documents → bytes.
//!
//! One file a format; all say the same figures, to the cent. A format is a pure function from a
//! document to text; [`Target`] alone writes, and what it writes appears whole or not at all.

mod csv;
mod html;
mod import_text;
mod json;
mod language;
mod rows;
mod statement_csv;
mod statement_text;
mod table;
mod writer;
mod xlsx;

pub use csv::{CsvDialect, CsvText, UnknownDialect};
use html::bank_label;
pub use html::{PAGE_ROWS_OF_EACH_KIND, PageError, statement_html};
pub use import_text::import_text;
pub use json::json_text;
pub use rows::{format_row, row_header};
pub use statement_csv::statement_csv;
pub use statement_text::statement_text;
pub use table::{Paint, clean};
pub use writer::{Target, WriteError};
pub use xlsx::{SHEET_ROWS_MAX, SheetError, statement_xlsx};
