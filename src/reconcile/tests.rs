//! The rules of balance, chain and checks at their borders: to the millisecond and to the cent.

use chrono::TimeDelta;

use super::chain::ChainFindings;
use super::*;
use crate::domain::{AccountName, Basis, Currency, DocumentId, Instant, Month, Period, RowKind, SellerId, Sum, Zone};
use crate::ledger::{Bucket, CaseTally, Digest, IdCount, OutsideRow, Part, PayoutRow, RowCheck, Tally};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// The tolerance of these tests.
const TOLERANCE: TimeDelta = TimeDelta::minutes(10);

fn september() -> Period {
    Period::of_month("2026-09".parse::<Month>().unwrap(), Zone::UTC).unwrap()
}

/// So many milliseconds after the beginning of September.
fn at(millis: i64) -> Instant {
    Instant::new(september().from().utc_millis() + millis, 0)
}

fn euro() -> Currency {
    "EUR".parse().unwrap()
}

fn bucket(word: &str, part: Part, cents: i128) -> Bucket {
    let net = Sum::from_units(cents * 100);
    let opened = if cents > 0 { net } else { Sum::ZERO };
    let tally = Tally { count: 1, amount: net, net, opened, ..Tally::default() };
    Bucket { part, currency: euro(), kind: RowKind::from_word(word), word: word.to_owned(), line: 9, tally }
}

fn document(id: &str, start: i64, end: i64, buckets: Vec<Bucket>) -> SettlementDocument {
    let rows = buckets.len() as u64;
    let ids = vec![IdCount { id: id.to_owned(), count: rows, line: 8 }];
    SettlementDocument {
        file: format!("{id}.csv"),
        id: DocumentId::new(format!("{id:0>64}")),
        account: AccountName::new("shop"),
        seller_id: Some(SellerId::new("A1EXAMPLE")),
        seller_conflict: None,
        start: at(start),
        end: at(end),
        digest: Digest { rows, ids, buckets, ..Digest::default() },
    }
}

fn rules(basis: Basis) -> BalanceRules {
    BalanceRules { period: september(), basis, settlement: None, gap_tolerance: TOLERANCE }
}

fn capture(id: &str, start: i64, end: i64) -> SettlementDocument {
    document(id, start, end, vec![bucket("Capture", Part::Within, 100)])
}

/// The chain between two settlements, the second of which begins so long after the end of the first.
fn chain_with_hole(millis: i64) -> ChainFindings {
    let documents = [capture("1", 0, DAY), capture("2", DAY + millis, 2 * DAY)];
    roll_forward(&timelines(&documents)[0], &rules(Basis::Posted), None).unwrap().chain
}

#[test]
fn a_hole_or_an_overlap_of_exactly_the_tolerance_is_none() {
    let tolerance = TOLERANCE.num_milliseconds();
    for (hole, gaps, breaks) in [(tolerance, 0, 0), (tolerance + 1, 1, 1), (-tolerance, 0, 0), (-tolerance - 1, 0, 1)] {
        let chain = chain_with_hole(hole);
        assert_eq!((chain.gaps.len(), chain.breaks.len(), chain.pairs, chain.borders), (gaps, breaks, 1, 1), "{hole}");
    }
}

#[test]
fn the_period_is_complete_up_to_the_tolerance_at_both_ends() {
    let whole = 30 * DAY;
    let tolerance = TOLERANCE.num_milliseconds();
    for (start, end, complete) in
        [(tolerance, whole - tolerance, true), (tolerance + 1, whole, false), (0, whole - tolerance - 1, false)]
    {
        let documents = [capture("1", start, end)];
        let balance = roll_forward(&timelines(&documents)[0], &rules(Basis::Posted), None).unwrap();
        assert_eq!(balance.coverage.complete, complete, "{start} {end}");
        assert_eq!((balance.coverage.from, balance.coverage.until), (at(start), at(end)));
    }
}

#[test]
fn a_break_belongs_to_the_one_period_of_the_later_settlement() {
    let opening = |cents| bucket("Reserve", Part::Within, cents);
    let earlier = document("1", -2 * DAY, -DAY, vec![bucket("Reserve", Part::Before, -500)]);
    let later = document("2", -DAY, DAY, vec![opening(400), bucket("Capture", Part::Within, 100)]);
    let documents = [earlier, later];
    let timeline = &timelines(&documents)[0];
    // By posting date the settlement belongs where it starts, in August; by its end to September.
    let by_start = roll_forward(timeline, &rules(Basis::Posted), None).unwrap();
    assert_eq!((by_start.chain.breaks.len(), by_start.chain.unexplained), (0, Sum::ZERO));
    let by_end = roll_forward(timeline, &rules(Basis::Settlement), None).unwrap();
    assert_eq!((by_end.chain.breaks.len(), by_end.chain.unexplained), (1, Sum::from_units(-10_000)));
    let [ChainBreak::Amount { kind, opened, closed, .. }] = &by_end.chain.breaks[..] else { panic!("one break") };
    assert_eq!((*kind, opened.units(), closed.units()), (RowKind::Reserve, 40_000, 50_000));
}

