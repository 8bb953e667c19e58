//! What happens to a document's bytes while they are read: they are hashed, counted, and copied on.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::domain::DocumentId;

/// Receives a copy of a document's unpacked bytes while it is read.
pub trait Copy: Send + Sync {
    /// The document is read from its beginning: forget what came before.
    ///
    /// # Errors
    /// Ends the reading.
    fn restart(&self) -> io::Result<()>;

    /// The next bytes.
    ///
    /// # Errors
    /// Ends the reading.
    fn write(&self, bytes: &[u8]) -> io::Result<()>;
}

/// Is told how many bytes were read, as they are read; for a progress bar.
#[derive(Clone, Default)]
pub struct Watch(Option<Arc<dyn Fn(u64) + Send + Sync>>);

impl Watch {
    /// Tells this.
    pub fn new(tell: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    fn tell(&self, bytes: u64) {
        if let Some(tell) = &self.0 {
            tell(bytes);
        }
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Watch(…)" } else { "Watch(nobody)" })
    }
}

/// Hash and length of the bytes that went by.
#[derive(Default)]
pub(super) struct Passage {
    hash: Sha256,
    bytes: u64,
}

impl Passage {
    /// The id and length of what went by.
    pub(super) fn id(&self) -> (DocumentId, u64) {
        let hash = self.hash.clone().finalize();
        (DocumentId::new(hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>()), self.bytes)
    }
}

/// Hashes and copies what is read through it.
pub(super) struct Watched {
    pub(super) bytes: Box<dyn Read + Send>,
    pub(super) passage: Arc<Mutex<Passage>>,
    pub(super) copy: Option<Arc<dyn Copy>>,
    pub(super) watch: Watch,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        let read = buffer.get(..count).unwrap_or_default();
        let mut passage = self.passage.lock().unwrap_or_else(PoisonError::into_inner);
        passage.hash.update(read);
        passage.bytes += count as u64;
        self.watch.tell(count as u64);
        if let Some(copy) = &self.copy {
            copy.write(read)?;
        }
        Ok(count)
    }
}
