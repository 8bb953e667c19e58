//! Reports from the archive, from outside: the same figures as from the files themselves, in whatever order
//! these came in, and whatever has happened to the derived files since.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says why by ending"
)]

mod archive_place;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use archive_place::{GOOD, NEXT, Place, SAMPLES, bytes_of, read_parquet, samples_imported, settle};
use serde_json::Value;

const MONTHS: [&str; 3] = ["2026-08", "2026-09", "2026-10"];
const BASES: [&str; 3] = ["posted", "settlement", "payout"];
const ZONES: [&str; 2] = ["UTC", "Europe/Paris"];
/// All that the samples hold.
const ALL: [&str; 4] = ["--from-date", "2026-07-01", "--until-date", "2026-12-01"];

/// The arguments of every statement that is compared.
fn statements() -> Vec<[&'static str; 6]> {
    let mut all = Vec::new();
    for month in MONTHS {
        for basis in BASES {
            all.extend(ZONES.map(|zone| ["--month", month, "--basis", basis, "--timezone", zone]));
        }
    }
    all
}

/// A statement without the names of files, which the archive does not keep whole.
fn figures(mut statement: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| name != "file" && name != "source");
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let fields = statement.as_object_mut().unwrap();
    fields.retain(|name, _| name != "sources" && name != "problems");
    strip(&mut statement);
    statement
}

fn problems(statement: &Value, code: &str) -> usize {
    statement["problems"].as_array().unwrap().iter().filter(|problem| problem["code"] == code).count()
}

#[test]
fn the_archive_gives_the_figures_of_the_files() {
    let place = Place::copy_of(&samples_imported());
    for arguments in statements() {
        let from = settle(&[&["report", "--format", "json", "--from", SAMPLES], arguments.as_slice()].concat());
        let archived = place.report(&arguments);
        assert_eq!(archived.exit, from.exit, "{arguments:?}");
        assert_eq!(figures(archived.json()), figures(from.json()), "{arguments:?}");
        assert!(!archived.json()["accounts"].as_array().unwrap().is_empty());
    }
}

#[test]
fn files_give_the_same_statements_in_any_order_and_split() {
    let whole = Place::copy_of(&samples_imported());
    let backwards = Place::new();
    let mut files = Vec::new();
    for shop in ["fr", "se", "gb", "hu", "de"] {
        let mut of_shop = Vec::new();
        archive_place::walk(format!("{}/{SAMPLES}/shop-{shop}", env!("CARGO_MANIFEST_DIR")).as_ref(), &mut |path| {
            of_shop.push(format!("{SAMPLES}/shop-{shop}/{}", path.file_name().unwrap().to_str().unwrap()));
        });
        files.extend(of_shop);
    }
    // Neither by name nor by shop: 211 shares no factor with the number of files.
    let count = files.len();
    let shuffled: Vec<&str> = (0..count).map(|place| files[(count - 1 - place) * 211 % count].as_str()).collect();
    for part in shuffled.chunks(count / 3 + 1) {
        backwards.import(part).exits(0).all_are("imported");
    }
    assert_eq!(backwards.catalog(), whole.catalog());
    for arguments in statements() {
        assert_eq!(backwards.report(&arguments).stdout, whole.report(&arguments).stdout, "{arguments:?}");
    }
}

/// Amounts as ten-thousandths, from their text.
fn units(text: &Value) -> i128 {
    let text = text.as_str().unwrap();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{decimals:0<4}").parse().unwrap()
}

/// Rows and money of each account, currency and kind.
type Sums = BTreeMap<(String, String, String), (i128, [i128; 5])>;

fn sums_of_parquet(place: &Place) -> Sums {
    let mut sums = Sums::new();
    for path in place.parquet("ledger") {
        let parts: Vec<&str> = path.split('/').collect();
        let account = parts[1].strip_prefix("account=").unwrap();
        assert!(parts[2].starts_with("settled=2026-"), "{path}");
        let frame = read_parquet(&place.data().join(&path));
        assert_eq!(**frame.schema(), settle::ledger::settlement_schema(), "{path}");
        let text = |name: &str| frame.column(name).unwrap().str().unwrap().clone();
        let (kinds, currencies) = (text("kind"), text("currency"));
        for row in 0..frame.height() {
            let key = (account.to_owned(), currencies.get(row).unwrap().to_owned(), kinds.get(row).unwrap().to_owned());
            let (count, money) = sums.entry(key).or_default();
            *count += 1;
            for (sum, name) in money.iter_mut().zip(settle::ledger::MONEY_COLUMNS) {
                *sum += frame.column(name).unwrap().decimal().unwrap().physical().get(row).unwrap();
            }
        }
    }
    sums
}

fn sums_of_statement(statement: &Value) -> Sums {
    let mut sums = Sums::new();
    for account in statement["accounts"].as_array().unwrap() {
        for movement in account["movements"].as_array().unwrap() {
            let word = |value: &Value| value.as_str().unwrap().to_owned();
            let key = (word(&account["account"]), word(&account["currency"]), word(&movement["kind"]));
            let money = settle::ledger::MONEY_COLUMNS.map(|name| units(&movement[name]));
            sums.insert(key, (movement["count"].as_i64().unwrap().into(), money));
        }
    }
    sums
}

