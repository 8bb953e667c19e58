//! Settings that are one word of a short list.

use std::fmt;
use std::str::FromStr;

/// The text is none of the words of a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is none of {}", .known.join(", "))]
pub struct UnknownWord {
    text: String,
    known: &'static [&'static str],
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// Every word, in the order of the documentation.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word used in the config.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $($name::$variant => $word),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok($name::$variant),)+
                    _ => Err(UnknownWord { text: text.to_owned(), known: $name::WORDS }),
                }
            }
        }
    };
}

words!(
    /// Where an account's files come from.
    Source {
        /// The Amazon Pay reports API (v2), with a signed key pair.
        PayApi = "pay-api",
        /// Marketplace Web Service, with an access key.
        Mws = "mws",
        /// Nothing is fetched: files are brought in by hand.
        Import = "import",
    }
);

words!(
    /// The region of Amazon's services.
    Region {
        /// Europe.
        Eu = "eu",
        /// North America.
        Na = "na",
        /// Japan.
        Jp = "jp",
    }
);

words!(
    /// Real money or Amazon's sandbox.
    Environment {
        /// Real money.
        Live = "live",
        /// Invented money.
        Sandbox = "sandbox",
    }
);

words!(
    /// The shop that wrote a list of orders.
    OrderPreset {
        /// WooCommerce.
        Woo = "woo",
        /// Magento, Adobe Commerce.
        Magento = "magento",
        /// Shopify.
        Shopify = "shopify",
        /// Shopware.
        Shopware = "shopware",
        /// None of these: columns are called as the keys are.
        Custom = "custom",
        /// Another word for the same.
        Generic = "generic",
    }
);

words!(
    /// Which fees a refund gives back.
    RefundReturns {
        /// The percentage fee of what is refunded.
        Percentage = "percentage",
        /// The percentage fee and the fixed fee.
        All = "all",
        /// None.
        Nothing = "nothing",
    }
);

words!(
    /// How a percentage fee becomes an amount that is charged.
    Rounding {
        /// To the nearest, halves away from zero.
        HalfUp = "half_up",
        /// To the nearest, halves to the even one.
        HalfEven = "half_even",
        /// Away from zero.
        Up = "up",
        /// Towards zero.
        Down = "down",
    }
);

words!(
    /// Which transaction reports are fetched. Settlements always are.
    TransactionReports {
        /// Those that Amazon lists.
        Listed = "listed",
        /// Those, and one asked for each month that is over and each type that can be asked for.
        Request = "request",
        /// Those, and Amazon is told to make one of each type every day; where it cannot be told so, as `request`.
        Schedule = "schedule",
        /// None.
        Off = "off",
    }
);

words!(
    /// Whether Amazon is told which reports are here (MWS keeps such a mark, which other programs may read).
    Acknowledge {
        /// Once their bytes are safe.
        AfterCommit = "after-commit",
        /// Never.
        Never = "never",
    }
);

words!(
    /// The language of reports for people; machine formats never change.
    Language {
        /// English.
        En = "en",
        /// French.
        Fr = "fr",
        /// German.
        De = "de",
        /// Italian.
        It = "it",
        /// Spanish.
        Es = "es",
        /// Dutch.
        Nl = "nl",
        /// Swedish.
        Sv = "sv",
        /// Portuguese.
        Pt = "pt",
        /// Hungarian.
        Hu = "hu",
        /// Danish.
        Da = "da",
    }
);

words!(
    /// A chart of accounts.
    Chart {
        /// Plan comptable général, France.
        Pcg = "pcg",
        /// Standardkontenrahmen 03, Germany.
        Skr03 = "skr03",
        /// Standardkontenrahmen 04, Germany.
        Skr04 = "skr04",
        /// BAS-kontoplanen, Sweden.
        Bas = "bas",
        /// Names instead of numbers.
        Neutral = "neutral",
        /// Nothing but what `[accounts_map]` names.
        Own = "own",
    }
);

words!(
    /// How an account pays out: which settlement's money a transfer row is.
    PayoutRule {
        /// The disbursement of a settlement is its own net.
        SelfContained = "self_contained",
        /// The transfer row stands in the next settlement.
        LagOne = "lag_one",
        /// The transfer row stands in the settlement itself.
        ClosedLedger = "closed_ledger",
    }
);

words!(
    /// How the VAT of Amazon's fees is declared. Never inferred: practice conflicts (accounting-exports §13).
    #[derive(Default)]
    VatOnFees {
        #[default]
        /// Exempt, as payment services are under Directive 2006/112 art. 135(1)(d).
        Exempt = "exempt",
        /// Owed and deducted by the merchant.
        ReverseCharge = "reverse_charge",
        /// Nothing is said about it.
        None = "none",
    }
);

words!(
    /// The order of day and month in dates.
    DateOrder {
        /// 09/03/2026 is the third of September.
        MonthFirst = "mdy",
        /// 03/09/2026 is the third of September.
        DayFirst = "dmy",
    }
);

words!(
    /// What a bank line is worth whose amount and time fit and which does not name Amazon.
    AnyPayee {
        /// A candidate, never a match.
        Candidate = "candidate",
        /// As much as one that does.
        Accept = "accept",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_its_choice() {
        for word in Source::WORDS {
            assert_eq!(word.parse::<Source>().unwrap().word(), *word);
        }
        for word in Language::WORDS {
            assert_eq!(word.parse::<Language>().unwrap().word(), *word);
        }
        assert_eq!("payapi".parse::<Source>().unwrap_err().to_string(), "`payapi` is none of pay-api, mws, import");
    }
}
