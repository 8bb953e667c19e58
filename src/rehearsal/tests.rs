//! What every sample must hold, whatever the seed.

use std::collections::BTreeSet;

use super::books::{Books, Settlement};
use super::country::PayoutRule;
use super::*;
use crate::domain::{Money, RowKind};

fn plan(seed: u64) -> Plan {
    Plan { seed, ..Plan::sample().unwrap() }
}

fn all_books() -> Vec<Books> {
    (1..=8).flat_map(|seed| keep_books(&plan(seed)).unwrap()).collect()
}

fn spoilt(anomaly: Anomaly) -> Sample {
    invent(&Plan { anomalies: vec![anomaly], ..plan(1) }).unwrap()
}

fn cents(money: Money) -> i64 {
    money.to_string().replace('.', "").parse().unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let files = |seed| invent(&plan(seed)).unwrap().files;
    assert_eq!(files(1), files(1));
    assert_ne!(files(1), files(2));
}

#[test]
fn an_account_does_not_depend_on_the_other_accounts() {
    let france: crate::domain::Country = "FR".parse().unwrap();
    let alone = invent(&Plan::new(&[france], &[], "2026-08".parse().unwrap(), 3).unwrap()).unwrap();
    let together = invent(&plan(1)).unwrap();
    let file = |sample: &Sample| sample.files.iter().find(|file| file.path.ends_with("2026-09-15.csv")).cloned();
    assert_eq!(file(&alone), file(&together));
}

#[test]
fn every_row_obeys_the_row_rules_and_lies_in_its_settlement() {
    for settlement in all_books().iter().flat_map(|books| &books.settlements) {
        assert!(settlement.rows.is_sorted_by_key(|row| row.posted));
        for row in &settlement.rows {
            let figures = row.figures;
            assert_eq!(figures.percentage_fee + figures.fixed_fee, figures.total_fee);
            assert_eq!(figures.amount + figures.total_fee, figures.net);
            assert!(settlement.window.start <= row.posted && row.posted <= settlement.window.end);
            assert_eq!(RowKind::from_word(row.word), row.kind);
        }
    }
}

#[test]
fn what_a_settlement_closes_the_next_one_opens() {
    for books in all_books() {
        for pair in books.settlements.windows(2) {
            for kind in [RowKind::Reserve, RowKind::Carryover] {
                let sum = |settlement: &Settlement, sign: i64| -> i64 {
                    let nets = settlement.rows.iter().filter(|row| row.kind == kind).map(|row| row.figures.net * sign);
                    nets.filter(|net| *net > 0).sum()
                };
                assert_eq!(sum(&pair[0], -1), sum(&pair[1], 1), "{}", pair[1].file_name());
            }
        }
    }
}

#[test]
fn the_payout_rules_hold() {
    for books in all_books() {
        let net = |settlement: &Settlement, keep: &dyn Fn(RowKind) -> bool| -> i64 {
            settlement.rows.iter().filter(|row| keep(row.kind)).map(|row| row.figures.net).sum()
        };
        for pair in books.settlements.windows(2) {
            match books.account.market.habits.payout {
                PayoutRule::ClosedLedger => assert_eq!(net(&pair[0], &|_| true), 0),
                PayoutRule::LagOne => assert_eq!(
                    net(&pair[0], &|kind| kind != RowKind::Transfer),
                    -net(&pair[1], &|kind| kind == RowKind::Transfer)
                ),
            }
        }
    }
}

#[test]
fn every_kind_of_row_and_a_debit_of_the_merchant_occur_in_every_shop() {
    let sample = invent(&plan(1)).unwrap();
    for books in keep_books(&plan(1)).unwrap() {
        let rows = || books.settlements.iter().flat_map(|settlement| &settlement.rows);
        for kind in RowKind::ALL.into_iter().filter(|kind| *kind != RowKind::Unknown) {
            assert!(rows().any(|row| row.kind == kind), "{kind} in {}", books.account.name);
        }
        assert!(rows().any(|row| row.kind == RowKind::Transfer && row.figures.net > 0), "{}", books.account.name);
        let reversed = |row: &super::books::Row| row.kind == RowKind::Chargeback && row.figures.net > 0;
        assert!(rows().any(reversed), "{}", books.account.name);
    }
    let of = |name: &'static str| sample.answers.iter().filter(move |answer| answer.name == name);
    assert!(of("shop-gb").any(|answer| answer.month == "2026-09" && !answer.unknown.is_empty()));
    assert!(of("shop-fr").all(|answer| answer.unknown.is_empty()));
}

