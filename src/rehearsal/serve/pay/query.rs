//! The query of a request to API v2, and the members of a JSON body.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::super::decided::PAY_PLUS;
use super::super::message::Received;
use super::super::stamps;
use super::Refusal;

/// The most items of a page; documented.
const PAGE_MAX: usize = 100;

/// Decoded names and values; an empty value counts as absent.
#[derive(Clone, Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Of a request.
    pub(super) fn of_request(request: &Received) -> Self {
        let given = request.parameters(PAY_PLUS).into_iter();
        Self(given.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Refuses names that the operation does not know, and names given twice.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        for (at, (name, _)) in self.0.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(Refusal::unrecognized(name));
            }
            if self.0.iter().take(at).any(|(earlier, _)| earlier == name) {
                return Err(Refusal::value(name));
            }
        }
        Ok(())
    }

    /// The token that continues a list; it may stand only alone.
    pub(super) fn token(&self) -> Result<Option<&str>, Refusal> {
        match self.get("nextToken") {
            Some(_) if self.0.len() > 1 => Err(Refusal::combination()),
            token => Ok(token),
        }
    }

    /// The parts of a comma list.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let text = self.get(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// An instant, where the parameter is there.
    pub(super) fn instant(&self, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        stamps::read_any(text).map(Some).ok_or_else(|| Refusal::value(name))
    }

    /// The size of a page.
    pub(super) fn page_size(&self, default: usize) -> Result<usize, Refusal> {
        let Some(text) = self.get("pageSize") else { return Ok(default) };
        text.parse().ok().filter(|size| (1..=PAGE_MAX).contains(size)).ok_or_else(|| Refusal::value("pageSize"))
    }
}

/// The members of a JSON body.
#[derive(Clone, Debug)]
pub(super) struct Members(Map<String, Value>);

impl Members {
    /// Reads a body that may have only the known members and must have the required ones.
    pub(super) fn read(request: &Received, known: &[&str], required: &[&str]) -> Result<Self, Refusal> {
        let body: Value = serde_json::from_slice(&request.body).map_err(|_| Refusal::format())?;
        let Value::Object(members) = body else { return Err(Refusal::format()) };
        if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(Refusal::unrecognized(name));
        }
        let absent = |name: &&&str| members.get(**name).is_none_or(|value| value.is_null() || value == "");
        match required.iter().find(absent) {
            Some(name) => Err(Refusal::missing(name)),
            None => Ok(Self(members)),
        }
    }

    /// A member as text.
    pub(super) fn text(&self, name: &str) -> Result<&str, Refusal> {
        self.0.get(name).and_then(Value::as_str).ok_or_else(|| Refusal::value(name))
    }

    /// A member as an instant.
    pub(super) fn instant(&self, name: &str) -> Result<DateTime<Utc>, Refusal> {
        stamps::read_any(self.text(name)?).ok_or_else(|| Refusal::value(name))
    }

    /// A member that is true or false; absent is false.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.0.get(name) {
            None => Ok(false),
            Some(value) => value.as_bool().ok_or_else(|| Refusal::value(name)),
        }
    }
}
