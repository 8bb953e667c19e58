//! Rows judged one by one against a tariff, each rule at its border.

use super::*;
use crate::config::Rounding;
use crate::domain::{Country, Month};

/// 2.7 % and 35 cents, 3.9 % across borders, an authorization 25 cents, a chargeback 15.00.
fn tariff(name: &str, from: Option<&str>) -> Tariff {
    Tariff {
        name: name.to_owned(),
        country: "FR".parse::<Country>().unwrap(),
        currency: "EUR".parse().unwrap(),
        from: from.map(|day| day.parse().unwrap()),
        percentage: Rate::parse("2.7"),
        percentage_cross_border: vec![Rate::parse("3.9").unwrap()],
        fixed: Some(cents(35)),
        authorization: Some(cents(25)),
        chargeback: Some(cents(1_500)),
        refund_returns: Some(RefundReturns::Percentage),
        rounding: Rounding::HalfUp,
        rounding_unit: cents(1),
    }
}

fn cents(count: i64) -> Amount {
    Amount::from_units(count * 100)
}

fn auditor(tariffs: Vec<Tariff>) -> FeeAuditor {
    let period = Period::of_month("2026-09".parse::<Month>().unwrap(), Zone::UTC).unwrap();
    FeeAuditor::new(tariffs, Zone::UTC, period)
}

fn at(text: &str) -> Instant {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().into()
}

/// A row in the middle of September: its kind, amount, percentage fee and fixed fee in cents.
fn row(kind: RowKind, [amount, percentage, fixed]: [i64; 3]) -> SettlementRow<'static> {
    SettlementRow {
        line: 7,
        posted: at("2026-09-15T12:00:00Z"),
        settlement_id: "5984862222",
        transaction_id: "P02-1-C1",
        seller_reference_id: "",
        word: kind.word(),
        kind,
        order_reference_id: "P02-1",
        seller_order_id: "42",
        store_name: "",
        currency: "EUR".parse().unwrap(),
        description: "",
        amount: cents(amount),
        percentage_fee: cents(percentage),
        fixed_fee: cents(fixed),
        fee: cents(percentage + fixed),
        net: cents(amount + percentage + fixed),
        extra: "",
    }
}

