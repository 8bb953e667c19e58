//! Digests of the pieces of a file add up to the digest of the file.

use super::*;

fn bucket(word: &str, currency: &str, net: i128) -> Bucket {
    let sum = Sum::from_units(net);
    let tally = Tally { count: 1, amount: sum, fee: sum, net: sum, early: sum, ..Tally::default() };
    let kind = RowKind::from_word(word);
    Bucket { part: Part::Within, currency: currency.parse().unwrap(), kind, word: word.to_owned(), line: 1, tally }
}

fn id(id: &str, count: u64, line: u64) -> IdCount {
    IdCount { id: id.to_owned(), count, line }
}

fn failed(lines: std::ops::Range<u64>) -> RowCheck<OutsideRow> {
    let posted = Instant::new(0, 0);
    let mut check = RowCheck::default();
    lines.for_each(|line| check.record(Some(OutsideRow { line, posted })));
    check.record(None);
    check
}

#[test]
fn pieces_add_up() {
    let at = |millis| Some(Instant::new(millis, 0));
    let mut whole = Digest {
        rows: 2,
        ids: vec![id("A", 2, 10)],
        buckets: vec![bucket("Capture", "EUR", 100), bucket("Capture", "GBP", 7)],
        first_posted: at(5),
        last_posted: at(9),
        ..Digest::default()
    };
    whole.merge(Digest {
        rows: 3,
        ids: vec![id("B", 3, 12), id("A", 2, 13)],
        buckets: vec![bucket("Capture", "EUR", 20), bucket("Refund", "EUR", -3)],
        first_posted: at(2),
        last_posted: at(4),
        ..Digest::default()
    });
    assert_eq!(whole.rows, 5);
    assert_eq!(whole.ids, [id("A", 4, 10), id("B", 3, 12)]);
    let sums: Vec<_> = whole.buckets.iter().map(|bucket| (bucket.tally.count, bucket.tally.net.units())).collect();
    assert_eq!(sums, [(2, 120), (1, 7), (1, -3)]);
    assert_eq!((whole.first_posted, whole.last_posted), (at(2), at(9)));
    let codes: Vec<_> = whole.currencies().into_iter().map(Currency::code).collect();
    assert_eq!(codes, ["EUR", "GBP"]);
}

#[test]
fn every_failure_is_counted_and_the_first_thousand_are_kept() {
    let kept = FAILED_KEPT as u64;
    let mut whole = failed(0..kept);
    assert_eq!((whole.passed, whole.failed, whole.first.len()), (1, kept, FAILED_KEPT));
    whole.merge(failed(kept..kept + 2));
    assert_eq!((whole.passed, whole.failed, whole.first.len()), (2, kept + 2, FAILED_KEPT));
    let long = failed(0..kept + 1);
    assert_eq!((long.failed, long.first.len()), (kept + 1, FAILED_KEPT));
}

#[test]
fn only_what_is_true_of_every_row_is_known_without_reading_it() {
    let sound = Digest { ids: vec![id("A", 1, 1)], buckets: vec![bucket("Capture", "EUR", 1)], ..Digest::default() };
    let known = sound.known();
    assert_eq!((known.checks_passed, known.settlement_id.as_deref()), (true, Some("A")));
    assert_eq!(known.currency.map(Currency::code), Some("EUR"));
    let bad = || RowCheck { passed: 0, failed: 1, first: Vec::new() };
    assert!(!Digest { row_net: bad(), ..sound.clone() }.known().checks_passed);
    assert!(!Digest { row_fee: bad(), ..sound.clone() }.known().checks_passed);
    let mixed = Digest {
        ids: vec![id("A", 1, 1), id("B", 1, 2)],
        buckets: vec![bucket("Capture", "EUR", 1), bucket("Capture", "GBP", 1)],
        ..Digest::default()
    };
    assert_eq!((mixed.known().settlement_id, mixed.known().currency), (None, None));
}

#[test]
fn dispute_rows_of_one_order_are_one_case_and_rows_without_an_order_are_not() {
    let case = |order: &str, line: u64| CaseTally {
        part: Part::Within,
        currency: "EUR".parse().unwrap(),
        kind: RowKind::Chargeback,
        order_reference_id: order.to_owned(),
        line,
        count: 1,
        debited: Sum::from_units(50),
        credited: Sum::from_units(20),
        fees: Sum::from_units(-15),
        net: Sum::from_units(-45),
    };
    let cases = vec![case("P02-1", 4), case("", 5), case("P02-1", 6), case("", 7)];
    let summed = Digest { cases, ..Digest::default() }.with_summed_cases().cases;
    let places: Vec<_> = summed.iter().map(|case| (case.line, case.count)).collect();
    assert_eq!(places, [(4, 2), (5, 1), (7, 1)]);
    let first = &summed[0];
    let sums = [first.debited, first.credited, first.fees, first.net].map(Sum::units);
    assert_eq!(sums, [100, 40, -30, -90]);
}
