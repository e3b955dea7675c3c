//! What `ufw status` and `ufw show added` print.

use super::list::{Line, lines};
use super::port::List;
use super::{
    Action, Address, Direction, Endpoint, Families, Limit, Logging, Policy, Port, PortRange, Protocol, Rule,
    Traffic,
};

/// Which of the three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Detail {
    #[default]
    Plain,
    Verbose,
    Numbered,
}

impl Policy {
    /// What `ufw status` prints of this policy. `routes` is whether this host routes at all.
    #[must_use]
    pub fn status(&self, detail: Detail, routes: bool) -> String {
        if !self.enabled {
            return "Status: inactive\n".to_owned();
        }
        let mut text = "Status: active\n".to_owned();
        if detail == Detail::Verbose {
            text += &self.settings(routes);
        }
        let lines = lines(&self.rules);
        if lines.is_empty() {
            return text;
        }
        let margin = if detail == Detail::Numbered { "     " } else { "" };
        for titles in [["To", "Action", "From"], ["--", "------", "----"]] {
            text += if titles[0] == "To" { "\n" } else { "" };
            text += &format!("{margin}{}\n", row(titles).trim_end());
        }
        for section in sections(&self.rules, &lines, detail) {
            text += &section;
            text.push('\n');
        }
        text
    }

    fn settings(&self, routes: bool) -> String {
        let logging = match self.logging {
            Logging::Off => "off".to_owned(),
            level => format!("on ({})", level.name()),
        };
        let routed = if routes { self.defaults.routed.name() } else { "disabled" };
        format!(
            "Logging: {logging}\nDefault: {} (incoming), {} (outgoing), {routed} (routed)\nNew profiles: {}\n",
            self.defaults.incoming.name(),
            self.defaults.outgoing.name(),
            self.new_profiles.name(),
        )
    }

    /// What `ufw show added` prints of this policy.
    #[must_use]
    pub fn added(&self) -> String {
        let mut commands: Vec<String> = Vec::new();
        for line in lines(&self.rules) {
            let command = format!("ufw {}", self.rules[line.at].as_added());
            if !commands.contains(&command) {
                commands.push(command);
            }
        }
        let title = "Added user rules (see 'ufw status' for running firewall):\n";
        match commands.is_empty() {
            true => format!("{title}(None)\n"),
            false => format!("{title}{}\n", commands.join("\n")),
        }
    }
}

/// All lines in the order of their numbers, or those of each direction for itself.
fn sections(rules: &[Rule], lines: &[Line], detail: Detail) -> Vec<String> {
    if detail == Detail::Numbered {
        let numbered = lines.iter().enumerate().map(|(at, line)| {
            let shown = show(&rules[line.at], line.family, detail).concat();
            format!("[{:>2}] {shown}", at + 1)
        });
        return vec![numbered.collect()];
    }
    let directions = [Direction::In, Direction::Out, Direction::Route];
    let section = |direction| {
        let of = lines.iter().filter(|line| rules[line.at].direction == direction);
        of.flat_map(|line| show(&rules[line.at], line.family, detail)).collect::<String>()
    };
    directions.into_iter().map(section).filter(|section| !section.is_empty()).collect()
}

/// The lines of a rule in one family: one, or with every detail one for each entry of its profiles.
fn show(rule: &Rule, family: Families, detail: Detail) -> Vec<String> {
    let all = rule.traffic();
    let shown = if detail == Detail::Verbose { &all[..] } else { &all[..1] };
    shown.iter().map(|traffic| show_traffic(rule, traffic, family, detail)).collect()
}

fn show_traffic(rule: &Rule, traffic: &Traffic<'_>, family: Families, detail: Detail) -> String {
    let end = |end: &Endpoint, ports, other: &Endpoint| {
        let protocol = if detail == Detail::Verbose { traffic.protocol } else { rule.protocol };
        let part = Part { end, ports, other, protocol, is_v6: family == Families::V6, detail };
        part.to_string()
    };
    let (mut to, mut from) = (end(&rule.to, traffic.to, &rule.from), end(&rule.from, traffic.from, &rule.to));
    let (input, output) = match rule.direction {
        Direction::In | Direction::Out => (&mut to, &mut from),
        // Seen from the packet, which comes in at its source.
        Direction::Route => (&mut from, &mut to),
    };
    for (end, interface) in [(input, &rule.input), (output, &rule.output)] {
        if let Some(interface) = interface {
            *end += &format!(" on {interface}");
        }
    }
    let way = match rule.direction {
        Direction::In if detail == Detail::Plain => "",
        Direction::In => " IN",
        Direction::Out => " OUT",
        Direction::Route => " FWD",
    };
    let action = format!("{}{way}", rule.action.name().to_uppercase());
    format!("{}{}\n", row([&to, &action, &from]), remarks(rule, detail))
}

