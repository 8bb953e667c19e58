//! `settle reconcile --orders`: the real program against invented years with planted faults, and against
//! order lists as they should not be.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use settle::domain::Country;
use settle::rehearsal::{OrderListKind, OrderListPlan, Plan, Sample, invent};
use support::{Folder, Run, run, settle};

const RANGE: [&str; 4] = ["--from-date", "2025-10-01", "--until-date", "2026-10-01"];

/// A year of one shop, with its order list and its key.
struct Year {
    folder: Folder,
    key: Value,
    name: String,
}

fn year(country: &str, kind: OrderListKind, faults_each: usize) -> Year {
    let country: Country = country.parse().unwrap();
    let mut plan = Plan::new(&[country], &[], "2025-10".parse().unwrap(), 12).unwrap();
    plan.orders_per_day = 6;
    plan.order_lists = Some(OrderListPlan { kind, faults_each });
    let sample: Sample = invent(&plan).unwrap();
    let folder = Folder::new();
    for file in &sample.files {
        folder.write(&file.path, &file.bytes);
    }
    let key: Value = serde_json::from_slice(&std::fs::read(folder.at("expected/orders-key.json")).unwrap()).unwrap();
    let name = key["tariffs"][0]["name"].as_str().unwrap().to_owned();
    folder.write("settle.toml", config(&key["tariffs"][0]));
    Year { folder, key, name }
}

/// The tariff by which the shop was invented.
fn config(tariff: &Value) -> String {
    let text = |member: &str| tariff[member].as_str().unwrap();
    let mut out = format!(
        "data_dir = \"data\"\n[accounts.{}]\ncountry = \"{}\"\nmerchant_id = \"{}\"\n\n[tariff.now]\n",
        text("name"),
        text("country"),
        text("merchant_id")
    );
    for member in
        ["country", "percentage", "percentage_cross_border", "fixed", "authorization", "chargeback", "rounding_unit"]
    {
        out.push_str(&format!("{member} = \"{}\"\n", text(member)));
    }
    out + "refund_returns = \"percentage\"\n"
}

impl Year {
    fn list(&self) -> std::path::PathBuf {
        let folder = std::fs::read_dir(self.folder.at("orders")).unwrap();
        let mut paths = folder.map(|entry| entry.unwrap().path());
        paths.find(|path| path.extension().is_some_and(|end| end == "csv")).unwrap()
    }

    fn reconcile(&self, words: &[&str], lists: &[&Path]) -> Run {
        let mut command = settle();
        command.current_dir(self.folder.path()).arg("reconcile").args(words).args(["-c", "settle.toml"]);
        command.args(["--format", "json", "--from", &self.name, "--orders"]).args(lists);
        run(&mut command)
    }

    /// The places of a kind of fault in the key: order numbers, or transaction ids.
    fn planted(&self, fault: &str, member: &str) -> BTreeSet<String> {
        let from = "2025-09-30T22:00:00+00:00";
        let planted = self.key["planted"].as_array().unwrap().iter();
        let wanted = planted.filter(|plant| plant["fault"] == fault && plant["at"].as_str().unwrap() >= from);
        wanted.map(|plant| plant[member].as_str().unwrap().to_owned()).collect()
    }
}

/// The orders in a state, by their numbers; those without one by their first transaction.
fn in_state(document: &Value, state: &str) -> BTreeSet<String> {
    let orders = document["orders"].as_array().unwrap().iter().filter(|order| order["state"] == state);
    let name = |order: &Value| match order["order"].as_str() {
        Some(number) => number.to_owned(),
        None => order["transactions"][0]["transaction_id"].as_str().unwrap().to_owned(),
    };
    orders.map(name).collect()
}

fn findings(document: &Value, kind: &str) -> BTreeSet<String> {
    let all = document["order_lists"]["findings"].as_array().unwrap().iter();
    let wanted = all.filter(|finding| finding["finding"] == kind);
    wanted
        .flat_map(|finding| finding["orders"].as_array().unwrap())
        .map(|order| order.as_str().unwrap().to_owned())
        .collect()
}