#[test]
fn one_swedish_settlement_has_no_row_and_two_british_rows_are_the_same() {
    let all = keep_books(&plan(1)).unwrap();
    let empty = |books: &&Books| books.settlements.iter().any(|settlement| settlement.rows.is_empty());
    let names: Vec<&str> = all.iter().filter(empty).map(|books| books.account.name.as_str()).collect();
    assert_eq!(names, ["shop-se"]);
    let sample = invent(&plan(1)).unwrap();
    let lines = |file: &&SampleFile| String::from_utf8(file.bytes.clone()).unwrap();
    let settlements = sample.files.iter().filter(|file| file.path.contains("/settlement-"));
    let twins = settlements.filter(|file| {
        let text = lines(file);
        let rows: Vec<&str> = text.lines().skip(6).collect();
        rows.iter().collect::<BTreeSet<_>>().len() < rows.len()
    });
    let paths: Vec<&str> = twins.map(|file| file.path.as_str()).collect();
    assert!(paths.iter().all(|path| path.starts_with("shop-gb/")) && paths.len() == 1, "{paths:?}");
}

#[test]
fn all_movements_are_the_closing_less_the_opening_balance() {
    let sample = invent(&plan(1)).unwrap();
    for answer in &sample.answers {
        let moved: i64 = answer.movements.iter().map(|movement| cents(movement.net)).sum();
        assert_eq!(moved, cents(answer.closing_balance) - cents(answer.opening_balance));
        assert_eq!(cents(answer.unexplained), 0);
        assert!(answer.gaps.is_empty());
    }
}

#[test]
fn a_month_closes_where_the_next_one_opens() {
    let sample = invent(&plan(1)).unwrap();
    let mut pairs = 0;
    for this in &sample.answers {
        let next = |other: &&Answer| {
            other.name == this.name
                && other.timezone == this.timezone
                && other.basis == this.basis
                && other.from == this.until
        };
        if let Some(next) = sample.answers.iter().find(next) {
            assert_eq!(this.closing_balance, next.opening_balance);
            assert_eq!(this.reserve.closing, next.reserve.opening);
            pairs += 1;
        }
    }
    assert_eq!(pairs, 5 * 2 * 3 * 2);
}

#[test]
fn the_key_counts_every_row_once_when_the_months_cover_all() {
    // Rows of the first and of the last settlement may lie outside the three months.
    let sample = invent(&plan(1)).unwrap();
    for books in keep_books(&plan(1)).unwrap() {
        let all: usize = books.settlements.iter().map(|settlement| settlement.rows.len()).sum();
        let posted = |answer: &&Answer| {
            answer.name == books.account.name && answer.timezone == "UTC" && answer.basis == "posted"
        };
        let counted: usize = sample.answers.iter().filter(posted).map(|answer| answer.rows).sum();
        let edges: usize = [books.settlements.first(), books.settlements.last()]
            .into_iter()
            .flatten()
            .map(|edge| edge.rows.len())
            .sum();
        assert!(counted <= all && counted + edges >= all, "{counted} of {all}");
    }
}

#[test]
fn a_shop_without_orders_has_settlements_without_business() {
    let sample = invent(&Plan { orders_per_day: 0, ..plan(1) }).unwrap();
    assert!(
        sample.answers.iter().all(|answer| answer.movements.iter().all(|movement| movement.kind == RowKind::Transfer))
    );
}

#[test]
fn every_anomaly_is_planted_where_the_key_says() {
    let honest = invent(&plan(1)).unwrap();
    for (anomaly, word) in Anomaly::TABLE {
        assert_eq!(word.parse::<Anomaly>().unwrap(), anomaly);
        let sample = spoilt(anomaly);
        let place = &sample.planted[0];
        let file = |sample: &Sample, path: &str| sample.files.iter().find(|file| file.path == path).cloned();
        assert!(place.file.starts_with("shop-fr/"), "{word}");
        match anomaly {
            Anomaly::MissingSettlement => assert_eq!(file(&sample, &place.file), None),
            Anomaly::Reissued => {
                let again = file(&sample, &place.file.replace(".csv", "-reissued.csv")).unwrap();
                assert_eq!(file(&sample, &place.file), file(&honest, &place.file));
                assert_ne!(again.bytes, file(&sample, &place.file).unwrap().bytes);
            }
            _ => {
                let text = |sample: &Sample| String::from_utf8(file(sample, &place.file).unwrap().bytes).unwrap();
                let line = place.line.unwrap() - 1;
                assert_ne!(text(&sample).lines().nth(line), text(&honest).lines().nth(line), "{word}");
                let count = |sample: &Sample| text(sample).lines().count();
                assert_eq!(count(&sample), count(&honest));
            }
        }
        let key = sample.files.iter().find(|file| file.path == "expected/answer-key.json").unwrap();
        assert!(String::from_utf8(key.bytes.clone()).unwrap().contains(&format!("{{\"anomaly\":\"{word}\"")));
    }
}

