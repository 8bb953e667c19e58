//! A row belongs to exactly one month, whatever the zone and whichever date decides: the months add up
//! to the whole, and each opens with what the one before closed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking too"
)]

mod support;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use settle::cli::{StopFlag, Terminal, World};
use settle::config::Surroundings;
use settle::domain::{FixedClock, Month, Zone};
use support::{Folder, Line, amount, assert_ties, list, settlement_file, text};

/// Zones with a clock change on the first of a month, with odd offsets, with a skipped midnight, with a
/// skipped day, and plain ones.
const ZONES: [&str; 12] = [
    "UTC",
    "Europe/Paris",
    "Europe/London",
    "America/Los_Angeles",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
];
/// Offsets in which the files print their instants, in minutes.
const OFFSETS: [i32; 4] = [0, -420, 330, 765];
const BASES: [&str; 3] = ["posted", "settlement", "payout"];
const WORDS: [&str; 9] = [
    "Capture",
    "Refund",
    "Transfer",
    "Chargeback",
    "A-to-z Guarantee Claim",
    "Dispute",
    "Adjustment",
    "Carryover",
    "Odd",
];

/// Runs the program in this process: thousands of runs would be slow otherwise.
fn statement(folder: &Folder, words: &[&str]) -> Value {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut world = World {
        stdin: &mut std::io::empty(),
        stdout: &mut out,
        stderr: &mut err,
        surroundings: Surroundings::new(BTreeMap::new(), folder.path().to_owned()),
        program: "settle".into(),
        clock: &FixedClock(DateTime::UNIX_EPOCH),
        catch_signals: &StopFlag::default,
        start_log: &|_| {},
        terminal: Terminal::default(),
        workers: NonZeroUsize::MIN,
    };
    let fixed = ["settle", "report", "--format", "json", "--from", folder.path().to_str().unwrap()];
    let arguments = fixed.iter().chain(words).map(|word| (*word).into());
    let code = settle::cli::run(arguments, &mut world).number();
    assert!(code == 0 || code == 5, "{code}: {}", String::from_utf8_lossy(&err));
    serde_json::from_slice(&out).unwrap()
}

/// An invented row: where in its settlement (in thousandths, or at a month's edge), what, how much.
#[derive(Clone, Debug)]
struct Invented {
    place: i64,
    edge: Option<i64>,
    word: usize,
    cents: i64,
    order: u8,
}

#[derive(Clone, Debug)]
struct Plan {
    zone: usize,
    offset: usize,
    first_day: i64,
    /// Hours, seconds until the next one begins, what the reserve closes with, rows.
    settlements: Vec<(i64, i64, i64, Vec<Invented>)>,
}

fn invented() -> impl Strategy<Value = Invented> {
    let edge = prop_oneof![2 => Just(None), 1 => (-2..=1_i64).prop_map(Some)];
    (0..=1_000_i64, edge, 0..WORDS.len(), -50_000..50_000_i64, 0..4_u8)
        .prop_map(|(place, edge, word, cents, order)| Invented { place, edge, word, cents, order })
}

fn plan() -> impl Strategy<Value = Plan> {
    let rows = prop::collection::vec(invented(), 0..6);
    // Mostly a minute between two settlements, at times a gap.
    let pause = prop_oneof![6 => Just(60_i64), 1 => 601..200_000_i64];
    let settlements = prop::collection::vec((1..400_i64, pause, 0..5_000_i64, rows), 4..14);
    (0..ZONES.len(), 0..OFFSETS.len(), 0..700_i64, settlements)
        .prop_map(|(zone, offset, first_day, settlements)| Plan { zone, offset, first_day, settlements })
}

