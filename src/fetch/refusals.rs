//! What either service says beside a refusal: how long to wait, and a sentence.

use chrono::TimeDelta;

use super::channel::Channel;
use super::instants::read_instant;
use crate::net::Answer;

/// Longest sentence of Amazon's that is repeated.
const MESSAGE_CHARS_MAX: usize = 300;

/// `Retry-After` in seconds or as a date.
pub(super) fn wait_named(answer: &Answer, channel: &Channel<'_>) -> Option<TimeDelta> {
    let text = answer.header("retry-after")?;
    let seconds = text.trim().parse::<i64>().ok().and_then(TimeDelta::try_seconds);
    seconds.or_else(|| read_instant(text).map(|at| at.utc() - channel.now())).filter(|wait| *wait >= TimeDelta::zero())
}

/// A sentence fit to be repeated: without control characters, and not endless.
pub(super) fn shortened(message: &str) -> String {
    message.chars().filter(|c| !c.is_control()).take(MESSAGE_CHARS_MAX).collect()
}