#[test]
fn a_missing_settlement_is_a_gap_and_a_broken_reserve_is_unexplained() {
    let missing = spoilt(Anomaly::MissingSettlement);
    assert!(missing.answers.iter().any(|answer| answer.gaps.len() == 1));
    let broken = spoilt(Anomaly::BrokenReserve);
    assert!(broken.answers.iter().any(|answer| answer.unexplained.to_string() == "1.00"));
    let unknown = spoilt(Anomaly::UnknownType);
    assert!(unknown.answers.iter().any(|answer| answer.name == "shop-fr" && answer.unknown.len() == 1));
}

#[test]
fn an_anomaly_without_a_place_is_refused() {
    let none = Plan { orders_per_day: 0, anomalies: vec![Anomaly::WrongNet], ..plan(1) };
    assert!(matches!(invent(&none), Err(RehearsalError::NoPlace("wrong-net"))));
}

#[test]
fn the_forms_of_a_settlement_file_all_occur() {
    let sample = invent(&plan(1)).unwrap();
    let first = |folder: &str| {
        let path = format!("{folder}/settlement-2026-09-15.csv");
        let file = sample.files.iter().find(|file| file.path == path).unwrap();
        String::from_utf8(file.bytes.clone()).unwrap()
    };
    let (fr, de, gb) = (first("shop-fr"), first("shop-de"), first("shop-gb"));
    let (se, hu) = (first("shop-se"), first("shop-hu"));
    for (text, mark) in [(&fr, true), (&de, true), (&gb, false), (&se, false), (&hu, true)] {
        assert_eq!(text.starts_with('\u{feff}'), mark);
    }
    for (text, carriage_return) in [(&fr, false), (&de, true), (&gb, false), (&se, false), (&hu, true)] {
        assert_eq!(text.contains('\r'), carriage_return);
        assert!(text.ends_with('\n'));
    }
    assert!(fr.contains("\"SettlementStartDate\",\"2026-09-14T15:00:44 +0200\"\n"));
    assert!(de.contains("\"SettlementEndDate\",\"2026-09-15T14:59:44+02:00\"\r\n"));
    assert!(gb.contains("\"SettlementEndDate\",\"2026-09-15T13:59:44Z\"\n"));
    assert!(se.contains("\"SettlementEndDate\",\"2026-09-15T05:59:44 -0700\"\n"));
    assert!(hu.contains("\"NetTransactionAmount\"\r\n") && hu.matches("\"SellerId\"").count() == 2);
    assert!(fr.contains("\"NetTransactionAmount\",\n") && fr.contains("\"Boutique \"\"L'Été\"\", Paris\""));
}

#[test]
fn forints_are_whole() {
    let books = keep_books(&plan(1)).unwrap();
    let hungary = books.iter().find(|books| books.account.name == "shop-hu").unwrap();
    for row in hungary.settlements.iter().flat_map(|settlement| &settlement.rows) {
        assert_eq!((row.figures.amount % 100, row.figures.total_fee % 100, row.figures.net % 100), (0, 0, 0));
    }
}

#[test]
fn every_kind_of_other_report_occurs_and_the_sample_stays_small() {
    let sample = invent(&plan(1)).unwrap();
    for name in ["refunds", "captures", "authorizations", "order-references", "billing-agreements", "disbursements"] {
        let path = format!("shop-fr/{name}-2026-09");
        let file = sample.files.iter().find(|file| file.path.starts_with(&path)).unwrap();
        assert!(file.bytes.iter().filter(|byte| **byte == b'\n').count() > 3, "{path}");
    }
    let notices: Vec<&SampleFile> = sample.files.iter().filter(|file| file.path.contains("/chargeback-C")).collect();
    let holds = |needle: &[u8]| notices.iter().any(|file| file.bytes.windows(needle.len()).any(|part| part == needle));
    assert!(holds(b"Chargeback Detailed Notification") && holds(b"STATE_CHANGE"));
    let bytes: usize = sample.files.iter().map(|file| file.bytes.len()).sum();
    assert!(bytes < 3_000_000, "{bytes}");
}
