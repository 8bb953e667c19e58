//! Identifiers as types of their own, so that a settlement id never stands where an order id is meant.
//!
//! All are text: Amazon prints some as digits (`5984862222`), others as `P02-1234567-1234567-C012345`.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as the source printed it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Amazon's number of one settlement, e.g. `5984862222`. Digits so far, never a number type.
    SettlementId
);
id!(
    /// The merchant id that Amazon prints in a settlement file (`SellerId`).
    SellerId
);
id!(
    /// What an account is called: its name in the config, else its merchant id.
    AccountName
);
id!(
    /// `AmazonOrderReferenceId`, which API v2 calls `chargePermissionId`.
    OrderReferenceId
);
id!(
    /// The merchant's own order number.
    SellerOrderId
);
id!(
    /// `AmazonTransactionId`: the id of a capture, refund or authorization.
    TransactionId
);
id!(
    /// The SHA-256 of a document's raw bytes, 64 lower-case hex digits.
    DocumentId
);

impl DocumentId {
    /// The first twelve digits, enough for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}
