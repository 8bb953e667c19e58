//! Which notifications and objects of the Dispute API are the merchant's own, and are used, each once.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::accounts::Accounts;
use super::failure::Failure;
use super::load::{KeptRecords, Loaded};
use crate::config::Environment;
use crate::disputes::{Certificate, Clock, Facts, Notice, ObjectFact};
use crate::domain::{ExitCode, SellerId};
use crate::parse::{ChargebackNotification, Records};
use crate::report::{Problem, Severity};

/// Longest certificate file: real ones have two kilobytes.
const CERTIFICATE_BYTES_MAX: u64 = 64 << 10;

/// Lets notifications and objects in that are the merchant's own, each once.
pub(super) struct NoticeGate {
    certificate: Option<Certificate>,
    /// Merchants that are configured, else those of the settlements; empty where none is known.
    merchants: HashSet<SellerId>,
    /// Merchant and id of each notification, and the file in which it came first.
    seen: HashMap<(Option<SellerId>, String), String>,
}

impl NoticeGate {
    pub(super) fn new(accounts: &Accounts, loaded: &Loaded, clock: &Clock<'_>) -> Result<Self, Failure> {
        let configured = accounts.settings().into_iter().flat_map(|settings| &settings.accounts);
        let mut merchants: HashSet<SellerId> = configured.map(|account| account.merchant_id.clone()).collect();
        merchants.extend(loaded.known.iter().filter_map(|(_, seller)| seller.clone()));
        let certificate = clock.settings.signing_certificate.as_deref().map(read_certificate).transpose()?;
        Ok(Self { certificate, merchants, seen: HashMap::new() })
    }

    pub(super) fn take(
        &mut self,
        kept: &KeptRecords,
        accounts: &Accounts,
        facts: &mut Facts,
        problems: &mut Vec<Problem>,
    ) {
        match &kept.records {
            Records::Notification(read) => match self.examine(kept, read, accounts, problems) {
                Ok(()) => {
                    let named = accounts.name(read.seller_id.as_ref());
                    let account = if read.seller_id.is_some() { named } else { kept.account.clone().unwrap_or(named) };
                    facts.notices.push(Notice { account, read: (**read).clone(), file: kept.file.clone() });
                }
                Err(None) => {}
                Err(Some(problem)) => problems.push(problem.in_file(&kept.file)),
            },
            Records::Disputes(list) => facts.objects.extend(list.iter().map(|read| ObjectFact {
                account: kept.account.clone(),
                read: read.clone(),
                file: kept.file.clone(),
            })),
            Records::Transactions(_) | Records::Disbursements(_) => {}
        }
    }

    /// Whether a notification may be used; why not, where that is worth saying.
    fn examine(
        &mut self,
        kept: &KeptRecords,
        read: &ChargebackNotification,
        accounts: &Accounts,
        problems: &mut Vec<Problem>,
    ) -> Result<(), Option<Box<Problem>>> {
        let seller = read.seller_id.as_ref();
        if let Some(seller) = seller.filter(|seller| !self.merchants.is_empty() && !self.merchants.contains(seller)) {
            let message =
                format!("the notification is of another merchant, {}; it is not used", seller.as_str().escape_debug());
            return Err(refusal(Problem::new(Severity::Warning, "other_merchant", message)));
        }
        if !accounts.wants(seller) {
            return Err(None);
        }
        if read.environment.eq_ignore_ascii_case("sandbox") && !is_sandbox(seller, accounts) {
            let message = "the notification is of Amazon's sandbox, the account is not; it is not used";
            return Err(refusal(Problem::new(Severity::Warning, "sandbox_notification", message)));
        }
        self.check_signature(kept, read, problems)?;
        let key = (read.seller_id.clone(), read.notification_id.clone());
        if let Some(first) = self.seen.get(&key) {
            let message = format!("the same notification as {first}; counted once");
            return Err(refusal(Problem::new(Severity::Warning, "same_notification", message)));
        }
        if !read.notification_id.is_empty() {
            self.seen.insert(key, kept.file.clone());
        }
        Ok(())
    }

    /// With a configured certificate a notification must be signed with it: whoever can drop a file could
    /// otherwise open a case. Without one nothing is claimed.
    fn check_signature(
        &self,
        kept: &KeptRecords,
        read: &ChargebackNotification,
        problems: &mut Vec<Problem>,
    ) -> Result<(), Option<Box<Problem>>> {
        let Some(certificate) = &self.certificate else { return Ok(()) };
        let refused = |why: String| {
            let message = format!("{why}; the notification is not used");
            let hint = "compare disputes.signing_certificate with the one that Amazon uses now";
            Err(refusal(Problem::new(Severity::Error, "bad_signature", message).with_hint(hint)))
        };
        match &read.envelope {
            None => refused("it has no signature".to_owned()),
            Some(envelope) => match certificate.verify(envelope) {
                Err(fault) => refused(fault.to_string()),
                Ok(()) => {
                    // What the reader said of every signed notification does not hold for this one.
                    let is_this = |problem: &Problem| problem.file.as_ref() == Some(&kept.file);
                    problems.retain(|problem| !(problem.code == "signature_unchecked" && is_this(problem)));
                    Ok(())
                }
            },
        }
    }
}

fn refusal(problem: Problem) -> Option<Box<Problem>> {
    Some(Box::new(problem))
}

fn is_sandbox(seller: Option<&SellerId>, accounts: &Accounts) -> bool {
    let configured = seller.zip(accounts.settings()).and_then(|(seller, settings)| settings.account_of(seller));
    // Without a configuration nothing says that the files are of real money.
    configured.is_none_or(|account| account.environment == Environment::Sandbox)
}

fn read_certificate(path: &Path) -> Result<Certificate, Failure> {
    let failed = |why: &dyn std::fmt::Display| {
        let message = format!("{}: cannot use the certificate of notifications: {why}", path.display());
        Failure::new(ExitCode::Configuration, message).with_hint("see disputes.signing_certificate in settle.toml")
    };
    let length = std::fs::metadata(path).map_err(|why| failed(&why))?.len();
    if length > CERTIFICATE_BYTES_MAX {
        return Err(failed(&"the file is too large for one"));
    }
    let text = std::fs::read(path).map_err(|why| failed(&why))?;
    Certificate::parse(&text).map_err(|why| failed(&why))
}
