//! Lists of ports, by number and by name.

use super::super::vocabulary::{Service, Services};
use super::super::{PortRange, Protocol};
use super::Wrong;

/// iptables' bound, which ufw keeps; a range counts as two.
const MOST: usize = 15;

/// Which protocols a port was named for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Numbers, or a service of TCP and UDP.
    Either,
    /// A service of this protocol alone.
    Only(Protocol),
    /// A service of a protocol that no rule can be about.
    Other,
    /// The word `any`, which is no port.
    Any,
}

/// Numbers and ranges separated by commas, in the order of their numbers; `None` if it is no such list.
pub(in crate::rules) fn numeric(list: &str) -> Option<Vec<PortRange>> {
    let mut ports = list.split(',').map(range).collect::<Option<Vec<_>>>()?;
    let count: usize = ports.iter().map(|range| if range.start() == range.end() { 1 } else { 2 }).sum();
    ports.sort_by_key(|range| (*range.start(), *range.end()));
    (count <= MOST).then_some(ports)
}

fn range(text: &str) -> Option<PortRange> {
    match text.split_once(':') {
        None => number(text).map(|port| port..=port),
        Some((from, to)) => {
            let (from, to) = (number(from)?, number(to)?);
            (from < to).then_some(from..=to)
        }
    }
}

fn number(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

/// Whether it is more than one port.
pub(super) fn are_several(ports: &[PortRange]) -> bool {
    ports.len() > 1 || ports.iter().any(|range| range.start() != range.end())
}

/// Whether it looks like a list and is none.
pub(super) fn is_malformed(text: &str) -> bool {
    let marks = [',', ':'];
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    text.contains(marks)
        && (text.starts_with(marks) || text.ends_with(marks) || !text.split(marks).all(digits))
}

/// What stands behind `port`; `bad` is the message for what is neither a list nor a service.
pub(super) fn read(
    text: &str,
    services: &Services,
    bad: impl FnOnce() -> Wrong,
) -> Result<(Vec<PortRange>, Named), Wrong> {
    if text == "any" {
        return Ok((Vec::new(), Named::Any));
    }
    if is_malformed(text) {
        return Err(Wrong::PortRange);
    }
    if let Some(ports) = numeric(text) {
        return Ok((ports, Named::Either));
    }
    let one = |port| Ok(vec![port..=port]);
    match services.get(text) {
        Some(Service::Ports(Some(port), Some(_))) => Ok((one(port)?, Named::Either)),
        Some(Service::Ports(Some(port), None)) => Ok((one(port)?, Named::Only(Protocol::Tcp))),
        Some(Service::Ports(None, Some(port))) => Ok((one(port)?, Named::Only(Protocol::Udp))),
        Some(Service::Other) => Ok((one(1)?, Named::Other)),
        Some(Service::Ports(None, None)) | None => Err(bad()),
    }
}
