//! Whom nobody may ban, neither a jail nor a person: checked last, by the keeper, for every ban.

use std::net::IpAddr;
use std::time::Duration;

use detect::Time;
use ipnet::IpNet;

use super::lists::KeptLists;
use super::networks::never_ban;

/// Own addresses come and go with leases; they are asked for again after this long.
const OWN_AGE: Duration = Duration::from_secs(10);

/// The networks that are never banned, each with why.
pub(crate) struct NeverBan {
    listed: Vec<IpNet>,
    own: Vec<IpNet>,
    own_asked: Option<Time>,
    /// Where whoever started the daemon is logged in.
    session: Option<IpAddr>,
}

impl NeverBan {
    pub(crate) fn new(session: Option<IpAddr>, lists: &KeptLists) -> Self {
        let listed = never_ban().chain(lists.networks()).collect();
        Self { listed, own: Vec::new(), own_asked: None, session }
    }

    /// Why `net` must not be banned, if so. `session` is where the person who commands it is logged in.
    pub(crate) fn objection(&self, net: IpNet, session: Option<IpAddr>) -> Option<&'static str> {
        let sessions = [self.session, session];
        if self.listed.iter().any(|listed| overlap(*listed, net)) {
            Some("it is on the never-ban list")
        } else if self.own.iter().any(|own| overlap(*own, net)) {
            Some("it is an address of this host")
        } else if sessions.into_iter().flatten().any(|address| net.contains(&address)) {
            Some("you are logged in from there")
        } else {
            None
        }
    }

    /// Takes the lists that are in force now.
    pub(crate) fn take(&mut self, lists: &KeptLists) {
        self.listed = never_ban().chain(lists.networks()).collect();
    }

    /// Asks the system for the host's own addresses, if that is due; says whether they changed.
    pub(crate) fn refresh(&mut self, now: Time) -> bool {
        if self.own_asked.is_some_and(|asked| now >= asked && now.since(asked) < OWN_AGE) {
            return false;
        }
        self.own_asked = Some(now);
        // With no answer the last one stands.
        let Ok(own) = sys::interface::addresses() else { return false };
        let own: Vec<IpNet> = own.into_iter().map(IpNet::from).collect();
        let changed = own != self.own;
        self.own = own;
        changed
    }

    /// The host's own addresses, for `ignoreself`.
    pub(crate) fn own(&self) -> &[IpNet] {
        &self.own
    }

    /// What is built in, and the lists.
    pub(crate) fn listed(&self) -> &[IpNet] {
        &self.listed
    }
}

/// Two networks share addresses exactly if one holds the other.
fn overlap(a: IpNet, b: IpNet) -> bool {
    a.contains(&b) || b.contains(&a)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn objection(net: &str, session: Option<&str>) -> Option<&'static str> {
        let session = session.map(|address| address.parse().unwrap());
        NeverBan::new(None, &KeptLists::built_in(Path::new("/nowhere")))
            .objection(net.parse().unwrap(), session)
    }

    #[test]
    fn a_network_that_merely_touches_the_list_is_refused() {
        assert!(objection("104.16.0.1/32", None).is_some());
        assert!(objection("0.0.0.0/0", None).is_some());
        assert!(objection("2606:4700::/48", None).is_some());
        assert!(objection("203.0.113.7/32", None).is_none());
    }

    #[test]
    fn nobody_bans_the_place_they_are_logged_in_from() {
        assert!(objection("203.0.113.7/32", Some("203.0.113.7")).is_some());
        assert!(objection("203.0.113.0/24", Some("203.0.113.7")).is_some());
        assert!(objection("203.0.113.8/32", Some("203.0.113.7")).is_none());
    }
}
