//! The two doors: accepting connections, TLS, HTTP/1.1, and closing a door on request of a fault.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::control::{Control, Order};
use super::endpoints;
use super::message::{Answer, Delivery, Received, Scheme};
use super::payload::{Payload, Watcher};
use super::tls::Identities;

/// The most bytes of a request's body; control calls carry whole reports.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long the head of a request may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a closed door tries to open on the same port, and how long it waits in between.
const OPEN_TRIES: u32 = 100;
const OPEN_WAIT: Duration = Duration::from_millis(20);
/// A pause after an accept that failed, so that a system without free descriptors is not kept busy.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a server listens with.
pub(super) struct Doors {
    pub(super) http: std::net::TcpListener,
    pub(super) https: std::net::TcpListener,
    pub(super) identities: Identities,
    pub(super) bound: IpAddr,
    pub(super) control: Control,
    pub(super) orders: UnboundedReceiver<Order>,
}

/// What every connection needs.
#[derive(Clone)]
struct House {
    control: Control,
    identities: Identities,
    bound: IpAddr,
    stopped: watch::Receiver<bool>,
}

/// One listener that can close and open again.
struct Door {
    scheme: Scheme,
    address: SocketAddr,
    listener: Option<TcpListener>,
    /// Counts the closings: connections of an earlier count end.
    closings: watch::Sender<u64>,
}

/// Serves until told to stop.
pub(super) async fn run(doors: Doors, mut stopped: watch::Receiver<bool>) {
    let house =
        House { control: doors.control, identities: doors.identities, bound: doors.bound, stopped: stopped.clone() };
    let mut orders = doors.orders;
    let (Ok(mut http), Ok(mut https)) = (Door::new(Scheme::Http, doors.http), Door::new(Scheme::Https, doors.https))
    else {
        return;
    };
    loop {
        tokio::select! {
            // A dropped sender means the server is gone.
            _ = stopped.wait_for(|stop| *stop) => return,
            order = orders.recv() => match order {
                Some(order) if order.scheme == Scheme::Http => http.obey(order).await,
                Some(order) => https.obey(order).await,
                None => return,
            },
            accepted = http.accept() => welcome(&house, &http, accepted).await,
            accepted = https.accept() => welcome(&house, &https, accepted).await,
        }
    }
}

impl Door {
    fn new(scheme: Scheme, listener: std::net::TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let listener = Some(TcpListener::from_std(listener)?);
        Ok(Self { scheme, address, listener, closings: watch::Sender::new(0) })
    }

    /// The next connection; none ever while closed.
    async fn accept(&self) -> io::Result<TcpStream> {
        match &self.listener {
            Some(listener) => listener.accept().await.map(|(stream, _)| stream),
            None => std::future::pending().await,
        }
    }

    async fn obey(&mut self, order: Order) {
        if !order.open {
            self.listener = None;
            self.closings.send_modify(|closings| *closings += 1);
        } else if self.listener.is_none() {
            self.open().await;
        }
        if let Some(done) = order.done {
            // Whoever gave the order may have stopped waiting.
            let _ = done.send(());
        }
    }

    async fn open(&mut self) {
        for _ in 0..OPEN_TRIES {
            if let Ok(listener) = TcpListener::bind(self.address).await {
                self.listener = Some(listener);
                return;
            }
            tokio::time::sleep(OPEN_WAIT).await;
        }
    }
}

async fn welcome(house: &House, door: &Door, accepted: io::Result<TcpStream>) {
    let Ok(stream) = accepted else { return tokio::time::sleep(ACCEPT_PAUSE).await };
    let (house, scheme) = (house.clone(), door.scheme);
    let mut closings = door.closings.subscribe();
    closings.mark_unchanged();
    let mut stopped = house.stopped.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => {}
            _ = closings.changed() => {}
            () = talk(house, scheme, stream) => {}
        }
    });
}

/// One connection. What goes wrong on it concerns its client alone.
async fn talk(house: House, scheme: Scheme, stream: TcpStream) {
    // Small answers must not wait for more.
    let _ = stream.set_nodelay(true);
    match scheme {
        Scheme::Http => converse(house, scheme, stream).await,
        Scheme::Https => {
            let identities = &house.identities;
            let config = match house.control.bad_certificate().as_deref() {
                None => &identities.good,
                Some("ca") => &identities.other_authority,
                Some(_) => &identities.other_name,
            };
            if let Ok(stream) = TlsAcceptor::from(config.clone()).accept(stream).await {
                converse(house, scheme, stream).await;
            }
        }
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(house: House, scheme: Scheme, stream: S) {
    let service = service_fn(|request| reply(&house, scheme, request));
    let mut builder = hyper::server::conn::http1::Builder::new();
    // The faces date their answers by the virtual clock.
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).auto_date_header(false);
    // A client that breaks off, or a fault that does, ends here as an error; the journal tells of it.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed by a fault")]
struct Dropped;

async fn reply(house: &House, scheme: Scheme, request: Request<Incoming>) -> Result<Response<Payload>, Dropped> {
    let Ok(received) = receive(scheme, request).await else {
        let answer = Answer::new(413, "text/plain", "the body is too long\n");
        return Ok(response(&answer, None));
    };
    if received.path().starts_with(endpoints::ROOT) {
        return Ok(response(&endpoints::answer(&house.control, house.bound, &received), None));
    }
    let (answer, entry) = house.control.answer(&received);
    let watcher = Watcher::new(house.control.clone(), entry);
    match answer.delivery {
        Delivery::Dropped => Err(Dropped),
        Delivery::StallHeaders => {
            let never: Infallible = std::future::pending().await;
            match never {}
        }
        Delivery::Whole | Delivery::StallBody | Delivery::CutBody => Ok(response(&answer, Some(watcher))),
    }
}

/// Takes a request off the wire.
async fn receive(scheme: Scheme, request: Request<Incoming>) -> io::Result<Received> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    Ok(Received { scheme, method: head.method.as_str().to_owned(), target, headers, body: collect(body).await? })
}

async fn collect(body: Incoming) -> io::Result<Bytes> {
    let mut body = std::pin::pin!(body);
    let mut all = Vec::new();
    while let Some(frame) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(io::Error::other)?;
        let Ok(data) = frame.into_data() else { continue };
        if all.len() + data.len() > BODY_BYTES_MAX {
            return Err(io::Error::other("too long"));
        }
        all.extend_from_slice(&data);
    }
    Ok(all.into())
}

fn response(answer: &Answer, watcher: Option<Watcher>) -> Response<Payload> {
    let mut response = Response::new(Payload::new(answer, watcher));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}
