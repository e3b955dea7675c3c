//! The login service where no sshd can run: it asks for a name and a password, and logs as sshd does.
//!
//! The connections and the lines are real. The dialogue is not SSH's: two lines from the client, one in answer.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use super::cast::PORT;
use super::logbook::Logbook;

/// The only one that lets anybody in.
pub(super) const PASSWORD: &str = "correct horse battery staple";
pub(super) const WELCOME: &str = "welcome";
/// More than an honest client sends.
const LIMIT: u64 = 1024;
const PATIENCE: Duration = Duration::from_secs(5);
/// Every name is unknown here, but the visitor's.
const KNOWN: &str = "root";

/// Serves until the process ends.
pub(super) fn start(log: Logbook) -> io::Result<()> {
    // On most hosts an IPv6 socket takes IPv4 connections too, but not where net.ipv6.bindv6only is set.
    let six = TcpListener::bind((Ipv6Addr::UNSPECIFIED, PORT))?;
    let four = match TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => None,
        other => Some(other?),
    };
    let log = Arc::new(log);
    let pids = Arc::new(AtomicU32::new(std::process::id()));
    for listener in four.into_iter().chain([six]) {
        let (log, pids) = (Arc::clone(&log), Arc::clone(&pids));
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let session = Session { log: Arc::clone(&log), pid: pids.fetch_add(1, Ordering::Relaxed) };
                // A client that breaks off has nothing more to say.
                thread::spawn(move || session.serve(&stream));
            }
        });
    }
    Ok(())
}

/// One connection, with the number that a process of sshd would have.
struct Session {
    log: Arc<Logbook>,
    pid: u32,
}

impl Session {
    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let peer = stream.peer_addr()?;
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        let mut lines = BufReader::new(stream.take(LIMIT)).lines();
        let (Some(user), Some(password)) = (lines.next().transpose()?, lines.next().transpose()?) else {
            return Ok(());
        };
        let from = format!("{} port {}", peer.ip(), peer.port());
        let welcome = user == KNOWN && password == PASSWORD;
        for line in if welcome { accepted(&user, &from) } else { failed(&user, &from) } {
            self.log.write(&format!("sshd[{}]: {line}", self.pid))?;
        }
        let mut stream = stream;
        writeln!(stream, "{}", if welcome { WELCOME } else { "no" })
    }
}

fn accepted(user: &str, from: &str) -> Vec<String> {
    vec![
        format!("Accepted password for {user} from {from} ssh2"),
        format!("Disconnected from user {user} {from}"),
    ]
}

fn failed(user: &str, from: &str) -> Vec<String> {
    vec![
        format!("Invalid user {user} from {from}"),
        format!("Failed password for invalid user {user} from {from} ssh2"),
        format!("Connection closed by invalid user {user} {from} [preauth]"),
    ]
}
