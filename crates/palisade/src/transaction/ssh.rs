//! Where ssh is served on this host, and who has come in by it.

use std::collections::BTreeSet;

use crate::control::peer::logged_in_from;
use crate::control::session::{Connection, connections};
use crate::control::sockets::{ESTABLISHED, LISTENING, Socket, programs, sockets};

/// The programs that serve it; a session of OpenSSH 9.8 and later is a process of the second.
const SERVERS: [&str; 4] = ["sshd", "sshd-session", "dropbear", "dropbearmulti"];

/// What a process saw that may look into all others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Where ssh is served.
    pub(crate) ports: BTreeSet<u16>,
    /// Who is logged in by it.
    pub(crate) sessions: BTreeSet<Connection>,
}

impl Seen {
    pub(crate) fn now() -> Self {
        Self { ports: ports(), sessions: connections() }
    }
}

/// The ports of this host on which ssh is served for others, as far as this process may look into other ones.
pub(crate) fn ports() -> BTreeSet<u16> {
    let servers = programs(|name| SERVERS.contains(&name));
    let listening = tcp(LISTENING);
    // With a socket of systemd's the server has the sessions alone. What it connects to for others has a port of its own.
    let is_listened_on: BTreeSet<u16> = listening.iter().map(|socket| socket.port).collect();
    let of_servers = listening.into_iter().chain(tcp(ESTABLISHED));
    let of_servers = of_servers.filter(|socket| !socket.is_loopback() && servers.contains_key(&socket.inode));
    of_servers.map(|socket| socket.port).filter(|port| is_listened_on.contains(port)).collect()
}

/// Those of these ports on which something listens for others.
pub(super) fn listening(ports: &BTreeSet<u16>) -> BTreeSet<u16> {
    let listening = tcp(LISTENING).into_iter().filter(|socket| !socket.is_loopback());
    listening.map(|socket| socket.port).filter(|port| ports.contains(port)).collect()
}

/// Who is connected from elsewhere and logged in, as it was seen or as systemd-logind knows; who has only connected is not.
pub(super) fn sessions(seen: &Seen) -> BTreeSet<Connection> {
    let hosts = logged_in_from();
    let connected = tcp(ESTABLISHED).into_iter().filter(|socket| seen.ports.contains(&socket.port));
    let connection =
        |socket: Socket| Some(Connection { client: socket.peer?.to_canonical(), port: socket.port });
    let connected = connected.filter(|socket| !socket.is_loopback()).filter_map(connection);
    connected.filter(|it| seen.sessions.contains(it) || hosts.contains(&it.client)).collect()
}

fn tcp(state: &str) -> Vec<Socket> {
    ["tcp", "tcp6"].into_iter().flat_map(|table| sockets(table, state)).collect()
}
