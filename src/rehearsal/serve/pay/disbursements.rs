//! Get Disbursements: what was paid to the bank, within a window of settlement dates.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::super::call::Call;
use super::super::decided::DISBURSEMENTS_PAGE;
use super::super::faults::Page;
use super::super::fixture::Disbursement;
use super::super::message::Answer;
use super::super::stamps::millis;
use super::super::tokens::Continuation;
use super::super::world::World;
use super::{Admitted, Query, Refusal, json};

const PARAMETERS: [&str; 4] = ["startTime", "endTime", "pageSize", "nextToken"];

/// What a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rehearsal::serve) struct Window {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    page: usize,
}

impl Window {
    fn read(query: &Query) -> Result<Self, Refusal> {
        for name in ["startTime", "endTime"] {
            query.get(name).ok_or_else(|| Refusal::missing(name))?;
        }
        let edge = |name| query.instant(name)?.ok_or_else(|| Refusal::missing(name));
        Ok(Self { from: edge("startTime")?, until: edge("endTime")?, page: query.page_size(DISBURSEMENTS_PAGE)? })
    }
}

/// A disbursement as it is printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    seller_id: &'a str,
    settlement_id: &'a str,
    amazon_disbursement_reference_id: &'a str,
    amount: &'a str,
    currency_code: &'a str,
    transaction_time: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    disbursements: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

/// A page of disbursements, newest first.
pub(super) fn list(world: &mut World, call: &mut Call<'_>, admitted: &Admitted) -> Result<Answer, Refusal> {
    let account = world.accounts.iter().find(|account| account.name == admitted.account);
    let account = account.filter(|account| account.disbursements_available).ok_or_else(Refusal::not_found)?;
    let seller = account.seller_id.clone();
    let query = &admitted.query;
    query.only(&PARAMETERS)?;
    let token = query.token()?;
    let start = match token {
        None => Continuation { account: admitted.account.clone(), filter: Window::read(query)?, offset: 0 },
        Some(token) => world
            .disbursement_tokens
            .find(token, &admitted.account, call.now)
            .ok_or_else(|| Refusal::value("nextToken"))?,
    };
    let mut matching: Vec<Disbursement> =
        world.disbursements.iter().filter(|paid| is_shown(paid, &start, call.now)).cloned().collect();
    matching.sort_by(|one, other| (other.time, &other.settlement_id).cmp(&(one.time, &one.settlement_id)));
    let more = matching.len() > start.offset + start.filter.page;
    let items: Vec<Disbursement> = matching.into_iter().skip(start.offset).take(start.filter.page).collect();
    let rest = Continuation { offset: start.offset + items.len(), ..start.clone() };
    let next = more.then(|| world.disbursement_tokens.give(rest, call.now));
    let mut page = Page { items, next };
    let now = call.now;
    page.shape_token(call, token, || world.disbursement_tokens.give(start.clone(), now));
    let disbursements = page.items.iter().map(|paid| shown(paid, &seller)).collect();
    Ok(json(200, &Listed { disbursements, next_token: page.next.as_deref() }))
}

fn is_shown(paid: &Disbursement, start: &Continuation<Window>, now: DateTime<Utc>) -> bool {
    let window = &start.filter;
    paid.account == start.account && paid.time <= now && paid.time >= window.from && paid.time <= window.until
}

fn shown<'a>(paid: &'a Disbursement, seller: &'a str) -> Shown<'a> {
    Shown {
        seller_id: seller,
        settlement_id: &paid.settlement_id,
        amazon_disbursement_reference_id: &paid.reference,
        amount: &paid.amount,
        currency_code: &paid.currency,
        transaction_time: millis(paid.time),
    }
}
