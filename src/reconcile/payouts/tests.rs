//! The ladder of evidence, rung by rung, on a few payouts and lines.

use chrono::NaiveDate;

use super::*;
use crate::config::AnyPayee;
use crate::domain::{AccountName, Amount, BankCalendar, BusinessWindow, Instant, SettlementId, Sum};
use crate::reconcile::bank::{AccountCoverage, BankEntry, Coverage, Reversal};

fn day(text: &str) -> NaiveDate {
    format!("2026-09-{text}").parse().unwrap()
}

fn payout(settlement: &str, posted: &str, cents: i128, reference: &str) -> ExpectedPayout {
    let id = SettlementId::new(settlement);
    ExpectedPayout {
        account: AccountName::new("shop"),
        currency: "EUR".parse().unwrap(),
        settlement_id: Some(id.clone()),
        paid_settlement_id: Some(id),
        posted: Instant::new(day(posted).and_hms_opt(12, 0, 0).unwrap().and_utc().timestamp_millis(), 0),
        posted_on: day(posted),
        amount: Sum::from_units(cents * 100),
        reference: Some(reference.to_owned()).filter(|text| !text.is_empty()),
        file: format!("{settlement}.csv"),
        line: Some(20),
    }
}

fn entry(booked: &str, cents: i64, text: &str) -> BankEntry {
    let mut entry = BankEntry::new(1, Amount::from_units(cents * 100), "EUR".parse().unwrap(), day(booked));
    entry.counterparty = "Amazon Payments Europe S.C.A.".to_owned();
    entry.text = text.to_owned();
    entry
}

fn rules() -> MatchRules {
    MatchRules {
        calendar: BankCalendar::default(),
        window: BusinessWindow { before: 1, after: 5 },
        payees: Payees::default(),
        any_payee: AnyPayee::Candidate,
    }
}

fn verdicts(payouts: &[ExpectedPayout], entries: &[BankEntry]) -> Vec<Verdict> {
    let lines: Vec<MatchLine<'_>> = entries.iter().map(|entry| MatchLine { account: "bank", entry }).collect();
    let account = AccountCoverage {
        account: "bank".to_owned(),
        currency: None,
        ranges: vec![("2026-08-01".parse().unwrap(), "2026-10-31".parse().unwrap())],
        names_amazon: true,
    };
    match_payouts(payouts, &lines, &Coverage { accounts: vec![account] }, &rules())
}

fn told(payouts: &[ExpectedPayout], entries: &[BankEntry]) -> Vec<(PayoutState, Reason)> {
    verdicts(payouts, entries).iter().map(|verdict| (verdict.state, verdict.reason)).collect()
}

#[test]
fn a_payout_is_matched_inside_its_window_and_nowhere_else() {
    // Posted on a Monday: one business day before is Friday the 4th, five after is Monday the 14th.
    let payouts = [payout("1", "07", 100, "")];
    for (booked, state) in [
        ("03", PayoutState::Missing),
        ("04", PayoutState::Matched),
        ("14", PayoutState::Matched),
        ("15", PayoutState::Missing),
    ] {
        assert_eq!(told(&payouts, &[entry(booked, 100, "")])[0].0, state, "{booked}");
    }
    assert_eq!(verdicts(&payouts, &[entry("08", 100, "")])[0].rule, Some(MatchRule::AmountWindow));
    let mut valued = entry("16", 100, "");
    valued.valued = Some(day("14"));
    assert_eq!(told(&payouts, &[valued]), [(PayoutState::Matched, Reason::OnlyPossibility)]);
}

#[test]
fn a_line_that_could_be_an_earlier_payout_come_late_is_not_sure() {
    let payouts = [payout("1", "01", 100, ""), payout("2", "14", 100, "")];
    assert_eq!(verdicts(&payouts, &[entry("15", 100, "")])[1].group, None, "one payout and one line are no group");
    let late = told(&payouts, &[entry("15", 100, "")]);
    assert_eq!(late, [(PayoutState::Missing, Reason::TimeOver), (PayoutState::Ambiguous, Reason::LatePossible)]);
    let both = told(&payouts, &[entry("02", 100, ""), entry("15", 100, "")]);
    assert_eq!(both, [(PayoutState::Matched, Reason::OnlyPossibility); 2]);
}

#[test]
fn two_equal_payouts_and_one_line_are_ambiguous() {
    let payouts = [payout("1", "07", 100, ""), payout("2", "08", 100, "")];
    let found = verdicts(&payouts, &[entry("09", 100, "")]);
    assert!(found.iter().all(|verdict| verdict.state == PayoutState::Ambiguous && verdict.candidates == [0]));
    assert_eq!(found.len(), 2);
}