fn count(document: &Value, part: &str, member: &str) -> u64 {
    document["order_lists"][part][member].as_u64().unwrap()
}

/// Every row and every order is in exactly one place.
fn assert_covered(document: &Value) {
    let rows = ["with_order", "orphaned", "refunds_without_order", "ambiguous", "sandbox"];
    assert_eq!(rows.iter().map(|member| count(document, "rows", member)).sum::<u64>(), count(document, "rows", "rows"));
    let orders = ["with_state", "other_period", "not_expected", "capture_unknown"];
    let sum: u64 = orders.iter().map(|member| count(document, "orders", member)).sum();
    assert_eq!(sum, count(document, "orders", "orders"));
}

fn assert_year(country: &str, kind: OrderListKind) {
    let year = year(country, kind, 5);
    let done = year.reconcile(&RANGE, &[&year.list()]);
    assert_eq!(done.code, 5, "{}", done.err);
    let document = done.json();
    for state in ["not_settled", "amount_differs", "over_refunded", "duplicate_capture"] {
        let planted = year.planted(state, "order");
        assert!(planted.len() >= 4, "{state}");
        assert_eq!(in_state(&document, state), planted, "{kind:?} {state}");
    }
    assert_eq!(in_state(&document, "orphan_capture"), year.planted("orphan_capture", "transaction_id"), "{kind:?}");
    assert_eq!(
        findings(&document, "possible_double_payment"),
        year.planted("possible_double_payment", "order"),
        "{kind:?}"
    );
    assert_eq!(
        document["order_lists"]["findings"].as_array().unwrap().len(),
        year.planted("possible_double_payment", "order").len()
    );
    assert!(in_state(&document, "matched").len() > 1_500, "{kind:?}");
    assert_covered(&document);
    assert_fees(&year, &document);
}

/// Every planted cent, in its file and line, and no other.
fn assert_fees(year: &Year, document: &Value) {
    let fees = &document["fees"];
    let found: BTreeSet<(String, String, u64)> = fees["deviations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |member: &str| row[member].as_str().unwrap().to_owned();
            (text("transaction_id"), text("file"), row["line"].as_u64().unwrap())
        })
        .collect();
    let planted = year.key["planted"].as_array().unwrap().iter().filter(|plant| !plant["place"].is_null());
    let planted = planted.filter(|plant| plant["at"].as_str().unwrap() >= "2025-09-30T22:00:00+00:00");
    let planted: BTreeSet<(String, String, u64)> = planted
        .map(|plant| {
            let place = plant["place"].as_array().unwrap();
            let id = plant["transaction_id"].as_str().unwrap().to_owned();
            (id, place[0].as_str().unwrap().to_owned(), place[1].as_u64().unwrap())
        })
        .collect();
    assert!(planted.len() >= 9);
    assert_eq!(found, planted);
    let fits = fees["fits"].as_array().unwrap();
    let of = |word: &str| fits.iter().any(|fit| fit["kind"] == "capture" && fit["word"] == word);
    assert!(of("domestic") && of("cross_border"), "{fits:?}");
    assert_eq!(fees["tariffs"][0]["rounding"], "half_up");
}

#[test]
fn a_year_of_woocommerce_gives_every_planted_fault_and_no_other() {
    assert_year("FR", OrderListKind::Woo);
}

#[test]
fn a_year_of_shopware_with_decimal_commas_gives_every_planted_fault_and_no_other() {
    assert_year("DE", OrderListKind::Shopware);
}

#[test]
fn a_year_of_shopify_with_item_lines_gives_every_planted_fault_and_no_other() {
    assert_year("GB", OrderListKind::Shopify);
}

#[test]
fn a_year_of_magento_gives_every_planted_fault_and_no_other() {
    assert_year("SE", OrderListKind::Magento);
}

#[test]
fn a_year_of_the_generic_form_in_whole_forints_gives_every_planted_fault_and_no_other() {
    assert_year("HU", OrderListKind::Generic);
}