fn row([to, action, from]: [&str; 3]) -> String {
    format!("{to:<26} {action:<11} {from:<26}")
}

/// What stands behind a line: how it is logged and limited, and the comment.
fn remarks(rule: &Rule, detail: Detail) -> String {
    let mut remarks: Vec<String> = rule.log.iter().map(|log| log.name().to_owned()).collect();
    let leaves = rule.direction == Direction::Out || (rule.output.is_some() && rule.input.is_none());
    if detail == Detail::Numbered && leaves {
        remarks.push("out".to_owned());
    }
    if let Action::Limit(limit) = rule.action {
        remarks.extend((limit != Limit::default()).then(|| limit.to_string()));
    }
    let remarks = if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join(", ")) };
    let comment = if rule.comment.is_empty() { String::new() } else { format!(" # {}", rule.comment) };
    remarks + &comment
}

/// One end of a rule, as a column shows it.
struct Part<'a> {
    end: &'a Endpoint,
    ports: &'a [PortRange],
    other: &'a Endpoint,
    protocol: Protocol,
    is_v6: bool,
    detail: Detail,
}

impl Part<'_> {
    fn has_address(end: &Endpoint) -> bool {
        !matches!(end.address, Address::Any | Address::List(_))
    }

    /// A line for IPv6 says so where its addresses do not.
    fn mark(&self) -> &'static str {
        let told = Self::has_address(self.end)
            || (Self::has_address(self.other) && matches!(self.end.port, Port::Ranges(_)));
        if self.is_v6 && !told { " (v6)" } else { "" }
    }

    /// The ports, and whether the mark is in them.
    fn port(&self) -> Option<(String, bool)> {
        let suffix = match self.protocol {
            Protocol::Any => String::new(),
            protocol => format!("/{}", protocol.name()),
        };
        let ports = format!("{}{suffix}", List(self.ports));
        match &self.end.port {
            Port::Any => None,
            Port::Ranges(_) => Some((ports, false)),
            Port::Profile(profile) if self.detail == Detail::Verbose => {
                Some((format!("{ports} ({}{})", profile.name, self.mark()), true))
            }
            Port::Profile(profile) => Some((profile.name.clone(), false)),
        }
    }

    /// A protocol without ports stands at the addresses, or at both ends if there are none.
    fn bare_protocol(&self) -> bool {
        let portless = self.end.port == Port::Any && self.other.port == Port::Any;
        let somewhere = self.end.address != Address::Any || self.other.address == Address::Any;
        self.protocol != Protocol::Any && portless && somewhere
    }
}

