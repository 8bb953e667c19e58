//! The commands that write, each with the yard in which it begins and what an undisturbed run makes of it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use crate::house::Service;
use crate::picture::Picture;
use crate::support::{Line, SELLER, september_files, settlement_file};
use crate::yard::Yard;

/// A command in its place.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) words: &'static [&'static str],
    /// How it ends when nothing happens, and how else where it was done before: a conflict is told once.
    pub(crate) exits: &'static [i32],
    pub(crate) service: Option<Service>,
    base: fn(&Yard),
}

const NOTHING: fn(&Yard) = |_| {};

/// Every scene.
pub(crate) const SCENES: &[Scene] = &[
    Scene {
        name: "first import",
        words: &["import", "in/first", "in/reports"],
        exits: &[0],
        service: None,
        base: NOTHING,
    },
    Scene {
        name: "second import",
        words: &["import", "in/first", "in/second"],
        exits: &[5, 0],
        service: None,
        base: imported,
    },
    Scene { name: "fetch MWS", words: &["fetch"], exits: &[0], service: Some(Service::Mws), base: NOTHING },
    Scene { name: "fetch Pay API", words: &["fetch"], exits: &[0], service: Some(Service::Pay), base: imported },
    Scene { name: "run", words: &["run"], exits: &[0], service: Some(Service::Pay), base: boxed },
    Scene {
        name: "report -o",
        words: &["report", "--month", "2026-09", "--format", "xlsx", "-o", "out/statement.xlsx"],
        exits: &[0],
        service: None,
        base: exported,
    },
    Scene {
        name: "export -o FILE",
        words: &["export", "--month", "2026-09", "--preset", "parquet", "-o", "out/rows.parquet"],
        exits: &[0],
        service: None,
        base: exported,
    },
    Scene {
        name: "export -o FOLDER",
        words: &["export", "--month", "2026-09", "--preset", "hledger", "-o", "out/books/"],
        exits: &[0],
        service: None,
        base: exported,
    },
    Scene {
        name: "reconcile",
        words: &["reconcile", "--month", "2026-09", "--bank", "in/bank.xml"],
        exits: &[0],
        service: None,
        base: imported,
    },
    Scene {
        name: "close",
        words: &["close", "2026-09", "--accept", "unknown_type", "--reason", "known"],
        exits: &[0],
        service: None,
        base: imported,
    },
    // A month that is open already cannot be opened.
    Scene {
        name: "reopen",
        words: &["reopen", "2026-09", "--reason", "again"],
        exits: &[0, 2],
        service: None,
        base: closed,
    },
    Scene { name: "backup", words: &["backup", "out/backup"], exits: &[0], service: None, base: imported },
    Scene { name: "backup again", words: &["backup", "out/backup"], exits: &[0], service: None, base: backed_up },
    // One that is restored already is not restored over.
    Scene { name: "restore", words: &["restore", "box/backup"], exits: &[0, 3], service: None, base: lost },
    Scene { name: "rebuild", words: &["verify", "--rebuild"], exits: &[0], service: None, base: imported },
    Scene { name: "purge", words: &["purge", "--before", "2026-10-02"], exits: &[0], service: None, base: imported },
    Scene { name: "forget", words: &["forget", BUYER], exits: &[0], service: None, base: imported },
];

/// A buyer who stands in the transaction report.
const BUYER: &str = "buyer-100299@example.com";

/// The scene of a name.
pub(crate) fn scene(name: &str) -> &'static Scene {
    SCENES.iter().find(|scene| scene.name == name).unwrap()
}

/// What an undisturbed run makes of a scene.
#[derive(Debug)]
pub(crate) struct Measure {
    /// The folder in which the scene begins.
    pub(crate) base: PathBuf,
    /// What there was before the run.
    pub(crate) before: Picture,
    /// What there is after it.
    pub(crate) after: Picture,
}

/// Measures by the names of their scenes.
type Taken = Vec<(&'static str, Arc<Measure>)>;

impl Scene {
    /// A yard of the scene, ready to begin.
    pub(crate) fn yard(&self) -> Yard {
        Yard::copy_of(&self.measure().base, self.service)
    }

    /// The measure, taken once.
    pub(crate) fn measure(&self) -> Arc<Measure> {
        static TAKEN: OnceLock<Mutex<Taken>> = OnceLock::new();
        let mut taken = TAKEN.get_or_init(Mutex::default).lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, measure)) = taken.iter().find(|(name, _)| *name == self.name) {
            return measure.clone();
        }
        let measure = Arc::new(self.take());
        taken.push((self.name, measure.clone()));
        measure
    }

    /// A restored folder that was cut off before its log told of it is told of by whoever writes next.
    pub(crate) fn settle_down(&self, yard: &Yard) {
        if self.name == "restore" {
            yard.settle(&["import", "in/first"]).exits(&[0]);
        }
    }

    fn take(&self) -> Measure {
        let start = Yard::new(None);
        files(&start);
        (self.base)(&start);
        let base = crate::tools::own_folder().join(self.name);
        crate::yard::copy(start.root(), &base);
        let before = Picture::of(&start);
        let yard = Yard::copy_of(&base, self.service);
        yard.settle(self.words).exits(&self.exits[..1]);
        self.settle_down(&yard);
        let after = Picture::of(&yard);
        assert!(before != after, "{} changes nothing, so nothing can be learnt from it", self.name);
        let again = yard.settle(self.words).exits(self.exits);
        let twice = Picture::of(&yard);
        assert!(twice == after, "{} done twice ({}):\n{}", self.name, again.code, twice.difference(&after));
        Measure { base, before, after }
    }
}

