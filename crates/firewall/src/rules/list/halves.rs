//! A rule for both families is two rules, one for each.

use crate::rules::{Families, Port, Rule};

impl Families {
    /// One by one, IPv4 first.
    pub fn each(self) -> impl Iterator<Item = Self> {
        [Self::V4, Self::V6].into_iter().filter(move |family| self == Self::Both || self == *family)
    }

    /// The other one of a single family.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::V4 => Self::V6,
            Self::V6 => Self::V4,
            Self::Both => Self::Both,
        }
    }

    pub(super) fn join(one: Option<Self>, other: Self) -> Option<Self> {
        match one {
            None => Some(other),
            Some(one) if one == other => Some(one),
            Some(_) => Some(Self::Both),
        }
    }
}

impl Rule {
    /// Whether it is in force for this family.
    #[must_use]
    pub fn has(&self, family: Families) -> bool {
        self.families == Families::Both || self.families == family
    }

    pub(super) fn is_half(&self) -> bool {
        self.families != Families::Both
    }

    /// Whether both are about the same packets, whatever becomes of them, but for the families.
    pub(super) fn is_about(&self, other: &Self) -> bool {
        let of = |rule: &Self| (rule.direction, rule.protocol);
        of(self) == of(other)
            && self.to == other.to
            && self.from == other.from
            && (&self.input, &self.output) == (&other.input, &other.output)
    }

    /// Whether both are the same, but for the families.
    pub(super) fn is_twin_of(&self, other: &Self) -> bool {
        Self { families: other.families, ..self.clone() } == *other
    }

    /// Whether this is what `delete other` takes away: the comment may be left out. That of a rule with a profile means
    /// nothing, as with ufw.
    pub(super) fn is_meant_by(&self, other: &Self) -> bool {
        let profile = |rule: &Self| {
            [&rule.from.port, &rule.to.port].into_iter().any(|port| matches!(port, Port::Profile(_)))
        };
        let comment = other.comment.is_empty() || other.comment == self.comment || profile(other);
        comment && self.action == other.action && self.log == other.log && self.is_about(other)
    }
}
