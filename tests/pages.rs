//! Page and workbook of `settle report`: the same figures as JSON, in the reader's language. What a
//! browser and LibreOffice say of them stands in `pages/`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_types,
    reason = "a test's helpers fail by panicking too; calamine hands numbers out as doubles"
)]

mod support;

use std::fs;
use std::path::Path;

use calamine::{Data, Range, Reader, Xlsx, open_workbook};
use serde_json::Value;
use support::{Folder, Line, list, report, root, run, settle, settlement_file, text};

/// `settle report` for September in a format, into a file.
fn write(from: &Path, format: &str, to: &Path, words: &[&str]) {
    let done = run(settle()
        .args(["report", "--month", "2026-09", "--format", format])
        .args(words)
        .arg("-o")
        .arg(to)
        .arg("--from")
        .arg(from));
    assert!([0, 5].contains(&done.code), "{done:?}");
}

fn sheets(path: &Path) -> Vec<(String, Range<Data>)> {
    let mut workbook: Xlsx<_> = open_workbook(path).unwrap();
    workbook.worksheets()
}

fn row(sheet: &Range<Data>, wanted: impl Fn(&[Data]) -> bool) -> Vec<Data> {
    sheet.rows().find(|row| wanted(row)).unwrap_or_else(|| panic!("no such row in {sheet:?}")).to_vec()
}

/// A number cell as the decimal text with as many decimals as the expected one.
fn assert_amount(cell: &Data, expected: &str) {
    let decimals = expected.split_once('.').map_or(0, |(_, tail)| tail.len());
    let number = match cell {
        Data::Float(number) => *number,
        Data::Int(number) => *number as f64,
        other => panic!("{other:?} is no number; {expected} was expected"),
    };
    assert_eq!(format!("{number:.decimals$}").replace("-0.00", "0.00"), expected.replace("-0.00", "0.00"));
}

#[test]
fn the_summary_of_the_workbook_says_what_the_json_says() {
    let folder = Folder::new();
    let path = folder.at("september.xlsx");
    write(&root().join("sample_reports"), "xlsx", &path, &[]);
    let statement = report(root().join("sample_reports"), &["--month", "2026-09"]).json();
    let sheets = sheets(&path);
    let names: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "Summary",
        "Settlements",
        "Payouts",
        "Transactions",
        "Fees",
        "Disputes",
        "Reconciliation",
        "Checks",
        "Sources",
    ];
    assert_eq!(names, expected);
    let summary = &sheets[0].1;
    for account in list(&statement, "accounts") {
        let name = text(account, "account");
        let of = |label: &str| {
            row(summary, |cells| cells[0] == Data::String(name.into()) && cells[2].to_string().trim() == label)
        };
        assert_amount(&of("Opening balance")[8], text(account, "opening_balance"));
        assert_amount(&of("Closing balance")[8], text(account, "closing_balance"));
        let captures = support::movement(account, "capture").unwrap();
        for (column, member) in (4..).zip(["amount", "percentage_fee", "fixed_fee", "fee", "net"]) {
            assert_amount(&of("Captures")[column], text(captures, member));
        }
    }
    let states = &sheets[6].1;
    assert!(states.rows().skip(8).all(|cells| cells[4] == Data::String("not reconciled".into())));
}

#[test]
fn fees_of_a_whole_month_are_those_of_the_statement() {
    let folder = Folder::new();
    let path = folder.at("september.xlsx");
    write(&root().join("sample_reports"), "xlsx", &path, &[]);
    let statement = report(root().join("sample_reports"), &["--month", "2026-09"]).json();
    let fees = &sheets(&path)[4].1;
    for account in list(&statement, "accounts") {
        let all: i128 = list(account, "movements").iter().map(|movement| support::amount(movement, "fee")).sum();
        let month = row(fees, |cells| {
            cells[0] == Data::String(text(account, "account").into()) && cells[2] == Data::String("2026-09".into())
        });
        let Data::Float(shown) = month[8] else { panic!("{month:?}") };
        assert_eq!(support::units(&format!("{shown:.4}")), all);
        assert_eq!(month[3], Data::String("fully covered".into()));
    }
}

/// A file in which every text that may be hostile is.
fn hostile(word: &str, amount: &str) -> Folder {
    let folder = Folder::new();
    let lines = [
        Line::plain("2026-09-02T09:00:00 +0000", "Capture", amount).order("=HYPERLINK(\"http://192.0.2.1\")"),
        Line::plain("2026-09-03T09:00:00 +0000", word, "-1.00").order("@SUM(A1)<b>"),
    ];
    let period = ["2026-08-31T15:00:00 +0000", "2026-10-01T14:59:00 +0000"];
    folder.write("a.csv", settlement_file("A1EXAMPLE", "7000000001", period, &lines));
    folder
}

#[test]
fn text_from_outside_is_neither_markup_nor_formula() {
    let from = hostile("<script>alert(1)</script>", "10.00");
    let out = Folder::new();
    write(from.path(), "html", &out.at("a.html"), &[]);
    let page = fs::read_to_string(out.at("a.html")).unwrap();
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
    assert!(!page.contains("@SUM(A1)<b>") && page.contains("@SUM(A1)&lt;b&gt;"));
    write(from.path(), "xlsx", &out.at("a.xlsx"), &[]);
    let mut workbook: Xlsx<_> = open_workbook(out.at("a.xlsx")).unwrap();
    let formulas = workbook.worksheet_formula("Transactions").unwrap();
    let suspicious = formulas.rows().flatten().find(|formula| formula.contains("HYPERLINK") || formula.contains('@'));
    assert_eq!(suspicious, None);
    let (_, transactions) = &sheets(&out.at("a.xlsx"))[3];
    assert!(transactions.rows().flatten().any(|cell| cell.to_string().starts_with("=HYPERLINK")));
}

