//! What a service of Amazon must be able to do for the archive, whichever it is.
//!
//! A source lists, delivers bytes, asks for reports and confirms. It knows no column and no row, and stores
//! nothing but the bytes of a document on their way in.

use super::channel::Evidence;
use super::error::FetchError;
use crate::archive::{Finished, RawStore, RemoteRecord};
use crate::domain::Instant;

/// A report as a service lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Amazon's id.
    pub report_id: String,
    /// Amazon's word for its type.
    pub report_type: String,
    /// Amazon's word for its status.
    pub status: String,
    /// What the status means.
    pub stage: Stage,
    /// pay-api: the id of its document.
    pub document_ref: Option<String>,
    /// First instant that it covers, where the service tells.
    pub period_start: Option<Instant>,
    /// Last instant that it covers, where the service tells.
    pub period_end: Option<Instant>,
    /// When it was made or asked for.
    pub created: Option<Instant>,
    /// Whether the service knows that it is here.
    pub acknowledged: bool,
}

/// How far a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It can be downloaded.
    Ready,
    /// Amazon is at work, or says something that is not known yet: look again.
    Working,
    /// There is nothing in it, or it was cancelled: Amazon uses one word for both.
    Nothing,
    /// Amazon could not make it.
    Failed,
}

/// Where in time, and which types.
#[derive(Clone, Debug)]
pub struct Window<'a> {
    /// Reports made from this instant on.
    pub since: Instant,
    /// Reports made before this instant; `None` for all.
    pub until: Option<Instant>,
    /// Amazon's words for the types.
    pub types: &'a [String],
}

/// The bytes of a report, whole and checked, and not in their place yet.
#[derive(Debug)]
pub struct Delivery {
    /// The bytes.
    pub document: Finished,
    /// `Content-Type` as it was sent.
    pub content_type: Option<String>,
}

/// A report that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Amazon's word for its type.
    pub report_type: String,
    /// First instant.
    pub start: Instant,
    /// Last instant.
    pub end: Instant,
}

/// What became of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The id under which it was asked for.
    pub request_id: String,
    /// How far it is.
    pub stage: Stage,
    /// The report, once there is one.
    pub report: Option<Listed>,
}

/// A service of Amazon, for one account.
#[expect(async_fn_in_trait, reason = "runs on one thread and is never boxed")]
pub trait Source {
    /// Everything in the window, from all pages, each report once, in no particular order. `is_known` spares the
    /// service questions about reports that need no more of them.
    ///
    /// # Errors
    /// [`FetchError`].
    async fn list(&self, window: &Window<'_>, is_known: &dyn Fn(&str) -> bool) -> Result<Vec<Listed>, FetchError>;

    /// The bytes of one report, checked against whatever checksum and length the service sent.
    ///
    /// # Errors
    /// [`FetchError`]; nothing is left in the store then.
    async fn download(&self, report: &RemoteRecord, store: &RawStore) -> Result<Delivery, FetchError>;

    /// Asks for a report and answers the id of the request. Asking again for the same is harmless where the service
    /// has a way to see it.
    ///
    /// # Errors
    /// [`FetchError`].
    async fn request(&self, wish: &Wish) -> Result<String, FetchError>;

    /// How far requests are.
    ///
    /// # Errors
    /// [`FetchError`].
    async fn look_up(&self, request_ids: &[String]) -> Result<Vec<Granted>, FetchError>;

    /// Has the service make a report of each type every day, where it does not yet; does nothing where the service
    /// cannot be told so.
    ///
    /// # Errors
    /// [`FetchError`].
    async fn keep_schedules(&self, types: &[String]) -> Result<(), FetchError>;

    /// Tells the service which reports are safe here; does nothing where the service keeps no such mark.
    ///
    /// # Errors
    /// [`FetchError`].
    async fn acknowledge(&self, report_ids: &[String]) -> Result<(), FetchError>;

    /// Payouts with the references that banks print, page by page as they came. `None` where the service does not
    /// offer them to this account.
    ///
    /// # Errors
    /// [`FetchError`].
    async fn disbursements(&self, since: Instant, until: Instant) -> Result<Option<Vec<Vec<u8>>>, FetchError>;

    /// One cheap question, to see that address, clock and credentials are right.
    ///
    /// # Errors
    /// [`FetchError`].
    async fn probe(&self) -> Result<(), FetchError>;

    /// Until when that many downloads will take at the allowed pace.
    ///
    /// # Errors
    /// [`FetchError`].
    fn estimate(&self, downloads: usize) -> Result<Instant, FetchError>;

    /// What a person should know although it went well, taken out.
    fn take_notes(&self) -> Vec<String>;

    /// What the last request and its answer showed of clock and signature.
    fn evidence(&self) -> Evidence;
}
