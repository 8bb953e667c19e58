//! A closed month in two editions: as it was closed, and as it would be now.

use super::accounts::{Accounts, Span};
use super::args::Reading;
use super::failure::Failure;
use super::frozen::{Stand, View, month_ask};
use super::load::load_archive;
use super::world::World;
use crate::archive::Archive;
use crate::config::Settings;
use crate::domain::{Basis, ExitCode, Month, Period};
use crate::ledger::Part;
use crate::reconcile::{Restated, SettlementDocument, Side, restated, roll_forward, settle_conflicts, timelines};
use crate::report::{Ask, DiffEnd, DiffTallies, Facts};

/// A month with the documents of one time.
pub(super) struct Edition {
    pub(super) ask: Ask,
    pub(super) facts: Facts,
    /// The counted documents.
    pub(super) documents: Vec<SettlementDocument>,
}

/// Both editions of a closed month.
pub(super) struct Editions {
    pub(super) stand: Stand,
    pub(super) closed: Edition,
    pub(super) present: Edition,
    /// The documents whose rows in the month count otherwise now.
    pub(super) moved: Vec<Restated>,
}

impl Editions {
    /// Of a month that is closed, else a fault of usage.
    pub(super) fn of(
        month: Month,
        settings: &Settings,
        only: &[String],
        basis: Option<Basis>,
        world: &World<'_>,
    ) -> Result<Self, Failure> {
        let archive = Archive::open_existing(&settings.data_dir)?;
        let now = Accounts::new(Some(settings.clone()), only, None);
        let stand = Stand::of_month(archive, now.clone(), Some(month), basis)?;
        if !stand.is_sealed() {
            let message = format!("{month} is not closed, so there is nothing to compare it with");
            return Err(Failure::new(ExitCode::Usage, message).with_hint(format!("settle close {month} closes it")));
        }
        let closed = Edition::of(month, &stand.archive, &stand.view, &stand.accounts()?, basis, world)?;
        let present = Edition::of(month, &stand.archive, &View::now(&stand.archive)?, &now, basis, world)?;
        let moved = restated(
            &Side { documents: &present.documents, rules: &|account| present.ask.rules(account) },
            &Side { documents: &closed.documents, rules: &|account| closed.ask.rules(account) },
            Part::Within,
        );
        Ok(Self { stand, closed, present, moved })
    }
}

impl Edition {
    fn of(
        month: Month,
        archive: &Archive,
        view: &View,
        accounts: &Accounts,
        basis: Option<Basis>,
        world: &World<'_>,
    ) -> Result<Self, Failure> {
        let span = Span::Local(Box::new(move |zone| Period::of_month(month, zone)));
        let loaded = load_archive(archive, view, accounts, &span, world)?;
        let reading = Reading { basis, ..Reading::default() };
        let ask = month_ask(month, accounts, &reading, &loaded.facts.documents)?;
        let (documents, _) = settle_conflicts(loaded.facts.documents.clone());
        Ok(Self { ask, facts: loaded.facts, documents })
    }

    /// Adds the movements of the month.
    pub(super) fn add_to(&self, tallies: &mut DiffTallies, end: DiffEnd) {
        for timeline in timelines(&self.documents) {
            let Some(balance) = roll_forward(&timeline, &self.ask.rules(&timeline.account), None) else { continue };
            for (kind, tally) in &balance.movements {
                tallies.add_tally(&timeline.account, timeline.currency, *kind, tally, end);
            }
        }
    }

    /// All rows of the month.
    pub(super) fn rows(&self) -> u64 {
        let balance = |timeline| roll_forward(&timeline, &self.ask.rules(&timeline.account), None);
        let balances = timelines(&self.documents).into_iter().filter_map(balance);
        balances.flat_map(|balance| balance.settlements).map(|(_, within)| within.count).sum()
    }
}
