//! The lists that there are, and where what is in them comes from.

use ipnet::IpNet;

use crate::Source;

/// A list that rules can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As rules name it.
    pub name: String,
    /// Whom to ask for it.
    pub source: Source,
    /// What comes with the program of it. Without that it is the host's own: lines of text, and empty until it was asked for.
    pub built_in: Option<&'static BuiltIn>,
    /// It may be quite another one each time.
    pub any_change: bool,
}

impl Named {
    /// One of the host's own.
    #[must_use]
    pub const fn own(name: String, source: Source, any_change: bool) -> Self {
        Self { name, source, built_in: None, any_change }
    }

    /// Those that come with the program, asked of their owners. That all of these are sources is tested.
    #[must_use]
    pub fn built_in() -> Vec<Self> {
        let named = |list: &'static BuiltIn| {
            let source = Source::parse(list.url).ok()?;
            Some(Self { name: list.name.to_owned(), source, built_in: Some(list), any_change: false })
        };
        BUILT_IN.iter().filter_map(named).collect()
    }

    /// Whether a list of the host's own can have this name: it is that of a file as well.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        name.len() <= LONGEST_NAME
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(plain)
            && name != "any"
            && BuiltIn::named(name).is_none()
    }
}

const LONGEST_NAME: usize = 32;

/// A list that comes with the program.
#[derive(Debug, PartialEq, Eq)]
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
    /// Nowhere: nobody was asked for it yet.
    Nowhere,
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
        assert_eq!(Named::built_in().len(), BUILT_IN.len());
    }

    #[test]
    fn a_name_is_one_that_a_rule_and_a_file_can_have() {
        for name in ["office", "a", "drop-4", &"x".repeat(32)] {
            assert!(Named::is_name(name), "{name}");
        }
        for name in ["", "any", "cloudflare", "4", "-a", "Office", "a/b", "..", "a.b", "a b", &"x".repeat(33)]
        {
            assert!(!Named::is_name(name), "{name}");
        }
    }
}
