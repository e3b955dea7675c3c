//! One keeper in a network namespace: two would make the same table mean two things.
//!
//! The mark is a socket with an abstract name. The kernel keeps those by network namespace, as it keeps tables, and drops
//! the name with the process.

use std::fs;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use rustix::net::sockopt::socket_peercred;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use tracing::warn;

use crate::exit::{CommandError, Exit};

const NAME: &str = "palisade/inet";

/// Holds the mark for as long as it lives.
pub(super) struct Sole {
    _mark: Option<UnixListener>,
}

impl Sole {
    /// Refused where another keeper is at work. Any user may take a name: one whom nobody would let near the table
    /// cannot keep the keeper from its work.
    pub(super) fn claim() -> Result<Self, CommandError> {
        let failed = |error: io::Error| CommandError::io("the mark of this network namespace", &error);
        let name = SocketAddr::from_abstract_name(NAME).map_err(failed)?;
        match UnixListener::bind_addr(&name) {
            Ok(mark) => Ok(Self { _mark: Some(mark) }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => match holder() {
                Ok(holder) => holder.judge(),
                Err(error) => {
                    warn!(
                        "whether another palisade is at work in this network namespace is unknown: {error}"
                    );
                    Ok(Self { _mark: None })
                }
            },
            Err(error) => Err(failed(error)),
        }
    }
}

struct Holder {
    pid: i32,
    uid: u32,
}

/// Who has the name, if that can be had at once.
fn holder() -> io::Result<Holder> {
    let asking = socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::NONBLOCK | SocketFlags::CLOEXEC,
        None,
    )?;
    connect(&asking, &SocketAddrUnix::new_abstract_name(NAME.as_bytes())?)?;
    let credentials = socket_peercred(&asking)?;
    Ok(Holder { pid: credentials.pid.as_raw_nonzero().get(), uid: credentials.uid.as_raw() })
}

impl Holder {
    fn judge(&self) -> Result<Sole, CommandError> {
        let Self { pid, uid } = self;
        if *uid != 0 && *uid != rustix::process::geteuid().as_raw() {
            warn!("process {pid} of user {uid} pretends to be the palisade of this network namespace");
            return Ok(Sole { _mark: None });
        }
        // Empty where it is in a process namespace of its own.
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " ");
        Err(CommandError::new(
            Exit::Busy,
            format!(
                "another palisade has the firewall of this network namespace: process {pid}, `{line}`; \
                 end it first, or run this one in a network namespace of its own"
            ),
        ))
    }
}
