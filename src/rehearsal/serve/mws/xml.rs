//! The XML of MWS: two blanks of indentation, a namespace, text escaped.

use std::fmt::Write;

use super::super::call::Call;
use super::super::message::Answer;
use super::NAMESPACE;

/// The text with the characters that mean something in XML written as entities.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Lines of elements at a depth.
#[derive(Clone, Debug)]
pub(super) struct Elements {
    depth: usize,
    text: String,
}

impl Elements {
    /// Nothing yet, at a depth.
    pub(super) fn at(depth: usize) -> Self {
        Self { depth, text: String::new() }
    }

    /// Adds an element with text.
    pub(super) fn leaf(&mut self, name: &str, text: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{}<{name}>{}</{name}>", self.indent(), escaped(text));
    }

    /// Adds an element with text, where there is any.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.leaf(name, text);
        }
    }

    /// Adds an element with elements.
    pub(super) fn group(&mut self, name: &str, fill: impl FnOnce(&mut Elements)) {
        let mut inner = Elements::at(self.depth + 1);
        fill(&mut inner);
        let indent = self.indent();
        let _ = write!(self.text, "{indent}<{name}>\n{}{indent}</{name}>\n", inner.text);
    }

    fn indent(&self) -> String {
        "  ".repeat(self.depth)
    }
}

/// The answer of an action around its result.
pub(super) fn response(call: &Call<'_>, action: &str, fill: impl FnOnce(&mut Elements)) -> Answer {
    let mut body = Elements::at(1);
    body.group(&format!("{action}Result"), fill);
    body.group("ResponseMetadata", |metadata| metadata.leaf("RequestId", &call.request_id));
    let text = format!(
        "<?xml version=\"1.0\"?>\n<{action}Response xmlns=\"{NAMESPACE}\">\n{}</{action}Response>\n",
        body.text
    );
    Answer::new(200, "text/xml", text)
}
