//! What the tests share: running `settle` in an empty environment, folders of invented files, and
//! figures of its documents.

#![allow(dead_code, reason = "every test program uses a part of it")]

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use settle::domain::Money;
use tempfile::TempDir;

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// `settle` with nothing in its environment.
pub(crate) fn settle() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_settle"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// How a run ended and what it said.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// Its result as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|why| panic!("no JSON ({why}): {self:?}"))
    }
}

/// Runs to the end.
pub(crate) fn run(command: &mut Command) -> Run {
    let done = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: done.status.code().unwrap(), out: text(done.stdout), err: text(done.stderr) }
}

/// Runs `settle` with these words.
pub(crate) fn settle_with(words: &[&str]) -> Run {
    run(settle().args(words))
}

/// `settle report --format json --from PATH` with these words before.
pub(crate) fn report(from: impl AsRef<OsStr>, words: &[&str]) -> Run {
    run(settle().arg("report").args(words).args(["--format", "json", "--from"]).arg(from))
}

/// Runs with bytes on standard input.
pub(crate) fn run_with_input(command: &mut Command, bytes: &[u8]) -> Run {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: done.status.code().unwrap(), out: text(done.stdout), err: text(done.stderr) }
}

/// A temporary folder.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The path of a name in it.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, with its folders.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// One line of an invented settlement file; amounts as they are printed.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) posted: String,
    pub(crate) word: String,
    pub(crate) order: String,
    pub(crate) currency: String,
    /// Gross, percentage fee, fixed fee, total fee, net.
    pub(crate) amounts: [String; 5],
    /// Stands in place of the file's own settlement id.
    pub(crate) settlement: Option<String>,
}

impl Line {
    /// A line without fees, in EUR.
    pub(crate) fn plain(posted: &str, word: &str, amount: &str) -> Self {
        Self::fees(posted, word, [amount, "0", "0", "0", amount])
    }

    /// A line with all five amounts, in EUR.
    pub(crate) fn fees(posted: &str, word: &str, amounts: [&str; 5]) -> Self {
        Self {
            posted: posted.to_owned(),
            word: word.to_owned(),
            order: String::new(),
            currency: "EUR".to_owned(),
            amounts: amounts.map(str::to_owned),
            settlement: None,
        }
    }

    pub(crate) fn order(mut self, order: &str) -> Self {
        self.order = order.to_owned();
        self
    }

    pub(crate) fn currency(mut self, currency: &str) -> Self {
        self.currency = currency.to_owned();
        self
    }

    pub(crate) fn of_settlement(mut self, id: &str) -> Self {
        self.settlement = Some(id.to_owned());
        self
    }
}

/// Line of the first row of [`settlement_file`].
pub(crate) const FIRST_ROW: u64 = 7;

/// The text of a settlement file in Amazon's layout.
pub(crate) fn settlement_file(seller: &str, id: &str, period: [&str; 2], lines: &[Line]) -> String {
    let [start, end] = period;
    let mut text = format!(
        "\u{feff}\"Amazon Payments Advanced\",\n\"Settlement Report\",\n\"SellerId\",\"{seller}\"\n\
         \"SettlementStartDate\",\"{start}\"\n\"SettlementEndDate\",\"{end}\"\n\
         \"TransactionPostedDate\",\"SettlementId\",\"AmazonTransactionId\",\"SellerReferenceId\",\"TransactionType\",\
         \"AmazonOrderReferenceId\",\"SellerOrderId\",\"StoreName\",\"CurrencyCode\",\"TransactionDescription\",\
         \"TransactionAmount\",\"TransactionPercentageFee\",\"TransactionFixedFee\",\"TotalTransactionFee\",\
         \"NetTransactionAmount\",\n"
    );
    for line in lines {
        let settlement = line.settlement.as_deref().unwrap_or(id);
        let cells = [&line.posted, settlement, "", "", &line.word, &line.order, "", "", &line.currency, ""];
        let amounts = line.amounts.iter().map(String::as_str);
        let cells: Vec<String> =
            cells.into_iter().chain(amounts).map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

/// A text member, e.g. an amount.
pub(crate) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("`{member}` is no text in {value}"))
}

/// A list member.
pub(crate) fn list<'a>(value: &'a Value, member: &str) -> &'a Vec<Value> {
    value[member].as_array().unwrap_or_else(|| panic!("`{member}` is no list in {value}"))
}

/// Ten-thousandths of a decimal text.
pub(crate) fn units(amount: &str) -> i128 {
    let (sign, digits) = amount.strip_prefix('-').map_or((1, amount), |digits| (-1, digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(decimals.len() <= 4, "{amount}");
    let whole: i128 = whole.parse().unwrap();
    let tail: i128 = format!("{decimals:0<4}").parse().unwrap();
    sign * (whole * 10_000 + tail)
}

/// Ten-thousandths of a money member.
pub(crate) fn amount(value: &Value, member: &str) -> i128 {
    units(text(value, member))
}

/// The same, of a figure of the library.
pub(crate) fn money_units(money: Money) -> i128 {
    units(&money.to_string())
}

/// The one account of a statement.
pub(crate) fn only_account(statement: &Value) -> &Value {
    let accounts = list(statement, "accounts");
    assert_eq!(accounts.len(), 1, "{statement:#}");
    &accounts[0]
}

/// The account of a name and currency.
pub(crate) fn account<'a>(statement: &'a Value, name: &str, currency: &str) -> &'a Value {
    let accounts = list(statement, "accounts");
    let found = accounts.iter().find(|account| account["account"] == name && account["currency"] == currency);
    found.unwrap_or_else(|| panic!("no account {name} {currency} in {statement:#}"))
}

