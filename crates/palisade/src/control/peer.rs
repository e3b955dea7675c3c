//! From where the process at the other end of a socket is told what to do.
//!
//! The daemon may not read the environment of a process with more privileges than it has. There systemd-logind is asked,
//! which knows each session by a number that sudo and su leave alone.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::net::sockopt::socket_peercred;

use super::session::connection_of;

/// Where systemd-logind writes down who is logged in, a file a session.
const SESSIONS: &str = "/run/systemd/sessions";

/// The address of the peer's ssh session, if it has one and it can be told.
pub(crate) fn address(socket: impl AsFd) -> Option<IpAddr> {
    let pid = socket_peercred(socket).ok()?.pid.as_raw_nonzero().get().unsigned_abs();
    connection_of(pid).map(|connection| connection.client).or_else(|| logged_in(pid))
}

/// From where people are logged in, as systemd-logind knows it.
pub(crate) fn logged_in_from() -> BTreeSet<IpAddr> {
    let sessions = fs::read_dir(SESSIONS).into_iter().flatten().flatten();
    sessions.filter_map(|session| remote_host(&fs::read_to_string(session.path()).ok()?)).collect()
}

fn logged_in(pid: u32) -> Option<IpAddr> {
    let number = fs::read_to_string(format!("/proc/{pid}/sessionid")).ok()?;
    remote_host(&fs::read_to_string(Path::new(SESSIONS).join(number.trim())).ok()?)
}

fn remote_host(session: &str) -> Option<IpAddr> {
    let host = session.lines().find_map(|line| line.strip_prefix("REMOTE_HOST="))?;
    host.split('%').next()?.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logind_knows_who_is_logged_in_from_elsewhere() {
        let session = "# This is private data.\nUID=0\nREMOTE=1\nREMOTE_HOST=::ffff:192.0.2.9\nLEADER=7\n";
        assert_eq!(remote_host(session), Some("192.0.2.9".parse().unwrap()));
        assert_eq!(remote_host("UID=0\nREMOTE=0\n"), None);
        assert_eq!(remote_host("REMOTE_HOST=example.org\n"), None);
    }
}
