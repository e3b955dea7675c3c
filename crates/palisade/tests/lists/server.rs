//! A server on loopback that answers whatever it is told to.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

type Answer = Arc<dyn Fn(&mut TcpStream) + Send + Sync>;

/// Answers every request in the same way, from the namespace that it was made in. Returns where it listens.
pub(crate) fn serve(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer: Answer = Arc::new(answer);
    thread::spawn(move || {
        for mut stream in listener.incoming().filter_map(Result::ok) {
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                if heard(&mut stream) {
                    answer(&mut stream);
                }
            });
        }
    });
    address
}

/// Whether a whole request came.
fn heard(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => request.extend_from_slice(&buffer[..length]),
            _ => return false,
        }
    }
    true
}

/// A whole answer.
pub(crate) fn ok(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
        .into()
}

/// The official answer, with the built-in networks less `gone` and these.
pub(crate) fn list(gone: &[&str], came: &[&str]) -> String {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/cloudflare.list");
    let built_in = std::fs::read_to_string(built_in).unwrap();
    let networks = built_in.lines().filter(|line| !line.starts_with('#') && !gone.contains(line));
    let (v6, v4): (Vec<&str>, Vec<&str>) =
        networks.chain(came.iter().copied()).partition(|net| net.contains(':'));
    let result =
        serde_json::json!({ "ipv4_cidrs": v4, "ipv6_cidrs": v6, "etag": "38f79d050aa027e3be3865e495dcc9bc" });
    serde_json::json!({ "result": result, "success": true, "errors": [], "messages": [] }).to_string()
}
