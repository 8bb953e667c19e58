//! Inputs that are made to hurt: bombs, depths, lengths and counts, each for the readers that it could hurt.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

type Hostile = (&'static str, Vec<u8>);

/// Long enough that what grows with the square of a length does not end in time.
const LONG: usize = 1 << 20;
/// A line that is longer than any limit on lines.
const LINE_BYTES: usize = 100 << 20;
/// Digits of the longest number.
const DIGITS: usize = 10_000_000;
/// What most readers are given: without optimisation some take seconds for a mebibyte.
const SOME: usize = 256 << 10;

const SETTLEMENT_HEAD: &str =
    "\"SettlementStartDate\",\"2026-08-01T00:00:00Z\"\n\"SettlementEndDate\",\"2026-08-02T00:00:00Z\"\n";
const SETTLEMENT_COLUMNS: &str = "TransactionPostedDate,SettlementId,TransactionType,CurrencyCode,TransactionAmount,\
    TransactionPercentageFee,TransactionFixedFee,TotalTransactionFee,NetTransactionAmount";
const CAMT_HEAD: &str =
    "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\"><BkToCstmrStmt><Stmt><Ntry>";
const MT940_HEAD: &str = ":20:A\n:25:X\n:28C:1/1\n:60F:C260901EUR10,\n";
const OFX_HEAD: &str = "OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>EUR<STMTTRN><DTPOSTED>20260910<TRNAMT>1.00";

/// What every reader must survive.
pub(crate) fn everywhere() -> impl Iterator<Item = Hostile> {
    let all: [Hostile; 8] = [
        ("nothing", Vec::new()),
        ("one byte", vec![0xff]),
        ("NUL bytes", vec![0; SOME]),
        ("a mark of UTF-16 alone", b"\xff\xfe".to_vec()),
        ("half a character of UTF-16", b"\xff\xfea\0\n".to_vec()),
        ("quotes", vec![b'"'; SOME]),
        ("line ends", vec![b'\n'; SOME]),
        ("separators", b",;\t|".repeat(SOME / 4)),
    ];
    all.into_iter()
}

/// What could hurt this reader.
pub(crate) fn of(target: &str) -> Vec<Hostile> {
    match target {
        "settlement" => settlement(),
        "transactions" => transactions(),
        "disbursements" => json("{\"disbursements\":[", "{\"amount\":"),
        "dispute" => json("{\"disputeId\":\"x\",\"statusDetails\":", "{\"state\":"),
        "notification" => notification(),
        "pay_answer" => json("{\"reports\":[", "{\"reportId\":"),
        "camt" => xml(CAMT_HEAD),
        "mws_answer" => xml("<R><GetReportListResult>"),
        "mt940" => mt940(),
        "cfonb" => records(
            "0110278    02204EUR2 00012345603  080926",
            "0410278    02204EUR2 0001234560305100926  100926VIR",
            120,
        ),
        "aeb43" => records(
            "110049150012345678902609082609102000000001000009783MI EMPRESA SL",
            "22    1500260910260910020322000000000047490000000000000000000000      5984862222",
            80,
        ),
        "ofx" => ofx(),
        "bank_csv" => table("Date,Amount,Currency,Description", "2026-09-10,1.00,EUR,"),
        "orders" => table("Order Number,Order Total,Order Currency,Order Date", "1,2.00,EUR,2026-09-10"),
        "fec" => fec(),
        "packed" => packed(),
        "certificate" => vec![
            ("a long one", pem(&"A".repeat(8 * LONG))),
            ("an unfinished one", pem(&"-----BEGIN ".repeat(LONG / 11))),
        ],
        "config" => config(),
        "timetable" => [",", "1,", "1-2/3,", "L#W ", "* "]
            .map(|piece| ("repeated pieces", piece.repeat(LONG).into_bytes()))
            .to_vec(),
        _ => vec![("digits", b"9".repeat(DIGITS)), ("a small number", [b"0.".to_vec(), b"0".repeat(DIGITS)].concat())],
    }
}

fn settlement() -> Vec<Hostile> {
    let row = |word: &str, amount: &str| format!("2026-08-01T10:00:00Z,1,{word},EUR,{amount},0,0,0,{amount}\n");
    let file = |rows: String| format!("{SETTLEMENT_HEAD}{SETTLEMENT_COLUMNS}\n{rows}").into_bytes();
    let columns: String = (0..LONG / 4).map(|number| format!("c{number},")).collect();
    let words: String = (0..20_000).map(|number| row(&format!("Word{number}"), "1.00")).collect();
    let quoted = |text: String| format!("\"{text}\"");
    vec![
        ("a line without an end", file(row(&quoted("x".repeat(LINE_BYTES)), "1.00"))),
        ("a cell that is never closed", file(format!("\"{}", "a\n".repeat(LINE_BYTES / 20)))),
        ("an amount of ten million digits", file(row("Capture", &"9".repeat(DIGITS)))),
        ("a quarter of a million columns", format!("{SETTLEMENT_HEAD}{SETTLEMENT_COLUMNS},{columns}\n").into_bytes()),
        ("a row of a million cells", file(",".repeat(LONG))),
        ("twenty thousand words", file(words)),
        ("a preamble without a header", SETTLEMENT_HEAD.repeat(10_000).into_bytes()),
        ("lone quotes in bare cells", file(row("Cap\"ture", "1.00").repeat(20_000))),
        (
            "a name of a million characters",
            format!("{SETTLEMENT_HEAD}{SETTLEMENT_COLUMNS},{}\n", "n".repeat(LONG)).into_bytes(),
        ),
    ]
}

fn transactions() -> Vec<Hostile> {
    let columns: String = (0..LONG / 4).map(|number| format!("c{number},")).collect();
    let head = "AmazonRefundId,RefundAmount,CurrencyCode,RefundStatus";
    vec![
        ("a quarter of a million columns", format!("{head},{columns}\n").into_bytes()),
        ("an amount of ten million digits", format!("{head}\nP1,{},EUR,Completed\n", "9".repeat(DIGITS)).into_bytes()),
        (
            "one refund in twenty thousand states",
            format!("{head}\n{}", "P1,1.00,EUR,Pending\n".repeat(20_000)).into_bytes(),
        ),
    ]
}

/// JSON of which the readers want `head` and `item`.
fn json(head: &str, item: &str) -> Vec<Hostile> {
    vec![
        ("lists in lists", format!("{head}{}", "[".repeat(LONG)).into_bytes()),
        ("objects in objects", format!("{head}{}", "{\"a\":".repeat(LONG / 5)).into_bytes()),
        ("a number of ten million digits", format!("{head}{item}{}", "9".repeat(DIGITS)).into_bytes()),
        ("a text of escapes", format!("{head}{item}\"{}\"", "\\u0000".repeat(LONG / 6)).into_bytes()),
        ("a name of a million characters", format!("{head}{{\"{}\":1}}", "n".repeat(LONG)).into_bytes()),
        (
            "a wrong text of a million characters",
            format!("{{\"disbursements\":\"{0}\",\"reports\":\"{0}\"}}", "n".repeat(LONG)).into_bytes(),
        ),
        ("items without an end", format!("{head}{}", "{},".repeat(LONG / 3)).into_bytes()),
    ]
}

fn notification() -> Vec<Hostile> {
    let with = |xml: &str| {
        let message =
            serde_json::json!({"NotificationType": "Chargeback Detailed Notification", "NotificationData": xml});
        serde_json::json!({"Type": "Notification", "Message": message.to_string(), "Signature": "x"})
            .to_string()
            .into_bytes()
    };
    let mut all: Vec<Hostile> =
        xml("<N>").into_iter().map(|(what, xml)| (what, with(&String::from_utf8(xml).unwrap()))).collect();
    all.extend(json("{\"NotificationType\":", "{\"Message\":"));
    all.push((
        "messages in messages",
        format!("{{\"Message\":\"{}\"}}", "{\\\"Message\\\":\\\"".repeat(LONG / 20)).into_bytes(),
    ));
    all
}

fn xml(head: &str) -> Vec<Hostile> {
    let attributes: String = (0..LONG / 8).map(|number| format!(" a{number}=\"\"")).collect();
    vec![
        ("elements in elements", format!("{head}{}", "<a>".repeat(LONG)).into_bytes()),
        ("empty elements", format!("{head}{}", "<a/>".repeat(LONG / 2)).into_bytes()),
        ("elements one after the other", format!("{head}{}", "<a></a>".repeat(LONG / 7)).into_bytes()),
        ("attributes", format!("{head}<a{attributes}/>").into_bytes()),
        ("entities", format!("{head}<a>{}", "&amp;".repeat(LONG / 5)).into_bytes()),
        ("the name of an entity", format!("{head}<a>&{};", "n".repeat(LONG)).into_bytes()),
        ("the name of an element", format!("{head}<{}></b>", "n".repeat(LONG)).into_bytes()),
        ("comments", format!("{head}{}", "<!---->".repeat(LONG / 7)).into_bytes()),
        ("a comment without an end", format!("{head}<!--{}", "<!-".repeat(LONG / 3)).into_bytes()),
        (
            "an amount of ten million digits",
            format!("{head}<Amt Ccy=\"EUR\">{}</Amt></Ntry>", "9".repeat(DIGITS)).into_bytes(),
        ),
        ("a laugh", format!("<!DOCTYPE a [<!ENTITY b \"{}\">]>{head}&b;", "lol".repeat(1_000)).into_bytes()),
    ]
}

fn mt940() -> Vec<Hostile> {
    let file = |rest: String| format!("{MT940_HEAD}{rest}").into_bytes();
    let entry = ":61:260902C1,NTRF\n";
    vec![
        ("a line of eight million characters", file(format!("{entry}:86:{}\n", "x".repeat(8 * LONG)))),
        ("an amount of ten million digits", file(format!(":61:260902C{},NTRF\n", "9".repeat(DIGITS)))),
        ("lines of one text", file(format!("{entry}:86:a\n{}", "b\n".repeat(LONG / 2)))),
        ("texts of one entry", file(format!("{entry}{}", ":86:a\n".repeat(LONG / 6)))),
        ("subfields", file(format!("{entry}:86:166{}\n", "?20EREF+".repeat(LONG / 8)))),
        ("keys between slashes", file(format!("{entry}:86:/IBAN/{}\n", "/EREF/NAME".repeat(LONG / 10)))),
        ("entries", file(entry.repeat(LONG / entry.len()))),
        ("statements", MT940_HEAD.repeat(LONG / MT940_HEAD.len()).into_bytes()),
        ("other fields of one entry", file(format!("{entry}{}", ":NS:a\n".repeat(LONG / 6)))),
        ("broken lines", file(":\n".repeat(LONG / 2))),
    ]
}

/// A format of records of so many characters.
fn records(head: &str, record: &str, width: usize) -> Vec<Hostile> {
    let line = |text: &str| format!("{text:<width$}\n");
    let file = |record: &str| format!("{}{}", line(head), line(record).repeat(LONG / width)).into_bytes();
    vec![
        ("records of one kind", file(record)),
        (
            "records that continue another",
            format!("{}{}{}", line(head), line(record), line("23").repeat(LONG / width)).into_bytes(),
        ),
        (
            "records that add to another",
            format!("{}{}{}", line(head), line(record), line(&record.replacen("04", "05", 1)).repeat(LONG / width))
                .into_bytes(),
        ),
        ("heads", file(head)),
        ("one record without an end", format!("{head}{}", "0".repeat(4 * LONG)).into_bytes()),
    ]
}

fn ofx() -> Vec<Hostile> {
    let file = |rest: String| format!("{OFX_HEAD}{rest}").into_bytes();
    vec![
        ("brackets", file("<".repeat(LONG))),
        ("a tag without an end", file(format!("<{}", "M".repeat(LONG)))),
        ("an amount of ten million digits", file(format!("<TRNAMT>{}", "9".repeat(DIGITS)))),
        ("entities", file(format!("<MEMO>{}", "&amp;".repeat(LONG / 5)))),
        ("entries", file("<STMTTRN><DTPOSTED>20260910<TRNAMT>1.00</STMTTRN>".repeat(LONG / 50))),
        ("statements", file("<STMTRS><CURDEF>EUR</STMTRS>".repeat(LONG / 28))),
    ]
}

fn table(head: &str, row: &str) -> Vec<Hostile> {
    let columns: String = (0..LONG / 4).map(|number| format!(",c{number}")).collect();
    vec![
        ("a quarter of a million columns", format!("{head}{columns}\n{row}\n").into_bytes()),
        ("a row of a million cells", format!("{head}\n{}\n", ",".repeat(LONG)).into_bytes()),
        ("a cell that is never closed", format!("{head}\n\"{}", "a\n".repeat(4 * LONG)).into_bytes()),
        (
            "an amount of ten million digits",
            format!("{head}\n2026-09-10,{},EUR,2026-09-10\n", "9".repeat(DIGITS)).into_bytes(),
        ),
        ("one row again and again", format!("{head}\n{}", format!("{row}\n").repeat(LONG / row.len())).into_bytes()),
        ("lines above the header", format!("{}{head}\n{row}\n", "a,b,c\n".repeat(LONG / 6)).into_bytes()),
        ("a name of a million characters", format!("{head},{}\n{row},\n", "n".repeat(LONG)).into_bytes()),
    ]
}

fn fec() -> Vec<Hostile> {
    let head = "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\tCompAuxLib\tPieceRef\t\
                PieceDate\tEcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\tValidDate\tMontantdevise\tIdevise\n";
    let row = |entry: usize, debit: &str| {
        format!("A\tA\t{entry}\t20260801\t5\tB\t\t\tP\t20260801\tL\t{debit}\t0,00\t\t\t20260801\t\t\n")
    };
    let open: String = (0..10_000).map(|entry| row(entry, "1,00")).collect();
    vec![
        ("columns", b"a\t".repeat(LONG / 2)),
        ("a line of a hundred million characters", vec![b'x'; LINE_BYTES]),
        ("entries that never balance", format!("{head}{open}").into_bytes()),
        ("a long amount", format!("{head}{}", row(1, &"9".repeat(900_000))).into_bytes()),
        ("cells without an end", format!("{head}{}\n", "\t".repeat(1_000_000)).into_bytes()),
        ("short lines", format!("{head}{}", "a\n".repeat(20_000)).into_bytes()),
    ]
}

fn packed() -> Vec<Hostile> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; LONG];
    for _ in 0..64 {
        gzip.write_all(&zeros).unwrap();
    }
    let zip = |members: usize, content: &[u8]| {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for number in 0..members {
            zip.start_file(format!("{number}.csv"), SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    vec![
        ("a gzip of 64 MiB", gzip.finish().unwrap()),
        ("a zip of 32 MiB", zip(1, &vec![0; 32 << 20])),
        ("a zip of 40 members that unpack to a MiB each", zip(40, &zeros)),
        ("a zip of as many members as are allowed", zip(3_000, b"a,b\n")),
        ("a zip of more members than are allowed", zip(10_001, b"")),
        ("members of gzip one after the other", gzip_of(b"a").repeat(20_000)),
        ("ends of zips", b"PK\x03\x04PK\x05\x06".repeat(20_000)),
    ]
}

fn gzip_of(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn pem(body: &str) -> Vec<u8> {
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n").into_bytes()
}

fn config() -> Vec<Hostile> {
    let tables: String = (0..300)
        .map(|number| format!("[accounts.a{number}]\ncountry = \"FR\"\nmerchant_id = \"A{number}\"\n"))
        .collect();
    vec![
        ("lists in lists", format!("pii = {}", "[".repeat(LONG)).into_bytes()),
        ("tables in tables", format!("a = {}", "{a=".repeat(LONG / 3)).into_bytes()),
        ("a dotted name", format!("{}a = 1", "a.".repeat(LONG / 2)).into_bytes()),
        ("three hundred accounts", tables.into_bytes()),
        ("a key of a million characters", format!("{} = 1", "k".repeat(LONG)).into_bytes()),
        ("a value of a million characters", format!("pii = \"{}\"", "v".repeat(LONG)).into_bytes()),
        ("unknown keys", (0..20_000).map(|number| format!("k{number} = 1\n")).collect::<String>().into_bytes()),
        ("a number of ten million digits", format!("pii = {}", "9".repeat(DIGITS)).into_bytes()),
    ]
}
