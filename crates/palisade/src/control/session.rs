//! From where the person at the keyboard is logged in.
//!
//! `SSH_CONNECTION` says it, but sudo and su take it away; so the environment of every ancestor is asked, up to the
//! shell that sshd started.

use std::fs;
use std::net::IpAddr;

/// More ancestors than any real session has.
const DEPTH: usize = 64;

/// The address of this process's ssh session, if it has one.
pub(crate) fn address() -> Option<IpAddr> {
    let mut pid = std::process::id();
    for _ in 0..DEPTH {
        if let Some(address) = fs::read(format!("/proc/{pid}/environ")).ok().as_deref().and_then(client_in) {
            return Some(address);
        }
        pid = parent(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
    }
    None
}

fn client_in(environ: &[u8]) -> Option<IpAddr> {
    let value = environ.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(b"SSH_CONNECTION="))?;
    let client = std::str::from_utf8(value).ok()?.split(' ').next()?;
    // A link-local client is written with its interface: fe80::1%eth0.
    let address: IpAddr = client.split('%').next()?.parse().ok()?;
    Some(address.to_canonical())
}

/// The parent in `/proc/PID/stat`; the command's name before it may hold anything, a `)` too.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok().filter(|pid| *pid > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_the_first_address_of_ssh_connection() {
        let environ = b"HOME=/root\0SSH_CONNECTION=2001:db8::7 50000 192.0.2.1 22\0TERM=xterm\0";
        assert_eq!(client_in(environ), Some("2001:db8::7".parse().unwrap()));
        assert_eq!(client_in(b"SSH_CONNECTION=fe80::1%eth0 1 fe80::2%eth0 22\0"), "fe80::1".parse().ok());
        assert_eq!(client_in(b"NOT_SSH_CONNECTION=192.0.2.9 1 2 3\0"), None);
    }

    #[test]
    fn an_ipv4_client_of_an_ipv6_listener_is_an_ipv4_address() {
        assert_eq!(client_in(b"SSH_CONNECTION=::ffff:192.0.2.9 1 2 3\0"), "192.0.2.9".parse().ok());
    }

    #[test]
    fn a_parent_is_found_behind_any_command_name() {
        assert_eq!(parent("42 (a) b) S 7 42 42 0"), Some(7));
        assert_eq!(parent("1 (init) S 0 1 1 0"), None);
    }
}
