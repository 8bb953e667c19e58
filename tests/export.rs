//! `settle export` and `settle check fec` from outside: what accountants import says what the statement says,
//! to the cent, and whatever cannot be said is named before a file takes its place.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use settle::domain::Country;
use settle::rehearsal::{OrderListKind, OrderListPlan, Plan, invent};
use support::{
    Folder, Line, Run, SELLER, amount, only_account, report, run, run_with_input, september, settle, settlement_file,
    units,
};

const MONTH: &str = "2026-09";
/// Every preset that writes entries.
const BOOKED: [&str; 9] = ["journal", "fec", "datev", "sie", "hledger", "beancount", "xero", "quickbooks", "freeagent"];

/// A config that every preset accepts, in a folder with the files of September.
fn place(more: &str) -> Folder {
    let folder = september();
    let text = format!("[export]\nchart = \"skr03\"\nxero_tax_rate = \"No VAT\"\nsiren = \"123456789\"\n{more}");
    folder.write("config/settle.toml", text);
    folder
}

fn export(folder: &Folder, preset: &str, words: &[&str]) -> Run {
    let mut command = settle();
    command.args(["export", "--month", MONTH, "--preset", preset, "-c"]).arg(folder.at("config/settle.toml"));
    run(command.args(words).arg("--from").args(csv_files(folder.path())))
}

/// The files of a folder, without those below it.
fn csv_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "csv")).collect();
    files.sort();
    files
}

/// The bytes of the one file of a preset.
fn exported(folder: &Folder, preset: &str, words: &[&str]) -> Vec<u8> {
    let target = folder.at(&format!("out.{preset}"));
    let done = export(folder, preset, &[words, &["-o", target.to_str().unwrap()]].concat());
    assert!(done.code == 0 || done.code == 5, "{preset}: {done:?}");
    fs::read(&target).unwrap_or_else(|why| panic!("{preset}: {why}: {done:?}"))
}

fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Account → balance in ten-thousandths, debit positive.
type Balance = BTreeMap<String, i128>;

fn add(balance: &mut Balance, account: &str, units: i128) {
    *balance.entry(account.to_owned()).or_default() += units;
    balance.retain(|_, sum| *sum != 0);
}

/// Cells of a line without quotes inside cells.
fn cells(line: &str, separator: char) -> Vec<String> {
    line.split(separator).map(|cell| cell.trim_matches('"').to_owned()).collect()
}

fn cents(text: &str) -> i128 {
    if text.is_empty() { 0 } else { units(&text.replace(',', ".")) }
}

/// The trial balance of a file, read by nothing but its layout; FreeAgent shows one account.
fn balance_of(preset: &str, bytes: &[u8]) -> Balance {
    let text = latin(bytes);
    let mut balance = Balance::new();
    let rows = |separator: char, skip: usize| -> Vec<Vec<String>> {
        text.lines().skip(skip).map(|line| cells(line, separator)).collect()
    };
    match preset {
        "journal" => rows(',', 1).iter().for_each(|row| add(&mut balance, &row[3], cents(&row[6]) - cents(&row[7]))),
        "fec" => rows('\t', 1).iter().for_each(|row| add(&mut balance, &row[4], cents(&row[11]) - cents(&row[12]))),
        "datev" => rows(';', 2).iter().for_each(|row| {
            let debit = if row[1] == "S" { cents(&row[0]) } else { -cents(&row[0]) };
            add(&mut balance, &row[6], debit);
            add(&mut balance, &row[7], -debit);
        }),
        "sie" => text.lines().filter_map(|line| line.strip_prefix("#TRANS ")).for_each(|line| {
            let row = cells(line, ' ');
            add(&mut balance, &row[0], cents(&row[2]));
        }),
        "hledger" | "beancount" => text
            .lines()
            .filter(|line| line.starts_with("  ") && line.ends_with(" EUR") && line.contains(':'))
            .for_each(|line| {
                let row: Vec<&str> = line.split_whitespace().collect();
                let code = row[0].split(':').find(|part| part.bytes().all(|byte| byte.is_ascii_digit())).unwrap();
                add(&mut balance, code, cents(row[1]));
            }),
        "xero" => rows(',', 1).iter().for_each(|row| {
            // Descriptions of fees hold commas; from the end the cells are where they belong.
            let end = row.len();
            add(&mut balance, &row[end - 7], cents(&row[end - 5]));
        }),
        "quickbooks" => rows(',', 1).iter().for_each(|row| add(&mut balance, &row[2], cents(&row[3]) - cents(&row[4]))),
        "freeagent" => rows(',', 0).iter().for_each(|row| add(&mut balance, "1201", cents(&row[1]))),
        _ => panic!("{preset}"),
    }
    balance
}

