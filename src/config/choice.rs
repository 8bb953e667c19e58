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
    /// Which transaction reports are fetched. Settlements always are.
    TransactionReports {
        /// Those that Amazon lists.
        Listed = "listed",
        /// Those, and one asked for each month that is over and each type that can be asked for.
        Request = "request",
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