impl std::fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let port = self.port();
        match (&self.end.address, &port) {
            (Address::Any, None) => f.write_str("Anywhere")?,
            (Address::Any, Some((port, _))) => f.write_str(port)?,
            (address, None) => write!(f, "{address}")?,
            (address, Some((port, _))) => write!(f, "{address} {port}")?,
        }
        if self.bare_protocol() {
            write!(f, "/{}", self.protocol.name())?;
        }
        match port {
            Some((_, true)) => Ok(()),
            _ => f.write_str(self.mark()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Profiles, Services, Vocabulary};

    fn policy(rules: &[&str]) -> Policy {
        let services = Services::parse("");
        let profiles =
            Profiles::parse([("a", "[App]\ntitle=t\ndescription=d\nports=12/udp|34,56/tcp\n")], &services);
        let vocabulary = Vocabulary { profiles, services, lists: ["cloudflare".to_owned()].into() };
        let rules = rules.iter().map(|rule| Rule::read(rule, &vocabulary).expect(rule)).collect();
        Policy { enabled: true, rules, ..Policy::default() }
    }

    fn table(rules: &[&str], detail: Detail) -> Vec<String> {
        let status = policy(rules).status(detail, true);
        let rows = status.lines().skip_while(|line| !line.trim_start().starts_with("--")).skip(1);
        rows.map(str::trim_end).map(str::to_owned).collect()
    }

    #[test]
    fn what_is_off_or_empty_has_no_table() {
        assert_eq!(Policy::default().status(Detail::Numbered, true), "Status: inactive\n");
        assert_eq!(policy(&[]).status(Detail::Plain, true), "Status: active\n");
        let verbose = "Status: active\nLogging: on (low)\n\
            Default: deny (incoming), allow (outgoing), disabled (routed)\nNew profiles: skip\n";
        assert_eq!(policy(&[]).status(Detail::Verbose, false), verbose);
    }

    #[test]
    fn columns_stand_where_ufw_puts_them() {
        let wanted = "Status: active\n\n\
            To                         Action      From\n\
            --                         ------      ----\n\
            22/tcp                     LIMIT       Anywhere                   (log) # hi\n\
            22/tcp (v6)                LIMIT       Anywhere (v6)              (log) # hi\n\n\
            53                         DENY OUT    Anywhere on eth0          \n\
            53 (v6)                    DENY OUT    Anywhere (v6) on eth0     \n\n";
        let rules = ["limit log 22/tcp comment hi", "deny out on eth0 to any port 53"];
        assert_eq!(policy(&rules).status(Detail::Plain, true), wanted);
    }

    #[test]
    fn numbers_run_through_both_families_and_directions() {
        let rules = [
            "allow from ::1 to ::2 port 5",
            "route allow in on a out on b",
            "allow out log to any proto gre",
        ];
        let wanted = [
            "[ 1] Anywhere on b              ALLOW FWD   Anywhere on a",
            "[ 2] Anywhere/gre               ALLOW OUT   Anywhere/gre               (log, out)",
            "[ 3] ::2 5                      ALLOW IN    ::1",
            "[ 4] Anywhere (v6) on b         ALLOW FWD   Anywhere (v6) on a",
            "[ 5] Anywhere/gre (v6)          ALLOW OUT   Anywhere/gre (v6)          (log, out)",
            "",
        ];
        assert_eq!(table(&rules, Detail::Numbered), wanted);
    }

    #[test]
    fn profiles_are_named_and_with_every_detail_resolved() {
        let rules = ["allow from ::1 port 7 to any app App", "allow from cloudflare to any app App"];
        let plain = [
            "App                        ALLOW       cloudflare",
            "App (v6)                   ALLOW       ::1 7",
            "App (v6)                   ALLOW       cloudflare (v6)",
            "",
        ];
        assert_eq!(table(&rules, Detail::Plain), plain);
        let verbose = [
            "12/udp (App)               ALLOW IN    cloudflare",
            "34,56/tcp (App)            ALLOW IN    cloudflare",
            "12/udp (App (v6))          ALLOW IN    ::1 7/udp",
            "34,56/tcp (App (v6))       ALLOW IN    ::1 7/tcp",
            "12/udp (App (v6))          ALLOW IN    cloudflare (v6)",
            "34,56/tcp (App (v6))       ALLOW IN    cloudflare (v6)",
            "",
        ];
        assert_eq!(table(&rules, Detail::Verbose), verbose);
    }

    #[test]
    fn a_limit_of_its_own_is_told() {
        let rules = ["limit from 10.0.0.1 rate 10/minute burst 5 connections 2"];
        let wanted = [
            "Anywhere                   LIMIT       10.0.0.1                   (rate 10/minute burst 5 connections 2)",
            "",
        ];
        assert_eq!(table(&rules, Detail::Plain), wanted);
    }

    #[test]
    fn added_lists_each_command_once() {
        let rules =
            ["allow 22", "allow to ::/0 port 23", "deny to 0.0.0.0/0 port 24", "deny to ::/0 port 24"];
        let wanted = "Added user rules (see 'ufw status' for running firewall):\n\
            ufw allow 22\nufw deny 24\nufw allow 23\n";
        assert_eq!(policy(&rules).added(), wanted);
        assert!(policy(&[]).added().ends_with("\n(None)\n"));
    }
}