/// A month of an invented shop and its order list.
fn shop_with_orders() -> (Folder, String, PathBuf) {
    let country: Country = "FR".parse().unwrap();
    let mut plan = Plan::new(&[country], &[], MONTH.parse().unwrap(), 1).unwrap();
    plan.orders_per_day = 6;
    plan.order_lists = Some(OrderListPlan { kind: OrderListKind::Woo, faults_each: 0 });
    let folder = Folder::new();
    for file in &invent(&plan).unwrap().files {
        folder.write(&file.path, &file.bytes);
    }
    folder.write("settle.toml", "[export]\nchart = \"pcg\"\nsiren = \"123456789\"\n");
    let list = csv_files(&folder.at("orders")).pop().unwrap();
    let key: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.at("expected/orders-key.json")).unwrap()).unwrap();
    let name = key["tariffs"][0]["name"].as_str().unwrap().to_owned();
    (folder, name, list)
}

#[test]
fn with_order_lists_entries_carry_the_invoice_and_without_them_nothing_changes() {
    let (folder, name, list) = shop_with_orders();
    let export = |preset: &str, orders: &[&str]| {
        let mut command = settle();
        command.current_dir(folder.path()).args(["export", "--month", MONTH, "--timezone", "Europe/Paris"]);
        command.args(["--preset", preset, "-c", "settle.toml", "--from", &name, "-o", "out"]).args(orders);
        let done = run(&mut command);
        assert_eq!(done.code, 0, "{done:?}");
        fs::read(folder.at("out")).unwrap()
    };
    // What the list itself says, read by nothing of settle: the invoice by permission and by number.
    let mut reader = csv::Reader::from_path(&list).unwrap();
    let header = reader.headers().unwrap().clone();
    let place = |name: &str| header.iter().position(|column| column == name).unwrap();
    let rows = reader.records().map(Result::unwrap);
    let permission = |id: &str| id.rsplit_once('-').unwrap_or_default().0.to_owned();
    let mut invoices: BTreeMap<String, String> = BTreeMap::new();
    for row in rows {
        let charge = permission(&row[place("amazon_charge_id")]);
        for key in [&charge, &row[place("transaction_id")], &row[place("order_number")]] {
            invoices.insert(key.to_owned(), row[place("invoice_number")].to_owned());
        }
    }
    invoices.remove("");
    let orders = ["--orders", list.to_str().unwrap()];
    let journal = export("journal", &orders);
    let mut reader = csv::Reader::from_reader(journal.as_slice());
    let header = reader.headers().unwrap().clone();
    let place = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (mut found, mut documents) = (0, BTreeMap::new());
    for row in reader.records().map(Result::unwrap) {
        let transaction = &row[place("transaction_id")];
        let expected = invoices.get(&permission(transaction)).or_else(|| invoices.get(&row[place("order_id")]));
        let expected = expected.map_or("", String::as_str);
        assert_eq!(&row[place("invoice")], expected, "{transaction}");
        found += usize::from(!expected.is_empty());
        documents.insert(transaction.to_owned(), expected.to_owned());
    }
    assert!(found > 300, "{found} postings with an invoice");
    let fec = latin(&export("fec", &orders));
    let pieces: std::collections::BTreeSet<String> =
        fec.lines().skip(1).map(|line| line.split('\t').nth(8).unwrap().to_owned()).collect();
    for invoice in documents.values().filter(|invoice| !invoice.is_empty()) {
        assert!(pieces.contains(invoice), "{invoice} is no PieceRef");
    }
    let without = export("journal", &[]);
    let blank = |bytes: &[u8]| -> Vec<Vec<String>> {
        let mut reader = csv::Reader::from_reader(bytes);
        let cleared = |row: csv::StringRecord| {
            let hidden = [place("invoice"), place("piece")];
            row.iter().enumerate().filter(|(at, _)| !hidden.contains(at)).map(|(_, cell)| cell.to_owned()).collect()
        };
        reader.records().map(|row| cleared(row.unwrap())).collect()
    };
    assert_eq!(blank(&without), blank(&journal), "an invoice changes nothing but itself");
    assert!(!latin(&without).contains("INV-"));
}

