//! What nobody outside Amazon knows, decided for this double: each value once, with what is known.
//!
//! None of these may be told to a user as Amazon's behaviour. When the truth is learnt, it is changed
//! here. What was read or measured stands where it is used.

use chrono::TimeDelta;

/// How far a request's time may be from the server's on the MWS face. Merchants report "about 15 minutes".
pub(super) const MWS_SKEW: TimeDelta = TimeDelta::minutes(15);
/// The same on the Pay face, where no page names a window.
pub(super) const PAY_SKEW: TimeDelta = TimeDelta::minutes(15);
/// The status of `UserAgentHeaderMalformed`; the code is documented, its status is not.
pub(super) const USER_AGENT_STATUS: u16 = 400;
/// Every how many-th MWS error comes as `text/plain`; both types occur, their share is not known.
pub(super) const ERROR_PLAIN_EVERY: u64 = 3;
/// How long a next token lives, on both faces.
pub(super) const TOKEN_LIFE: TimeDelta = TimeDelta::hours(1);
/// When a requested MWS report goes from `_SUBMITTED_` to `_IN_PROGRESS_`.
pub(super) const MWS_STARTED_AFTER: TimeDelta = TimeDelta::seconds(30);
/// When a requested MWS report is `_DONE_`.
pub(super) const MWS_DONE_AFTER: TimeDelta = TimeDelta::seconds(60);
/// When a created Pay report leaves `IN_PROGRESS`.
pub(super) const PAY_DONE_AFTER: TimeDelta = TimeDelta::seconds(60);
/// Burst and restore of Pay operations that no page lists, live: planning values.
pub(super) const PAY_LIVE_BURST: u32 = 10;
/// The same in the sandbox.
pub(super) const PAY_SANDBOX_BURST: u32 = 2;
/// The pace at which Pay buckets refill.
pub(super) const PAY_RESTORE: TimeDelta = TimeDelta::seconds(1);
/// Requests an hour where MWS documents a burst and a pace but no hourly quota.
pub(super) const HOURLY_UNKNOWN: u32 = 80;
/// The `Content-Type` of a stored document; it has not been recorded.
pub(super) const STORED_CONTENT_TYPE: &str = "binary/octet-stream";
/// The code of a report that is unknown or older than 90 days, on the MWS face (status 400).
pub(super) const MWS_REPORT_UNKNOWN: &str = "InvalidParameterValue";
/// The code of an MWS parameter that is given twice, or of an unknown action (status 400).
pub(super) const MWS_PARAMETER_WRONG: &str = "InvalidParameterValue";
/// The status of a Pay request whose signature does not verify: 401 or 403, see `Decisions`.
pub(super) const SIGNATURE_STATUS: u16 = 401;
/// A raw `+` in a Pay query means a blank, as the failures of a client that sends one suggest.
pub(super) const PAY_PLUS: super::encoding::Plus = super::encoding::Plus::Blank;
/// How long after its period's end a settlement report is there: 17 to 27 minutes were recorded.
pub(super) const SETTLEMENT_AFTER: TimeDelta = TimeDelta::minutes(20);
/// How long after its month's end a transaction report is there.
pub(super) const TRANSACTIONS_AFTER: TimeDelta = TimeDelta::hours(5);
/// How long after the first report of a settlement its corrected issue comes.
pub(super) const REISSUED_AFTER: TimeDelta = TimeDelta::hours(24);
/// Page size of disbursements where none is given: the page size of the one documented example.
pub(super) const DISBURSEMENTS_PAGE: usize = 30;
/// The report type that is documented as missing from Create Report.
pub(super) const NOT_CREATABLE: &str = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_CAPTURE_DATA_";
/// What an unauthorised dispute operation answers (status 401); `settle` must never call one.
pub(super) const DISPUTE_REFUSED: &str = "UnauthorizedAccess";
