//! What the invented shops of each country are like: prices, tariff, name, and their habits.
//!
//! The tariffs are plausible constants, not Amazon's price list. The five [`Habits`] together show
//! every form of a settlement file that the reader must accept.

use chrono_tz::Tz;

/// An amount in hundredths of the currency unit. All currencies of Amazon Pay in Europe have two
/// decimal places.
pub(super) type Cents = i64;

/// Prices and fees of an invented shop in one country.
#[derive(Clone, Copy, Debug)]
pub struct Market {
    /// Two letters, as in [`crate::domain::AMAZON_PAY_EUROPE`].
    pub country: &'static str,
    /// The lowest price.
    pub price_from: Cents,
    /// The highest price.
    pub price_until: Cents,
    /// The smallest amount that is booked: 1, or 100 where only whole units are used (forint).
    pub step: Cents,
    /// The percentage fee in ten-thousandths of the price: 270 is 2.7 %.
    pub percentage: i64,
    /// The fixed fee of a capture.
    pub fixed: Cents,
    /// The fee for an authorization that expired unused.
    pub authorization: Cents,
    /// The fee for a contested chargeback.
    pub dispute: Cents,
    /// The shop's name in the `StoreName` column: commas, quotes and letters beyond ASCII occur.
    pub store: &'static str,
    /// How its files look and how its account is settled.
    pub habits: &'static Habits,
}

impl Market {
    /// The percentage fee on an amount, rounded half up (away from zero) to the smallest amount that
    /// is booked: fees are charged in whole minor units, and half up is what invoices use.
    #[must_use]
    pub fn percentage_fee_rounded_half_up(&self, amount: Cents) -> Cents {
        let divisor = 10_000 * self.step;
        let steps = (amount.abs() * self.percentage * 2 + divisor) / (divisor * 2);
        steps * self.step * amount.signum()
    }
}

/// How the account of a shop is settled and how its files look.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// The bytes of its settlement files.
    pub layout: Layout,
    /// When its balance is paid out.
    pub payout: PayoutRule,
    /// What its very first settlement opens with.
    pub opening: Opening,
    /// The one thing that only this shop shows.
    pub oddity: Oddity,
    /// How many other reports it has.
    pub paperwork: Paperwork,
}

/// When the balance of a settlement is paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutRule {
    /// Some hours into the next settlement: its Transfer row pays what was available at the end of this one.
    LagOne,
    /// At the end of the settlement itself, so that all its rows, reserve included, add up to zero.
    ClosedLedger,
}

impl PayoutRule {
    /// The word in the answer key.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            PayoutRule::LagOne => "lag_one",
            PayoutRule::ClosedLedger => "closed_ledger",
        }
    }
}

/// What the first settlement opens with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// A reserve.
    Reserve,
    /// A reserve and a carried-over balance.
    ReserveAndCarryover,
}

/// The one thing that only this shop shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Nothing special.
    None,
    /// A row of a type that is in no documentation, and two identical rows.
    UnknownType,
    /// A settlement without a single row.
    QuietSunday,
}

/// Which reports a shop has besides its settlements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paperwork {
    /// Disbursements only.
    Disbursements,
    /// Also refunds and chargeback notifications.
    Refunds,
    /// Also, for the middle month, captures, authorizations, order references and billing agreements.
    Everything,
}

/// The bytes of a shop's settlement files.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The bytes before the first line.
    pub mark: &'static str,
    /// The end of each line.
    pub line_end: &'static str,
    /// How instants are printed.
    pub stamp: Stamp,
    /// What follows the last column name.
    pub header_tail: &'static str,
    /// How a fee of nothing is printed.
    pub zero: &'static str,
    /// How often the preamble names the seller: once in real files, twice in the documentation.
    pub seller_lines: usize,
}

/// How an instant is printed.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// The format, in the letters of strftime.
    pub format: &'static str,
    /// The zone whose clock is shown; `None` is the shop's own.
    pub clock: Option<Tz>,
}

const BOM: &str = "\u{feff}";
const BLANK_OFFSET: &str = "%Y-%m-%dT%H:%M:%S %z";

const FRENCH: Habits = Habits {
    layout: Layout {
        mark: BOM,
        line_end: "\n",
        stamp: Stamp { format: BLANK_OFFSET, clock: None },
        header_tail: ",",
        zero: "0",
        seller_lines: 1,
    },
    payout: PayoutRule::LagOne,
    opening: Opening::Reserve,
    oddity: Oddity::None,
    paperwork: Paperwork::Everything,
};

const GERMAN: Habits = Habits {
    layout: Layout {
        mark: BOM,
        line_end: "\r\n",
        stamp: Stamp { format: "%Y-%m-%dT%H:%M:%S%:z", clock: None },
        header_tail: ",",
        zero: "0.00",
        seller_lines: 1,
    },
    payout: PayoutRule::ClosedLedger,
    opening: Opening::ReserveAndCarryover,
    oddity: Oddity::None,
    paperwork: Paperwork::Refunds,
};