#[test]
fn the_parquet_files_hold_every_row_and_cent_of_the_statement() {
    let place = Place::copy_of(&samples_imported());
    let statement = place.report(&ALL).exits(0).json();
    let all = sums_of_parquet(&place);
    let lines: i128 = all.values().map(|(count, _)| count).sum();
    let stated = statement["sources"].as_array().unwrap().iter();
    let stated = stated.filter(|source| source["kind"] == "amazon_pay_settlement");
    assert_eq!(lines, stated.map(|source| i128::from(source["rows"].as_i64().unwrap())).sum::<i128>());
    let mut movements = all;
    movements.retain(|(_, _, kind), _| kind != "reserve" && kind != "carryover");
    assert_eq!(movements, sums_of_statement(&statement));
    let currencies: std::collections::BTreeSet<&str> = movements.keys().map(|(_, code, _)| code.as_str()).collect();
    assert!(currencies.len() > 1, "{currencies:?}");
}

#[test]
fn two_currencies_of_one_account_stay_apart() {
    let place = Place::new();
    let text = String::from_utf8(bytes_of(NEXT)).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let capture = lines.iter().position(|line| line.contains("\"Capture\"")).unwrap();
    lines.push(lines[capture].replace("\"EUR\"", "\"JPY\"").replace(".", ""));
    let second = place.write("second.csv", lines.join("\n"));
    place.import(&[GOOD, &second]).exits(0);
    let run = place.september();
    let statement = run.json();
    let accounts = statement["accounts"].as_array().unwrap();
    assert_eq!([&accounts[0]["currency"], &accounts[1]["currency"]], ["EUR", "JPY"]);
    let from = settle(&["report", "--format", "json", "--month", "2026-09", "--from", GOOD, &second]);
    assert_eq!((figures(statement), run.exit), (figures(from.json()), from.exit));
    assert_eq!(sums_of_parquet(&place).keys().filter(|key| key.1 == "JPY").count(), 1);
}

#[test]
fn duckdb_reads_the_same_sums() {
    let place = Place::copy_of(&samples_imported());
    let query = format!(
        "import duckdb\n\
         for row in duckdb.sql(\"select account, currency, kind, count(*), sum(amount), sum(percentage_fee), \
         sum(fixed_fee), sum(fee), sum(net) from read_parquet('{}/ledger/*/*/*.parquet', hive_partitioning=true) \
         group by all\").fetchall(): print(*row, sep='|')",
        place.data().display()
    );
    let output = match Command::new("python3").args(["-c", &query]).output() {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap(),
        _ => return eprintln!("skipped: no duckdb"),
    };
    let mut sums = Sums::new();
    for line in output.lines() {
        let cells: Vec<&str> = line.split('|').collect();
        let money = std::array::from_fn(|index| units(&Value::from(cells[4 + index])));
        let key = (cells[0].to_owned(), cells[1].to_owned(), cells[2].to_owned());
        sums.insert(key, (cells[3].parse().unwrap(), money));
    }
    assert_eq!(sums, sums_of_parquet(&place));
}

/// The Parquet files that a September statement needs: those of the settlements that a month's edge cuts.
fn cut_by_september(place: &Place) -> Vec<String> {
    let mut cut = place.parquet("ledger");
    cut.retain(|path| {
        let frame = read_parquet(&place.data().join(path));
        let posted = frame.column("posted_utc").unwrap().datetime().unwrap().physical().clone();
        [1_788_220_800_000, 1_790_812_800_000]
            .iter()
            .any(|edge| posted.iter().flatten().any(|at| at < *edge) && posted.iter().flatten().any(|at| at >= *edge))
    });
    cut
}