fn decimal(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// Writes the files of a plan; gives the months that they touch, in the plan's zone.
fn write(plan: &Plan, folder: &Folder) -> Vec<Month> {
    let zone: Zone = ZONES[plan.zone].parse().unwrap();
    let clock = FixedOffset::east_opt(OFFSETS[plan.offset] * 60).unwrap();
    let print = |at: DateTime<Utc>| at.with_timezone(&clock).format("%Y-%m-%dT%H:%M:%S %z").to_string();
    let first = NaiveDate::from_ymd_opt(2026, 1, 3).unwrap().and_hms_opt(7, 0, 44).unwrap().and_utc();
    let mut start = first + TimeDelta::days(plan.first_day);
    let mut reserve = 2_400;
    let mut last = start;
    let first_start = start;
    for (number, (hours, pause, closing, rows)) in plan.settlements.iter().enumerate() {
        let end = start + TimeDelta::hours(*hours);
        let mut lines = vec![Line::plain(&print(start), "Reserve", &decimal(reserve))];
        for row in rows {
            let inside = start + TimeDelta::seconds(hours * 3_600 * row.place / 1_000);
            let next = Month::of(zone.date_of(start.into())).next();
            let border = zone.first_instant(next.first_day().unwrap()).unwrap().utc();
            let wanted = row.edge.map(|seconds| border + TimeDelta::seconds(seconds));
            let posted = wanted.filter(|at| (start..=end).contains(at)).unwrap_or(inside);
            let (gross, fee) = (row.cents, row.cents.abs() / 37);
            let amounts = [gross, -fee, -35, -fee - 35, gross - fee - 35].map(decimal);
            let line = match WORDS[row.word] {
                word @ ("Transfer" | "Carryover") => Line::plain(&print(posted), word, &amounts[0]),
                word => Line::fees(&print(posted), word, amounts.each_ref().map(String::as_str)),
            };
            lines.push(line.order(["", "P02-1", "P02-2", "P02-3"][usize::from(row.order)]));
        }
        lines.push(Line::plain(&print(end), "Reserve", &decimal(-closing)));
        let id = format!("70000000{number:02}");
        let name = format!("{id}.csv");
        folder.write(&name, settlement_file("A1EXAMPLE", &id, [&print(start), &print(end)], &lines));
        // Every fourth time, what was closed is not what is opened next.
        reserve = if number % 4 == 3 { closing + 100 } else { *closing };
        last = end;
        start = end + TimeDelta::seconds(*pause);
    }
    let until = Month::of(zone.date_of(last.into()));
    let months = std::iter::successors(Some(Month::of(zone.date_of(first_start.into()))), |month| Some(month.next()));
    months.take_while(|month| *month <= until).collect()
}

/// The sums that must be equal: movements, unknown words, disputes, and rows of settlements.
fn sums<'a>(statements: impl Iterator<Item = &'a Value>) -> BTreeMap<String, i128> {
    let mut sums: BTreeMap<String, i128> = BTreeMap::new();
    for statement in statements {
        let mut add = |name: String, value: i128| *sums.entry(name).or_default() += value;
        for account in list(statement, "accounts") {
            for movement in list(account, "movements") {
                let kind = text(movement, "kind");
                add(format!("{kind} count"), i128::from(movement["count"].as_u64().unwrap()));
                for member in ["amount", "percentage_fee", "fixed_fee", "fee", "net"] {
                    add(format!("{kind} {member}"), amount(movement, member));
                }
            }
            for unknown in list(account, "unknown") {
                add(format!("unknown {}", text(unknown, "type")), amount(unknown, "net"));
            }
            for line in list(account, "settlements") {
                let id = text(line, "settlement_id");
                add(format!("rows of {id}"), i128::from(line["rows_in_period"].as_u64().unwrap()));
                add(format!("net of {id}"), amount(line, "net_in_period"));
            }
            add("unexplained".to_owned(), amount(account, "unexplained"));
        }
        for dispute in list(statement, "disputes") {
            for member in ["disputed", "recovered", "fees", "net"] {
                add(format!("{} {member}", text(dispute, "kind")), amount(dispute, member));
            }
        }
    }
    sums.retain(|_, value| *value != 0);
    sums
}

fn payouts<'a>(statements: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let accounts = statements.flat_map(|statement| list(statement, "accounts"));
    let payouts = accounts.flat_map(|account| list(account, "payouts"));
    let mut payouts: Vec<String> =
        payouts.map(|payout| json!([payout["settlement_id"], payout["line"], payout["amount"]]).to_string()).collect();
    payouts.sort();
    payouts
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]
    #[test]
    fn the_months_add_up_to_the_whole(plan in plan()) {
        let folder = Folder::new();
        let months = write(&plan, &folder);
        let zone = ZONES[plan.zone];
        let first = format!("{}-01", months.first().unwrap());
        let after = format!("{}-01", months.last().unwrap().next());
        for basis in BASES {
            let common = ["--basis", basis, "--timezone", zone];
            let whole = statement(&folder, &[&common[..], &["--from-date", &first, "--until-date", &after]].concat());
            assert_ties(&whole);
            let parts: Vec<Value> = months
                .iter()
                .map(|month| statement(&folder, &[&common[..], &["--month", &month.to_string()]].concat()))
                .collect();
            parts.iter().for_each(assert_ties);
            prop_assert_eq!(sums(parts.iter()), sums(std::iter::once(&whole)), "{} {}", basis, zone);
            prop_assert_eq!(payouts(parts.iter()), payouts(std::iter::once(&whole)));
            // Every month of a known history is known, and takes over from the one before.
            let accounts: Vec<&Value> = parts.iter().map(|part| &part["accounts"][0]).collect();
            prop_assert!(accounts.iter().all(|account| account.is_object()), "{:?}", accounts);
            for pair in accounts.windows(2) {
                prop_assert_eq!(&pair[0]["closing_balance"], &pair[1]["opening_balance"]);
                prop_assert_eq!(&pair[0]["reserve"]["closing"], &pair[1]["reserve"]["opening"]);
            }
            let ends = |account: &Value| account["closing_balance"].clone();
            prop_assert_eq!(&accounts[0]["opening_balance"], &whole["accounts"][0]["opening_balance"]);
            prop_assert_eq!(ends(accounts[accounts.len() - 1]), ends(&whole["accounts"][0]));
        }
    }
}

#[test]
fn every_row_of_the_sample_lies_in_one_of_its_months() {
    let folder = Folder::new();
    let shop = support::root().join("sample_reports/shop-hu");
    for entry in std::fs::read_dir(shop).unwrap() {
        let path = entry.unwrap().path();
        folder.write(path.file_name().unwrap().to_str().unwrap(), std::fs::read(&path).unwrap());
    }
    for zone in ["Europe/Budapest", "Pacific/Kiritimati"] {
        for basis in BASES {
            let common = ["--basis", basis, "--timezone", zone];
            let range = ["--from-date", "2026-07-01", "--until-date", "2026-12-01"];
            let whole = statement(&folder, &[&common[..], &range].concat());
            let months = ["2026-07", "2026-08", "2026-09", "2026-10", "2026-11"];
            let parts: Vec<Value> =
                months.iter().map(|month| statement(&folder, &[&common[..], &["--month", month]].concat())).collect();
            assert_eq!(sums(parts.iter()), sums(std::iter::once(&whole)), "{basis} {zone}");
            assert_eq!(payouts(parts.iter()), payouts(std::iter::once(&whole)));
        }
    }
}
