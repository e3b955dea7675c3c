//! The canonical words of a rule.

use std::fmt::{self, Write};

use super::port::List;
use super::{Action, Address, Direction, Endpoint, Families, Limit, Port, Protocol, Rule};

/// The words that give the same rule when they are read again, quoted as a shell wants them.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Style::Complete)
    }
}

/// How much is said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// All that it takes to read the rule again.
    Complete,
    /// As `ufw show added`, which leaves out to which of the families a rule is narrowed.
    Ufw,
}

impl Rule {
    /// The command as `ufw show added` lists it, without `ufw`. Several rules can look alike there.
    #[must_use]
    pub fn as_added(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut text, Style::Ufw);
        text
    }

    fn write(&self, out: &mut impl Write, style: Style) -> fmt::Result {
        if self.direction == Direction::Route {
            out.write_str("route ")?;
        }
        out.write_str(self.action.name())?;
        self.write_way(out)?;
        if let Some(log) = self.log {
            write!(out, " {}", log.name())?;
        }
        match self.is_simple(style) {
            true => self.write_simple(out)?,
            false => self.write_full(out, style)?,
        }
        if let Action::Limit(limit) = self.action
            && limit != Limit::default()
        {
            write!(out, " {limit}")?;
        }
        match self.comment.is_empty() {
            true => Ok(()),
            false => write!(out, " comment '{}'", self.comment),
        }
    }

    fn write_way(&self, out: &mut impl Write) -> fmt::Result {
        for (word, interface) in [("in", &self.input), ("out", &self.output)] {
            if let Some(interface) = interface {
                write!(out, " {word} on {interface}")?;
            }
        }
        match (self.direction, &self.output) {
            (Direction::Out, None) => out.write_str(" out"),
            _ => Ok(()),
        }
    }

    /// Whether the rule is about a port of this host and nothing else.
    fn is_simple(&self, style: Style) -> bool {
        let addresses = self.from.address == Address::Any && self.to.address == Address::Any;
        let interfaces = self.input.is_some() || self.output.is_some();
        let port = self.from.port == Port::Any && self.to.port != Port::Any;
        addresses && port && !interfaces && !self.is_narrowed(style)
    }

    /// Whether the families must be said because nothing else does.
    fn is_narrowed(&self, style: Style) -> bool {
        let told = self.from.address.families().and(self.to.address.families());
        style == Style::Complete && told != Some(self.families) && !self.protocol.is_ipv4_only()
    }

    fn write_simple(&self, out: &mut impl Write) -> fmt::Result {
        match &self.to.port {
            Port::Any => Ok(()),
            Port::Profile(profile) => write!(out, " {}", Word(&profile.name)),
            Port::Ranges(ports) if self.protocol == Protocol::Any => write!(out, " {}", List(ports)),
            Port::Ranges(ports) => write!(out, " {}/{}", List(ports), self.protocol.name()),
        }
    }

    fn write_full(&self, out: &mut impl Write, style: Style) -> fmt::Result {
        let nothing = Endpoint::default();
        let (from_any, to_any) = self.narrowing(style);
        if self.from != nothing || from_any != "any" {
            write_end(out, "from", &self.from, from_any)?;
        }
        let has_interface = self.input.is_some() || self.output.is_some();
        let says_nothing = self.from == nothing && from_any == "any" && !has_interface;
        if self.to != nothing || to_any != "any" || says_nothing {
            write_end(out, "to", &self.to, to_any)?;
        }
        match self.protocol {
            Protocol::Any => Ok(()),
            protocol => write!(out, " proto {}", protocol.name()),
        }
    }

    /// What stands for "any" behind `from` and `to`, so that the families are said.
    fn narrowing(&self, style: Style) -> (&'static str, &'static str) {
        let any = match self.families {
            Families::V4 => "0.0.0.0/0",
            Families::V6 => "::/0",
            Families::Both => "any",
        };
        match (self.is_narrowed(style), &self.to.address) {
            (false, _) => ("any", "any"),
            (true, Address::Any) => ("any", any),
            (true, _) => (any, "any"),
        }
    }
}

fn write_end(out: &mut impl Write, word: &str, end: &Endpoint, any: &str) -> fmt::Result {
    match &end.address {
        Address::Any => write!(out, " {word} {any}")?,
        address => write!(out, " {word} {address}")?,
    }
    match &end.port {
        Port::Any => Ok(()),
        Port::Ranges(ports) => write!(out, " port {}", List(ports)),
        Port::Profile(profile) => write!(out, " app {}", Word(&profile.name)),
    }
}

/// A word, in quotes where it has a space in it.
struct Word<'a>(&'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.contains(' ') {
            true => write!(f, "'{}'", self.0),
            false => f.write_str(self.0),
        }
    }
}