#[test]
fn a_parquet_file_that_is_gone_or_damaged_is_replaced_by_the_stored_document_and_named() {
    let place = Place::copy_of(&samples_imported());
    let whole = place.september().exits(0).json();
    assert_eq!(problems(&whole, "derived_missing"), 0);
    let cut = cut_by_september(&place);
    assert!(cut.len() > 3, "{cut:?}");
    let path = place.data().join(&cut[0]);
    let bytes = fs::read(&path).unwrap();
    let mut damages: Vec<Option<Vec<u8>>> = vec![None, Some(Vec::new()), Some(bytes[..bytes.len() / 2].to_vec())];
    damages.push(Some(fs::read(place.data().join(&cut[1])).unwrap()));
    // Polars reads most of these as other amounts, or panics.
    damages.extend((0..bytes.len()).step_by(499).map(|at| {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        Some(flipped)
    }));
    for damage in damages {
        match &damage {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let statement = place.september().exits(0).json();
        assert_eq!(problems(&statement, "derived_missing"), 1);
        assert_eq!(figures(statement), figures(whole.clone()));
    }
    fs::remove_dir_all(place.data().join("ledger")).unwrap();
    let statement = place.september().exits(0).json();
    assert_eq!(problems(&statement, "derived_missing"), cut.len());
    assert_eq!(figures(statement), figures(whole));
}

#[test]
fn a_stored_document_that_is_needed_and_damaged_or_gone_is_never_counted() {
    let place = Place::copy_of(&samples_imported());
    let derived = cut_by_september(&place).remove(0);
    fs::remove_file(place.data().join(&derived)).unwrap();
    let id = derived.rsplit('/').next().unwrap().trim_end_matches(".parquet").to_owned();
    let raw = place.data().join("raw").join(&id[..2]).join(&id);
    let bytes = fs::read(&raw).unwrap();
    let digit = bytes.iter().rposition(u8::is_ascii_digit).unwrap();
    let mut changed = bytes.clone();
    changed[digit] = if bytes[digit] == b'0' { b'1' } else { b'0' };
    for (damage, says) in [(changed, "damaged"), (b"nothing".to_vec(), "damaged")] {
        fs::write(&raw, damage).unwrap();
        let run = place.september().exits(4);
        assert!(run.stderr.contains(says) && run.stderr.contains("hint: bring the file in again"), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    fs::remove_file(&raw).unwrap();
    let run = place.september().exits(4);
    assert!(run.stderr.contains("cannot be read") && run.stderr.contains("hint: "), "{}", run.stderr);
    // What the hint says helps.
    place.import(&[SAMPLES]).exits(0);
    assert_eq!(problems(&place.september().exits(0).json(), "derived_missing"), 0);
}

#[test]
fn the_archive_repeats_what_was_worth_saying_of_a_file() {
    for (name, code) in [("unknown-column.csv", "unknown_column"), ("no-seller.csv", "no_seller")] {
        let place = Place::new();
        let path = format!("sample_reports/damaged/{name}");
        place.import(&[&path]).exits(0);
        let from = settle(&["report", "--format", "json", "--month", "2026-09", "--from", &path]).json();
        assert_eq!(problems(&from, code), 1, "{from}");
        assert_eq!(problems(&place.september().json(), code), 1, "{name}");
        assert_eq!(problems(&place.report(&["--month", "2025-01"]).json(), code), 0, "{name} in another month");
    }
}

#[test]
fn a_missing_archive_is_told_with_what_to_do() {
    let place = Place::new();
    let run = place.september().exits(4);
    assert!(
        run.stderr.contains("there is no archive yet") && run.stderr.contains("hint: `settle import"),
        "{}",
        run.stderr
    );
    assert!(!place.data().exists());
}

#[test]
fn a_catalog_of_a_newer_settle_or_a_damaged_one_is_not_used() {
    let place = Place::new();
    place.import(&[GOOD]).exits(0);
    let catalog = place.data().join("catalog.sqlite");
    let connection = rusqlite::Connection::open(&catalog).unwrap();
    connection.pragma_update(None, "user_version", 1_000).unwrap();
    drop(connection);
    let before = place.files();
    for run in [place.september(), place.import(&[NEXT]), place.import(&["--dry-run", NEXT])] {
        let run = run.exits(4);
        assert!(run.stderr.contains("the catalog has version 1000") && run.stderr.contains("hint: "), "{}", run.stderr);
    }
    assert_eq!(place.raw().len(), 1);
    assert_eq!(place.files().keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());

    let sound = fs::read(&catalog).unwrap();
    let mut hole = sound.clone();
    let end = hole.len();
    hole[4_096..end].fill(0xa5);
    for damaged in [vec![b'x'; sound.len()], hole, sound[..sound.len() / 2].to_vec(), b"short".to_vec()] {
        fs::write(&catalog, &damaged).unwrap();
        for run in [place.september(), place.import(&[NEXT])] {
            let run = run.exits(4);
            assert!(run.stderr.starts_with("settle: error: "), "{}", run.stderr);
        }
    }
}

#[test]
fn a_data_folder_that_cannot_be_written_to_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.import(&[GOOD]).exits(0);
    let statement = place.september().exits(0).stdout;
    let mode = |mode| fs::set_permissions(place.data(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o1500);
    if fs::write(place.data().join("probe"), "").is_ok() {
        return eprintln!("skipped: root writes everywhere");
    }
    let run = place.september();
    mode(0o700);
    assert_eq!(run.exits(0).stdout, statement);
}

#[test]
fn what_an_older_settle_remembers_is_read_anew() {
    let place = Place::copy_of(&samples_imported());
    let whole = place.september().exits(0).json();
    let connection = rusqlite::Connection::open(place.data().join("catalog.sqlite")).unwrap();
    for change in ["reader_version = 0", "digest = 'no longer understood'", "digest = NULL"] {
        connection.execute(&format!("UPDATE documents SET {change}"), []).unwrap();
        assert_eq!(figures(place.september().exits(0).json()), figures(whole.clone()), "{change}");
    }
}