#[test]
fn an_honest_year_ties() {
    let year = year("FR", OrderListKind::Woo, 0);
    let done = year.reconcile(&RANGE, &[&year.list()]);
    let document = done.json();
    assert_eq!(done.code, 0, "{}", done.err);
    let states: BTreeSet<&str> =
        document["orders"].as_array().unwrap().iter().map(|order| order["state"].as_str().unwrap()).collect();
    assert_eq!(states, BTreeSet::from(["matched"]));
    assert_eq!(document["fees"]["deviating"], 0);
    // Month by month: each capture in its own month, refunds of older captures found in the files before.
    for month in ["2025-10", "2026-01", "2026-02", "2026-09"] {
        let done = year.reconcile(&["--month", month], &[&year.list()]);
        assert_eq!(done.code, 0, "{month}: {} {:#}", done.err, done.json()["order_lists"]);
        assert_covered(&done.json());
    }
}

/// The order and fee sections alone: the list of sources names files.
fn sections(run: &Run) -> [Value; 4] {
    let document = run.json();
    let lists = &document["order_lists"];
    [document["orders"].clone(), lists["findings"].clone(), lists["rows"].clone(), document["fees"].clone()]
}

#[test]
fn the_order_of_rows_and_files_decides_nothing() {
    let year = year("FR", OrderListKind::Woo, 3);
    let text = std::fs::read_to_string(year.list()).unwrap();
    let (header, rows) = text.split_once("\r\n").unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    let whole = year.reconcile(&RANGE, &[&year.list()]);
    rows.sort_by_key(|row| {
        row.bytes().fold(7_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    });
    let shuffled = year.folder.write("shuffled.csv", format!("{header}\n{}\n", rows.join("\n")));
    let strip = |run: &Run| {
        let mut sections = sections(run);
        for order in sections[0].as_array_mut().unwrap() {
            order["file"] = Value::Null;
            order["line"] = Value::Null;
        }
        sections
    };
    assert_eq!(strip(&whole), strip(&year.reconcile(&RANGE, &[&shuffled])));
    // Overlapping parts in two files, named in both orders.
    let middle = rows.len() / 2;
    let part = |rows: &[&str]| format!("{header}\n{}\n", rows.join("\n"));
    let first = year.folder.write("part-a.csv", part(&rows[..middle + 200]));
    let second = year.folder.write("part-b.csv", part(&rows[middle..]));
    let one_way = year.reconcile(&RANGE, &[&first, &second]);
    let other_way = year.reconcile(&RANGE, &[&second, &first]);
    assert_eq!(one_way.out, other_way.out);
    assert_eq!(strip(&whole), strip(&one_way));
}

#[test]
fn both_doors_give_the_same_orders_and_fees() {
    let year = year("FR", OrderListKind::Woo, 3);
    let import = run(settle().current_dir(year.folder.path()).args(["import", "-c", "settle.toml", &year.name]));
    assert_eq!(import.code, 0, "{}", import.err);
    let from_files = year.reconcile(&["--month", "2026-03"], &[&year.list()]);
    let mut command = settle();
    command.current_dir(year.folder.path()).args(["reconcile", "--month", "2026-03", "-c", "settle.toml"]);
    let from_archive = run(command.args(["--format", "json", "--orders"]).arg(year.list()));
    let names_only = |run: &Run| {
        let text = serde_json::to_string(&sections(run)).unwrap();
        text.replace(&format!("{}/", year.name), "")
    };
    assert_eq!(names_only(&from_files), names_only(&from_archive));
    assert_eq!(from_files.code, from_archive.code);
}

#[test]
fn the_claim_list_has_what_was_charged_too_much_and_nothing_else() {
    let year = year("FR", OrderListKind::Woo, 4);
    let list = year.list();
    let claims = year.folder.at("claims.csv");
    let words = [&RANGE[..], &["--claims", claims.to_str().unwrap()]].concat();
    year.reconcile(&words, &[&list]);
    let mut reader = csv::Reader::from_path(&claims).unwrap();
    let header = reader.headers().unwrap().clone();
    let place = |name: &str| header.iter().position(|column| column == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let ids: BTreeSet<String> = rows.iter().map(|row| row[place("transaction_id")].to_owned()).collect();
    assert_eq!(ids, year.planted("overcharged", "transaction_id"));
    assert!(rows.iter().all(|row| &row[place("overcharged")] == "0.01"));
}

/// One settlement with captures: transaction, permission, reference, order, amount.
fn settlement(rows: &[[&str; 6]]) -> String {
    let mut text = String::from(
        "\"Amazon Payments Advanced\",\n\"Settlement Report\",\n\"SellerId\",\"A1\"\n\
         \"SettlementStartDate\",\"2026-09-01T00:00:00 +0200\"\n\"SettlementEndDate\",\"2026-09-30T23:59:00 +0200\"\n\
         \"TransactionPostedDate\",\"SettlementId\",\"AmazonTransactionId\",\"SellerReferenceId\",\"TransactionType\",\
         \"AmazonOrderReferenceId\",\"SellerOrderId\",\"StoreName\",\"CurrencyCode\",\"TransactionDescription\",\
         \"TransactionAmount\",\"TransactionPercentageFee\",\"TransactionFixedFee\",\"TotalTransactionFee\",\
         \"NetTransactionAmount\",\n",
    );
    for [word, transaction, permission, reference, order, amount] in rows {
        text.push_str(&format!(
            "\"2026-09-10T12:00:00 +0200\",\"71\",\"{transaction}\",\"{reference}\",\"{word}\",\"{permission}\",\
             \"{order}\",\"\",\"EUR\",\"\",\"{amount}\",\"0\",\"0\",\"0\",\"{amount}\"\n"
        ));
    }
    text
}

/// Reconciles September of such a settlement with one list; `config` is a settle.toml, or empty.
fn september(rows: &[[&str; 6]], list: impl AsRef<[u8]>, config: &str) -> Run {
    let folder = Folder::new();
    folder.write("in/71.csv", settlement(rows));
    folder.write("orders.csv", list);
    let mut command = settle();
    command.current_dir(folder.path()).args(["reconcile", "--month", "2026-09", "--format", "json", "--from", "in"]);
    command.args(["--timezone", "Europe/Paris", "--orders", "orders.csv"]);
    if !config.is_empty() {
        folder.write("settle.toml", config);
        command.args(["-c", "settle.toml"]);
    }
    run(&mut command)
}

const PERMISSION: &str = "P02-0000001-0000001";
const CHARGE: &str = "P02-0000001-0000001-C000001";
const HEADER: &str =
    "order_id,merchant_reference,external_id,gross,refunded,currency,date,status,payment_method,invoice_no\n";

#[test]
fn each_rung_finds_its_order_and_is_named() {
    for (row, line, key) in [
        (
            ["Capture", CHARGE, PERMISSION, "", "", "10.00"],
            format!("7,,{CHARGE},10.00,,EUR,2026-09-10,,,"),
            "charge_id",
        ),
        (
            ["Capture", CHARGE, PERMISSION, "", "", "10.00"],
            format!("7,,{PERMISSION},10.00,,EUR,2026-09-10,,,"),
            "permission_id",
        ),
        (
            ["Capture", CHARGE, "", "", "", "10.00"],
            format!("7,,{PERMISSION},10.00,,EUR,2026-09-10,,,"),
            "permission_id",
        ),
        (
            ["Capture", CHARGE, PERMISSION, "R-7", "", "10.00"],
            "7,R-7,,10.00,,EUR,2026-09-10,,,".to_owned(),
            "seller_reference",
        ),
        (
            ["Capture", CHARGE, PERMISSION, "INV9", "", "10.00"],
            "7,,,10.00,,EUR,2026-09-10,,,INV9".to_owned(),
            "seller_reference",
        ),
        (
            ["Capture", CHARGE, PERMISSION, "", "007", "10.00"],
            "#7,,,10.00,,EUR,2026-09-10,,,".to_owned(),
            "seller_order",
        ),
    ] {
        let done = september(&[row], format!("{HEADER}{line}\n"), "");
        let orders = &done.json()["orders"];
        assert_eq!(
            (orders[0]["state"].as_str(), orders[0]["key"].as_str()),
            (Some("matched"), Some(key)),
            "{line}: {orders}"
        );
        assert_eq!(done.code, 0, "{}", done.err);
    }
}

#[test]
fn amount_and_date_only_suggest() {
    let row = ["Capture", CHARGE, PERMISSION, "AUTHORIZE_1", "", "10.00"];
    let done = september(&[row], format!("{HEADER}7,,,10.00,,EUR,2026-09-09,,,\n"), "");
    let document = done.json();
    assert_eq!(in_state(&document, "orphan_capture"), BTreeSet::from([CHARGE.to_owned()]));
    assert_eq!(in_state(&document, "not_settled"), BTreeSet::from(["7".to_owned()]));
    assert_eq!(document["orders"][0]["suggestion"], "7");
    assert_eq!(document["orders"][1]["suggestion"], CHARGE);
    assert_eq!(done.code, 5);
    // Two such orders: no suggestion.
    let done = september(&[row], format!("{HEADER}7,,,10.00,,EUR,2026-09-09,,,\n8,,,10.00,,EUR,2026-09-11,,,\n"), "");
    assert!(done.json()["orders"].as_array().unwrap().iter().all(|order| order["suggestion"].is_null()));
}

#[test]
fn two_orders_on_one_rung_are_ambiguous_unless_another_key_tells() {
    let row = ["Capture", CHARGE, PERMISSION, "", "", "10.00"];
    let two = format!("{HEADER}7,,{PERMISSION},10.00,,EUR,2026-09-09,,,\n8,,{PERMISSION},10.00,,EUR,2026-09-09,,,\n");
    let done = september(&[row], &two, "");
    let document = done.json();
    assert_eq!(findings(&document, "ambiguous"), BTreeSet::from(["7".to_owned(), "8".to_owned()]));
    assert!(in_state(&document, "matched").is_empty());
    assert_covered(&document);
    assert_eq!(done.code, 5);
    let told = ["Capture", CHARGE, PERMISSION, "", "8", "10.00"];
    assert_eq!(in_state(&september(&[told], &two, "").json(), "matched"), BTreeSet::from(["8".to_owned()]));
    let amounts = two.replacen("10.00", "11.00", 1);
    assert_eq!(in_state(&september(&[row], amounts, "").json(), "matched"), BTreeSet::from(["8".to_owned()]));
}

#[test]
fn contradicting_keys_and_sandbox_rows_are_findings() {
    let list = format!("{HEADER}7,,{CHARGE},10.00,,EUR,2026-09-09,,,\n8,,,10.00,,EUR,2026-09-09,open,,\n");
    let done = september(&[["Capture", CHARGE, PERMISSION, "", "8", "10.00"]], &list, "");
    assert_eq!(findings(&done.json(), "key_conflict"), BTreeSet::from(["7".to_owned(), "8".to_owned()]));
    assert_eq!(done.code, 5);
    let sandbox = ["Capture", "S02-0000001-0000001-C000001", "S02-0000001-0000001", "", "7", "10.00"];
    let done = september(&[["Capture", CHARGE, PERMISSION, "", "", "10.00"], sandbox], &list, "");
    let document = done.json();
    assert_eq!(document["order_lists"]["findings"][0]["finding"], "sandbox_row");
    assert_eq!(in_state(&document, "matched"), BTreeSet::from(["7".to_owned()]));
}

#[test]
fn an_order_in_another_currency_is_no_match_and_no_difference() {
    let list = format!("{HEADER}7,,{CHARGE},10.00,,GBP,2026-09-09,,,\n");
    let document = september(&[["Capture", CHARGE, PERMISSION, "", "", "10.00"]], list, "").json();
    assert_eq!(document["orders"][0]["state"], "orphan_capture");
    assert_eq!(document["orders"][0]["detail"], "currency_differs");
    assert_eq!(document["orders"][0]["candidates"][0], "7");
    assert_eq!(document["orders"][1]["state"], "not_settled");
}

#[test]
fn partial_captures_are_summed_before_they_are_compared() {
    let rows = [
        ["Capture", CHARGE, PERMISSION, "", "", "4.00"],
        ["Capture", "P02-0000001-0000001-C000002", PERMISSION, "", "", "6.00"],
        ["Refund", "P02-0000001-0000001-R000003", PERMISSION, "", "", "-10.00"],
    ];
    let list = |gross: &str, refunded: &str| format!("{HEADER}7,,{PERMISSION},{gross},{refunded},EUR,2026-09-09,,,\n");
    assert_eq!(september(&rows, list("10.00", "10.00"), "").json()["orders"][0]["state"], "matched");
    assert_eq!(september(&rows, list("10.00", ""), "").json()["orders"][0]["state"], "matched");
    assert_eq!(september(&rows, list("10.01", ""), "").json()["orders"][0]["detail"], "captured_less");
    assert_eq!(september(&rows, list("10.00", "9.99"), "").json()["orders"][0]["detail"], "refund_differs");
}

#[test]
fn a_wrong_column_name_is_refused_with_the_columns_that_exist() {
    let config = "[orders.shop]\norder_id = \"bestellnummer\"\ngross = \"gross\"\n";
    let done = september(&[], format!("{HEADER}7,,,10.00,,EUR,2026-09-09,,,\n"), config);
    assert_eq!(done.code, 5);
    assert!(done.err.contains("orders.csv:1: the file has no column `bestellnummer`"), "{}", done.err);
    assert!(done.err.contains("[orders.shop]") && done.err.contains("order_id, merchant_reference"), "{}", done.err);
    let done = september(&[], "a,b,c\n1,2,3\n", "");
    assert!(done.err.contains("no list of orders that settle knows has these columns: a, b, c"), "{}", done.err);
}

#[test]
fn a_mapping_of_the_config_is_followed() {
    let config = "[orders.shop]\npreset = \"custom\"\norder_id = \"Nr\"\nexternal_id = [\"Ref\"]\ngross = \"Summe\"\n\
                  currency_fixed = \"EUR\"\ndate = \"Tag\"\ndate_format = \"%d/%m/%Y\"\npayment_method = \"Art\"\n\
                  payment_method_is = [\"AP\"]\n";
    let list = format!("Nr;Ref;Summe;Tag;Art\n7;{CHARGE};1.010,00;09/09/2026;AP\n8;;5,00;09/09/2026;Rechnung\n");
    let done = september(&[["Capture", CHARGE, PERMISSION, "", "", "1010.00"]], list, config);
    let document = done.json();
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(in_state(&document, "matched"), BTreeSet::from(["7".to_owned()]));
    assert_eq!(document["order_lists"]["files"][0]["other_methods"], 1);
}

#[test]
fn decimal_marks_belong_to_the_file() {
    let row = ["Capture", CHARGE, PERMISSION, "", "", "1234.50"];
    let list = |first: &str, second: &str| {
        format!(
            "order_id;external_id;gross;currency;date\n7;{CHARGE};{first};EUR;2026-09-09\n8;;{second};EUR;2026-06-01\n"
        )
    };
    let matched = |run: &Run| in_state(&run.json(), "matched").len();
    assert_eq!(matched(&september(&[row], list("1.234,50", "1"), "")), 1);
    assert_eq!(matched(&september(&[row], list("1,234.50", "1"), "")), 1);
    let both = september(&[row], list("1234,50", "1.50").replace("2026-06-01", "2026-09-02"), "");
    assert!(
        both.err.contains("orders.csv:3: column `gross`: `1.50` has a decimal point, while line 2"),
        "{}",
        both.err
    );
    let doubt = september(&[row], list("1,234", "1,000").replace("2026-06-01", "2026-09-02"), "");
    assert!(doubt.err.contains("could be a thousand times as much"), "{}", doubt.err);
    assert_eq!((both.code, doubt.code), (5, 5));
    // A decimal comma in a bare cell of a table that is cut at commas.
    let shifted = september(&[row], "order_id,gross,currency,date\n7,1234,50,EUR,2026-09-09\n", "");
    assert!(shifted.err.contains("the row has 5 cells where the header has 4"), "{}", shifted.err);
}

#[test]
fn an_encoding_that_lies_is_read_and_named() {
    let list = [HEADER.as_bytes(), b"M\xfc7,,", CHARGE.as_bytes(), b",10.00,,EUR,2026-09-09,,,\n"].concat();
    let document = september(&[["Capture", CHARGE, PERMISSION, "", "", "10.00"]], list, "").json();
    assert_eq!(in_state(&document, "matched"), BTreeSet::from(["Mü7".to_owned()]));
    let codes: Vec<&str> =
        document["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"charset"), "{codes:?}");
}

#[test]
fn the_same_order_twice_counts_once_and_with_another_total_never_matches() {
    let row = ["Capture", CHARGE, PERMISSION, "", "", "10.00"];
    let line = format!("7,,{CHARGE},10.00,,EUR,2026-09-09,,,\n");
    let done = september(&[row], format!("{HEADER}{line}8,,,1.00,,EUR,2026-06-01,,,\n{line}"), "");
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(count(&done.json(), "orders", "orders"), 1);
    let other = line.replace("10.00", "11.00");
    for list in [format!("{HEADER}{line}{other}"), format!("{HEADER}{other}{line}")] {
        let done = september(&[row], list, "");
        assert_eq!(done.code, 5);
        assert!(in_state(&done.json(), "matched").is_empty());
        assert!(
            done.err.contains("orders.csv:2: order `7` has another total or currency in orders.csv:3"),
            "{}",
            done.err
        );
    }
}

#[test]
fn an_early_order_is_still_found_for_a_late_capture() {
    // Outside the margin of 45 days: read again for the capture that has no order.
    let list = format!("{HEADER}7,,{CHARGE},10.00,,EUR,2026-01-09,,,\n8,,,10.00,,EUR,2026-01-09,,,\n");
    let done = september(&[["Capture", CHARGE, PERMISSION, "", "", "10.00"]], list, "");
    assert_eq!((done.code, in_state(&done.json(), "matched").len()), (0, 1), "{}", done.err);
}

#[test]
fn without_a_tariff_fees_are_null_and_claims_are_refused() {
    let row = ["Capture", CHARGE, PERMISSION, "", "", "10.00"];
    let list = format!("{HEADER}7,,{CHARGE},10.00,,EUR,2026-09-09,,,\n");
    assert!(september(&[row], &list, "").json()["fees"].is_null());
    let folder = Folder::new();
    folder.write("in/71.csv", settlement(&[row]));
    let words = ["reconcile", "--month", "2026-09", "--from", "in", "--claims", "claims.csv"];
    let done = run(settle().current_dir(folder.path()).args(words));
    assert_eq!((done.code, folder.at("claims.csv").exists()), (2, false), "{}", done.err);
}

#[test]
fn a_tariff_applies_from_its_day_on_and_only_to_its_country() {
    let rows = [["Capture", CHARGE, PERMISSION, "", "", "10.00"]];
    let config = |from: &str, country: &str| {
        format!(
            "[accounts.a]\ncountry = \"{country}\"\nmerchant_id = \"A1\"\n[tariff.old]\ncountry = \"FR\"\n\
             percentage = \"0\"\nfixed = \"0\"\n[tariff.new]\ncountry = \"FR\"\nfrom = \"{from}\"\npercentage = \"2\"\nfixed = \"0\"\n"
        )
    };
    let list = format!("{HEADER}7,,{CHARGE},10.00,,EUR,2026-09-09,,,\n");
    let fees = |config: &str| september(&rows, &list, config).json()["fees"].clone();
    assert_eq!(fees(&config("2026-09-11", "FR"))["deviating"], 0);
    let charged = fees(&config("2026-09-10", "FR"));
    assert_eq!(charged["deviations"][0]["expected"], "-0.20");
    assert_eq!(charged["deviations"][0]["difference"], "0.20");
    let elsewhere = fees(&config("2026-09-10", "DE"));
    assert_eq!(
        (elsewhere["checked"].as_u64(), elsewhere["unchecked"][0]["word"].as_str()),
        (Some(0), Some("no_tariff"))
    );
}
