//! Asking for a list: in a process of its own, without a privilege, since whoever answers may be an attacker.
//!
//! `child` is that process, as the others see it; what it says is judged by whoever started it. This module is the process
//! itself: it learns the address, gives up what it has, and makes one request.

mod child;
mod request;

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

use lists::Source;
use sys::privilege::{User, become_fetcher};
use sys::sandbox::{forbid_hostile_calls, restrict_files_and_ports};

pub(crate) use self::child::Fetch;

/// Before what was answered, and before why nothing was.
const ANSWERED: u8 = b'+';
const FAILED: u8 = b'-';
/// The longest order: an address.
const ORDER_LIMIT: u64 = 4096;
/// What finding a host's address takes: the resolver's configuration, and the modules that it names.
const RESOLVER: [&str; 10] = [
    "/etc/resolv.conf",
    "/run/systemd/resolve",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/ld.so.cache",
    "/usr/lib",
    "/lib",
    "/lib64",
];
/// Where names are asked for.
const DNS: u16 = 53;

/// Fetches what standard input names.
pub(crate) fn serve() -> io::Result<()> {
    let fetched = fetch();
    let (sign, bytes) = match fetched {
        Ok(answer) => (ANSWERED, answer),
        Err(why) => (FAILED, why.into_bytes()),
    };
    let mut out = io::stdout().lock();
    out.write_all(&[sign]).and_then(|()| out.write_all(&bytes)).and_then(|()| out.flush())
}

fn fetch() -> Result<Vec<u8>, String> {
    let mut url = String::new();
    io::stdin().take(ORDER_LIMIT).read_to_string(&mut url).map_err(|error| error.to_string())?;
    let source = Source::parse(&url).map_err(|error| error.to_string())?;
    // Those that this host trusts, which may lie where only root can read.
    let roots = request::roots();
    give_up_privileges(&source).map_err(|error| error.to_string())?;
    request::get(&source, roots)
}

/// From here on it is nobody, can read how names are looked up, and can connect to this port.
fn give_up_privileges(source: &Source) -> io::Result<()> {
    let user = User::for_watcher().map_err(io::Error::other)?.without_groups();
    let parent = rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get().unsigned_abs());
    become_fetcher(&user, parent).map_err(io::Error::other)?;
    restrict_files_and_ports(&RESOLVER.map(PathBuf::from), &[source.port(), DNS])
        .map_err(io::Error::other)?;
    forbid_hostile_calls().map_err(io::Error::other)
}
