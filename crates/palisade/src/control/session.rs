//! From where the person at the keyboard is logged in.
//!
//! `SSH_CONNECTION` says it, but sudo and su take it away; so the environment of every ancestor is asked, up to the
//! shell that sshd started.

use std::fs;
use std::net::IpAddr;

/// More ancestors than any real session has.
const DEPTH: usize = 64;

/// An ssh session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Connection {
    /// From where.
    pub(crate) client: IpAddr,
    /// The port of this host.
    pub(crate) port: u16,
}

/// The address of this process's ssh session, if it has one.
pub(crate) fn address() -> Option<IpAddr> {
    connection().map(|connection| connection.client)
}

/// This process's ssh session, if it has one.
pub(crate) fn connection() -> Option<Connection> {
    let mut pid = std::process::id();
    for _ in 0..DEPTH {
        let environ = fs::read(format!("/proc/{pid}/environ")).ok();
        if let Some(connection) = environ.as_deref().and_then(connection_in) {
            return Some(connection);
        }
        pid = parent(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
    }
    None
}

fn connection_in(environ: &[u8]) -> Option<Connection> {
    let value = environ.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(b"SSH_CONNECTION="))?;
    let mut words = std::str::from_utf8(value).ok()?.split(' ');
    // A link-local client is written with its interface: fe80::1%eth0.
    let client: IpAddr = words.next()?.split('%').next()?.parse().ok()?;
    Some(Connection { client: client.to_canonical(), port: words.nth(2)?.parse().ok()? })
}

/// The parent in `/proc/PID/stat`; the command's name before it may hold anything, a `)` too.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok().filter(|pid| *pid > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_and_port_are_the_first_and_the_last_word_of_ssh_connection() {
        let found = |environ| connection_in(environ).map(|Connection { client, port }| (client, port));
        let environ = b"HOME=/root\0SSH_CONNECTION=2001:db8::7 50000 192.0.2.1 22\0TERM=xterm\0";
        assert_eq!(found(environ), Some(("2001:db8::7".parse().unwrap(), 22)));
        let linked = found(b"SSH_CONNECTION=fe80::1%eth0 1 fe80::2%eth0 2222\0");
        assert_eq!(linked, Some(("fe80::1".parse().unwrap(), 2222)));
        assert_eq!(found(b"NOT_SSH_CONNECTION=192.0.2.9 1 2 3\0"), None);
        assert_eq!(found(b"SSH_CONNECTION=192.0.2.9\0"), None);
    }

    #[test]
    fn an_ipv4_client_of_an_ipv6_listener_is_an_ipv4_address() {
        let connection = connection_in(b"SSH_CONNECTION=::ffff:192.0.2.9 1 2 3\0").unwrap();
        assert_eq!(connection.client, "192.0.2.9".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn a_parent_is_found_behind_any_command_name() {
        assert_eq!(parent("42 (a) b) S 7 42 42 0"), Some(7));
        assert_eq!(parent("1 (init) S 0 1 1 0"), None);
    }
}
