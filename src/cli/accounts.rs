//! Which account a merchant id is, and in which zone its months are cut.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Settings;
use crate::domain::{AccountName, Money, Period, PeriodError, SellerId, Zone};
use crate::ledger::Cut;

/// Stands for the merchant of a file that names none.
const NO_SELLER: &str = "(no merchant id)";

/// The accounts that the inputs tell of, by name and merchant id.
pub(super) type Known = BTreeSet<(AccountName, Option<SellerId>)>;

/// Names, zones and selection of accounts.
#[derive(Clone)]
pub(super) struct Accounts {
    settings: Option<Settings>,
    only: Vec<String>,
    zone: Option<Zone>,
}

impl Accounts {
    /// With the settings, where there are any; `only` selects, `zone` overrides.
    pub(super) fn new(settings: Option<Settings>, only: &[String], zone: Option<Zone>) -> Self {
        Self { settings, only: only.to_vec(), zone }
    }

    /// The same choice of accounts under other settings.
    pub(super) fn under(&self, settings: Settings) -> Self {
        Self { settings: Some(settings), ..self.clone() }
    }

    /// The settings, where there are any.
    pub(super) fn settings(&self) -> Option<&Settings> {
        self.settings.as_ref()
    }

    /// The configured name of a merchant, else the merchant id.
    pub(super) fn name(&self, seller: Option<&SellerId>) -> AccountName {
        let configured = seller.and_then(|seller| self.settings.as_ref()?.account_of(seller));
        match (configured, seller) {
            (Some(account), _) => account.name.clone(),
            (None, Some(seller)) => AccountName::new(seller.as_str()),
            (None, None) => AccountName::new(NO_SELLER),
        }
    }

    /// Whether the user asked for this merchant.
    pub(super) fn wants(&self, seller: Option<&SellerId>) -> bool {
        let name = self.name(seller);
        let is = |wanted: &String| *wanted == name.as_str() || seller.is_some_and(|seller| *wanted == seller.as_str());
        self.only.is_empty() || self.only.iter().any(is)
    }

    /// The accounts that were asked for and are neither configured nor among those `known`.
    pub(super) fn strangers(&self, known: &Known) -> Vec<String> {
        let configured = self.settings.iter().flat_map(|settings| &settings.accounts);
        let configured: Vec<_> =
            configured.flat_map(|account| [account.name.as_str(), account.merchant_id.as_str()]).collect();
        let among = |wanted: &String| {
            known.iter().any(|(name, seller)| {
                wanted == name.as_str() || seller.as_ref().is_some_and(|id| wanted == id.as_str())
            })
        };
        self.only.iter().filter(|wanted| !configured.contains(&wanted.as_str()) && !among(wanted)).cloned().collect()
    }

    /// The zone of a merchant's months: the flag, the config, the account's own, else UTC.
    pub(super) fn zone(&self, seller: Option<&SellerId>) -> Zone {
        let configured = || {
            let settings = self.settings.as_ref()?;
            let account = seller.and_then(|seller| settings.account_of(seller));
            account.map_or(settings.reporting.timezone, |account| settings.zone_of(account))
        };
        self.zone.or_else(configured).unwrap_or(Zone::UTC)
    }

    /// The zone of the statement as a whole: that of the first account that is asked for.
    pub(super) fn common_zone(&self) -> Zone {
        let first = self.settings.iter().flat_map(|settings| &settings.accounts);
        let first = first.map(|account| &account.merchant_id).find(|seller| self.wants(Some(seller)));
        self.zone(first)
    }

    /// Opening balances that the config states.
    pub(super) fn configured_openings(&self) -> BTreeMap<AccountName, Vec<Money>> {
        let accounts = self.settings.iter().flat_map(|settings| &settings.accounts);
        let stated = accounts.filter(|account| !account.opening_balance.is_empty());
        stated.map(|account| (account.name.clone(), account.opening_balance.clone())).collect()
    }
}

/// A period that is not yet bound to a zone.
pub(super) enum Span {
    /// Cut at local midnights.
    Local(Box<dyn Fn(Zone) -> Result<Period, PeriodError>>),
    /// Not cut at all: one settlement is asked for.
    Whole,
}

impl Span {
    /// Where the rows of a merchant are cut.
    pub(super) fn cut(&self, zone: Zone) -> Cut {
        match self {
            // The bounds were checked for the common zone before anything is read; a zone in which
            // they cannot be expressed has no rows.
            Span::Local(bind) => bind(zone).map_or(Cut::WHOLE, |period| Cut::at(&period)),
            Span::Whole => Cut::WHOLE,
        }
    }
}
