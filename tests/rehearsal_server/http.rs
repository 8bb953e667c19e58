//! A client that sends exactly the bytes it is told to and reads one answer: nothing is normalised,
//! encoded or retried on the way.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer, as far as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// How the answer ended.
    pub(crate) end: End,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    /// The connection was closed before the promised length.
    Cut,
    /// Nothing more came in time.
    Stalled,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("no JSON ({why}): {}", self.text()))
    }

    /// The code of an error of any of the services.
    pub(crate) fn code(&self) -> String {
        let text = self.text();
        match text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")) {
            Some((code, _)) => code.to_owned(),
            None => serde_json::from_slice(&self.body)
                .ok()
                .and_then(|body: serde_json::Value| body["reasonCode"].as_str().map(str::to_owned))
                .unwrap_or_default(),
        }
    }
}

/// A request, byte by byte.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Replaces a header, or takes it away.
    pub(crate) fn set(mut self, name: &str, value: Option<&str>) -> Self {
        self.headers.retain(|(header, _)| !header.eq_ignore_ascii_case(name));
        if let Some(value) = value {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn bytes(&self, address: SocketAddr) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str(&format!("Host: {address}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.body.is_empty() || self.method == "POST" {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("Connection: close\r\n\r\n");
        [head.as_bytes(), &self.body].concat()
    }

    /// Sends it and reads the answer; no answer at all is an error.
    pub(crate) fn send(&self, address: SocketAddr) -> io::Result<Reply> {
        self.send_waiting(address, Duration::from_secs(30))
    }

    /// The same with another patience.
    pub(crate) fn send_waiting(&self, address: SocketAddr, patience: Duration) -> io::Result<Reply> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(patience))?;
        stream.write_all(&self.bytes(address))?;
        let mut received = Vec::new();
        let mut block = [0; 64 * 1024];
        let end = loop {
            match stream.read(&mut block) {
                Ok(0) => break End::Whole,
                Ok(length) => received.extend_from_slice(&block[..length]),
                Err(why) if why.kind() == io::ErrorKind::WouldBlock || why.kind() == io::ErrorKind::TimedOut => {
                    break End::Stalled;
                }
                Err(_) => break End::Cut,
            }
        };
        read_reply(&received, end)
    }
}

fn read_reply(received: &[u8], end: End) -> io::Result<Reply> {
    let split = received.windows(4).position(|window| window == b"\r\n\r\n");
    let split = split.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "no answer"))?;
    let head = String::from_utf8_lossy(&received[..split]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let body = received[split + 4..].to_vec();
    let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.parse().unwrap());
    let end = if end == End::Whole && length.is_some_and(|length: usize| body.len() < length) { End::Cut } else { end };
    Ok(Reply { status, headers, body, end })
}