const BRITISH: Habits = Habits {
    layout: Layout {
        mark: "",
        line_end: "\n",
        stamp: Stamp { format: "%Y-%m-%dT%H:%M:%SZ", clock: Some(Tz::UTC) },
        header_tail: ",",
        zero: "0.00",
        seller_lines: 1,
    },
    payout: PayoutRule::LagOne,
    opening: Opening::Reserve,
    oddity: Oddity::UnknownType,
    paperwork: Paperwork::Disbursements,
};

const SWEDISH: Habits = Habits {
    layout: Layout {
        mark: "",
        line_end: "\n",
        stamp: Stamp { format: BLANK_OFFSET, clock: Some(Tz::America__Los_Angeles) },
        header_tail: ",",
        zero: "0",
        seller_lines: 1,
    },
    payout: PayoutRule::ClosedLedger,
    opening: Opening::Reserve,
    oddity: Oddity::QuietSunday,
    paperwork: Paperwork::Disbursements,
};

const HUNGARIAN: Habits = Habits {
    layout: Layout {
        mark: BOM,
        line_end: "\r\n",
        stamp: Stamp { format: BLANK_OFFSET, clock: None },
        header_tail: "",
        zero: "0.00",
        seller_lines: 2,
    },
    payout: PayoutRule::LagOne,
    opening: Opening::ReserveAndCarryover,
    oddity: Oddity::None,
    paperwork: Paperwork::Disbursements,
};

/// A shop that sells in euro.
const fn euro(country: &'static str, store: &'static str, habits: &'static Habits) -> Market {
    Market {
        country,
        price_from: 490,
        price_until: 18_900,
        step: 1,
        percentage: 270,
        fixed: 35,
        authorization: 35,
        dispute: 1_500,
        store,
        habits,
    }
}

/// Every country of Amazon Pay in Europe.
pub(super) const MARKETS: [Market; 11] = [
    euro("FR", "Boutique \"L'Été\", Paris", &FRENCH),
    euro("DE", "Müller & Söhne, Köln", &GERMAN),
    Market {
        price_from: 390,
        price_until: 15_900,
        fixed: 30,
        authorization: 20,
        dispute: 1_400,
        ..euro("GB", "Thimble & Thread", &BRITISH)
    },
    Market {
        price_from: 4_900,
        price_until: 189_900,
        fixed: 325,
        authorization: 300,
        dispute: 15_000,
        ..euro("SE", "Björk, Ång & \"Lyktan\"", &SWEDISH)
    },
    Market {
        price_from: 190_000,
        price_until: 6_990_000,
        step: 100,
        fixed: 11_000,
        authorization: 11_000,
        dispute: 550_000,
        ..euro("HU", "Őszi Könyvesbolt, Pécs", &HUNGARIAN)
    },
    euro("IT", "Bottega \"Perché\"", &FRENCH),
    euro("ES", "La Señal, Cádiz", &GERMAN),
    euro("LU", "Épicerie du Pont", &BRITISH),
    euro("NL", "De Kleine Fiets", &SWEDISH),
    euro("PT", "Sabão & Café, Porto", &FRENCH),
    Market {
        price_from: 3_900,
        price_until: 139_900,
        fixed: 250,
        authorization: 200,
        dispute: 11_000,
        ..euro("DK", "Bøger \"Ærø\"", &GERMAN)
    },
];

/// The market of a country, where Amazon Pay has one.
#[must_use]
pub(super) fn market(country: &str) -> Option<&'static Market> {
    MARKETS.iter().find(|market| market.country == country)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AMAZON_PAY_EUROPE;

    #[test]
    fn every_country_of_the_domain_has_a_market() {
        for (country, _, _) in AMAZON_PAY_EUROPE {
            assert!(market(country).is_some(), "{country}");
        }
        assert_eq!(MARKETS.len(), AMAZON_PAY_EUROPE.len());
    }

    #[test]
    fn percentage_fees_round_half_up_to_what_is_booked() {
        let france = market("FR").unwrap();
        assert_eq!(france.percentage_fee_rounded_half_up(10_000), 270);
        assert_eq!(france.percentage_fee_rounded_half_up(500), 14); // 13.5
        assert_eq!(france.percentage_fee_rounded_half_up(-500), -14);
        assert_eq!(france.percentage_fee_rounded_half_up(499), 13); // 13.473
        let hungary = market("HU").unwrap();
        assert_eq!(hungary.percentage_fee_rounded_half_up(500_000), 13_500);
        assert_eq!(hungary.percentage_fee_rounded_half_up(501_000), 13_500); // 135.27 forint
    }
}
