//! The parameters of an MWS request: query and form together.

use chrono::{DateTime, Utc};

use super::super::encoding::{Plus, pairs};
use super::super::message::Received;
use super::super::stamps;
use super::Refusal;

/// The most entries of a numbered list; MWS takes a hundred ids.
const LIST_MAX: usize = 100;

/// Decoded names and values.
#[derive(Clone, Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Of query and form; `+` in either is a blank.
    pub(super) fn of_request(request: &Received) -> Self {
        let mut all = request.parameters(Plus::Blank);
        if request.method == "POST" {
            all.extend(pairs(&String::from_utf8_lossy(&request.body), Plus::Blank));
        }
        Self(all)
    }

    /// The value of a parameter; an empty one counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, value)| found == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A name that is given twice.
    pub(super) fn repeated(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.windows(2).find_map(|pair| match pair {
            [one, other] if one == other => Some(*one),
            _ => None,
        })
    }

    /// Every parameter but these.
    pub(super) fn without(&self, names: &[&str]) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect()
    }

    /// `SellerId`, or its older name.
    pub(super) fn seller(&self) -> Option<&str> {
        self.get("SellerId").or_else(|| self.get("Merchant"))
    }

    /// `prefix.1`, `prefix.2`, … until one is missing.
    pub(super) fn list(&self, prefix: &str) -> Vec<String> {
        (1..=LIST_MAX).map_while(|at| self.get(&format!("{prefix}.{at}"))).map(str::to_owned).collect()
    }

    /// An instant, where the parameter is there.
    pub(super) fn instant(&self, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        stamps::read_iso(text).map(Some).ok_or_else(|| Refusal::value(name, text))
    }

    /// `true` or `false`, where the parameter is there.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(Refusal::value(name, other)),
        }
    }
}
