//! Where documents may come from: a service that names hostile addresses, which the double would never do.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::house::{House, Service};

/// A service of the Pay API that lists one report, whose document is where it is told to be.
struct Hostile {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Hostile {
    /// `PORT` in the address becomes the service's own; a path `/elsewhere` is answered with a redirect.
    fn new(document: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let document = document.replace("PORT", &port.to_string());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = asked.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut piece = [0_u8; 8192];
                let count = stream.read(&mut piece).unwrap_or(0);
                let line = String::from_utf8_lossy(&piece[..count]).lines().next().unwrap_or_default().to_owned();
                let answer = answer(&line, &document);
                kept.lock().unwrap().push(line);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { port, asked }
    }
}

fn answer(line: &str, document: &str) -> String {
    let body = if line.contains("/report-documents/") {
        format!("{{\"reportDocumentId\":\"d\",\"url\":\"{document}\",\"compressionAlgorithm\":\"N/A\"}}")
    } else if line.contains("/disbursements") {
        "{\"disbursements\":[]}".to_owned()
    } else if line.contains("/reports") {
        "{\"reports\":[{\"reportId\":\"1\",\"reportType\":\"_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_\",\
          \"processingStatus\":\"COMPLETED\",\"reportDocumentId\":\"d\"}]}"
            .to_owned()
    } else {
        return "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            .to_owned();
    };
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_document_is_fetched_from_no_private_plain_or_redirected_address() {
    for (document, why) in [
        ("http://pay.example.org/planted", "neither https nor this machine"),
        ("https://127.0.0.1:1/planted", "not an address of the public internet"),
        ("http://127.0.0.1:1/planted", "not an address of the public internet"),
        ("https://169.254.169.254/planted", "not an address of the public internet"),
        ("https://10.1.2.3/planted", "not an address of the public internet"),
        ("https://[::1]/planted", "not an address of the public internet"),
        ("https://[::ffff:10.0.0.1]/planted", "not an address of the public internet"),
        ("https://localhost/planted", "not one of the public internet"),
        ("file:///etc/passwd", "neither https nor this machine"),
        ("http://127.0.0.1:PORT/elsewhere", "leads to another address"),
    ] {
        let hostile = Hostile::new(document);
        let house = House::new(Service::Pay);
        house.configure(&format!("endpoint = \"http://127.0.0.1:{}\"", hostile.port));
        let run = house.settle(&["fetch"]).exits(3).says(why);
        assert!(!run.err.contains("planted") && !run.out.contains("planted"), "{document}: {}", run.err);
        assert!(house.raw().is_empty());
        let documents = hostile.asked.lock().unwrap().iter().filter(|line| line.contains("report-documents")).count();
        assert_eq!(documents, 1, "{document} is no matter of trying again");
    }
}

#[test]
fn a_private_host_is_allowed_where_the_config_names_it() {
    let house = House::new(Service::Pay);
    let hostile = Hostile::new("https://127.0.0.1:PORT/planted");
    let port = hostile.port;
    house.configure(&format!(
        "endpoint = \"http://127.0.0.1:{port}\"\ndocument_host = \"127.0.0.1:{port}\"\n\n[fetch]\ntimeout = \"1s\""
    ));
    // It is connected to now, and is no TLS server.
    house.settle(&["fetch"]).exits(3).says("no secure connection");
}
