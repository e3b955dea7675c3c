//! What `ufw status` and `ufw show added` print.

mod part;

use self::part::Part;
use super::list::{Line, lines};
use super::{Action, Direction, Endpoint, Families, Limit, Logging, Policy, Rule, Traffic};

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

#[cfg(test)]
mod tests;
