//! A server with two invented accounts, and good requests to it that a test can then spoil.

use std::io::Write;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use settle::domain::Clock;
use settle::rehearsal::serve::{
    Account, AccountKeys, Control, Disbursement, Environment, Fixture, Options, PayKey, Report,
    SANDBOX_SETTLEMENT_TYPE, Server,
};

use crate::http::{Ask, Reply};
use crate::sign::{Salt, encode, form, mws_signature, pss_signature, sha256_hex};

/// The type of settlement reports.
pub(crate) const SETTLEMENTS: &str = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_";
pub(crate) const REFUNDS: &str = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_";

/// One pair of keys for all tests: making one costs a tenth of a second.
pub(crate) static KEYS: LazyLock<AccountKeys> = LazyLock::new(|| AccountKeys::make("shop").unwrap());
/// The keys of somebody else.
pub(crate) static OTHER_KEYS: LazyLock<AccountKeys> = LazyLock::new(|| AccountKeys::make("other").unwrap());

/// Says what cannot be tested here, past the capture of a test's output.
pub(crate) fn skip(what: &str) {
    let _ = std::io::stderr().write_all(format!("skipped: {what}\n").as_bytes());
}

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The file of a settlement of that day.
pub(crate) fn file_of(day: i64) -> String {
    format!(
        "\u{feff}\"Amazon Payments Advanced\",\n\"Settlement Report\",\n\"SellerId\",\"A1SHOP\"\n\
         \"TransactionPostedDate\",\"SettlementId\",\"AmazonTransactionId\",\"SellerReferenceId\",\"TransactionType\",\
         \"AmazonOrderReferenceId\",\"SellerOrderId\",\"StoreName\"\n\
         \"2026\",\"9000{day:03}\",\"T\",\"R{day}\",\"Capture\",\"O\",\"S\",\"L'Été\"\n"
    )
}

/// The settlement report that appeared so many days ago.
pub(crate) fn report_of(account: &str, day: i64) -> Report {
    let end = instant("2026-11-23T15:00:00Z") - TimeDelta::days(day);
    let id = format!("{}{day:05}", 17_648_000_000 + account.len());
    let period = (end - TimeDelta::days(1), end);
    let mut report = Report::settlement(account, id, period, file_of(day).into_bytes());
    report.settlement_id = Some(format!("9000{day:03}"));
    report
}

/// Two accounts; the first has so many daily settlement reports, a refund report, a disbursement for each
/// settlement.
pub(crate) fn fixture(reports: i64) -> Fixture {
    let shop = Account::new("shop", "A1SHOP").with_keys(&KEYS);
    let other = Account::new("other", "A2OTHER").with_keys(&OTHER_KEYS);
    let sandbox = PayKey::new(SANDBOX_KEY, &KEYS.public_key_pem);
    let refunds = Report::of_type(
        REFUNDS,
        "shop",
        "7000000000000001",
        (instant("2026-10-01T00:00:00Z"), instant("2026-11-01T00:00:00Z")),
        b"\"AmazonRefundId\"\n".to_vec(),
    );
    let disbursements = (0..reports).map(|day| Disbursement {
        account: "shop".to_owned(),
        settlement_id: format!("9000{day:03}"),
        reference: format!("AMZN9000{day:03}"),
        amount: format!("{day}.50"),
        currency: "EUR".to_owned(),
        time: instant("2026-11-23T16:00:00Z") - TimeDelta::days(day),
    });
    let mut fixture = Fixture::new()
        .account(shop.pay_key(sandbox).pay_key(PayKey::new(UNPREFIXED_KEY, &KEYS.public_key_pem)))
        .account(other)
        .reports((0..reports).map(|day| report_of("shop", day)))
        .report(refunds)
        .report(report_of("other", 0));
    fixture.disbursements.extend(disbursements);
    let mut sandbox = report_of("shop", 0);
    sandbox.id = "8000000000000001".to_owned();
    sandbox.document_id = "sandbox-document".to_owned();
    sandbox.report_type = SANDBOX_SETTLEMENT_TYPE.to_owned();
    sandbox.environment = Environment::Sandbox;
    fixture.report(sandbox)
}

pub(crate) const SANDBOX_KEY: &str = "SANDBOX-AAAAAAAAAAAAAAAAAAAAAAAA";
pub(crate) const UNPREFIXED_KEY: &str = "BBBBBBBBBBBBBBBBBBBBBBBB";

/// A running server with the fixture's accounts.
pub(crate) struct Shop {
    pub(crate) server: Server,
    pub(crate) control: Control,
}

impl Shop {
    /// With so many settlement reports and no quotas.
    pub(crate) fn with_reports(reports: i64) -> Self {
        Self::start(fixture(reports).unlimited(), Options::default())
    }

    pub(crate) fn start(fixture: Fixture, options: Options) -> Self {
        let server = Server::start(fixture, options).unwrap();
        let control = server.control();
        Self { server, control }
    }

    pub(crate) fn send(&self, ask: &Ask) -> Reply {
        ask.send(self.server.http_address()).unwrap()
    }

    pub(crate) fn host(&self) -> String {
        self.server.http_address().to_string()
    }

