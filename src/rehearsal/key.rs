//! The answer key as a file: JSON with one entry on a line, so that a difference between two keys
//! names its month.

use serde::Serialize;

use super::anomaly::Planted;
use super::answer::{Answer, DEFINITIONS, money, utc};
use super::books::{Books, Settlement};
use super::country::Cents;
use super::plan::{Plan, RehearsalError};
use crate::domain::{Money, RowKind, SellerId, SettlementId};

/// The name of the key's form; fields may be added, never renamed.
const SCHEMA: &str = "settle.rehearsal/1";

/// One account of the sample.
#[derive(Serialize)]
struct AccountEntry<'a> {
    name: &'a str,
    seller_id: &'a SellerId,
    country: &'a str,
    currency: &'a str,
    timezone: &'a str,
    payout_rule: &'a str,
    settlements: usize,
    rows: usize,
}

/// One settlement whose file is there.
#[derive(Serialize)]
struct SettlementEntry<'a> {
    name: &'a str,
    settlement_id: &'a SettlementId,
    file: String,
    start: String,
    end: String,
    rows: usize,
    net: Money,
    transfers: Money,
}

/// The bytes of the answer key.
pub(super) fn answer_key(
    plan: &Plan,
    books: &[Books],
    planted: &[Planted],
    answers: &[Answer],
) -> Result<Vec<u8>, RehearsalError> {
    let accounts: Vec<AccountEntry> = books.iter().map(account_entry).collect();
    let settlements: Vec<SettlementEntry> =
        books.iter().flat_map(|books| books.known().map(|settlement| settlement_entry(books, settlement))).collect();
    let mut out = format!("{{\"schema\":\"{SCHEMA}\",\n\"seed\":{}", plan.seed);
    push_list(&mut out, "definitions", &DEFINITIONS)?;
    push_list(&mut out, "accounts", &accounts)?;
    push_list(&mut out, "anomalies", planted)?;
    push_list(&mut out, "answers", answers)?;
    push_list(&mut out, "settlements", &settlements)?;
    out.push_str("}\n");
    Ok(out.into_bytes())
}

fn push_list<T: Serialize>(out: &mut String, name: &str, entries: &[T]) -> Result<(), RehearsalError> {
    let lines = entries.iter().map(serde_json::to_string).collect::<Result<Vec<String>, _>>()?;
    let edge = if lines.is_empty() { "" } else { "\n" };
    out.push_str(&format!(",\n\"{name}\":[{edge}{}{edge}]", lines.join(",\n")));
    Ok(())
}

fn account_entry(books: &Books) -> AccountEntry<'_> {
    let account = &books.account;
    AccountEntry {
        name: &account.name,
        seller_id: &account.seller,
        country: account.market.country,
        currency: account.currency.code(),
        timezone: account.zone.name(),
        payout_rule: account.market.habits.payout.word(),
        settlements: books.known().count(),
        rows: books.known().map(|settlement| settlement.rows.len()).sum(),
    }
}

fn settlement_entry<'a>(books: &'a Books, settlement: &'a Settlement) -> SettlementEntry<'a> {
    let currency = books.account.currency;
    let net: Cents = settlement.rows.iter().map(|row| row.figures.net).sum();
    let transfers = settlement.rows.iter().filter(|row| row.kind == RowKind::Transfer).map(|row| row.figures.net);
    SettlementEntry {
        name: &books.account.name,
        settlement_id: &settlement.id,
        file: format!("{}/{}", books.account.name, settlement.file_name()),
        start: utc(settlement.window.start),
        end: utc(settlement.window.end),
        rows: settlement.rows.len(),
        net: money(net, currency),
        transfers: money(transfers.sum(), currency),
    }
}
