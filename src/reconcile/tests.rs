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
        arrived_ms: None,
        decision: None,
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

#[test]
fn a_settlement_is_paid_on_the_day_of_its_first_transfer() {
    let paid_at = |millis| PayoutRow {
        line: 20,
        posted: at(millis),
        currency: euro(),
        net: crate::domain::Amount::from_units(-1_000_000),
    };
    // It ends in August; its first transfer is of September, and decides.
    let mut one = capture("1", -2 * DAY, -DAY);
    one.digest.payouts = vec![paid_at(40 * DAY), paid_at(DAY)];
    let documents = [one];
    let timeline = &timelines(&documents)[0];
    assert_eq!(timeline.settlements[0].paid_at(), Some(at(DAY)));
    assert_eq!(roll_forward(timeline, &rules(Basis::Payout), None).unwrap().settlements.len(), 1);
    assert!(roll_forward(timeline, &rules(Basis::Settlement), None).is_none());
}

#[test]
fn settlements_outside_the_period_cover_nothing_of_it() {
    let whole = 30 * DAY;
    let documents = [capture("0", -2 * DAY, -DAY), capture("1", 0, whole), capture("2", whole + MINUTE, whole + DAY)];
    let balance = roll_forward(&timelines(&documents)[0], &rules(Basis::Posted), None).unwrap();
    assert_eq!((balance.coverage.from, balance.coverage.until), (at(0), at(whole)));
}

#[test]
fn a_row_in_the_period_brings_its_settlement_in_though_it_ended_before() {
    let within = document("1", -2 * DAY, -DAY, vec![bucket("Capture", Part::Within, 100)]);
    let before = document("2", -3 * DAY, -2 * DAY, vec![bucket("Capture", Part::Before, 100)]);
    let documents = [within, before];
    let balance = roll_forward(&timelines(&documents)[0], &rules(Basis::Posted), None).unwrap();
    let files: Vec<_> = balance.settlements.iter().map(|(settlement, _)| settlement.document.file.as_str()).collect();
    assert_eq!(files, ["1.csv"]);
}

mod listed_payouts {
    //! Transfer rows and disbursement lists under each rule.

    use super::payouts::{ExpectedPayout, ListedDiffers, expected_payouts, learn_rule};
    use super::*;
    use crate::config::PayoutRule;
    use crate::domain::{Amount, SettlementId};
    use crate::parse::Disbursement;

    /// Settlements of a day each, one after the other, each with one transfer row of so many cents.
    fn settlements(paid: &[i64]) -> Vec<SettlementDocument> {
        (1_i64..)
            .zip(paid)
            .map(|(day, cents)| {
                let mut document = capture(&day.to_string(), day * DAY, (day + 1) * DAY);
                let net = Amount::from_units(-cents * 100);
                document.digest.payouts = vec![PayoutRow { line: 20, posted: at(day * DAY), currency: euro(), net }];
                document
            })
            .collect()
    }

    fn listed(settlement: &str, cents: i64, millis: i64) -> Disbursement {
        Disbursement {
            seller_id: None,
            settlement_id: SettlementId::new(settlement),
            reference: format!("AMZN{settlement}"),
            amount: Amount::from_units(cents * 100),
            currency: euro(),
            time: at(millis),
        }
    }

    fn expected(
        documents: &[SettlementDocument],
        items: &[Disbursement],
        rule: Option<PayoutRule>,
    ) -> (Vec<ExpectedPayout>, Vec<ListedDiffers>) {
        let timeline = &timelines(documents)[0];
        let items: Vec<&Disbursement> = items.iter().collect();
        let mut findings = learn_rule(timeline, &items, TOLERANCE, rule);
        findings.rule = rule;
        expected_payouts(timeline, &items, &findings, TOLERANCE, Zone::UTC)
    }

    fn paid(payouts: &[ExpectedPayout]) -> Vec<Option<&str>> {
        payouts.iter().map(|payout| payout.paid_settlement_id.as_ref().map(SettlementId::as_str)).collect()
    }

    #[test]
    fn the_rule_says_which_settlement_a_row_pays() {
        let documents = settlements(&[100, 200]);
        let by = |rule| expected(&documents, &[], rule).0;
        assert_eq!(paid(&by(Some(PayoutRule::LagOne))), [None, Some("1")]);
        assert_eq!(paid(&by(Some(PayoutRule::ClosedLedger))), [Some("1"), Some("2")]);
        assert_eq!(paid(&by(None)), [None, None]);
    }

    #[test]
    fn beyond_a_hole_nobody_knows_which_settlement_was_paid() {
        let mut documents = settlements(&[100, 200]);
        let tolerance = TOLERANCE.num_milliseconds();
        documents[1].start = at(2 * DAY + tolerance);
        assert_eq!(paid(&expected(&documents, &[], Some(PayoutRule::LagOne)).0), [None, Some("1")]);
        documents[1].start = at(2 * DAY + tolerance + 1);
        assert_eq!(paid(&expected(&documents, &[], Some(PayoutRule::LagOne)).0), [None, None]);
    }

    #[test]
    fn a_list_names_the_settlement_and_the_reference_where_the_amount_is_equal() {
        let documents = settlements(&[100, 200]);
        let (payouts, differs) = expected(&documents, &[listed("1", 200, 2 * DAY)], Some(PayoutRule::LagOne));
        assert_eq!((paid(&payouts), differs.len()), (vec![None, Some("1")], 0));
        assert_eq!(payouts[1].reference.as_deref(), Some("AMZN1"));
    }

    #[test]
    fn a_list_that_contradicts_the_row_is_told_with_both_amounts() {
        let documents = settlements(&[100, 200]);
        for (rule, settlement) in [(PayoutRule::LagOne, "1"), (PayoutRule::ClosedLedger, "2")] {
            let (payouts, differs) = expected(&documents, &[listed(settlement, 150, 2 * DAY)], Some(rule));
            assert_eq!((payouts.len(), differs.len()), (2, 1), "{rule:?}");
            let amounts = (differs[0].listed.units(), differs[0].row.units(), differs[0].line);
            assert_eq!(amounts, (15_000, 20_000, 20));
            assert_eq!((differs[0].file.as_str(), differs[0].settlement_id.as_str()), ("2.csv", settlement));
        }
        // Without a rule it is a payout of its own.
        let (payouts, differs) = expected(&documents, &[listed("1", 150, 2 * DAY)], None);
        assert_eq!((payouts.len(), differs.len()), (3, 0));
    }

    #[test]
    fn a_row_without_a_predecessor_may_pay_an_unknown_settlement_of_fifteen_days() {
        let documents = settlements(&[100]);
        let fortnight = 15 * DAY;
        for (millis, payouts) in [(DAY - fortnight, 1), (DAY - fortnight - 1, 2), (DAY + fortnight, 1)] {
            let found = expected(&documents, &[listed("0", 100, millis)], Some(PayoutRule::LagOne)).0;
            assert_eq!(found.len(), payouts, "{millis}");
        }
        // Under the other rule the row pays its own settlement and no other.
        let found = expected(&documents, &[listed("0", 100, DAY)], Some(PayoutRule::ClosedLedger)).0;
        assert_eq!(found.len(), 2);
    }
}
