//! Report types as Amazon writes them. Data, not an enum: a type that is not in the table is carried like any other.
//!
//! Source: the Amazon Pay reports guide and the .NET client's list, which marks the capture report as not to be had
//! over the Pay API.

use crate::config::{Environment, Source, TransactionReports};

/// One type.
#[derive(Clone, Copy, Debug)]
pub struct ReportType {
    /// Amazon's word.
    pub word: &'static str,
    /// What people call it; also the beginning of file names.
    pub name: &'static str,
    /// Which of Amazon's services has it.
    pub at: &'static [Source],
    /// In which environment.
    pub environment: Environment,
    /// How it comes to be.
    pub origin: Origin,
}

/// How a report comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Amazon makes it at each settlement; asking for it is refused.
    Settlement,
    /// Made when asked for, and for nothing else.
    Request,
    /// Made when asked for or by a schedule.
    RequestOrSchedule,
}

const BOTH: &[Source] = &[Source::PayApi, Source::Mws];
const MWS: &[Source] = &[Source::Mws];

macro_rules! word {
    ($middle:literal) => {
        concat!("_GET_FLAT_FILE_OFFAMAZONPAYMENTS_", $middle, "_DATA_")
    };
}

/// The table.
#[rustfmt::skip] // a table reads by its columns
pub const REPORT_TYPES: [ReportType; 7] = {
    use Environment::{Live, Sandbox};
    use Origin::{Request, RequestOrSchedule, Settlement};
    [
        ReportType { word: word!("SETTLEMENT"), name: "settlement", at: BOTH, environment: Live, origin: Settlement },
        ReportType { word: word!("SANDBOX_SETTLEMENT"), name: "sandbox-settlement", at: BOTH, environment: Sandbox, origin: Request },
        ReportType { word: word!("ORDER_REFERENCE"), name: "order-references", at: BOTH, environment: Live, origin: RequestOrSchedule },
        ReportType { word: word!("BILLING_AGREEMENT"), name: "billing-agreements", at: BOTH, environment: Live, origin: RequestOrSchedule },
        ReportType { word: word!("AUTHORIZATION"), name: "authorizations", at: BOTH, environment: Live, origin: RequestOrSchedule },
        ReportType { word: word!("CAPTURE"), name: "captures", at: MWS, environment: Live, origin: RequestOrSchedule },
        ReportType { word: word!("REFUND"), name: "refunds", at: BOTH, environment: Live, origin: RequestOrSchedule },
    ]
};

/// The types that an account gets when its config names none.
pub fn usual_types(
    source: Source,
    environment: Environment,
    transactions: TransactionReports,
) -> impl Iterator<Item = &'static ReportType> {
    REPORT_TYPES.iter().filter(move |row| {
        let settlement = row.origin != Origin::RequestOrSchedule;
        row.at.contains(&source)
            && row.environment == environment
            && (settlement || transactions != TransactionReports::Off)
    })
}

/// The word under which pages of disbursements are kept beside reports; Amazon has no type for them.
pub const DISBURSEMENTS: &str = "disbursements";

/// The name of a file that holds such a report: never made of anything but letters, digits and hyphens.
#[must_use]
pub fn file_name(report_type: &str, report_id: &str) -> String {
    if report_type == DISBURSEMENTS {
        return format!("{report_id}.json");
    }
    let name = REPORT_TYPES.iter().find(|row| row.word == report_type).map_or("report", |row| row.name);
    let id: String = report_id.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    format!("{name}-{id}.csv")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_has_one_type_and_the_pay_api_no_captures() {
        let words = |source, environment, which| -> Vec<&str> {
            usual_types(source, environment, which).map(|row| row.name).collect()
        };
        let listed = TransactionReports::Listed;
        assert_eq!(words(Source::PayApi, Environment::Sandbox, listed), ["sandbox-settlement"]);
        assert_eq!(words(Source::Mws, Environment::Live, TransactionReports::Off), ["settlement"]);
        assert!(!words(Source::PayApi, Environment::Live, listed).contains(&"captures"));
        assert!(words(Source::Mws, Environment::Live, listed).contains(&"captures"));
    }

    #[test]
    fn a_file_name_holds_nothing_from_outside_but_letters_and_digits() {
        let settlement = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_";
        assert_eq!(file_name(settlement, "59007019641"), "settlement-59007019641.csv");
        assert_eq!(file_name("_NEW_", "../../x\u{1b}[31m"), "report-x31m.csv");
    }
}
