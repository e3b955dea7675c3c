//! The sockets of this network namespace, as `/proc/net` lists them, and whose they are.

use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;

/// States, as the tables write them.
pub(crate) const LISTENING: &str = "0A";
pub(crate) const ESTABLISHED: &str = "01";
/// Of UDP, which does not listen.
pub(crate) const BOUND: &str = "07";

/// A program that was replaced since it was started.
const REPLACED: &str = " (deleted)";

/// One socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) port: u16,
    pub(crate) address: Option<IpAddr>,
    /// The other end's, if it is connected.
    pub(crate) peer: Option<IpAddr>,
    /// The socket's number.
    pub(crate) inode: String,
}

impl Socket {
    /// Whether no other host can reach it.
    pub(crate) fn is_loopback(&self) -> bool {
        self.address.is_some_and(|address| address.to_canonical().is_loopback())
    }
}

/// Those of a table (`tcp`, `tcp6`, `udp`, `udp6`) that are in this state.
pub(crate) fn sockets(table: &str, state: &str) -> Vec<Socket> {
    let content = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
    content.lines().filter_map(|line| read(line, state)).collect()
}

/// A line of `/proc/net/tcp` and its like.
fn read(line: &str, state: &str) -> Option<Socket> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let (local, remote, found, inode) = (words.get(1)?, words.get(2)?, words.get(3)?, words.get(9)?);
    (*found == state).then_some(())?;
    let (local, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let peer = remote.split_once(':').and_then(|(remote, _)| address(remote));
    Some(Socket { port, address: address(local), peer, inode: (*inode).to_owned() })
}

/// In hexadecimal, in words in the order of this machine.
fn address(text: &str) -> Option<IpAddr> {
    let digits = text.as_bytes().chunks(2);
    let mut bytes: Vec<u8> =
        digits.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    if cfg!(target_endian = "little") {
        bytes.chunks_mut(4).for_each(<[u8]>::reverse);
    }
    let four = <[u8; 4]>::try_from(bytes.as_slice()).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes.as_slice()).map(IpAddr::from)).ok()
}

/// The program that has each socket, by the socket's number; of the programs that are wanted, as far as this process may
/// look into them.
pub(crate) fn programs(is_wanted: impl Fn(&str) -> bool) -> HashMap<String, String> {
    let mut programs = HashMap::new();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes {
        let Ok(program) = fs::read_link(process.path().join("exe")) else { continue };
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let name = name.strip_suffix(REPLACED).unwrap_or(&name);
        if !is_wanted(name) {
            continue;
        }
        let files = fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten();
        let sockets = files.filter_map(|file| {
            let target = fs::read_link(file.path()).ok()?;
            Some(target.to_str()?.strip_prefix("socket:[")?.trim_end_matches(']').to_owned())
        });
        programs.extend(sockets.map(|socket| (socket, name.to_owned())));
    }
    programs
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
        0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 111 1\n\
        1: 0500000A:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 222 1\n\
        2: 0500000A:0050 0900000A:1234 01 00000000:00000000 00:00000000 00000000 0 0 333 1\n";

    fn found(state: &str) -> Vec<Socket> {
        TCP.lines().filter_map(|line| read(line, state)).collect()
    }

    #[test]
    fn what_listens_is_told_from_what_is_connected() {
        let seen: Vec<_> = found(LISTENING).iter().map(|found| (found.port, found.is_loopback())).collect();
        assert_eq!(seen, [(8080, true), (80, false)]);
        let connected = &found(ESTABLISHED)[0];
        assert_eq!((connected.port, &*connected.inode), (80, "333"));
        assert_eq!(connected.peer, Some("10.0.0.9".parse().unwrap()));
    }

    #[test]
    fn an_ipv6_address_is_read() {
        let six = "0: 00000000000000000000000001000000:0016 0:0 0A 0 0 0 0 0 7 1";
        assert!(read(six, LISTENING).unwrap().is_loopback());
        let mapped = "0: 0000000000000000FFFF00000100007F:0016 0:0 0A 0 0 0 0 0 7 1";
        assert!(read(mapped, LISTENING).unwrap().is_loopback());
    }
}