#[test]
fn cases_are_cut_by_row_only_where_the_posting_date_decides() {
    let case = |part| CaseTally {
        part,
        currency: euro(),
        kind: RowKind::Chargeback,
        order_reference_id: "P02-1".to_owned(),
        line: 9,
        count: 1,
        debited: Sum::ZERO,
        credited: Sum::ZERO,
        fees: Sum::ZERO,
        net: Sum::ZERO,
    };
    let mut one = capture("1", -DAY, DAY);
    one.digest.cases = vec![case(Part::Before), case(Part::Within)];
    let documents = [one];
    let timeline = &timelines(&documents)[0];
    for (basis, cases) in [(Basis::Posted, 1), (Basis::Settlement, 2)] {
        let balance = roll_forward(timeline, &rules(basis), None).unwrap();
        assert_eq!(balance.cases_within(&balance.settlements[0].0).count(), cases, "{basis:?}");
    }
}

#[test]
fn unknown_rows_are_summed_by_their_word() {
    let words = |first: &str| vec![bucket(first, Part::Within, 100), bucket("Goodwill", Part::Within, 10)];
    let documents = [document("1", 0, DAY, words("Bonus")), document("2", DAY, 2 * DAY, words("Bonus"))];
    let unknown = roll_forward(&timelines(&documents)[0], &rules(Basis::Posted), None).unwrap().unknown;
    let told: Vec<_> = unknown.iter().map(|rows| (rows.word.as_str(), rows.tally.count, rows.file.as_str())).collect();
    assert_eq!(told, [("Bonus", 2, "1.csv"), ("Goodwill", 2, "1.csv")]);
}

#[test]
fn a_row_outside_its_period_is_shown_with_the_bound_that_it_breaks() {
    let mut one = capture("1", 0, DAY);
    let outside = |line, millis| OutsideRow { line, posted: at(millis) };
    one.digest.period = RowCheck { passed: 3, failed: 2, first: vec![outside(10, -1), outside(11, DAY + 1)] };
    let period = row_checks(&[&one]).into_iter().find(|check| check.name == CheckName::Period).unwrap();
    assert_eq!((period.passed, period.failures), (3, 2));
    let bounds: Vec<_> = period.failed.iter().map(|failure| failure.values.clone()).collect();
    assert_eq!(
        bounds,
        [
            FailedValues::Instants { stated: at(-1), computed: at(0) },
            FailedValues::Instants { stated: at(DAY + 1), computed: at(DAY) },
        ]
    );
}

#[test]
fn every_check_has_a_sentence_of_its_own() {
    use CheckName::*;
    let all = [RowNet, RowFee, Period, ConstantId, ChainReserve, ChainCarryover, ChainContiguous, DuplicateSettlement];
    let distinct = |texts: [&'static str; 8]| texts.into_iter().collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!((distinct(all.map(CheckName::word)), distinct(all.map(CheckName::sentence))), (8, 8));
}

#[test]
fn a_finding_about_a_payout_rests_on_its_equals_of_sixty_days() {
    let paid = |id: &str, millis, net| {
        let mut document = capture(id, millis, millis + DAY);
        let net = crate::domain::Amount::from_units(net);
        document.digest.payouts = vec![PayoutRow { line: 20, posted: at(millis), currency: euro(), net }];
        document
    };
    let documents =
        [paid("1", 0, -100), paid("2", 60 * DAY, -100), paid("3", 60 * DAY + 1, -100), paid("4", DAY, -200)];
    let rows = payouts::PayoutRows::of(&documents);
    let evidence = rows.evidence(&documents[0].id, 20).unwrap();
    let place = |document: &SettlementDocument| format!("{}:20", document.id.short());
    assert_eq!(evidence, format!("{} {}", place(&documents[0]), place(&documents[1])));
    assert_eq!(rows.evidence(&documents[3].id, 20), Some(place(&documents[3])));
    assert_eq!(rows.evidence(&documents[0].id, 21), None);
}

#[test]
fn a_settlement_that_begins_where_the_period_ends_is_not_in_it() {
    let whole = 30 * DAY;
    let later = document("2", whole, whole + DAY, vec![bucket("Capture", Part::After, 100)]);
    let documents = [capture("1", 0, whole), later];
    let balance = roll_forward(&timelines(&documents)[0], &rules(Basis::Posted), None).unwrap();
    assert_eq!(balance.settlements.len(), 1);
    let last = document("2", whole - 1, whole + DAY, vec![bucket("Capture", Part::After, 100)]);
    let documents = [capture("1", 0, whole), last];
    let balance = roll_forward(&timelines(&documents)[0], &rules(Basis::Posted), None).unwrap();
    assert_eq!(balance.settlements.len(), 2);
}
