//! Properties of cases over invented facts, and the rules between facts that a file-level test cannot reach.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::config::DisputeSettings;
use crate::domain::{AccountName, Amount, Currency, DocumentId, Instant, RowKind, SettlementId, Sum, Zone};
use crate::ledger::{CaseTally, Part};
use crate::parse::{ChargebackNotification, DisputeObject, parse_timestamp};

fn at(text: &str) -> Instant {
    parse_timestamp(text.as_bytes()).unwrap()
}

fn euro() -> Currency {
    "EUR".parse().unwrap()
}

fn row(kind: RowKind, order: &str, line: u64, units: i64) -> CaseRow {
    CaseRow {
        source: 0,
        line,
        posted: Instant::new(1_788_000_000_000 + i64::try_from(line).unwrap() * 3_600_000, 0),
        settlement_id: SettlementId::new("7000000001"),
        transaction_id: String::new(),
        seller_reference_id: String::new(),
        word: kind.to_string(),
        kind,
        order_reference_id: order.to_owned(),
        seller_order_id: String::new(),
        store_name: String::new(),
        description: String::new(),
        currency: euro(),
        amount: Amount::from_units(units),
        fee: Amount::ZERO,
        net: Amount::from_units(units),
    }
}

fn source(account: &str) -> RowSource {
    RowSource {
        account: AccountName::new(account),
        file: format!("{account}.csv"),
        id: DocumentId::new("ab".repeat(32)),
        end: Instant::new(1_790_000_000_000, 0),
        paid: None,
    }
}

fn account(name: &str, zone: &str) -> AccountFact {
    AccountFact { account: AccountName::new(name), zone: zone.parse().unwrap(), country: None, period: None }
}

fn facts(rows: Vec<CaseRow>) -> Facts {
    Facts { accounts: vec![account("shop", "Europe/Paris")], sources: vec![source("shop")], rows, ..Facts::default() }
}

fn notice(order: &str, id: &str, notified: &str, amount: Option<i64>) -> Notice {
    Notice {
        account: AccountName::new("shop"),
        read: ChargebackNotification {
            version: "V1",
            notification_id: id.to_owned(),
            seller_id: None,
            environment: String::new(),
            chargeback_id: format!("C{id}"),
            order_reference_id: crate::domain::OrderReferenceId::new(order),
            capture_reference_id: String::new(),
            amount: amount.map(|units| (Amount::from_units(units), euro())),
            state: "RECEIVED".to_owned(),
            reason: "Generic Service Chargeback".to_owned(),
            created: None,
            notified: Some(at(notified)),
            envelope: None,
        },
        file: format!("{id}.json"),
    }
}

fn build(facts: &Facts, now: &str) -> Vec<Case> {
    let settings = DisputeSettings::default();
    build_cases(facts, &Clock { now: at(now), settings: &settings })
}

const LATER: &str = "2027-06-01T00:00:00Z";

#[test]
fn two_notifications_of_one_chargeback_are_one_case_whose_clock_began_with_the_first() {
    let mut known = facts(vec![row(RowKind::Chargeback, "P02-1", 7, -500_000)]);
    // Out of order: the later one is read first.
    known.notices = vec![
        notice("P02-1", "2", "2026-10-25T10:00:00+0100", None),
        notice("P02-1", "1", "2026-10-20T10:00:00+0200", Some(500_000)),
    ];
    let cases = build(&known, "2026-10-30T09:00:00Z");
    let [case] = &cases[..] else { panic!("{cases:#?}") };
    assert_eq!(case.notices.len(), 2);
    let deadline = case.deadline.unwrap();
    let zone: Zone = "Europe/Paris".parse().unwrap();
    assert_eq!(deadline.at.rfc3339_in(&zone.tz()), "2026-10-31T10:00:00+01:00");
    assert_eq!(deadline.basis, DeadlineBasis::Estimated);
    // Debited, but still answerable: not lost yet.
    assert_eq!((case.status, case.status_basis), (CaseStatus::Open, StatusBasis::Deadline));
    assert_eq!(case.status_by_rows, Some(CaseStatus::Lost));
    assert_eq!(case.exposure(), Sum::from_units(500_000));
    let cases = build(&known, LATER);
    assert_eq!((cases[0].status, cases[0].status_basis), (CaseStatus::Lost, StatusBasis::Reports));
}

