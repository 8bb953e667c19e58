//! Amounts against Python's `decimal`: read exactly or refused, added without loss, printed in full.
//!
//! `vectors/amounts.json` is written by `vectors/make_amounts.py`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

use serde_json::Value;
use settle::domain::{Amount, Currency, Money, Sum};
use settle::parse::parse_amount;

fn vectors(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("vectors/amounts.json")).unwrap();
    let cases = all[name].as_array().unwrap().clone();
    assert!(cases.len() > 5, "{name}");
    cases
}

/// Ten-thousandths, or nothing where the amount is refused.
fn units(case: &Value) -> Option<i128> {
    case["units"].as_str().map(|units| units.parse().unwrap())
}

fn currency(case: &Value) -> Currency {
    case["currency"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_text_is_read_exactly_or_refused() {
    let mut refused = 0;
    for case in vectors("parse") {
        let text = case["text"].as_str().unwrap();
        let read = parse_amount(text.as_bytes());
        assert_eq!(read.map(|read| i128::from(read.amount.units())).ok(), units(&case), "{text:?}");
        assert_eq!(read.ok().map(|read| u64::from(read.decimals)), case["decimals"].as_u64(), "{text:?}");
        refused += u32::from(read.is_err());
    }
    assert!(refused > 200, "{refused}");
}

#[test]
fn long_lists_add_up_without_loss() {
    for case in vectors("sums") {
        let mut total = Sum::ZERO;
        let texts = case["texts"].as_array().unwrap();
        for text in texts {
            total += parse_amount(text.as_str().unwrap().as_bytes()).unwrap().amount;
        }
        assert_eq!(Some(total.units()), units(&case), "{} amounts", texts.len());
        let backwards: Sum = texts
            .iter()
            .rev()
            .map(|text| Sum::from(parse_amount(text.as_str().unwrap().as_bytes()).unwrap().amount))
            .sum();
        assert_eq!(backwards, total);
        let money = total.in_currency("EUR".parse().unwrap()).unwrap();
        assert_eq!(money.to_string(), case["eur"].as_str().unwrap());
        assert_eq!(Sum::of(money).unwrap(), total);
    }
}

#[test]
fn money_prints_the_minor_digits_of_its_currency_and_more_only_where_needed() {
    for case in vectors("money") {
        let value = i64::try_from(units(&case).unwrap()).unwrap();
        let money = Amount::from_units(value).in_currency(currency(&case));
        assert_eq!(money.to_string(), case["text"].as_str().unwrap(), "{case}");
        assert_eq!(serde_json::to_value(money).unwrap(), case["text"], "a text in JSON, never a number");
        let parsed: rust_decimal::Decimal = case["text"].as_str().unwrap().parse().unwrap();
        assert_eq!(Money::new(parsed, currency(&case)).to_string(), case["text"].as_str().unwrap());
    }
}

#[test]
fn what_could_be_a_thousands_dot_is_refused() {
    for case in vectors("thousands_dot") {
        let read = parse_amount(case["text"].as_str().unwrap().as_bytes()).unwrap();
        let amount = read.for_currency(currency(&case));
        assert_eq!(amount.ok().map(|amount| i128::from(amount.units())), units(&case), "{case}");
    }
}

#[test]
fn what_money_prints_reads_back_as_the_same_amount() {
    for case in vectors("money") {
        let read = parse_amount(case["text"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(Some(i128::from(read.amount.units())), units(&case), "{case}");
    }
}