#[test]
fn a_reference_in_a_line_of_another_currency_differs() {
    let mut pounds = entry("08", 100, "AMZN123456789");
    pounds.currency = "GBP".parse().unwrap();
    let found = verdicts(&[payout("1", "07", 100, "AMZN123456789")], &[pounds]);
    assert_eq!((found[0].state, found[0].reason), (PayoutState::AmountDiffers, Reason::OtherCurrency));
    assert_eq!((found[0].rule, &found[0].lines[..]), (Some(MatchRule::Reference), &[0][..]));
}

#[test]
fn a_reference_in_several_lines_is_matched_only_by_the_one_of_its_amount() {
    let payouts = [payout("1", "07", 100, "AMZN123456789")];
    let lines = |cents: [i64; 2]| cents.map(|cents| entry("08", cents, "AMZN123456789"));
    let one = &verdicts(&payouts, &lines([100, 30]))[0];
    assert_eq!((one.state, one.rule, &one.lines[..]), (PayoutState::Matched, Some(MatchRule::Reference), &[0][..]));
    let both = &verdicts(&payouts, &lines([100, 100]))[0];
    assert_eq!((both.state, both.reason), (PayoutState::Ambiguous, Reason::ReferenceInSeveral));
    assert_eq!((both.rule, &both.candidates[..]), (Some(MatchRule::Reference), &[0, 1][..]));
    let parts = &verdicts(&payouts, &lines([40, 60]))[0];
    assert_eq!((parts.state, &parts.lines[..]), (PayoutState::Matched, &[0, 1][..]));
    let neither = &verdicts(&payouts, &lines([40, 70]))[0];
    assert_eq!((neither.state, neither.reason), (PayoutState::AmountDiffers, Reason::Reference));
    assert_eq!((neither.difference, &neither.lines[..]), (Some(Sum::from_units(1_000)), &[0, 1][..]));
}

#[test]
fn one_reference_of_two_payouts_is_ambiguous_unless_the_sum_arrived() {
    let payouts = [payout("1", "07", 100, "AMZN123456789"), payout("2", "07", 50, "AMZN123456789")];
    assert_eq!(verdicts(&payouts, &[entry("08", 150, "AMZN123456789")])[0].payouts, [0, 1]);
    let found = verdicts(&payouts, &[entry("08", 140, "AMZN123456789")]);
    assert_eq!(found.len(), 2);
    for verdict in &found {
        assert_eq!((verdict.state, verdict.reason), (PayoutState::Ambiguous, Reason::ReferenceInSeveral));
        assert_eq!((verdict.rule, &verdict.candidates[..]), (Some(MatchRule::Reference), &[0][..]));
    }
}

#[test]
fn a_settlement_id_in_one_line_of_another_amount_differs() {
    let payouts = [payout("21514348788", "07", 100, "")];
    let found = &verdicts(&payouts, &[entry("08", 90, "payment 21514348788")])[0];
    assert_eq!((found.state, found.reason), (PayoutState::AmountDiffers, Reason::Reference));
    assert_eq!((found.rule, found.difference), (Some(MatchRule::SettlementId), Some(Sum::from_units(-1_000))));
    assert_eq!(found.lines, [0]);
    // A debit is not the payout, whatever it names.
    assert_eq!(told(&payouts, &[entry("08", -90, "payment 21514348788")])[0].0, PayoutState::Missing);
    // By the id and the amount it is matched outside the window too.
    let matched = &verdicts(&payouts, &[entry("28", 100, "payment 21514348788")])[0];
    assert_eq!((matched.state, matched.rule), (PayoutState::Matched, Some(MatchRule::SettlementId)));
}

#[test]
fn a_settlement_id_in_two_equal_lines_is_ambiguous() {
    let payouts = [payout("21514348788", "07", 100, "")];
    let lines = [entry("08", 100, "21514348788"), entry("09", 100, "21514348788")];
    let found = &verdicts(&payouts, &lines)[0];
    assert_eq!((found.state, found.reason), (PayoutState::Ambiguous, Reason::ReferenceInSeveral));
    assert_eq!((found.rule, &found.candidates[..]), (Some(MatchRule::SettlementId), &[0, 1][..]));
}

#[test]
fn a_line_is_used_once() {
    let payouts = [payout("21514348788", "07", 100, "AMZN123456789"), payout("21514348794", "07", 100, "")];
    let found = verdicts(&payouts, &[entry("08", 100, "AMZN123456789 21514348794")]);
    assert_eq!((found[0].state, found[0].rule), (PayoutState::Matched, Some(MatchRule::Reference)));
    assert_eq!((found[1].state, found[1].lines.len()), (PayoutState::Missing, 0));
}