/// The movement of a kind, where there is one.
pub(crate) fn movement<'a>(account: &'a Value, kind: &str) -> Option<&'a Value> {
    list(account, "movements").iter().find(|movement| movement["kind"] == kind)
}

/// The check of a name.
pub(crate) fn check<'a>(statement: &'a Value, name: &str) -> &'a Value {
    list(statement, "checks").iter().find(|check| check["check"] == name).unwrap()
}

/// Names of the checks that fail.
pub(crate) fn failing_checks(statement: &Value) -> Vec<&str> {
    let failing = list(statement, "checks").iter().filter(|check| !list(check, "failed").is_empty());
    failing.map(|check| text(check, "check")).collect()
}

/// Codes of the problems.
pub(crate) fn problem_codes(statement: &Value) -> Vec<&str> {
    list(statement, "problems").iter().map(|problem| text(problem, "code")).collect()
}

/// Asserts the balance identity and Σ payouts = −Σ transfers of every account.
pub(crate) fn assert_ties(statement: &Value) {
    for account in list(statement, "accounts") {
        let moved: i128 = list(account, "movements").iter().map(|movement| amount(movement, "net")).sum();
        let (opening, closing) = (amount(account, "opening_balance"), amount(account, "closing_balance"));
        assert_eq!(opening + moved, closing, "{account:#}");
        let transfers = movement(account, "transfer").map_or(0, |transfers| amount(transfers, "net"));
        let paid: i128 = list(account, "payouts").iter().map(|payout| amount(payout, "amount")).sum();
        assert_eq!(paid, -transfers, "{account:#}");
    }
}

/// The merchant of [`september`].
pub(crate) const SELLER: &str = "A1EXAMPLE";

/// The three settlements of [`september`]: file name and text. They cover September 2026 in UTC.
///
/// Worked out by hand: the balance opens at 24.00; captures +96.95, refund -9.73, chargeback -20.00,
/// dispute fee -15.00, unknown -1.00, payouts -50.00 and -11.22; it closes at 14.00, of which 20.00 are
/// reserved: more than there is, because the payouts outran the sales.
pub(crate) fn september_files() -> [(&'static str, String); 3] {
    let periods = [
        ["2026-08-30T15:00:44 +0000", "2026-09-10T14:59:44 +0000"],
        ["2026-09-10T15:00:44 +0000", "2026-09-20T14:59:44 +0000"],
        ["2026-09-20T15:00:44 +0000", "2026-10-01T14:59:44 +0000"],
    ];
    let first = [
        Line::plain("2026-08-30T15:16:34 +0000", "Reserve", "24.00"),
        Line::fees("2026-09-02T09:00:00 +0000", "Capture", ["100.00", "-2.70", "-0.35", "-3.05", "96.95"]),
        Line::plain("2026-09-03T06:00:00 +0000", "Transfer", "-50.00"),
        Line::plain("2026-09-10T14:57:34 +0000", "Reserve", "-30.00"),
    ];
    let second = [
        Line::plain("2026-09-10T15:16:34 +0000", "Reserve", "30.00"),
        Line::fees("2026-09-11T09:00:00 +0000", "Refund", ["-10.00", "0.27", "0.00", "0.27", "-9.73"]),
        Line::plain("2026-09-12T09:00:00 +0000", "Chargeback", "-20.00").order("P02-1234567-0000001"),
        Line::fees("2026-09-12T09:00:01 +0000", "Dispute", ["0.00", "0.00", "-15.00", "-15.00", "-15.00"])
            .order("P02-1234567-0000001"),
        Line::plain("2026-09-20T14:57:34 +0000", "Reserve", "-30.00"),
    ];
    let third = [
        Line::plain("2026-09-20T15:16:34 +0000", "Reserve", "30.00"),
        Line::plain("2026-09-21T06:00:00 +0000", "Transfer", "-11.22"),
        Line::plain("2026-09-22T06:00:00 +0000", "Something New", "-1.00"),
        Line::plain("2026-10-01T14:57:34 +0000", "Reserve", "-20.00"),
    ];
    let [a, b, c] = periods;
    [
        ("settlement-1.csv", settlement_file(SELLER, "7000000001", a, &first)),
        ("settlement-2.csv", settlement_file(SELLER, "7000000002", b, &second)),
        ("settlement-3.csv", settlement_file(SELLER, "7000000003", c, &third)),
    ]
}

/// A folder with the files of September.
pub(crate) fn september() -> Folder {
    let folder = Folder::new();
    for (name, text) in september_files() {
        folder.write(name, text);
    }
    folder
}
