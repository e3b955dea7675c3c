//! The lists of networks that are built in: one a line, `#` begins a comment.

use firewall::Lists;
use ipnet::IpNet;

/// Networks that no jail may shut out.
pub(crate) const NEVER_BAN: &str = include_str!("../../../../config/never-ban.list");
/// Cloudflare's servers, as published on its ips page.
pub(crate) const CLOUDFLARE: &str = include_str!("../../../../config/cloudflare.list");

/// The lists of addresses that rules can name.
pub(crate) fn lists() -> Lists {
    Lists::from([("cloudflare".to_owned(), networks(CLOUDFLARE).collect())])
}

/// The networks in a list.
pub(crate) fn networks(list: &str) -> impl Iterator<Item = IpNet> {
    list.lines().filter_map(|line| line.split('#').next().unwrap_or_default().trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_built_in_lists_is_a_network() {
        for (list, wanted) in [(NEVER_BAN, 2), (CLOUDFLARE, 15 + 7)] {
            let lines = list.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).count();
            assert_eq!((networks(list).count(), lines), (wanted, wanted));
        }
    }
}
