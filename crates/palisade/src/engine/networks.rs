//! The networks that no jail may shut out, whatever the lists say.

use ipnet::IpNet;

/// One a line, `#` begins a comment.
const NEVER_BAN: &str = include_str!("../../../../config/never-ban.list");

/// The networks in it.
pub(crate) fn never_ban() -> impl Iterator<Item = IpNet> {
    NEVER_BAN.lines().filter_map(|line| line.split('#').next().unwrap_or_default().trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_never_ban_list_is_a_network() {
        let is_content = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
        assert_eq!((never_ban().count(), NEVER_BAN.lines().filter(is_content).count()), (2, 2));
    }
}
