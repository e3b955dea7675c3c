//! How one list differs from another.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::bounds::{Unbelievable, V4, V6};

/// What is new in a list, and what is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// New networks.
    pub came: Vec<IpNet>,
    /// Networks that were there before.
    pub gone: Vec<IpNet>,
}

impl Change {
    /// From the one list to the other.
    #[must_use]
    pub fn between(before: &[IpNet], after: &[IpNet]) -> Self {
        let missing =
            |from: &[IpNet], of: &[IpNet]| of.iter().filter(|net| !from.contains(net)).copied().collect();
        Self { came: missing(before, after), gone: missing(after, before) }
    }

    /// Nothing differs.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.came.is_empty() && self.gone.is_empty()
    }

    /// Of each family at most a third of what is in force may go, and as much may come.
    ///
    /// # Errors
    /// It is more, and more than `few`.
    pub fn check_size(&self, before: &[IpNet], few: usize) -> Result<(), Unbelievable> {
        for bounds in [V4, V6] {
            let count = |nets: &[IpNet]| nets.iter().filter(|net| bounds.is_about(net)).count();
            let (of, gone, came) = (count(before), count(&self.gone), count(&self.came));
            let (family, limit) = (bounds.family, few.max(of / 3));
            if gone.max(came) > limit {
                return Err(Unbelievable::Change { family, of, gone, came, limit });
            }
        }
        Ok(())
    }

    /// No new network holds an address of this host, which are `own`.
    ///
    /// # Errors
    /// One does.
    pub fn check_own(&self, own: &[IpAddr]) -> Result<(), Unbelievable> {
        let held = |net: &IpNet| own.iter().find(|address| net.contains(*address)).map(|own| (*net, *own));
        match self.came.iter().find_map(held) {
            Some((net, address)) => Err(Unbelievable::Own { net, address }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BUILT_IN;

    fn changed(gone: usize, came: usize) -> Change {
        let before = BUILT_IN[0].networks();
        let new = (0..came).map(|n| format!("185.{n}.0.0/16").parse().unwrap());
        let after: Vec<IpNet> = before.iter().skip(gone).copied().chain(new).collect();
        Change::between(&before, &after)
    }

    #[test]
    fn a_third_may_change_and_no_more() {
        let before = BUILT_IN[0].networks();
        assert!(changed(0, 0).is_nothing());
        assert_eq!(changed(5, 5).check_size(&before, 0), Ok(()));
        let said = changed(6, 2).check_size(&before, 0).unwrap_err().to_string();
        assert_eq!(said, "6 of 15 IPv4 networks gone and 2 new, where 5 of each are believed");
        assert!(changed(0, 6).check_size(&before, 0).is_err());
        assert_eq!(changed(0, 6).check_size(&before, 6), Ok(()), "a few always may");
        let after: Vec<IpNet> = before[..before.len() - 3].to_vec();
        let said = Change::between(&before, &after).check_size(&before, 0).unwrap_err().to_string();
        assert_eq!(said, "3 of 7 IPv6 networks gone and 0 new, where 2 of each are believed");
    }

    #[test]
    fn a_new_network_does_not_hold_this_host() {
        let own = ["185.0.7.1".parse().unwrap()];
        let said = changed(0, 1).check_own(&own).unwrap_err().to_string();
        assert_eq!(said, "185.0.0.0/16 is new and holds 185.0.7.1, an address of this host");
        // A host can well have an address of Cloudflare's, in a tunnel of theirs.
        assert_eq!(changed(0, 1).check_own(&["104.16.0.9".parse().unwrap()]), Ok(()));
    }
}