#[test]
fn an_order_list_that_cannot_be_read_is_named_and_the_export_is_written() {
    let folder = place("");
    let list = folder.write("lists/orders.txt", "no,order,list\n1,2,3\n");
    let target = folder.at("journal.out");
    let done = export(&folder, "journal", &["-o", target.to_str().unwrap(), "--orders", list.to_str().unwrap()]);
    assert_eq!(done.code, 5, "{done:?}");
    assert!(done.err.contains("orders.txt"), "{}", done.err);
    assert_eq!(fs::read(&target).unwrap(), exported(&folder, "journal", &[]));
}

#[test]
fn the_trial_balance_is_the_same_in_every_form_and_the_clearing_account_moves_as_the_statement() {
    let folder = place("");
    let statement = report(folder.path(), &["--month", MONTH]);
    let statement = statement.json();
    let account = only_account(&statement);
    let (opening, closing) = (amount(account, "opening_balance"), amount(account, "closing_balance"));
    let journal = balance_of("journal", &exported(&folder, "journal", &[]));
    assert_eq!(journal["1201"], closing - opening);
    assert_eq!(journal.values().sum::<i128>(), 0);
    // Worked out by hand: captures 100.00, a refund of 10.00, a chargeback of 20.00, payouts of 61.22.
    assert_eq!(journal["10000"], -900_000);
    assert_eq!(journal["1460"], 200_000);
    assert_eq!(journal["1361"], 612_200);
    assert_eq!(journal["4970"], 30_500 - 2_700 + 150_000);
    assert_eq!(journal["1590"], 10_000, "the row of an unknown type is in suspense, not dropped");
    for preset in BOOKED {
        let mut found = balance_of(preset, &exported(&folder, preset, &[]));
        if matches!(preset, "hledger" | "beancount") {
            assert_eq!(found.remove("9000"), Some(-opening));
            assert_eq!(found["1201"], closing, "{preset} ends with the statement's balance");
            add(&mut found, "1201", -opening);
        }
        match preset {
            "freeagent" => assert_eq!(found, Balance::from([("1201".to_owned(), closing - opening)])),
            "quickbooks" => assert_eq!(found.values().sum::<i128>(), 0),
            _ => assert_eq!(found, journal, "{preset}"),
        }
    }
    for by in ["day", "settlement", "month"] {
        assert_eq!(balance_of("journal", &exported(&folder, "journal", &["--by", by])), journal, "{by}");
        assert_eq!(balance_of("datev", &exported(&folder, "datev", &["--by", by])), journal, "{by}");
    }
}

#[test]
fn months_add_up_to_the_whole_whichever_date_decides() {
    let folder = place("");
    for basis in ["posted", "settlement", "payout"] {
        let mut sum = Balance::new();
        for month in ["2026-08", "2026-09", "2026-10"] {
            let mut command = settle();
            command.args(["export", "--month", month, "--preset", "journal", "--basis", basis, "-c"]);
            let done = run(command.arg(folder.at("config/settle.toml")).arg("--from").args(csv_files(folder.path())));
            assert!(done.code == 0 || done.code == 5, "{done:?}");
            for line in done.out.lines().skip(1) {
                let date = line.split(',').next().unwrap();
                assert!(date.starts_with(month), "{basis} {month}: an entry of {date}");
            }
            for (account, units) in balance_of("journal", done.out.as_bytes()) {
                add(&mut sum, &account, units);
            }
        }
        // Σ net of every movement: 96.95 − 9.73 − 20.00 − 15.00 − 1.00 − 61.22.
        assert_eq!(sum["1201"], -100_000, "{basis}");
    }
}

