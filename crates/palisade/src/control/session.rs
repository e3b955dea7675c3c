//! From where the person at the keyboard is logged in, and since when.
//!
//! `SSH_CONNECTION` says it, but sudo and su take it away; so the environment of every ancestor is asked, up to the
//! shell that sshd or dropbear started. Since when, their process above that shell says: it is as old as the connection.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

/// More ancestors than any real session has.
const DEPTH: usize = 64;

/// An ssh session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    static FOUND: OnceLock<Option<Connection>> = OnceLock::new();
    *FOUND.get_or_init(|| connection_of(std::process::id()))
}

/// The ssh session of another process, if it has one and its environment may be read.
pub(super) fn connection_of(pid: u32) -> Option<Connection> {
    ancestors(pid).find_map(|pid| connection_in(&fs::read(format!("/proc/{pid}/environ")).ok()?))
}

/// The ssh sessions of all processes whose environment may be read.
pub(crate) fn connections() -> BTreeSet<Connection> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|process| connection_in(&fs::read(process.path().join("environ")).ok()?)).collect()
}

/// When this process's ssh session began, since the start of the host. `None`: it has none, or, as within tmux and screen,
/// none that can be told from those before.
pub(crate) fn began() -> Option<Duration> {
    let cmdline = |pid: u32| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let (mut began, mut below) = (None, Vec::new());
    for pid in ancestors(std::process::id()) {
        let cmdline = cmdline(pid);
        if is_session_of_sshd(&cmdline) || is_session_of_dropbear(&cmdline, &below) {
            // Of an ordinary user sshd has two; the older one took the connection.
            began = [began, started(&stat(pid)?)].into_iter().flatten().min();
        }
        below = cmdline;
    }
    began
}

/// The process, its parent, and so on.
fn ancestors(pid: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(pid), |pid| parent(&stat(*pid)?)).take(DEPTH)
}

fn stat(pid: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{pid}/stat")).ok()
}

/// As sshd names itself: `sshd: alice@pts/0`, from 9.8 on `sshd-session: …`. That which listens is none.
fn is_session_of_sshd(cmdline: &[u8]) -> bool {
    let name = String::from_utf8_lossy(cmdline);
    (name.starts_with("sshd: ") || name.starts_with("sshd-session: ")) && !name.contains("[listener]")
}

/// Dropbear does not name itself: the process that took the connection is as the one that listens above it.
fn is_session_of_dropbear(cmdline: &[u8], below: &[u8]) -> bool {
    let is_dropbear = |cmdline: &[u8]| {
        let program = cmdline.split(|byte| *byte == 0).next().unwrap_or_default();
        program.rsplit(|byte| *byte == b'/').next() == Some(b"dropbear")
    };
    is_dropbear(cmdline) && !is_dropbear(below)
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

/// When a process started, since the start of the host.
fn started(stat: &str) -> Option<Duration> {
    let ticks: u64 = stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()?;
    Some(Duration::from_millis(ticks.saturating_mul(1000) / rustix::param::clock_ticks_per_second()))
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
    fn sessions_of_sshd_are_told_from_what_listens() {
        for session in ["sshd: root@pts/0\0\0", "sshd: alice [priv]\0", "sshd-session: bob@notty\0"] {
            assert!(is_session_of_sshd(session.as_bytes()), "{session}");
        }
        let others =
            ["sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups\0", "/usr/sbin/sshd\0-D\0", "-bash\0"];
        for other in others {
            assert!(!is_session_of_sshd(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_session_of_dropbear_is_told_from_what_listens_above_it() {
        let (shell, dropbear) = (&b"-sh\0"[..], &b"/usr/sbin/dropbear\0-F\0-p\0ssh\0"[..]);
        assert!(is_session_of_dropbear(dropbear, shell) && is_session_of_dropbear(b"dropbear\0-i\0", shell));
        assert!(!is_session_of_dropbear(dropbear, dropbear));
        assert!(!is_session_of_dropbear(b"/usr/bin/dropbearkey\0", shell));
        assert!(!is_session_of_dropbear(b"sh\0-c\0dropbear\0", shell));
    }

    #[test]
    fn a_process_has_started_before_now() {
        let own = started(&stat(std::process::id()).unwrap()).unwrap();
        let now = posture::Moment::now().uptime_ms;
        assert!(own <= Duration::from_millis(now) && own > Duration::ZERO);
    }

    #[test]
    fn a_parent_is_found_behind_any_command_name() {
        assert_eq!(parent("42 (a) b) S 7 42 42 0"), Some(7));
        assert_eq!(parent("1 (init) S 0 1 1 0"), None);
    }
}
