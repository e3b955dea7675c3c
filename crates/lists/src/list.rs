//! The lists that there are, and where what is in them comes from.

use ipnet::IpNet;

/// A list that comes with the program.
#[derive(Debug)]
pub struct BuiltIn {
    /// As rules name it.
    pub name: &'static str,
    /// Where its owner publishes it.
    pub url: &'static str,
    /// When what is built in was checked last, in seconds since 1970; older answers do not stand in for it.
    pub as_of: i64,
    /// A network a line, `#` begins a comment.
    text: &'static str,
}

/// All of them.
pub static BUILT_IN: [BuiltIn; 1] = [BuiltIn {
    name: "cloudflare",
    url: "https://api.cloudflare.com/client/v4/ips",
    // 2026-11-01
    as_of: 1_793_491_200,
    text: include_str!("../../../config/cloudflare.list"),
}];

impl BuiltIn {
    /// What is built in.
    #[must_use]
    pub fn networks(&self) -> Vec<IpNet> {
        let lines = self.text.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| line.trim().parse().ok()).collect()
    }

    /// By its name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        BUILT_IN.iter().find(|list| list.name == name)
    }
}

/// The networks that a name means, and where they are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// What rules mean.
    pub networks: Vec<IpNet>,
    /// Where they are from.
    pub origin: Origin,
}

/// Where a list is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It came with the program.
    BuiltIn,
    /// It was asked for.
    Fetched {
        /// Whom.
        source: String,
        /// When that was confirmed last, in seconds since 1970.
        at: i64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_built_in_list_is_a_network() {
        let cloudflare = BuiltIn::named("cloudflare").unwrap();
        let lines = cloudflare.text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        assert_eq!((cloudflare.networks().len(), lines.count()), (22, 22));
        assert!(crate::Source::parse(cloudflare.url).is_ok());
    }
}