#[test]
fn a_notification_without_a_row_is_a_case_of_its_own_and_adds_no_money() {
    let mut known = facts(Vec::new());
    known.notices = vec![notice("P02-1", "1", "2026-12-27T23:30:00+0100", Some(500_000))];
    let cases = build(&known, "2026-12-28T10:00:00Z");
    let [case] = &cases[..] else { panic!("{cases:#?}") };
    assert_eq!((case.status, case.status_basis), (CaseStatus::Open, StatusBasis::Notification));
    assert_eq!(case.figures(), CaseFigures::default());
    assert_eq!(case.exposure(), Sum::from_units(500_000));
    assert!(case.flags.contains(&Flag::NoRowsYet) && case.flags.contains(&Flag::CaptureUnknown));
    assert_eq!(case.deadline.unwrap().at.rfc3339_in(&chrono_tz::Europe::Paris), "2027-01-07T23:30:00+01:00");
}

#[test]
fn an_object_decides_joins_by_its_order_and_the_latest_state_counts() {
    let object = |state: &str, resolution: &str, updated: &str, file: &str| ObjectFact {
        account: None,
        read: DisputeObject {
            dispute_id: "P02-1234567-1234567-B000001".to_owned(),
            charge_id: "P02-1234567-1234567-C000001".to_owned(),
            dispute_type: "Chargeback".to_owned(),
            filing_reason: "ProductNotReceived".to_owned(),
            amount: Some((Amount::from_units(500_000), euro())),
            state: state.to_owned(),
            resolution: resolution.to_owned(),
            updated: Some(at(updated)),
            respond_by: Some(at("2026-09-20T12:00:00Z")),
            ..DisputeObject::default()
        },
        file: file.to_owned(),
    };
    let mut known = facts(vec![row(RowKind::Chargeback, "P02-1234567-1234567", 7, -500_000)]);
    known.objects = vec![
        object("Closed", "MerchantWon", "2026-10-02T00:00:00Z", "b.json"),
        object("UnderReview", "", "2026-09-10T00:00:00Z", "a.json"),
    ];
    let cases = build(&known, LATER);
    let [case] = &cases[..] else { panic!("{cases:#?}") };
    assert_eq!((case.status, case.status_basis), (CaseStatus::Won, StatusBasis::Amazon));
    assert_eq!(case.status_by_rows, Some(CaseStatus::Lost), "kept beside Amazon's word");
    assert_eq!(case.deadline.unwrap().basis, DeadlineBasis::Amazon);
    assert_eq!(case.reason.as_deref(), Some("ProductNotReceived"));
    known.objects.truncate(0);
    known.objects.push(object("ActionRequired", "", "2026-09-10T00:00:00Z", "a.json"));
    assert_eq!(build(&known, LATER)[0].status, CaseStatus::Open, "even though a debit is booked");
}

#[test]
fn another_currency_than_the_captures_is_flagged_and_never_added() {
    let mut rows = vec![row(RowKind::Capture, "P02-1", 3, 600_000), row(RowKind::Chargeback, "P02-1", 7, -500_000)];
    rows[1].currency = "GBP".parse().unwrap();
    let mut known = facts(rows);
    known.notices = vec![notice("P02-1", "1", "2026-10-20T10:00:00+0200", Some(500_000))];
    let cases = build(&known, LATER);
    // The notification is in EUR, the row in GBP: two cases, because neither may be taken for the other.
    assert_eq!(cases.len(), 2);
    let pounds = cases.iter().find(|case| case.currency == Some("GBP".parse().unwrap())).unwrap();
    assert!(pounds.flags.contains(&Flag::CurrencyDiffers));
    assert!(pounds.notices.is_empty());
}

#[test]
fn several_captures_are_listed_and_none_is_chosen_unless_one_is_named() {
    let mut captures = [row(RowKind::Capture, "P02-1", 3, 600_000), row(RowKind::Capture, "P02-1", 4, 300_000)];
    captures[0].transaction_id = "P02-1-C1".to_owned();
    captures[1].transaction_id = "P02-1-C2".to_owned();
    let mut dispute = row(RowKind::Chargeback, "P02-1", 7, -300_000);
    let rows = |dispute: &CaseRow| captures.iter().cloned().chain([dispute.clone()]).collect();
    let cases = build(&facts(rows(&dispute)), LATER);
    assert_eq!((cases[0].link, cases[0].captures.len()), (CaptureLink::Ambiguous, 2));
    assert!(cases[0].capture().is_none());
    dispute.transaction_id = "P02-1-C2".to_owned();
    let cases = build(&facts(rows(&dispute)), LATER);
    assert_eq!(cases[0].link, CaptureLink::Exact);
    assert_eq!(cases[0].capture().unwrap().capture_id, "P02-1-C2");
}