    /// The parameters of an MWS request of the shop, without a signature.
    pub(crate) fn mws_parameters(&self, action: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let stamp = self.control.now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let usual = [
            ("AWSAccessKeyId", KEYS.mws_access_key.as_str()),
            ("Action", action),
            ("SellerId", "A1SHOP"),
            ("SignatureMethod", "HmacSHA256"),
            ("SignatureVersion", "2"),
            ("Timestamp", &stamp),
            ("Version", "2009-01-01"),
        ];
        usual.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// An MWS request as a form, signed.
    pub(crate) fn mws_ask(&self, parameters: &[(String, String)]) -> Ask {
        let path = "/Reports/2009-01-01";
        let signature = mws_signature(&KEYS.mws_secret, "POST", &self.host(), path, parameters);
        let mut signed = parameters.to_vec();
        signed.push(("Signature".to_owned(), signature));
        Ask::new("POST", path)
            .with("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
            .with("User-Agent", "settle-tests/1.0 (Language=Rust)")
            .body(form(&signed))
    }

    /// Sends an MWS request of the shop.
    pub(crate) fn mws(&self, action: &str, more: &[(&str, &str)]) -> Reply {
        self.send(&self.mws_ask(&self.mws_parameters(action, more)))
    }

    /// A signed request to API v2.
    pub(crate) fn pay_ask(&self, method: &str, target: &str, body: &str) -> Ask {
        self.pay(method, target).body(body).ask()
    }

    /// A request to API v2 whose parts can be changed before it is signed.
    pub(crate) fn pay(&self, method: &str, target: &str) -> PayAsk {
        let date = self.control.now().format("%Y%m%dT%H%M%SZ").to_string();
        let headers = [
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("x-amz-pay-date", &date),
            ("x-amz-pay-host", &self.host()),
            ("x-amz-pay-region", "eu"),
        ];
        PayAsk {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: String::new(),
            algorithm: "AMZN-PAY-RSASSA-PSS-V2".to_owned(),
            salt: Salt::ThirtyTwo,
            key_id: KEYS.public_key_id.clone(),
            private_key_pem: KEYS.private_key_pem.clone(),
            host: None,
        }
    }

    /// Sends a signed GET to API v2.
    pub(crate) fn pay_get(&self, target: &str) -> Reply {
        self.send(&self.pay_ask("GET", target, ""))
    }

    /// The URL of a document, as a target on this server.
    pub(crate) fn document_target(&self, report: &Report) -> String {
        let reply = self.pay_get(&format!("/v2/report-documents/{}", encode(&report.document_id)));
        assert_eq!(reply.status, 200, "{}", reply.text());
        let url = reply.json()["url"].as_str().unwrap().to_owned();
        url.strip_prefix(&self.server.http()).unwrap().to_owned()
    }

    /// Fails the test where a fault never fired.
    pub(crate) fn verdict(&self) {
        self.control.verdict().unwrap();
    }
}

/// A request to API v2 before it is signed.
#[derive(Clone, Debug)]
pub(crate) struct PayAsk {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Those that are signed, sorted when they are.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) algorithm: String,
    pub(crate) salt: Salt,
    pub(crate) key_id: String,
    pub(crate) private_key_pem: String,
    /// What stands in `Host`, if not the server's address.
    pub(crate) host: Option<String>,
}

impl PayAsk {
    pub(crate) fn body(mut self, body: &str) -> Self {
        self.body = body.to_owned();
        self
    }

    /// Replaces a signed header, or adds one.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(header, _)| header != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn key(mut self, id: &str) -> Self {
        self.key_id = id.to_owned();
        self
    }

    pub(crate) fn algorithm(mut self, name: &str, salt: Salt) -> Self {
        (self.algorithm, self.salt) = (name.to_owned(), salt);
        self
    }

    pub(crate) fn canonical(&self) -> String {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let mut parts: Vec<&str> = query.split('&').filter(|part| !part.is_empty()).collect();
        parts.sort_unstable();
        let mut headers = self.headers.clone();
        headers.sort();
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let hash = sha256_hex(self.body.as_bytes());
        format!("{}\n{path}\n{}\n{lines}\n{}\n{hash}", self.method, parts.join("&"), self.signed_names())
    }

    fn signed_names(&self) -> String {
        let mut names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.join(";")
    }

    pub(crate) fn string_to_sign(&self) -> String {
        format!("{}\n{}", self.algorithm, sha256_hex(self.canonical().as_bytes()))
    }

    /// Signs it.
    pub(crate) fn ask(&self) -> Ask {
        let signature = pss_signature(&self.private_key_pem, self.salt, self.string_to_sign().as_bytes());
        let names = self.signed_names();
        let authorization =
            format!("{} PublicKeyId={}, SignedHeaders={names}, Signature={signature}", self.algorithm, self.key_id);
        let mut ask = Ask::new(&self.method, &self.target).body(self.body.as_bytes());
        if let Some(host) = &self.host {
            ask = ask.with("Host", host);
        }
        for (name, value) in &self.headers {
            ask = ask.with(name, value);
        }
        ask.with("authorization", authorization)
    }
}

/// The texts of every element of this name, in their order.
pub(crate) fn elements(reply: &Reply, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let text = reply.text();
    let parts = text.split(&open).skip(1);
    parts.filter_map(|part| part.split_once(&close)).map(|(value, _)| value.to_owned()).collect()
}
