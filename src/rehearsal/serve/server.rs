//! A running double: a thread with its own runtime, two listeners, stopped when dropped.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use serde::Serialize;
use tempfile::TempDir;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;

use super::control::Control;
use super::fixture::{Fixture, FixtureError};
use super::listen::{Doors, run};
use super::options::Options;
use super::tls::{CA_FILE, TlsError, identities};
use super::world::World;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address that others could reach.
    #[error("{0} is not 127.0.0.1 or ::1; the rehearsal server never leaves this machine")]
    NotLoopback(IpAddr),
    /// An address that cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// What it is to serve.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// Its certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Its thread.
    #[error("cannot start: {0}")]
    Start(io::Error),
}

/// What a program that starts a server in another process has to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ready {
    /// The port for plain HTTP.
    pub http: u16,
    /// The port for TLS.
    pub https: u16,
    /// The file of the certificate to trust.
    pub ca: PathBuf,
    /// Where the control endpoints are.
    pub control: &'static str,
}

/// A running double of Amazon's two services. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    control: Control,
    http: SocketAddr,
    https: SocketAddr,
    ca_file: PathBuf,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
    /// Holds the authority's files where nobody named a folder for them.
    _folder: Option<TempDir>,
}

impl Server {
    /// Starts a server; when this returns, both ports answer.
    ///
    /// # Errors
    /// [`ServeError`] for an address beyond this machine, a port that is taken, an impossible fixture.
    pub fn start(fixture: Fixture, options: Options) -> Result<Self, ServeError> {
        if options.bind != Ipv4Addr::LOCALHOST && options.bind != Ipv6Addr::LOCALHOST {
            return Err(ServeError::NotLoopback(options.bind));
        }
        let world = World::new(fixture, &options)?;
        let (folder, held) = match &options.authority {
            Some(folder) => (folder.clone(), None),
            None => {
                let made = TempDir::with_prefix("settle-rehearsal-").map_err(ServeError::Start)?;
                (made.path().to_owned(), Some(made))
            }
        };
        let identities = identities(&folder)?;
        let (http, http_address) = listen(options.bind, options.http_port)?;
        let (https, https_address) = listen(options.bind, options.https_port)?;
        let (orders, receiver) = unbounded_channel();
        let (stop, stopped) = watch::channel(false);
        let control = Control::new(world, orders);
        let doors = Doors { http, https, identities, bound: options.bind, control: control.clone(), orders: receiver };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ServeError::Start)?;
        let thread = std::thread::Builder::new()
            .name("settle-rehearsal".to_owned())
            .spawn(move || runtime.block_on(run(doors, stopped)))
            .map_err(ServeError::Start)?;
        Ok(Self {
            control,
            http: http_address,
            https: https_address,
            ca_file: folder.join(CA_FILE),
            stop,
            thread: Some(thread),
            _folder: held,
        })
    }

    /// The address of the plain listener as a URL without a path, `http://127.0.0.1:18080`.
    #[must_use]
    pub fn http(&self) -> String {
        format!("http://{}", self.http)
    }

    /// The address of the TLS listener as a URL without a path, `https://127.0.0.1:18443`.
    #[must_use]
    pub fn https(&self) -> String {
        format!("https://{}", self.https)
    }

    /// The plain listener.
    #[must_use]
    pub fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// The TLS listener.
    #[must_use]
    pub fn https_address(&self) -> SocketAddr {
        self.https
    }

    /// The certificate that a client must trust, in PEM.
    #[must_use]
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// What another process has to know.
    #[must_use]
    pub fn ready(&self) -> Ready {
        Ready {
            http: self.http.port(),
            https: self.https.port(),
            ca: self.ca_file.clone(),
            control: super::endpoints::ROOT,
        }
    }

    /// The handle for clock, faults, journal and the rest.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The thread may have ended already.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn listen(bind: IpAddr, port: u16) -> Result<(TcpListener, SocketAddr), ServeError> {
    let address = SocketAddr::new(bind, port);
    let fault = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(fault)?;
    listener.set_nonblocking(true).map_err(fault)?;
    let bound = listener.local_addr().map_err(fault)?;
    Ok((listener, bound))
}