#[test]
fn both_doors_give_the_same_files() {
    let folder = place("");
    let data = folder.at("data");
    let imported = run(settle().arg("import").args(csv_files(folder.path())).arg("--data-dir").arg(&data));
    assert_eq!(imported.code, 0, "{imported:?}");
    for preset in ["journal", "fec", "hledger", "transactions"] {
        let mut command = settle();
        command.args(["export", "--month", MONTH, "--timezone", "UTC", "--preset", preset, "-c"]);
        let archive = run(command.arg(folder.at("config/settle.toml")).arg("--data-dir").arg(&data));
        let files = export(&folder, preset, &[]);
        let plain = |text: &str| text.replace(&format!("{}/", folder.path().display()), "");
        assert_eq!(plain(&archive.out), plain(&files.out), "{preset}: {}", archive.err);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_and_only_datev_states_the_time() {
    let folder = place("");
    for preset in BOOKED {
        let (one, two) = (exported(&folder, preset, &[]), exported(&folder, preset, &[]));
        let without_time = |bytes: &[u8]| latin(bytes).splitn(7, ';').skip(6).collect::<String>();
        if preset == "datev" {
            assert_eq!(without_time(&one), without_time(&two));
        } else {
            assert_eq!(one, two, "{preset}");
        }
    }
}

#[test]
fn every_file_declares_the_vat_treatment_of_fees() {
    for (treatment, words) in [("exempt", "exempt"), ("reverse_charge", "reverse"), ("none", "none")] {
        let folder = place(&format!("vat_on_fees = \"{treatment}\"\nreverse_charge_rate = \"19\"\n"));
        for preset in BOOKED.into_iter().chain(["transactions"]) {
            let text = latin(&exported(&folder, preset, &[]));
            assert!(text.contains(words), "{preset} {treatment}");
        }
    }
}

#[test]
fn a_reverse_charge_adds_a_balanced_pair_and_never_changes_the_fee() {
    let exempt = balance_of("journal", &exported(&place(""), "journal", &[]));
    let folder = place("vat_on_fees = \"reverse_charge\"\nreverse_charge_rate = \"19\"\n");
    let mut charged = balance_of("journal", &exported(&folder, "journal", &[]));
    // 19 % of 3.05, of −0.27 and of 15.00: 0.58 − 0.05 + 2.85.
    assert_eq!(charged.remove("1577"), Some(33_800));
    assert_eq!(charged.remove("1787"), Some(-33_800));
    assert_eq!(charged, exempt);
    let datev = latin(&exported(&folder, "datev", &[]));
    assert!(datev.contains(";4970;1201;\"0094\";"), "DATEV books the tax by the key of the line");
    assert_eq!(balance_of("datev", datev.as_bytes()), exempt);
    let without = place("vat_on_fees = \"reverse_charge\"\n");
    let refused = export(&without, "fec", &[]);
    assert_eq!(refused.code, 3);
    assert!(refused.err.contains("export.reverse_charge_rate"), "{}", refused.err);
}

#[test]
fn an_account_that_the_map_lacks_ends_the_run_and_names_every_key() {
    let folder = september();
    folder.write("config/settle.toml", "[export]\nchart = \"own\"\n[accounts_map]\nclearing = \"517 Amazon\"\n");
    let refused = export(&folder, "journal", &[]);
    assert_eq!(refused.code, 3, "{refused:?}");
    for key in
        ["receivable", "refund", "fee_percentage", "fee_fixed", "fee_dispute", "chargeback", "transit", "suspense"]
    {
        assert!(refused.err.contains(&format!("accounts_map.{key}`")), "{key}: {}", refused.err);
    }
    assert!(!refused.err.contains("accounts_map.clearing`") && refused.out.is_empty());
}

#[test]
fn an_account_that_a_form_cannot_take_is_named() {
    let folder = place("[accounts_map]\ntransit = \"58 Virements\"\n");
    for preset in ["fec", "datev"] {
        let done = export(&folder, preset, &["-o", folder.at("x").to_str().unwrap()]);
        let refused = preset == "fec";
        assert_eq!(done.code, if refused { 3 } else { 0 }, "{preset}: {done:?}");
        assert_eq!(done.err.contains("accounts_map.transit"), refused, "{}", done.err);
    }
    let refused =
        export(&place("datev_account_digits = \"4\"\n[accounts_map]\ntransit = \"580000 Virements\"\n"), "datev", &[]);
    assert!(refused.code == 3 && refused.err.contains("accounts_map.transit"), "{refused:?}");
    let folder = september();
    folder.write("config/settle.toml", "");
    let refused = export(&folder, "xero", &[]);
    assert!(refused.code == 3 && refused.err.contains("accounts_map."), "{refused:?}");
}

#[test]
fn a_reserve_account_takes_what_is_set_aside_and_the_total_stays_the_balance() {
    let folder = place("[accounts_map]\nreserve = \"1202 Reserve\"\n");
    let plain = balance_of("journal", &exported(&place(""), "journal", &[]));
    let split = balance_of("journal", &exported(&folder, "journal", &[]));
    // Between two settlements 30.00 are set aside; at the end of the month they are open again.
    assert_eq!(split["1201"] + split.get("1202").copied().unwrap_or(0), plain["1201"]);
    let hledger = latin(&exported(&folder, "hledger", &[]));
    assert!(hledger.contains("1202  30.00 EUR"), "{hledger}");
}

/// A settlement with one row of every trap in its texts.
fn odd_texts() -> Folder {
    let folder = Folder::new();
    let mut text = settlement_file(
        SELLER,
        "7000000009",
        ["2026-09-01T00:00:00 +0000", "2026-09-30T23:59:00 +0000"],
        &[
            Line::fees("2026-09-02T09:00:00 +0000", "Capture", ["100.00", "-2.70", "-0.35", "-3.05", "96.95"])
                .order("A|B;C\"D"),
            Line::plain("2026-09-03T09:00:00 +0000", "Łódź 🎁 – bonus|\"x\",;(y)", "5.00"),
        ],
    );
    text = text.replace("\"A|B;C\"\"D\",\"\"", "\"A|B;C\"\"D\",\"=1+1\tTab\"");
    folder.write("odd.csv", text);
    folder.write("config/settle.toml", "[export]\nchart = \"skr03\"\nxero_tax_rate = \"No VAT\"\n");
    folder
}

#[test]
fn characters_that_a_form_lacks_are_replaced_and_reported() {
    let folder = odd_texts();
    for preset in BOOKED {
        let done = export(&folder, preset, &["-o", folder.at("x").to_str().unwrap()]);
        assert_eq!(done.code, 0, "{preset}: {done:?}");
        let bytes = fs::read(folder.at("x")).unwrap();
        if matches!(preset, "fec" | "datev" | "sie") {
            assert!(done.err.contains("lacks `Ł`; `L` stands for it"), "{preset}: {}", done.err);
            assert!(done.err.contains("`🎁`; `?`") && done.err.contains("odd.csv:8"), "{preset}: {}", done.err);
            assert!(latin(&bytes).contains("L\u{f3}d") || latin(&bytes).contains("L\u{a2}d"), "{preset}");
        }
        if preset == "fec" {
            assert!(
                bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).all(|line| line
                    .iter()
                    .filter(|byte| **byte == b'\t')
                    .count()
                    == 17)
            );
            assert!(!bytes.contains(&b'|'));
            let checked = run_with_input(settle().args(["check", "fec", "-"]), &bytes);
            assert_eq!(checked.code, 0, "{checked:?}");
        }
        if preset == "freeagent" {
            assert!(latin(&bytes).lines().all(|line| line.split(',').count() == 3 && !line.contains('"')));
        }
    }
    let rows = export(&folder, "transactions", &[]).out;
    assert!(rows.contains(",'=1+1\tTab,"), "a formula is neutralised: {rows}");
    assert!(rows.contains(",-2.70,-0.35,"), "amounts stay numbers: {rows}");
}

#[test]
fn a_dialect_changes_the_separator_and_the_decimal_mark() {
    let folder = odd_texts();
    for preset in ["transactions", "journal"] {
        let text = export(&folder, preset, &["--csv-dialect", "excel-fr"]).out;
        assert!(text.starts_with('\u{feff}') && text.contains(";96,95;"), "{text}");
    }
}

#[test]
fn rows_that_do_not_add_up_leave_their_difference_in_suspense() {
    let folder = Folder::new();
    let lines = [Line::fees("2026-09-02T09:00:00 +0000", "Capture", ["10.00", "-0.27", "-0.35", "-0.62", "9.39"])];
    folder.write(
        "a.csv",
        settlement_file(SELLER, "1", ["2026-09-01T00:00:00 +0000", "2026-09-30T23:59:00 +0000"], &lines),
    );
    folder.write("config/settle.toml", "[export]\nchart = \"skr03\"\n");
    let done = export(&folder, "journal", &[]);
    assert_eq!(done.code, 5, "{done:?}");
    let balance = balance_of("journal", done.out.as_bytes());
    assert_eq!((balance["1201"], balance["1590"]), (93_900, -100));
    assert!(done.err.contains("1 rows do not add up; the difference is in suspense"), "{}", done.err);
}

#[test]
fn rows_out_of_order_are_sorted_by_date_and_still_tie() {
    let folder = Folder::new();
    let row = |day: u32, cents: u32| {
        Line::plain(&format!("2026-09-{day:02}T09:00:00 +0000"), "Capture", &format!("{cents}.00"))
    };
    let lines = [row(20, 1), row(3, 2), row(11, 3)];
    folder.write(
        "a.csv",
        settlement_file(SELLER, "1", ["2026-09-01T00:00:00 +0000", "2026-09-30T23:59:00 +0000"], &lines),
    );
    folder.write("config/settle.toml", "[export]\nchart = \"pcg\"\n");
    let fec = export(&folder, "fec", &[]).out;
    let dates: Vec<&str> = fec.lines().skip(1).map(|line| line.split('\t').nth(3).unwrap()).collect();
    assert_eq!(dates, ["20260903", "20260903", "20260911", "20260911", "20260920", "20260920"]);
    let checked = run_with_input(settle().args(["check", "fec", "-", "--format", "json"]), fec.as_bytes());
    assert_eq!(checked.code, 0, "{checked:?}");
    let rules: Vec<String> = checked.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["rule"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(rules, ["R24"]);
}

#[test]
fn limits_split_a_file_between_entries_and_lose_nothing() {
    let folder = Folder::new();
    let row = |number: u32| {
        let posted = format!("2026-09-{:02}T09:00:00 +0000", 1 + number / 20);
        Line::fees(&posted, "Capture", ["10.00", "-0.27", "-0.35", "-0.62", "9.38"])
    };
    let lines: Vec<Line> = (0..500).map(row).collect();
    folder.write(
        "a.csv",
        settlement_file(SELLER, "1", ["2026-09-01T00:00:00 +0000", "2026-09-30T23:59:00 +0000"], &lines),
    );
    folder.write(
        "config/settle.toml",
        "[export]\nchart = \"skr03\"\nxero_tax_rate = \"No VAT\"\n[accounts_map]\nfee_fixed = \"4971 Fix\"\n",
    );
    for (preset, most, files) in [("xero", 300, 7), ("quickbooks", 999, 3)] {
        let target = folder.at(preset);
        fs::create_dir(&target).unwrap();
        let done = export(&folder, preset, &["-o", target.to_str().unwrap()]);
        assert_eq!(done.code, 0, "{done:?}");
        let written = csv_files(&target);
        assert_eq!(written.len(), files, "{written:?}");
        let mut all = 0;
        for file in written {
            let text = fs::read(file).unwrap();
            let lines = latin(&text).lines().count() - 1;
            assert!(lines <= most && lines.is_multiple_of(4), "{lines}: an entry has four lines");
            assert_eq!(balance_of(preset, &text).values().sum::<i128>(), 0, "no entry is cut");
            all += lines;
        }
        assert_eq!(all, 2_000);
        let stdout = export(&folder, preset, &[]);
        assert_eq!((stdout.code, stdout.out.as_str()), (2, ""), "standard output takes one file: {}", stdout.err);
    }
}

#[test]
fn a_month_outside_the_fiscal_year_is_refused_and_one_across_two_years_is_split() {
    let outside = export(&place("fiscal_year_start = \"2027-01-01\"\n"), "datev", &[]);
    assert_eq!(outside.code, 3, "{outside:?}");
    assert!(outside.err.contains("export.fiscal_year_start") && outside.err.contains("2026-09"), "{}", outside.err);
    let folder = place("fiscal_year_start = \"09-12\"\n");
    let whole = balance_of("datev", &exported(&place(""), "datev", &[]));
    let target = folder.at("out");
    fs::create_dir(&target).unwrap();
    assert_eq!(export(&folder, "datev", &["-o", target.to_str().unwrap()]).code, 0);
    let files = csv_files(&target);
    let heads: Vec<Vec<String>> =
        files.iter().map(|file| cells(latin(&fs::read(file).unwrap()).lines().next().unwrap(), ';')).collect();
    let days = |head: &[String]| head[12..16].to_vec();
    assert_eq!(days(&heads[0]), ["20250912", "4", "20260901", "20260911"]);
    assert_eq!(days(&heads[1]), ["20260912", "4", "20260912", "20260930"]);
    let mut sum = Balance::new();
    for file in files {
        for (account, units) in balance_of("datev", &fs::read(file).unwrap()) {
            add(&mut sum, &account, units);
        }
    }
    assert_eq!(sum, whole);
}

#[test]
fn a_target_that_cannot_be_written_leaves_what_stood_there() {
    let folder = place("");
    let target = folder.write("old.csv.txt", "old");
    let refused = export(&folder, "journal", &["-o", folder.at("no/such/folder.csv").to_str().unwrap()]);
    assert_eq!(refused.code, 4, "{refused:?}");
    folder.write("config/settle.toml", "[export]\nchart = \"own\"\n");
    assert_eq!(export(&folder, "journal", &["-o", target.to_str().unwrap()]).code, 3);
    assert_eq!(fs::read_to_string(&target).unwrap(), "old");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".settle-")), "{left:?}");
}

