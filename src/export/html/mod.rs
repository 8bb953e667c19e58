//! The statement as one page: figures, pictures, and every row behind them.
//!
//! One file that needs nothing else: no script, no request, a content policy that forbids both. A figure
//! leads to its rows (`:target` in the stylesheet picks them out), a row to its source file and line. All
//! text from outside goes through the template's escaping or [`picture::escape`]; the pictures are drawn
//! here, as SVG, with whole numbers.

mod months;
mod picture;
mod rows;
mod timeline;
mod view;
mod waterfall;

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use super::language::{Label, Words};
use crate::config::Language;
use crate::report::{Details, Statement};

pub(in crate::export) use view::bank_label;

/// Rows of each account and kind that a page lists: a browser still scrolls them, and a shop with more
/// reads them in a workbook. Figures count all rows.
pub const PAGE_ROWS_OF_EACH_KIND: u64 = 5_000;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// The only style that the page's content policy admits: SHA-256 of [`STYLE`] in Base64. A test computes it.
const STYLE_HASH: &str = "sha256-9Y75RT8VeNQwlT36WJbZUOnC+m8+EPsy9Y/6Tn6WI94=";

/// Why a page could not be made: a defect of the template, which tests would have found.
#[derive(Debug, thiserror::Error)]
#[error("the page's template fails: {0:#}")]
pub struct PageError(#[from] minijinja::Error);

/// The page.
///
/// # Errors
/// [`PageError`] where the template is wrong.
pub fn statement_html(statement: &Statement, details: &Details, language: Language) -> Result<String, PageError> {
    let words = Words::of(language);
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("page.html", TEMPLATE)?;
    let labels = |text: &dyn Fn(Label) -> String| -> Value {
        let texts = Label::ALL.iter().map(|(label, name)| (*name, text(*label)));
        Value::from(texts.collect::<BTreeMap<_, _>>())
    };
    let page = environment.get_template("page.html")?.render(context! {
        style => STYLE,
        style_hash => STYLE_HASH,
        w => labels(&|label| words.of_label(label).to_owned()),
        h => labels(&|label| words.heading(label)),
        page => Serde(view::page(statement, details, words)),
    })?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use sha2::Digest;

    use super::*;

    #[test]
    fn the_content_policy_admits_the_stylesheet_and_no_other() {
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(STYLE.as_bytes()));
        assert_eq!(STYLE_HASH, format!("sha256-{hash}"));
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import") && !STYLE.contains("</"));
        assert!(!TEMPLATE.contains("<script") && !TEMPLATE.contains("style=") && !TEMPLATE.contains(" onload="));
    }
}
