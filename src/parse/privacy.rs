//! Which columns hold personal data, and what becomes of their cells.
//!
//! Settlement reports hold none. Capture reports hold the buyer's name, e-mail address and billing
//! address (ten columns, seen); others may.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What becomes of a buyer's name, e-mail and address.
#[derive(Clone, Debug, Default)]
pub enum Privacy {
    /// Never leaves the reader.
    #[default]
    Drop,
    /// Replaced by a keyed hash, so that equal buyers stay equal and unreadable.
    Hash {
        /// The archive's own random key.
        key: Vec<u8>,
    },
    /// Kept as printed.
    Keep,
}

impl Privacy {
    /// The cell as it may be kept, `None` where it must be dropped.
    #[must_use]
    pub fn apply(&self, cell: &str) -> Option<String> {
        match self {
            Privacy::Drop => None,
            Privacy::Keep => Some(cell.to_owned()),
            Privacy::Hash { .. } if cell.is_empty() => Some(String::new()),
            Privacy::Hash { key } => {
                let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
                mac.update(cell.as_bytes());
                Some(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
            }
        }
    }
}

/// Whether a column of this name holds personal data of a buyer.
#[must_use]
pub fn is_personal(column: &str) -> bool {
    const PREFIXES: [&str; 5] = ["buyer", "billingaddress", "shippingaddress", "destination", "recipient"];
    const PARTS: [&str; 4] = ["email", "phone", "postalcode", "addressline"];
    let folded = column.to_lowercase();
    PREFIXES.iter().any(|prefix| folded.starts_with(prefix)) || PARTS.iter().any(|part| folded.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_buyer_columns_are_personal_and_the_others_are_not() {
        for column in ["BuyerName", "BuyerEmailAddress", "BillingAddressCity", "BillingAddressPostalCode"] {
            assert!(is_personal(column), "{column}");
        }
        for column in ["AmazonCaptureId", "SellerCaptureNote", "StoreName", "CaptureAmount"] {
            assert!(!is_personal(column), "{column}");
        }
    }

    #[test]
    fn hashing_keeps_equality_and_hides_the_text() {
        let privacy = Privacy::Hash { key: b"key".to_vec() };
        let hashed = privacy.apply("ann@example.org").unwrap();
        assert_eq!(Some(&hashed), privacy.apply("ann@example.org").as_ref());
        assert_ne!(Some(&hashed), Privacy::Hash { key: b"other".to_vec() }.apply("ann@example.org").as_ref());
        assert_eq!(hashed.len(), 64);
        assert_eq!(Privacy::Drop.apply("x"), None);
    }
}