#[test]
fn an_amount_that_a_form_cannot_print_exactly_is_refused_with_its_line() {
    let folder = Folder::new();
    let lines = [Line::fees("2026-09-02T09:00:00 +0000", "Capture", ["10.00", "-0.1255", "0", "-0.1255", "9.8745"])];
    folder.write(
        "a.csv",
        settlement_file(SELLER, "1", ["2026-09-01T00:00:00 +0000", "2026-09-30T23:59:00 +0000"], &lines),
    );
    folder.write("config/settle.toml", "[export]\nchart = \"skr03\"\nxero_tax_rate = \"No VAT\"\n");
    for preset in BOOKED {
        let done = export(&folder, preset, &["-o", folder.at("x").to_str().unwrap()]);
        let exact = matches!(preset, "journal" | "fec" | "hledger" | "beancount");
        assert_eq!(done.code, if exact { 0 } else { 5 }, "{preset}: {done:?}");
        assert!(exact || (done.err.contains("a.csv:7") && done.err.contains("more than two decimals")), "{}", done.err);
    }
}

#[test]
fn nothing_known_writes_no_file() {
    let folder = place("");
    let mut command = settle();
    command.args(["export", "--month", "2020-01", "--preset", "fec", "-o"]).arg(folder.at("x")).arg("--from");
    let done = run(command.args(csv_files(folder.path())));
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!folder.at("x").exists() && done.err.contains("nothing"), "{}", done.err);
}

