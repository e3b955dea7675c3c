//! What the kernel says on nf_tables' multicast group.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sys::netlink::{Attributes, Family, Message, Messages, Socket};

/// Multicast group 7 as a bit mask.
const NFTABLES_GROUP: u32 = 1 << 6;
const NEW_ELEMENT: u16 = 10 << 8 | 12;
const FAMILY_HEADER: usize = 4;
/// `NFTA_SET_ELEM_LIST_ELEMENTS`, `NFTA_SET_ELEM_KEY`, `NFTA_DATA_VALUE`.
const ELEMENTS: u16 = 3;
const KEY: u16 = 1;
const VALUE: u16 = 1;

pub(crate) struct Listener {
    socket: Socket,
    buffer: Vec<u8>,
}

impl Listener {
    pub(crate) fn open() -> anyhow::Result<Self> {
        let socket = Socket::open(Family::Netfilter, NFTABLES_GROUP).context("netlink")?;
        socket.set_buffers(4096, 256 << 20)?;
        Ok(Self { socket, buffer: Vec::new() })
    }

    /// Waits for elements, and says which there are and when they came.
    pub(crate) fn next(&mut self, patience: Duration) -> anyhow::Result<(Instant, Vec<IpAddr>)> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(bytes) = self.socket.receive(&mut self.buffer).context("notices were lost")? {
                let came = Instant::now();
                let found: Vec<IpAddr> = Messages::new(bytes).flatten().flat_map(|m| elements(&m)).collect();
                if !found.is_empty() {
                    return Ok((came, found));
                }
                continue;
            }
            let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now()))?;
            let mut fds = [PollFd::from_borrowed_fd(self.socket.as_fd(), PollFlags::IN)];
            if poll(&mut fds, Some(&left))? == 0 {
                bail!("no ban within {patience:?}");
            }
        }
    }

    /// Waits for an address, and says when it came.
    pub(crate) fn wait_for(&mut self, host: IpAddr, patience: Duration) -> anyhow::Result<Instant> {
        loop {
            let (came, hosts) = self.next(patience)?;
            if hosts.contains(&host) {
                return Ok(came);
            }
        }
    }
}

fn elements(message: &Message<'_>) -> Vec<IpAddr> {
    if message.kind != NEW_ELEMENT {
        return Vec::new();
    }
    let list = message.attributes(FAMILY_HEADER).nested(ELEMENTS);
    list.filter_map(|(_, element)| ip(Attributes::new(element).nested(KEY).get(VALUE)?)).collect()
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into()),
        16 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into()),
        _ => None,
    }
}
