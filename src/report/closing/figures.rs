//! Every figure of a document by its path: `accounts.shop-fr.EUR.movements.refund.net`.
//!
//! A path is made of the names of fields; an entry of a list is named by what it is about (its account, its kind,
//! its settlement), not by its place. Where two entries have one name, the second is `NAME#2`.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::{Map, Value};

/// By which fields the entries of a list are named. Lists that are not here are named by their place, from 1.
const NAMES: [(&str, &[&str]); 12] = [
    ("accounts", &["account", "currency"]),
    ("movements", &["kind"]),
    ("settlements", &["settlement_id"]),
    ("payouts", &["settlement_id"]),
    ("unknown", &["type"]),
    ("gaps", &["after_settlement"]),
    ("disputes", &["account", "currency", "kind"]),
    ("checks", &["check"]),
    ("sources", &["file"]),
    ("adjustments", &["month", "kind"]),
    ("balances", &["account", "currency"]),
    ("cases", &["case_id"]),
];

/// Paths that are offered where one is not known.
const NEAREST: usize = 3;

/// One figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Its path.
    pub path: String,
    /// Its value as the document prints it; `null` where it has none.
    pub value: Value,
}

/// A figure that two documents state differently. What one of them lacks is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FigureDifference {
    /// Its path.
    pub path: String,
    /// As sealed.
    pub sealed: Option<Value>,
    /// As computed anew.
    pub recomputed: Option<Value>,
}

/// Every figure of a document, in its order.
#[must_use]
pub fn figures(document: &Value) -> Vec<Figure> {
    let mut found = Vec::new();
    walk(document, String::new(), &mut found);
    found
}

fn walk(value: &Value, path: String, found: &mut Vec<Figure>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
            Value::Array(entries) => walk_list(name, entries, &below(name), found),
            other => walk(other, below(name), found),
        }),
        Value::Array(entries) => walk_list("", entries, &path, found),
        plain => found.push(Figure { path, value: plain.clone() }),
    }
}

fn walk_list(name: &str, entries: &[Value], path: &str, found: &mut Vec<Figure>) {
    let fields = NAMES.iter().find(|row| row.0 == name).map_or(&[][..], |row| row.1);
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (entry, place) in entries.iter().zip(1_usize..) {
        let own = entry.as_object().and_then(|entry| entry_name(entry, fields)).unwrap_or_else(|| place.to_string());
        let times = seen.entry(own.clone()).or_default();
        *times += 1;
        let own = if *times > 1 { format!("{own}#{times}") } else { own };
        walk(entry, format!("{path}.{own}"), found);
    }
}

fn entry_name(entry: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    if fields.is_empty() {
        return None;
    }
    let parts: Option<Vec<&str>> = fields.iter().map(|field| entry.get(*field)?.as_str()).collect();
    parts.map(|parts| parts.join("."))
}

/// What two documents state differently, in the order of the sealed one, then what only the other has.
#[must_use]
pub fn compare_figures(sealed: &Value, recomputed: &Value) -> Vec<FigureDifference> {
    let now = figures(recomputed);
    let by_path: HashMap<&str, &Value> = now.iter().map(|figure| (figure.path.as_str(), &figure.value)).collect();
    let before = figures(sealed);
    let mut differences = Vec::new();
    let mut known: BTreeMap<&str, ()> = BTreeMap::new();
    for figure in &before {
        known.insert(&figure.path, ());
        let other = by_path.get(figure.path.as_str()).copied();
        if other != Some(&figure.value) {
            let (path, sealed) = (figure.path.clone(), Some(figure.value.clone()));
            differences.push(FigureDifference { path, sealed, recomputed: other.cloned() });
        }
    }
    for figure in now.iter().filter(|figure| !known.contains_key(figure.path.as_str())) {
        let (path, value) = (figure.path.clone(), Some(figure.value.clone()));
        differences.push(FigureDifference { path, sealed: None, recomputed: value });
    }
    differences
}

/// The known paths that are most like one that is not known.
#[must_use]
pub fn nearest_paths<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut ranked: Vec<(usize, &str)> = known.map(|path| (distance(wanted, path), path)).collect();
    ranked.sort();
    ranked.into_iter().take(NEAREST).map(|(_, path)| path.to_owned()).collect()
}

/// How many parts of two paths differ, then how many characters: a slip in one part is near.
fn distance(wanted: &str, path: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (wanted.chars().collect(), path.chars().collect());
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, character) in left.iter().enumerate() {
        let mut before = at;
        let mut next = vec![at + 1];
        for (other, beside) in right.iter().zip(row.iter().skip(1)) {
            let last = next.last().copied().unwrap_or_default();
            let changed = before + usize::from(other != character);
            next.push(changed.min(last + 1).min(beside + 1));
            before = *beside;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        serde_json::json!({"schema": "s", "period": {"month": "2026-09"}, "accounts": [
            {"account": "shop", "currency": "EUR", "closing_balance": "1.00",
             "movements": [{"kind": "refund", "net": "-2.00"}, {"kind": "refund", "net": "-3.00"}],
             "gaps": [{"from": "a", "after_settlement": null}]}],
            "problems": []})
    }

    #[test]
    fn a_figure_is_named_by_what_it_is_about() {
        let paths: Vec<String> = figures(&document()).into_iter().map(|figure| figure.path).collect();
        for path in [
            "period.month",
            "accounts.shop.EUR.closing_balance",
            "accounts.shop.EUR.movements.refund.net",
            "accounts.shop.EUR.movements.refund#2.net",
            "accounts.shop.EUR.gaps.1.from",
        ] {
            assert!(paths.iter().any(|known| known == path), "{path}: {paths:?}");
        }
    }

    #[test]
    fn what_differs_is_named_with_both_values() {
        let (sealed, mut now) = (document(), document());
        assert_eq!(compare_figures(&sealed, &now), []);
        now["accounts"][0]["movements"][0]["net"] = "-2.01".into();
        now["extra"] = "new".into();
        let found = compare_figures(&sealed, &now);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].path, "accounts.shop.EUR.movements.refund.net");
        assert_eq!((&found[0].sealed, &found[0].recomputed), (&Some("-2.00".into()), &Some("-2.01".into())));
        assert_eq!((&found[1].sealed, &found[1].recomputed), (&None, &Some("new".into())));
    }

    #[test]
    fn a_slip_of_the_pen_is_near_its_path() {
        let known = ["accounts.shop.EUR.closing_balance", "accounts.shop.EUR.opening_balance", "period.month"];
        let nearest = nearest_paths("accounts.shop.EUR.closing_balanc", known.into_iter());
        assert_eq!(nearest[0], known[0]);
    }
}