#[test]
fn an_amount_of_more_than_fifteen_digits_is_text_and_in_no_total() {
    let from = hostile("Refund", "1234567890123.4567");
    let out = Folder::new();
    write(from.path(), "xlsx", &out.at("a.xlsx"), &[]);
    let (_, transactions) = &sheets(&out.at("a.xlsx"))[3];
    let capture = row(transactions, |cells| cells[5] == Data::String("Captures".into()));
    assert_eq!(capture[12], Data::String("1,234,567,890,123.4567".into()));
    let total = row(transactions, |cells| cells[0] == Data::String("Total EUR".into()));
    assert_eq!(total[12], Data::String("–".into()));
}

#[test]
fn two_runs_give_the_same_bytes() {
    let out = Folder::new();
    for format in ["html", "xlsx"] {
        for name in ["first", "second"] {
            write(&root().join("sample_reports"), format, &out.at(name), &["--language", "hu"]);
        }
        assert!(fs::read(out.at("first")).unwrap() == fs::read(out.at("second")).unwrap(), "{format}");
    }
}

#[test]
fn the_language_comes_from_the_flag_else_from_the_settings_and_machines_never_see_it() {
    let folder = Folder::new();
    let settings = folder.write("settle.toml", "[reporting]\nlanguage = \"fr\"\n");
    let ask = |words: &[&str]| {
        let from = root().join("sample_reports/shop-fr");
        let done = run(settle()
            .args(["report", "--month", "2026-09", "-c"])
            .arg(&settings)
            .args(words)
            .arg("--from")
            .arg(from));
        assert_eq!(done.code, 0, "{}", done.err);
        done.out
    };
    assert!(ask(&[]).starts_with("Relevé Amazon Pay, septembre 2026\ndu 01/09/2026 00:00:00 au"), "{}", ask(&[]));
    assert!(ask(&["--language", "hu"]).starts_with("Amazon Pay-kivonat, 2026. szeptember\n2026. 09. 01. 00:00:00"));
    assert!(ask(&["--format", "html"]).contains("<html lang=\"fr\">"));
    for format in ["json", "csv"] {
        let english = ask(&["--format", format, "--language", "en"]);
        assert_eq!(ask(&["--format", format]), english);
        assert_eq!(ask(&["--format", format, "--language", "da"]), english);
    }
    let refused = run(settle().args(["report", "--month", "2026-09", "--language", "tlh", "--from", "x"]));
    assert_eq!(refused.code, 2, "{}", refused.err);
}

#[test]
fn every_basis_and_a_single_settlement_have_rows_that_add_up() {
    let from = root().join("sample_reports/shop-gb");
    let settlement = report(&from, &["--month", "2026-09"]).json();
    let settlement: &Value = &support::only_account(&settlement)["settlements"][3]["settlement_id"];
    let asks = [
        vec!["--month", "2026-09", "--basis", "settlement"],
        vec!["--month", "2026-09", "--basis", "payout", "--timezone", "Europe/London"],
        vec!["--from-date", "2026-08-10", "--until-date", "2026-10-20"],
        vec!["--settlement", settlement.as_str().unwrap()],
        vec!["--month", "2031-01"],
    ];
    for ask in asks {
        for format in ["html", "xlsx"] {
            let folder = Folder::new();
            let done = run(settle()
                .arg("report")
                .args(&ask)
                .args(["--format", format, "-o"])
                .arg(folder.at("x"))
                .arg("--from")
                .arg(&from));
            assert_eq!(done.code, 0, "{ask:?} {format}: {}", done.err);
        }
    }
}

#[test]
fn the_archive_gives_the_same_page_as_the_files() {
    let folder = Folder::new();
    let from = root().join("sample_reports/shop-de");
    let data = folder.at("data");
    let taken = run(settle().arg("import").arg(&from).arg("--data-dir").arg(&data));
    assert_eq!(taken.code, 0, "{}", taken.err);
    write(&from, "html", &folder.at("files.html"), &[]);
    let done = run(settle()
        .args(["report", "--month", "2026-09", "--format", "html", "--data-dir"])
        .arg(&data)
        .current_dir(folder.path()));
    assert_eq!(done.code, 0, "{}", done.err);
    let files = fs::read_to_string(folder.at("files.html")).unwrap();
    // Sources have other names in the archive, which lists only those behind the figures.
    let figures = |page: &str| -> Vec<String> {
        let rows = page.split("<data value=\"").skip(1);
        rows.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    assert_eq!(figures(&done.out), figures(&files));
}

#[test]
fn commands_without_such_a_form_say_so() {
    for words in [vec!["import", "x"], vec!["config", "show"]] {
        for format in ["xlsx", "html"] {
            let done = run(settle().args(&words).args(["--format", format, "--data-dir", "x"]));
            assert_eq!(done.code, 2, "{done:?}");
        }
    }
}