#[test]
fn a_merchant_id_cannot_begin_a_line_of_its_own() {
    let folder = Folder::new();
    let lines = [Line::plain("2026-09-02T09:00:00 +0000", "Capture", "1.00")];
    let period = ["2026-09-01T00:00:00 +0000", "2026-09-30T23:59:00 +0000"];
    folder.write("a.csv", settlement_file("A\n2026-09-01 open Evil", "1", period, &lines));
    folder.write("b.csv", settlement_file("A 2026-09-01 open Evil", "2", period, &lines));
    folder.write("config/settle.toml", "[export]\nchart = \"skr03\"\n");
    for preset in ["hledger", "beancount"] {
        let done = export(&folder, preset, &[]);
        assert!(done.code == 0 && !done.out.contains("\n2026-09-01 open Evil"), "{preset}: {}", done.out);
    }
    let target = folder.at("out");
    let refused = export(&folder, "sie", &["-o", &format!("{}/", target.display())]);
    assert!(refused.code == 2 && refused.err.contains("two accounts would have this file"), "{refused:?}");
    assert!(csv_files(&target).is_empty());
}

#[test]
fn a_parquet_file_is_whole_wherever_it_goes() {
    let folder = place("");
    let file = exported(&folder, "parquet", &[]);
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    let mut command = settle();
    command.args(["export", "--month", MONTH, "--preset", "parquet", "--from"]).args(csv_files(folder.path()));
    assert_eq!(command.output().unwrap().stdout, file);
}

