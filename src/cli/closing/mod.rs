//! A closed month, made from documents and terms and nothing else: the same function serves `close`, which seals
//! what it gives, and `verify`, which makes it again and compares.

mod contents;
mod ground;
mod inputs;
mod pack;
mod unpack;

pub(super) use contents::{Contents, Stated, contents, stated};
pub(super) use ground::Ground;
pub(super) use inputs::{Given, gather_inputs};
pub(super) use pack::write_pack;
pub(super) use unpack::{Opened, open_pack, supply};
