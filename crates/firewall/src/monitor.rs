//! What other programs do to the table.

use std::os::fd::{AsFd, BorrowedFd};

use ipnet::IpNet;
use sys::netlink::{Family, Message, Messages, Socket};

use crate::enforce;
use crate::layout::Layout;
use crate::wire::{self, kind};
use crate::{Firewall, FirewallError};

/// Listens to the kernel's notices about nf_tables. What the [`Firewall`] that it comes from does is not among them:
/// the kernel leaves that out, so a restore of 100,000 bans does not flood it.
#[derive(Debug)]
pub struct Monitor {
    socket: Socket,
    received: Vec<u8>,
}

/// Something that another program did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The table went, and all bans with it: apply the policy, then ban everybody again.
    TableDeleted,
    /// Rules, chains, counters or lists of ports changed, or a set went: apply the policy, and ban those again whom it
    /// names as gone.
    RulesChanged,
    /// One ban was taken away: ban again.
    ElementDeleted {
        /// A jail of the policy.
        jail: String,
        /// As it was banned.
        net: IpNet,
    },
    /// So much happened that notices were lost: take it for [`Event::TableDeleted`].
    Overrun,
}

/// Multicast group 7 as a bit mask.
const NFTABLES_GROUP: u32 = 1 << 6;
const RECEIVE_BUFFER: usize = 4 << 20;
/// Nothing is sent but to bind.
const SEND_BUFFER: usize = 4096;
const ENOBUFS: i32 = 105;

impl Monitor {
    pub(crate) fn open(own_port: u32) -> Result<Monitor, FirewallError> {
        let failed = |source| FirewallError::kernel("listening to nf_tables", source);
        let socket = Socket::open(Family::Netfilter, NFTABLES_GROUP).map_err(failed)?;
        socket.ignore_sender(own_port).map_err(failed)?;
        socket.set_buffers(SEND_BUFFER, RECEIVE_BUFFER).map_err(failed)?;
        Ok(Monitor { socket, received: Vec::new() })
    }

    /// What happened since the last call; never waits. [`AsFd`] gives the descriptor to poll for reading.
    pub fn read(&mut self, firewall: &Firewall) -> Result<Vec<Event>, FirewallError> {
        let mut events = Vec::new();
        loop {
            match self.socket.receive(&mut self.received) {
                Ok(Some(bytes)) => events.extend(events_in(bytes, firewall.layout())),
                Ok(None) => break,
                Err(error) if error.raw_os_error() == Some(ENOBUFS) => events.push(Event::Overrun),
                Err(error) => return Err(FirewallError::kernel("listening to nf_tables", error)),
            }
        }
        Ok(only_what_matters(events))
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn events_in(bytes: &[u8], layout: &Layout) -> Vec<Event> {
    let messages = Messages::new(bytes);
    messages
        .flat_map(|message| message.map_or_else(|_| vec![Event::Overrun], |message| event(&message, layout)))
        .collect()
}

fn event(message: &Message<'_>, layout: &Layout) -> Vec<Event> {
    if !wire::belongs_to_table(message) {
        return Vec::new();
    }
    match wire::kind_of(message.kind) {
        Some(kind::DEL_TABLE) => vec![Event::TableDeleted],
        Some(kind::NEW_ELEMENT | kind::DEL_ELEMENT)
            if wire::set_of_elements(message).is_some_and(enforce::changes_in_place) =>
        {
            vec![Event::RulesChanged]
        }
        Some(kind::DEL_ELEMENT) => deleted_elements(message, layout),
        // No rule asks a set that is new.
        Some(kind::NEW_ELEMENT | kind::NEW_SET) | None => Vec::new(),
        Some(_) => vec![Event::RulesChanged],
    }
}

fn deleted_elements(message: &Message<'_>, layout: &Layout) -> Vec<Event> {
    let Some((set, keys)) = wire::elements_of(message) else { return Vec::new() };
    let nets = keys.filter_map(|key| layout.net_of(set, key));
    nets.map(|(jail, net)| Event::ElementDeleted { jail, net }).collect()
}

/// With the table or with notices, single events lose their meaning; rules changed once or often is the same.
fn only_what_matters(events: Vec<Event>) -> Vec<Event> {
    for whole in [Event::Overrun, Event::TableDeleted] {
        if events.contains(&whole) {
            return vec![whole];
        }
    }
    let mut rules_changed = false;
    let is_first_change =
        |event: &Event| *event != Event::RulesChanged || !std::mem::replace(&mut rules_changed, true);
    events.into_iter().filter(is_first_change).collect()
}