#[test]
fn money_that_the_buyer_got_twice_is_a_double_loss_and_amazons_own_refund_is_none() {
    let mut refund = row(RowKind::Refund, "P02-1", 9, -600_000);
    refund.transaction_id = "P02-1-R1".to_owned();
    let rows = vec![row(RowKind::Capture, "P02-1", 3, 600_000), row(RowKind::AToZClaim, "P02-1", 7, -600_000), refund];
    let mut known = facts(rows);
    let cases = build(&known, LATER);
    assert!(cases[0].flags.contains(&Flag::DoubleLoss) && cases[0].flags.contains(&Flag::RefundAfterDispute));
    known.refunds = vec![RefundRecord {
        refund_id: "P02-1-R1".to_owned(),
        capture_id: String::new(),
        order_reference_id: "P02-1".to_owned(),
        amount: Some((Amount::from_units(600_000), euro())),
        status: "Completed".to_owned(),
        reason: A_TO_Z_REASON.to_owned(),
        refund_type: "AmazonInitiated".to_owned(),
        at: None,
        account: None,
        place: Place { file: "refunds.csv".to_owned(), line: Some(2) },
    }];
    let cases = build(&known, LATER);
    assert_eq!(cases.len(), 1, "the claim in both reports is one case");
    assert!(!cases[0].flags.contains(&Flag::DoubleLoss) && cases[0].refunds.is_empty());
}

#[test]
fn a_warning_is_due_at_each_mark_once_and_again_where_the_deadline_moves() {
    let mut known = facts(vec![row(RowKind::Chargeback, "P02-1", 7, -500_000)]);
    known.notices = vec![notice("P02-1", "1", "2026-10-20T10:00:00+0200", Some(500_000))];
    let settings = DisputeSettings::default();
    let mut sent: Vec<SentWarning> = Vec::new();
    let mut marks = Vec::new();
    for day in 20..=31 {
        for hour in ["06", "20"] {
            let clock = Clock { now: at(&format!("2026-10-{day}T{hour}:00:00Z")), settings: &settings };
            let cases = build_cases(&known, &clock);
            for due in warnings_due(&cases, &known, &clock, &sent) {
                marks.push((day, due.mark, due.days_left));
                sent.push((due.case_id, due.deadline.at.utc_millis(), due.mark));
            }
        }
    }
    // 31 October 10:00 in Paris, across the end of summer time.
    assert_eq!(marks, [(26, 5, 5), (29, 2, 2), (31, 0, 0)]);
    // A run that slept until the day before warns once, not twice.
    let clock = Clock { now: at("2026-10-30T06:00:00Z"), settings: &settings };
    let cases = build_cases(&known, &clock);
    let due = warnings_due(&cases, &known, &clock, &[]);
    assert_eq!(due.iter().map(|due| (due.mark, due.days_left)).collect::<Vec<_>>(), [(2, 1)]);
    assert!(due[0].message.contains("1 day is left to respond, until 2026-10-31T10:00:00+01:00 (estimated)"));
    let moved = (due[0].case_id.clone(), due[0].deadline.at.utc_millis() - 1, 0);
    assert_eq!(warnings_due(&cases, &known, &clock, &[moved]).len(), 1);
    // A decided case and a passed deadline need none.
    let clock = Clock { now: at(LATER), settings: &settings };
    assert!(warnings_due(&build_cases(&known, &clock), &known, &clock, &[]).is_empty());
}

#[test]
fn what_is_held_against_disputes_is_that_of_the_latest_settlement() {
    let mut held = facts(Vec::new());
    held.sources.push(RowSource { end: Instant::new(1_790_086_400_000, 0), ..source("shop") });
    let reserve = |source, units| CaseRow { source, ..row(RowKind::Reserve, "", 5, units) };
    held.reserves = vec![reserve(0, -500_000), reserve(1, 500_000), reserve(1, -120_000), reserve(1, -30_000)];
    let expected = (AccountName::new("shop"), euro(), Sum::from_units(150_000));
    assert_eq!(reserves(&held), std::slice::from_ref(&expected));
    held.reserves.reverse();
    assert_eq!(reserves(&held), [expected]);
}

/// The same rows as digests hold them.
fn tallies(rows: &[CaseRow]) -> Vec<CaseTally> {
    let joins = |row: &&CaseRow| row.kind.is_dispute() || !row.order_reference_id.is_empty();
    rows.iter()
        .filter(|row| row.kind.can_join_case())
        .filter(joins)
        .map(|row| {
            let amount = Sum::from(row.amount);
            let debit = row.amount < Amount::ZERO;
            CaseTally {
                part: Part::Within,
                currency: row.currency,
                kind: row.kind,
                order_reference_id: row.order_reference_id.clone(),
                line: row.line,
                count: 1,
                debited: if debit { -amount } else { Sum::ZERO },
                credited: if debit { Sum::ZERO } else { amount },
                fees: row.fee.into(),
                net: row.net.into(),
            }
        })
        .collect()
}