/// The files of the merchant: September and a transaction report first, a rival, a follower and a report of another
/// merchant second; a bank statement.
fn files(yard: &Yard) {
    let [first, second, third] = september_files();
    for (name, text) in [&first, &second, &third] {
        yard.write(&format!("in/first/{name}"), text);
    }
    let sample = |name: &str| std::fs::read(crate::support::root().join("sample_reports").join(name)).unwrap();
    for name in ["shop-fr/captures-2026-09.csv", "shop-fr/disbursements-2026-09.json"] {
        yard.write(&format!("in/reports/{}", name.rsplit('/').next().unwrap()), sample(name));
    }
    let rival: String =
        second.1.lines().filter(|line| !line.contains("\"Refund\"")).map(|line| format!("{line}\n")).collect();
    yard.write("in/second/rival.csv", rival);
    let follower = [
        Line::plain("2026-10-01T15:16:34 +0000", "Reserve", "20.00"),
        Line::fees("2026-10-02T01:00:00 +0000", "Capture", ["10.00", "-0.27", "-0.35", "-0.62", "9.38"]),
    ];
    let period = ["2026-10-01T15:00:44 +0000", "2026-10-02T02:59:44 +0000"];
    yard.write("in/second/settlement-4.csv", settlement_file(SELLER, "7000000004", period, &follower));
    yard.write("in/second/other.csv", sample("shop-se/settlement-2026-09-02.csv"));
    yard.write("in/bank.xml", bank());
}

/// September's payouts at the bank.
fn bank() -> String {
    let balance = |code: &str, amount: &str, day: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt>\
             <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        )
    };
    let entry = |day: u32, amount: &str| {
        format!(
            "<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-09-{day:02}</Dt>\
             </BookgDt><NtryDtls><TxDtls><RltdPties><Dbtr><Nm>Amazon Payments Europe S.C.A.</Nm></Dbtr></RltdPties>\
             <RmtInf><Ustrd>payout</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        )
    };
    format!(
        "<?xml version=\"1.0\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\"><BkToCstmrStmt><Stmt>\
         <Id>1</Id><Acct><Id><IBAN>FR7610278022040001234560312</IBAN></Id><Ccy>EUR</Ccy></Acct>{}{}{}{}</Stmt>\
         </BkToCstmrStmt></Document>",
        balance("OPBD", "1000.00", "2026-09-01"),
        balance("CLBD", "1061.22", "2026-09-30"),
        entry(4, "50.00"),
        entry(22, "11.22"),
    )
}

fn imported(yard: &Yard) {
    yard.settle(&["import", "in/first", "in/reports"]).exits(&[0]);
}

/// A file in the inbox; the rest comes from Amazon.
fn boxed(yard: &Yard) {
    yard.write("box/captures.csv", std::fs::read(yard.path("in/reports/captures-2026-09.csv")).unwrap());
}

/// Results of another month stand where those of September will.
fn exported(yard: &Yard) {
    imported(yard);
    for (preset, output) in [("parquet", "out/rows.parquet"), ("hledger", "out/books/")] {
        let words = ["export", "--month", "2026-10", "--preset", preset, "-o", output];
        yard.settle(&words).exits(&[0]);
    }
    yard.settle(&["report", "--month", "2026-10", "--format", "xlsx", "-o", "out/statement.xlsx"]).exits(&[0]);
}

/// September is closed.
fn closed(yard: &Yard) {
    imported(yard);
    yard.settle(scene("close").words).exits(&[0]);
}

/// An earlier backup is brought up to date.
fn backed_up(yard: &Yard) {
    yard.settle(&["import", "in/first"]).exits(&[0]);
    yard.settle(&["backup", "out/backup"]).exits(&[0]);
    yard.settle(&["import", "in/reports"]).exits(&[0]);
}

/// The data folder is gone, and there is a backup.
fn lost(yard: &Yard) {
    imported(yard);
    yard.settle(&["backup", "box/backup"]).exits(&[0]);
    std::fs::remove_dir_all(yard.path("data")).unwrap();
}
