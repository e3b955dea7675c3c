//! Everything that the firewall is told.

use serde::{Deserialize, Serialize};

use super::Rule;

/// What `palisade.toml` says under `[firewall]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Policy {
    /// Whether any of it is in force.
    pub enabled: bool,
    /// What is written to the kernel log beside what rules ask for.
    pub logging: Logging,
    /// For packets that no rule is about.
    pub defaults: Defaults,
    /// What `app update --add-new` does.
    pub new_profiles: NewProfiles,
    /// In the order of evaluation: the first that fits decides.
    pub rules: Vec<Rule>,
}

/// What becomes of packets that no rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Defaults {
    /// To this host.
    pub incoming: Stance,
    /// From this host.
    pub outgoing: Stance,
    /// Through this host.
    pub routed: Stance,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { incoming: Stance::Deny, outgoing: Stance::Allow, routed: Stance::Deny }
    }
}

/// What a default policy can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stance {
    /// Let through.
    Allow,
    /// Dropped without an answer.
    Deny,
    /// Refused with an answer.
    Reject,
}

impl Stance {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Allow, Self::Deny, Self::Reject];

    /// As ufw writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Reject => "reject",
        }
    }
}

/// How much is logged, as `ufw(8)` defines it; each level includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Logging {
    /// Nothing, not even what rules ask for.
    Off,
    /// Packets that the default policy blocks, and what rules ask for; rate limited.
    #[default]
    Low,
    /// Also packets that the default policy allows, invalid packets, and new connections.
    Medium,
    /// Also every packet, and the levels before without a limit.
    High,
    /// Everything without a limit.
    Full,
}

impl Logging {
    /// All of them, the least first.
    pub const ALL: [Self; 5] = [Self::Off, Self::Low, Self::Medium, Self::High, Self::Full];

    /// As ufw writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Full => "full",
        }
    }
}

/// What `app update --add-new` does with an application profile that no rule names: `app default`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NewProfiles {
    /// Nothing.
    #[default]
    Skip,
    /// Adds a rule that allows it.
    Allow,
    /// Adds a rule that denies it.
    Deny,
    /// Adds a rule that rejects it.
    Reject,
}

impl NewProfiles {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Skip, Self::Allow, Self::Deny, Self::Reject];

    /// As ufw writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Reject => "reject",
        }
    }
}