#[test]
fn the_page_about_exports_names_every_preset_and_its_settings_are_accepted() {
    let page = fs::read_to_string(support::root().join("docs/exports.md")).unwrap();
    for preset in settle::export::Preset::all() {
        assert!(page.contains(&format!("`{preset}`")), "{preset}");
    }
    let settings = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = Folder::new();
    let file = folder.write("settle.toml", settings);
    let shown = run(settle().args(["config", "show", "--data-dir", "x", "--config"]).arg(&file));
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("accounts_map.fee_fixed"), "{}", shown.out);
}

#[test]
fn the_form_is_named_by_the_preset_and_an_unknown_one_is_refused() {
    let folder = place("");
    assert_eq!(export(&folder, "journal", &["--format", "json"]).code, 2);
    let refused = export(&folder, "sage", &[]);
    assert!(refused.code == 2 && refused.err.contains("beancount"), "{refused:?}");
}

#[test]
fn several_accounts_become_several_files_or_share_one() {
    let folder = place("");
    let other = settlement_file(
        "A2EXAMPLE",
        "8000000001",
        ["2026-09-01T00:00:00 +0000", "2026-09-30T23:59:00 +0000"],
        &[Line::plain("2026-09-02T09:00:00 +0000", "Capture", "7.00").currency("SEK")],
    );
    folder.write("other.csv", other);
    let target = folder.at("out.txt");
    let done = export(&folder, "fec", &["-o", target.to_str().unwrap()]);
    assert_eq!(done.code, 0, "{done:?}");
    for name in ["out_A1EXAMPLE_EUR.txt", "out_A2EXAMPLE_SEK.txt", "out_A2EXAMPLE_SEK_description.txt"] {
        assert!(folder.at(name).exists(), "{name}");
    }
    let hledger = latin(&exported(&folder, "hledger", &[]));
    assert!(hledger.contains("Assets:1201:A1EXAMPLE") && hledger.contains("Assets:1201:A2EXAMPLE"), "{hledger}");
}