#[test]
fn payouts_in_one_line_and_one_payout_in_parts_are_sums() {
    let together = verdicts(&[payout("1", "07", 100, ""), payout("2", "08", 53, "")], &[entry("09", 153, "")]);
    assert_eq!((&together[0].payouts[..], together[0].state), (&[0, 1][..], PayoutState::Matched));
    assert_eq!((together[0].rule, &together[0].lines[..]), (Some(MatchRule::Sum), &[0][..]));
    let parts = verdicts(&[payout("1", "07", 153, "")], &[entry("08", 100, ""), entry("09", 53, "")]);
    assert_eq!((parts[0].state, parts[0].rule), (PayoutState::Matched, Some(MatchRule::Sum)));
    assert_eq!(parts[0].lines, [0, 1]);
}

fn returned(mut entry: BankEntry, end_to_end: &str) -> BankEntry {
    end_to_end.clone_into(&mut entry.end_to_end);
    entry.reversal = Reversal::Marked;
    entry
}

#[test]
fn a_payout_that_came_back_is_missing() {
    let payouts = [payout("1", "07", 100, "")];
    let credit = entry("08", 100, "");
    let found = verdicts(&payouts, &[credit.clone(), returned(entry("10", -100, ""), "")]);
    assert_eq!((found[0].state, found[0].reason), (PayoutState::Missing, Reason::Returned));
    // Another amount, or a debit before the credit, is no return of it.
    for debit in [entry("10", -99, ""), entry("07", -100, "")] {
        assert_eq!(told(&payouts, &[credit.clone(), returned(debit, "")])[0].0, PayoutState::Matched);
    }
    assert_eq!(told(&payouts, &[credit, entry("10", -100, "")])[0].0, PayoutState::Matched, "a debit without a mark");
}

#[test]
fn the_reference_of_a_return_says_which_of_two_equal_credits_came_back() {
    let payouts = [payout("1", "07", 100, "AMZN000000001"), payout("2", "07", 100, "AMZN000000002")];
    let credit = |text: &str, end_to_end: &str| {
        let mut credit = entry("08", 100, text);
        end_to_end.clone_into(&mut credit.end_to_end);
        credit
    };
    let said = |references: [&str; 2], back: &str| {
        let credits = [credit("AMZN000000001", references[0]), credit("AMZN000000002", references[1])];
        let debit = returned(entry("10", -100, ""), back);
        told(&payouts, &[credits[0].clone(), credits[1].clone(), debit])
            .into_iter()
            .map(|(state, _)| state)
            .collect::<Vec<_>>()
    };
    use PayoutState::{Matched, Missing};
    assert_eq!(said(["E2E-1", "E2E-2"], "E2E-2"), [Matched, Missing]);
    assert_eq!(said(["E2E-1", "E2E-2"], "E2E-1"), [Missing, Matched]);
    // What banks print where there is none is no reference.
    assert_eq!(said(["NOTPROVIDED", "E2E-2"], "NOTPROVIDED"), [Matched, Matched]);
    assert_eq!(said(["", "E2E-2"], ""), [Matched, Matched]);
}

#[test]
fn a_return_under_another_name_needs_the_reference_of_the_credit() {
    let payouts = [payout("1", "07", 100, "")];
    let mut credit = entry("08", 100, "");
    "E2E-1".clone_into(&mut credit.end_to_end);
    let by_stranger = |end_to_end: &str| {
        let mut debit = returned(entry("10", -100, ""), end_to_end);
        debit.counterparty = "Somebody else".to_owned();
        told(&payouts, &[credit.clone(), debit])[0].0
    };
    assert_eq!([by_stranger("E2E-1"), by_stranger("E2E-9")], [PayoutState::Missing, PayoutState::Matched]);
}

#[test]
fn every_reason_has_a_sentence_of_its_own() {
    use Reason::*;
    let all = [
        Reference,
        OtherCurrency,
        ReferenceInSeveral,
        OnlyPossibility,
        SeveralPossible,
        LatePossible,
        TooLarge,
        PayeeUnknown,
        Returned,
        PerhapsReturned,
        TimeOver,
        TimeLeft,
        NotCovered,
    ];
    let sentences: std::collections::BTreeSet<&str> = all.iter().map(|reason| reason.sentence()).collect();
    assert_eq!(sentences.len(), all.len());
}
