//! The body of an answer on its way out: whole, or as far as a fault lets it come.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::control::Control;
use super::message::{Answer, Delivery};

/// Notes in the journal that an answer did not reach its end, unless told that it did.
#[derive(Debug)]
pub(super) struct Watcher {
    control: Control,
    entry: Option<u64>,
}

impl Watcher {
    /// Watches the answer of a journal entry.
    pub(super) fn new(control: Control, entry: u64) -> Self {
        Self { control, entry: Some(entry) }
    }

    fn reached_the_end(&mut self) {
        self.entry = None;
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if let Some(entry) = self.entry {
            self.control.closed_early(entry);
        }
    }
}

/// What comes after the bytes that are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    End,
    /// One turn in which the bytes leave, then the connection is closed.
    Leave,
    Close,
    Silence,
}

/// The body of an answer.
#[derive(Debug)]
pub(super) struct Payload {
    bytes: Option<Bytes>,
    /// What `Content-Length` says.
    length: u64,
    then: Then,
    watcher: Option<Watcher>,
}

impl Payload {
    /// The body of an answer; without a watcher nobody is told whether it arrives.
    pub(super) fn new(answer: &Answer, watcher: Option<Watcher>) -> Self {
        let half = answer.body.slice(..answer.body.len() / 2);
        let (bytes, then) = match answer.delivery {
            Delivery::CutBody => (half, Then::Leave),
            Delivery::StallBody => (half, Then::Silence),
            Delivery::Whole | Delivery::StallHeaders | Delivery::Dropped => (answer.body.clone(), Then::End),
        };
        let length = answer.body.len() as u64;
        let mut payload = Self { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()), length, then, watcher };
        if payload.is_end_stream() {
            payload.reached_the_end();
        }
        payload
    }

    fn reached_the_end(&mut self) {
        if let Some(watcher) = &mut self.watcher {
            watcher.reached_the_end();
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take() {
            if self.then == Then::End {
                self.reached_the_end();
            }
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.then {
            Then::End => Poll::Ready(None),
            Then::Leave => {
                self.then = Then::Close;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Then::Close => Poll::Ready(Some(Err(io::Error::other("cut by a fault")))),
            Then::Silence => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && self.then == Then::End
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
