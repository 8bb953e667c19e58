//! What each reason of a dispute asks the merchant for.
//!
//! Reasons are Amazon's published `filingReason` words and the two that notifications print; the kinds of
//! evidence are the published `evidenceType` words (disputes §8). Which evidence answers which reason is our
//! reading of the reasons' plain meaning: Amazon publishes the two lists, not the table between them.

/// A piece of evidence to gather.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Amazon's `evidenceType`.
    pub evidence_type: &'static str,
    /// What to put there.
    pub what: &'static str,
}

const RECEIPT: Evidence = Evidence { evidence_type: "Receipt", what: "the invoice or order confirmation" };
const DESCRIPTION: Evidence =
    Evidence { evidence_type: "ProductDescription", what: "the product page as it stood on the day of the order" };
const CARRIER: Evidence = Evidence { evidence_type: "CarrierName", what: "the carrier" };
const TRACKING: Evidence =
    Evidence { evidence_type: "TrackingNumber", what: "the tracking number, with the proof of delivery" };
const SIGNED: Evidence = Evidence { evidence_type: "CustomerSignature", what: "the buyer's signature on delivery" };
const POLICY: Evidence = Evidence {
    evidence_type: "CancellationPolicy",
    what: "the terms of cancellation and return that the buyer accepted",
};
const DEVICE: Evidence =
    Evidence { evidence_type: "DeviceId", what: "the id of the device that used a digital product" };
const DEVICE_NAME: Evidence = Evidence { evidence_type: "DeviceName", what: "its name" };
const DOWNLOAD: Evidence =
    Evidence { evidence_type: "DownloadDateTime", what: "when a digital product was downloaded" };
const REFUND: Evidence = Evidence { evidence_type: "Other", what: "the refund, if one was made: id, date, amount" };
const LETTERS: Evidence = Evidence { evidence_type: "Other", what: "what you and the buyer wrote to each other" };
const BOTH: Evidence = Evidence {
    evidence_type: "Other",
    what: "that the two charges are for two orders: both order numbers and invoices",
};
const PRICE: Evidence = Evidence { evidence_type: "Other", what: "that the amount charged is the amount agreed" };
const HISTORY: Evidence =
    Evidence { evidence_type: "Other", what: "earlier undisputed orders of the same buyer to the same address" };

/// Every known reason, folded, and what it asks for. The first row answers every reason that is not here.
pub const EVIDENCE: [(&str, &[Evidence]); 13] = [
    ("", &[RECEIPT, DESCRIPTION, CARRIER, TRACKING, SIGNED, LETTERS]),
    ("productnotreceived", &[RECEIPT, CARRIER, TRACKING, SIGNED, DOWNLOAD, DEVICE, LETTERS]),
    ("productunacceptable", &[RECEIPT, DESCRIPTION, POLICY, LETTERS]),
    ("productnolongerneeded", &[RECEIPT, POLICY, LETTERS]),
    ("creditnotprocessed", &[REFUND, POLICY, LETTERS]),
    ("overcharged", &[RECEIPT, PRICE, LETTERS]),
    ("duplicatecharge", &[BOTH, RECEIPT, REFUND]),
    ("subscriptioncancelled", &[POLICY, RECEIPT, LETTERS]),
    ("unrecognized", &[RECEIPT, CARRIER, TRACKING, SIGNED, HISTORY]),
    ("fraudulent", &[RECEIPT, CARRIER, TRACKING, SIGNED, HISTORY, DEVICE, DEVICE_NAME, DOWNLOAD]),
    ("other", &[RECEIPT, DESCRIPTION, CARRIER, TRACKING, SIGNED, LETTERS]),
    ("genericservicechargeback", &[RECEIPT, DESCRIPTION, CARRIER, TRACKING, SIGNED, POLICY, LETTERS]),
    (
        "unauthorizedtransactionchargeback",
        &[RECEIPT, CARRIER, TRACKING, SIGNED, HISTORY, DEVICE, DEVICE_NAME, DOWNLOAD],
    ),
];

/// What a reason asks for.
#[must_use]
pub fn evidence_for(reason: Option<&str>) -> &'static [Evidence] {
    let folded: String =
        reason.unwrap_or_default().chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let row = EVIDENCE.iter().find(|(known, _)| *known == folded).or(EVIDENCE.first());
    row.map_or(&[], |(_, evidence)| *evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Amazon's published words (disputes §8).
    const TYPES: [&str; 10] = [
        "ProductDescription",
        "Receipt",
        "CancellationPolicy",
        "CustomerSignature",
        "TrackingNumber",
        "CarrierName",
        "DeviceId",
        "DeviceName",
        "DownloadDateTime",
        "Other",
    ];

    #[test]
    fn every_reason_asks_for_evidence_of_published_types() {
        for (reason, evidence) in EVIDENCE {
            assert!(evidence.len() >= 3, "{reason}");
            assert!(evidence.iter().all(|piece| TYPES.contains(&piece.evidence_type)), "{reason}");
        }
        for wanted in TYPES {
            assert!(EVIDENCE.iter().any(|(_, evidence)| evidence.iter().any(|piece| piece.evidence_type == wanted)));
        }
    }

    #[test]
    fn a_reason_is_found_whatever_its_spacing_and_an_unknown_one_asks_for_the_usual() {
        assert_eq!(evidence_for(Some("Unauthorized Transaction Chargeback")), EVIDENCE[12].1);
        assert_eq!(evidence_for(Some("ProductNotReceived")), EVIDENCE[1].1);
        assert_eq!(evidence_for(Some("Something New")), EVIDENCE[0].1);
        assert_eq!(evidence_for(None), EVIDENCE[0].1);
    }
}