#[test]
fn a_settlement_in_another_charset_is_exported_once() {
    // Long enough that the first pieces were handed on before the byte that is not UTF-8 comes.
    let folder = Folder::new();
    let lines: Vec<Line> = (0..60_000).map(|_| Line::plain("2026-09-02T09:00:00 +0000", "Capture", "1.00")).collect();
    let mut bytes =
        settlement_file(SELLER, "1", ["2026-09-01T00:00:00 +0000", "2026-09-30T23:59:00 +0000"], &lines).into_bytes();
    bytes.drain(..3);
    let last =
        bytes.len() - "\"\",\"\",\"Capture\",\"\",\"\",\"\",\"EUR\",\"\",\"1.00\",\"0\",\"0\",\"0\",\"1.00\"\n".len();
    bytes.splice(last + 1..last + 1, [0xe9]);
    folder.write("a.csv", bytes);
    folder.write("config/settle.toml", "[export]\nchart = \"skr03\"\n");
    for preset in ["journal", "transactions"] {
        let done = export(&folder, preset, &[]);
        assert_eq!(done.code, 0, "{}", done.err);
        assert_eq!(done.out.lines().count(), if preset == "journal" { 120_001 } else { 60_001 });
    }
}

#[test]
fn damaged_fecs_are_refused_with_their_rule_and_line() {
    let folder = place("[accounts_map]\n");
    let sound = latin(&exported(&folder, "fec", &[]));
    let check = |text: &str| {
        let done = run_with_input(settle().args(["check", "fec", "-", "--format", "json"]), text.as_bytes());
        let rules: Vec<String> = done.json()["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| rule["rule"].as_str().unwrap().to_owned())
            .collect();
        (done.code, rules)
    };
    assert_eq!(check(&sound), (0, vec!["R24".to_owned()]));
    let line = |number: usize| sound.lines().nth(number).unwrap().to_owned();
    let changed = |from: &str, to: &str| sound.replacen(from, to, 1);
    let damages = [
        ("a cell too few", changed(&line(2), line(2).rsplit_once('\t').unwrap().0), 5, "R01"),
        ("an empty line", changed("\r\n", "\r\n\r\n"), 5, "R02"),
        ("no lines", format!("{}\r\n", line(0)), 5, "R03"),
        ("a blank account", changed("\t1201\t", "\t\t"), 5, "R04"),
        ("no such column", changed("CompteNum", "Compte"), 5, "R05"),
        ("a blank piece date", changed("\t20260902\tAmazon", "\t\tAmazon"), 0, "R06"),
        ("an account of letters", sound.replace("\t1201\t", "\tAB1\t"), 0, "R07"),
        ("a decimal point", changed("96,95", "96.95"), 5, "R08"),
        ("a thousands separator", changed("96,95", "1 096,95"), 5, "R09"),
        ("no number", changed("96,95", "abc"), 5, "R10"),
        ("a month of 13", changed("20260902", "20261302"), 5, "R12"),
        ("no date", changed("20260902", "yesterday"), 5, "R13"),
        ("a strange year", changed("20260902", "1815-09-02"), 0, "R14"),
        ("no date at all", changed("\t20260902\t1201", "\t\t1201"), 5, "R15"),
        ("both sides", changed("96,95\t0,00", "96,95\t1,00"), 5, "R16"),
        ("a day that no calendar has", changed("20260902", "20260231"), 5, "S01"),
        ("a cent too much", changed("96,95", "96,96"), 5, "S02"),
        ("a gap in the numbers", sound.replace("\tAmazon Pay\t2\t", "\tAmazon Pay\t7\t"), 0, "S04"),
    ];
    for (what, text, code, rule) in damages {
        assert_ne!(text, sound, "{what} changes nothing");
        let (found_code, rules) = check(&text);
        assert!(found_code == code && rules.contains(&rule.to_owned()), "{what}: {found_code} {rules:?}");
    }
    // What the tester lets pass.
    let pipes = sound.replace('\t', "|");
    let trailing = sound.replacen("96,95\t", "96,95+\t", 1);
    let marked = format!("\u{feff}{}", sound.replace("\r\n", "\n"));
    for text in [pipes, trailing, marked] {
        assert_eq!(check(&text), (0, vec!["R24".to_owned()]));
    }
}