fn audit_with(tariffs: Vec<Tariff>, rows: &[SettlementRow<'_>]) -> FeeTally {
    let mut sink = FeeSink::new(auditor(tariffs));
    rows.iter().for_each(|row| sink.row(row));
    sink.finish()
}

fn audit(rows: &[SettlementRow<'_>]) -> FeeTally {
    audit_with(vec![tariff("standard", None)], rows)
}

/// What one row gives: how it fits, why it was not checked, or what was expected and charged, in cents.
fn said(row: SettlementRow<'_>) -> String {
    said_by(tariff("standard", None), row)
}

fn said_by(tariff: Tariff, row: SettlementRow<'_>) -> String {
    let tally = audit_with(vec![tariff], &[row]);
    let fits = tally.fits.keys().map(|(_, fit)| fit.word().to_owned());
    let unchecked = tally.unchecked.keys().map(|(_, reason)| reason.word().to_owned());
    let faults = tally
        .faults
        .iter()
        .map(|fault| format!("{} for {}", fault.charged.units() / 100, fault.expected.units() / 100));
    fits.chain(unchecked).chain(faults).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_charge_fits_a_percentage_and_the_fixed_fee_or_deviates_by_the_nearest() {
    use RowKind::Capture;
    assert_eq!(said(row(Capture, [10_000, -270, -35])), "domestic");
    assert_eq!(said(row(Capture, [10_000, -390, -35])), "cross_border");
    // Of 10 cents both percentages are nothing.
    assert_eq!(said(row(Capture, [10, 0, -35])), "either");
    assert_eq!(said(row(Capture, [10_000, -271, -35])), "-306 for -305");
    assert_eq!(said(row(Capture, [10_000, -270, -36])), "-306 for -305");
    assert_eq!(said(row(Capture, [10_000, -389, -35])), "-424 for -425", "nearest to the percentage across borders");
    assert_eq!(said(row(Capture, [0, 0, -35])), "no_charge");
    assert_eq!(said(row(Capture, [-10_000, 270, 35])), "no_charge");
}

#[test]
fn what_a_tariff_does_not_say_is_not_checked() {
    let capture = row(RowKind::Capture, [10_000, -270, -35]);
    assert_eq!(said_by(Tariff { percentage: None, ..tariff("t", None) }, capture), "not_configured");
    assert_eq!(said_by(Tariff { fixed: None, ..tariff("t", None) }, capture), "not_configured");
    let refund = row(RowKind::Refund, [-10_000, 270, 0]);
    assert_eq!(said_by(Tariff { refund_returns: None, ..tariff("t", None) }, refund), "not_configured");
    assert_eq!(said_by(Tariff { percentage: None, ..tariff("t", None) }, refund), "not_configured");
    let dispute = row(RowKind::Dispute, [0, 0, -1_500]);
    assert_eq!(said_by(Tariff { chargeback: None, ..tariff("t", None) }, dispute), "not_configured");
    let authorization = row(RowKind::Authorization, [0, 0, -25]);
    assert_eq!(said_by(Tariff { authorization: None, ..tariff("t", None) }, authorization), "not_configured");
    assert_eq!(said(row(RowKind::Adjustment, [100, 0, -1])), "not_configured");
}

#[test]
fn a_refund_gives_back_the_percentage_all_or_nothing() {
    let by = |returns, row| said_by(Tariff { refund_returns: Some(returns), ..tariff("t", None) }, row);
    let refund = |fees: [i64; 2]| row(RowKind::Refund, [-10_000, fees[0], fees[1]]);
    assert_eq!(by(RefundReturns::Percentage, refund([270, 0])), "domestic");
    assert_eq!(by(RefundReturns::Percentage, refund([270, 35])), "305 for 270");
    assert_eq!(by(RefundReturns::All, refund([270, 35])), "domestic");
    assert_eq!(by(RefundReturns::All, refund([270, 0])), "270 for 305");
    assert_eq!(by(RefundReturns::Nothing, refund([0, 0])), "free");
    assert_eq!(by(RefundReturns::Nothing, refund([270, 0])), "270 for 0");
    let without_fixed = Tariff { refund_returns: Some(RefundReturns::All), fixed: None, ..tariff("t", None) };
    assert_eq!(said_by(without_fixed, refund([270, 35])), "not_configured");
}

#[test]
fn an_authorization_costs_one_amount_wherever_it_stands() {
    assert_eq!(said(row(RowKind::Authorization, [0, 0, -25])), "flat");
    assert_eq!(said(row(RowKind::Authorization, [-25, 0, 0])), "flat");
    assert_eq!(said(row(RowKind::Authorization, [0, 0, -26])), "-26 for -25");
}

#[test]
fn a_contested_chargeback_costs_one_amount_and_a_hold_is_not_judged() {
    use RowKind::{Chargeback, Dispute};
    assert_eq!(said(row(Dispute, [-1_500, 0, 0])), "flat");
    assert_eq!(said(row(Dispute, [0, 0, -1_500])), "flat");
    assert_eq!(said(row(Dispute, [1_500, 0, 0])), "flat", "given back");
    assert_eq!(said(row(Dispute, [0, 0, -1_600])), "-1600 for -1500");
    assert_eq!(said(row(Dispute, [-5_000, 0, 0])), "may_be_a_hold");
    assert_eq!(said(row(Chargeback, [-5_000, 0, 0])), "free");
    assert_eq!(said(row(Chargeback, [-5_000, 0, -1_500])), "flat");
    assert_eq!(said(row(Chargeback, [5_000, 0, 1_500])), "flat", "given back");
    assert_eq!(said(row(Chargeback, [-5_000, 0, -1_400])), "-1400 for -1500");
}

#[test]
fn rows_that_bear_no_fee_or_lie_outside_the_period_are_left_out() {
    assert_eq!(audit(&[row(RowKind::Transfer, [-10_000, 0, 0])]), FeeTally::default());
    for fees in [[0, 0, -1], [0, -1, 0]] {
        assert_eq!(said(row(RowKind::Transfer, fees)), "not_configured", "{fees:?}");
    }
    let split = SettlementRow { fee: Amount::ZERO, ..row(RowKind::Transfer, [0, -1, 1]) };
    assert_eq!(said(split), "not_configured", "fees that cancel out are fees");
    let unsplit = SettlementRow { fee: cents(-1), ..row(RowKind::Transfer, [0, 0, 0]) };
    assert_eq!(said(unsplit), "not_configured", "a fee that is in the total alone");
    for outside in ["2026-08-31T23:59:59Z", "2026-10-01T00:00:00Z"] {
        let row = SettlementRow { posted: at(outside), ..row(RowKind::Capture, [10_000, -1, 0]) };
        assert_eq!(audit(&[row]), FeeTally::default(), "{outside}");
    }
}

#[test]
fn the_latest_tariff_that_has_begun_in_the_currency_applies() {
    let tariffs = || vec![tariff("old", None), tariff("new", Some("2026-09-10")), tariff("next", Some("2026-10-01"))];
    let on = |day: &str, currency: &str| SettlementRow {
        posted: at(&format!("2026-09-{day}:00:00Z")),
        currency: currency.parse().unwrap(),
        ..row(RowKind::Capture, [10_000, -270, -35])
    };
    // In this order each row meets what is remembered of the one before.
    let rows = [on("09T23", "EUR"), on("10T00", "EUR"), on("10T23", "EUR"), on("10T23", "GBP"), on("09T00", "EUR")];
    let tally = audit_with(tariffs(), &rows);
    assert_eq!(tally.tariffs.into_iter().collect::<Vec<_>>(), [("new".to_owned(), 2), ("old".to_owned(), 2)]);
    assert_eq!(tally.unchecked, [((RowKind::Capture, UncheckedReason::NoTariff), 1)].into());
    assert_eq!((tally.checked, tally.deviating), (4, 0));
}

#[test]
fn tallies_count_every_row_and_add_up() {
    let rows = [
        row(RowKind::Capture, [10_000, -270, -35]),
        row(RowKind::Capture, [10_000, -270, -35]),
        row(RowKind::Capture, [10_000, -300, -35]),
        row(RowKind::Dispute, [-5_000, 0, 0]),
    ];
    let once = audit(&rows);
    assert_eq!((once.checked, once.deviating, once.faults.len()), (3, 1, 1));
    assert_eq!(once.tariffs["standard"], 3);
    let mut twice = once.clone();
    twice.merge(once.clone());
    assert_eq!((twice.checked, twice.deviating, twice.faults.len()), (6, 2, 2));
    assert_eq!(twice.fits, [((RowKind::Capture, FeeFit::Domestic), 4)].into());
    assert_eq!(twice.unchecked, [((RowKind::Dispute, UncheckedReason::MayBeAHold), 2)].into());
    assert_eq!(twice.tariffs["standard"], 6);
}

#[test]
fn a_deviation_names_its_row_and_stands_in_the_order_of_time() {
    let early = SettlementRow { posted: at("2026-09-02T00:00:00Z"), ..row(RowKind::Capture, [10_000, -300, -35]) };
    let late = SettlementRow { line: 9, ..row(RowKind::Capture, [10_000, -271, -35]) };
    let mut findings = FeeFindings::default();
    let account = AccountName::new("shop");
    findings.add("b.csv", &account, audit(&[late]));
    findings.add("a.csv", &account, audit(&[early, row(RowKind::Capture, [10_000, -270, -35])]));
    findings.sort();
    let places: Vec<_> = findings.deviations.iter().map(|(source, fault)| (source.file.as_str(), fault.line)).collect();
    assert_eq!(places, [("a.csv", 7), ("b.csv", 9)]);
    assert_eq!((findings.tally.checked, findings.tally.deviating, findings.tally.faults.len()), (3, 2, 0));
    let (_, fault) = &findings.deviations[1];
    assert_eq!((fault.expected, fault.charged, fault.rate), (cents(-305), cents(-306), Rate::parse("2.7")));
    assert_eq!((fault.transaction_id.as_str(), fault.tariff.as_str()), ("P02-1-C1", "standard"));
}

#[test]
fn deviations_beyond_the_limit_are_counted_and_not_kept() {
    let wrong = row(RowKind::Capture, [10_000, -300, -35]);
    let mut sink = FeeSink::new(auditor(vec![tariff("standard", None)]));
    (0..=DEVIATIONS_KEPT).for_each(|_| sink.row(&wrong));
    let mut tally = sink.finish();
    let all = DEVIATIONS_KEPT as u64 + 1;
    assert_eq!((tally.deviating, tally.faults.len()), (all, DEVIATIONS_KEPT));
    tally.merge(tally.clone());
    assert_eq!((tally.deviating, tally.faults.len()), (2 * all, DEVIATIONS_KEPT));
}
