//! Parses the pieces of one text with several workers and hands the results on in the order of the file.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver as Channel, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::chunks::{Chunk, ChunkReader, Spares};
use super::fault::{Fault, ReadError};

/// Results that may wait for each worker, so that parsing goes on while a row group is written.
const RESULTS_PER_WORKER: usize = 3;

/// What became of one piece.
pub(super) struct Parsed<S> {
    /// The sink that took its rows.
    pub(super) sink: S,
    /// Rows in it.
    pub(super) rows: u64,
    /// First line of a piece with U+FFFD in it.
    pub(super) replaced: Option<u64>,
}

/// One thread reads, `workers` parse, the caller's takes the results in the order of the file.
pub(super) fn parse_in_parallel<T: Read + Send, S: Send>(
    file: &str,
    first: Chunk,
    chunks: &mut ChunkReader<T>,
    workers: NonZeroUsize,
    parse: &(impl Fn(&Chunk) -> Result<Parsed<S>, ReadError> + Sync),
    take: &mut impl FnMut(Parsed<S>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let spares = chunks.spares();
    let (to_workers, work) = sync_channel::<Chunk>(1);
    let work = Mutex::new(work);
    let (results, parsed) = sync_channel::<(usize, Result<Parsed<S>, ReadError>)>(workers.get() * RESULTS_PER_WORKER);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| feed(first, chunks, to_workers));
        for _ in 0..workers.get() {
            let results = results.clone();
            let (work, spares) = (&work, &spares);
            scope.spawn(move || work_off(work, &results, spares, parse));
        }
        drop(results);
        let taken = take_in_order(&parsed, take);
        // Unblocks whoever still waits to hand over, so that the scope can end.
        drop(parsed);
        // Workers that stop early leave the queue; closing it lets the reading thread end.
        drop(std::mem::replace(&mut *work.lock().unwrap_or_else(PoisonError::into_inner), sync_channel(0).1));
        let read =
            reading.join().unwrap_or_else(|_| Err(Fault::Io { why: io::Error::other("the reading thread failed") }));
        taken.and(read.map_err(|fault| fault.at(file, None, None)))
    })
}

fn feed<T: Read>(first: Chunk, chunks: &mut ChunkReader<T>, workers: SyncSender<Chunk>) -> Result<(), Fault> {
    let mut next = Some(first);
    while let Some(chunk) = next {
        if workers.send(chunk).is_err() {
            return Ok(());
        }
        next = chunks.next_chunk()?;
    }
    Ok(())
}

fn work_off<S>(
    work: &Mutex<Channel<Chunk>>,
    results: &SyncSender<(usize, Result<Parsed<S>, ReadError>)>,
    spares: &Spares,
    parse: &impl Fn(&Chunk) -> Result<Parsed<S>, ReadError>,
) {
    loop {
        let chunk = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(chunk) = chunk else { return };
        let parsed = parse(&chunk);
        spares.lock().unwrap_or_else(PoisonError::into_inner).push(chunk.text);
        if results.send((chunk.index, parsed)).is_err() {
            return;
        }
    }
}

/// Puts the results back into the order of the file; stops at the first fault in that order.
fn take_in_order<S>(
    parsed: &Channel<(usize, Result<Parsed<S>, ReadError>)>,
    take: &mut impl FnMut(Parsed<S>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    while let Ok((index, result)) = parsed.recv() {
        waiting.insert(index, result);
        while let Some(result) = waiting.remove(&next) {
            take(result?)?;
            next += 1;
        }
    }
    Ok(())
}