fn any_rows() -> impl Strategy<Value = Vec<CaseRow>> {
    use RowKind::{AToZClaim, Adjustment, Capture, Chargeback, Dispute, Refund};
    let kinds = proptest::sample::select(vec![Chargeback, AToZClaim, Dispute, Adjustment, Capture, Refund]);
    let orders = proptest::sample::select(vec!["", "P02-1", "P02-2", "P02-3"]);
    let currencies = proptest::sample::select(vec!["EUR", "GBP"]);
    let one = (kinds, orders, currencies, -1_000_000..1_000_000_i64, -5_000..5_000_i64, 0..2_usize);
    proptest::collection::vec(one, 0..40).prop_map(|rows| {
        let numbered = rows.into_iter().zip(1_u64..);
        numbered
            .map(|((kind, order, currency, units, fee, source), line)| CaseRow {
                source,
                currency: currency.parse().unwrap(),
                fee: Amount::from_units(fee),
                net: Amount::from_units(units + fee),
                ..row(kind, order, line, units)
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn every_dispute_row_is_in_exactly_one_case_and_totals_equal_those_of_the_statement(rows in any_rows()) {
        let mut known = facts(rows);
        known.accounts.push(account("other", "UTC"));
        known.sources.push(RowSource { id: DocumentId::new("cd".repeat(32)), ..source("other") });
        known.notices = vec![notice("P02-1", "1", "2026-10-20T10:00:00+0200", Some(10)), notice("P02-9", "2", LATER, None)];
        let cases = build(&known, LATER);
        let mut places: Vec<(usize, u64)> = Vec::new();
        for case in &cases {
            for row in &case.rows {
                prop_assert_eq!(Some(row.currency), case.currency);
                prop_assert_eq!(&row.order_reference_id, &case.order_reference_id);
                places.push((row.source, row.line));
            }
        }
        let count = places.len();
        let distinct: HashSet<_> = places.into_iter().collect();
        prop_assert_eq!(distinct.len(), count, "no row in two cases");
        let disputes = known.rows.iter().filter(|row| row.kind.is_dispute());
        let folded = disputes.map(|row| {
            (known.sources[row.source].account.clone(), row.currency, 1, Sum::from(row.net))
        });
        prop_assert!(check_partition(&cases, folded).iter().all(Partition::holds));
        let ids: HashSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        prop_assert_eq!(ids.len(), cases.len(), "no id twice");

        for (place, name) in ["shop", "other"].into_iter().enumerate() {
            let name = AccountName::new(name);
            let mine: Vec<CaseRow> = known.rows.iter().filter(|row| row.source == place).cloned().collect();
            let tallies = tallies(&mine);
            let file = known.sources[place].file.as_str();
            let totals = dispute_totals(&name, tallies.iter(), tallies.iter().map(|tally| (file, tally)));
            for total in &totals {
                let fits = |case: &&Case| {
                    case.account == name && case.currency == Some(total.currency) && case.kind == total.kind
                };
                let own: Vec<&Case> = cases.iter().filter(fits).filter(|case| !case.rows.is_empty()).collect();
                let mut figures = CaseFigures::default();
                own.iter().for_each(|case| figures.merge(&case.figures()));
                prop_assert_eq!(total.cases, own.len() as u64);
                prop_assert_eq!(total.disputed, figures.disputed);
                prop_assert_eq!(total.recovered, figures.recovered);
                prop_assert_eq!(total.fees, figures.fees);
                prop_assert_eq!(total.net, figures.net);
            }
            let with_rows = cases.iter().filter(|case| case.account == name && !case.rows.is_empty()).count() as u64;
            prop_assert_eq!(totals.iter().map(|total| total.cases).sum::<u64>(), with_rows);
        }
    }

    #[test]
    fn the_order_of_facts_decides_nothing(rows in any_rows(), turn in 0..40_usize) {
        let mut known = facts(rows);
        known.sources.push(RowSource { id: DocumentId::new("cd".repeat(32)), ..source("other") });
        let before = build(&known, LATER);
        let length = known.rows.len();
        if length > 0 {
            known.rows.rotate_left(turn % length);
        }
        let after = build(&known, LATER);
        let shape = |cases: &[Case]| -> Vec<(String, CaseStatus, CaseFigures)> {
            cases.iter().map(|case| (case.id.clone(), case.status, case.figures())).collect()
        };
        prop_assert_eq!(shape(&before), shape(&after));
    }
}
