//! ufw's files: the rules in `user.rules` and `user6.rules`, the settings, and what was added to the frame around them.

use super::families::unite;
use super::{Import, Kind, Note, Notes};
use crate::rules::command::Way;
use crate::rules::{Families, Logging, NewProfiles, Port, Rule, Stance, Vocabulary};

/// A file: its name for people, and what is in it.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// As people find it.
    pub name: &'a str,
    /// All of it; empty if it is not there.
    pub text: &'a str,
}

/// What ufw keeps.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// `user.rules`, `user6.rules`.
    pub rules: [File<'a>; 2],
    /// `/etc/default/ufw`.
    pub defaults: File<'a>,
    /// `ufw.conf`.
    pub conf: File<'a>,
}

/// What stands before each rule in its file.
const TUPLE: &str = "### tuple ###";

/// Reads ufw's rules and settings.
#[must_use]
pub fn read(files: &Files<'_>, vocabulary: &Vocabulary) -> Import {
    let mut import = Import::default();
    let mut notes = settings(files, &mut import);
    let v6_is_on = setting(files.defaults, "IPV6").is_none_or(|(_, _, value)| value == "yes");
    let [v4, v6] = files.rules.map(|file| {
        let (rules, found) = rules(file, vocabulary);
        notes.extend(found);
        rules
    });
    import.rules = match v6_is_on {
        true => unite(v4, v6),
        false => v4.into_iter().map(|rule| widened(rule, vocabulary)).collect(),
    };
    if let (false, Some((line, text, _))) = (v6_is_on, setting(files.defaults, "IPV6")) {
        let mut changed = Notes::of(files.defaults.name);
        changed.add(
            Kind::Changed,
            line,
            text,
            "IPv6 is filtered as well: rules without an address hold for both",
        );
        notes.extend(changed.list);
    }
    import.notes = notes;
    import
}

/// For both families, if nothing in the rule is of one.
pub(super) fn widened(rule: Rule, vocabulary: &Vocabulary) -> Rule {
    let wide = Rule { families: Families::Both, ..rule.clone() };
    if Rule::read(&wide.to_string(), vocabulary).as_ref() == Ok(&wide) { wide } else { rule }
}

fn rules(file: File<'_>, vocabulary: &Vocabulary) -> (Vec<Rule>, Vec<Note>) {
    let mut notes = Notes::of(file.name);
    let mut rules: Vec<Rule> = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        let Some(tuple) = line.strip_prefix(TUPLE) else { continue };
        match rule(tuple, vocabulary) {
            // Each part of a profile has a line of its own.
            Ok((rule, _)) if names_profile(&rule) && rules.last() == Some(&rule) => {}
            Ok((rule, changed)) => {
                rules.push(rule);
                changed.into_iter().for_each(|why| notes.add(Kind::Changed, at + 1, line, why));
            }
            Err(why) => notes.add(Kind::Lost, at + 1, line, why),
        }
    }
    (rules, notes.list)
}

fn names_profile(rule: &Rule) -> bool {
    [&rule.from.port, &rule.to.port].into_iter().any(|port| matches!(port, Port::Profile(_)))
}

/// `ACTION PROTOCOL DPORT DST SPORT SRC [DAPP SAPP] WAY [comment=HEX]`, and what is not the same about its rule.
fn rule(tuple: &str, vocabulary: &Vocabulary) -> Result<(Rule, Option<String>), String> {
    let mut words: Vec<&str> = tuple.split_ascii_whitespace().collect();
    let comment = words.pop_if(|word| word.starts_with("comment="));
    let (mut ends, way) = match words[..] {
        [_, _, dport, dst, sport, src, way] => ([(dst, dport, "-"), (src, sport, "-")], way),
        [_, _, dport, dst, sport, src, dapp, sapp, way] => ([(dst, dport, dapp), (src, sport, sapp)], way),
        _ => return Err("this is no rule of ufw 0.36".to_owned()),
    };
    let name = |app: &str| app.replace("%20", " ");
    let gone = ends
        .iter()
        .map(|(_, _, app)| name(app))
        .find(|app| app != "-" && vocabulary.profiles.find(app).is_none());
    if gone.is_some() {
        ends.iter_mut().for_each(|(_, _, app)| *app = "-");
    }
    let mut command = Vec::new();
    let (routed, action) = match words[0].strip_prefix("route:") {
        Some(action) => (true, action),
        None => (false, words[0]),
    };
    let (action, log) = action.split_once('_').unwrap_or((action, ""));
    command.push(action.to_owned());
    for way in way.split('!') {
        match way.split_once('_') {
            Some((way, interface)) => command.extend([way, "on", interface].map(str::to_owned)),
            None if routed => {}
            None => command.push(way.to_owned()),
        }
    }
    command.extend((!log.is_empty()).then(|| log.to_owned()));
    // A profile brings its own.
    if ends.iter().all(|(_, _, app)| *app == "-") && words[1] != "any" {
        command.extend(["proto", words[1]].map(str::to_owned));
    }
    for ((address, port, app), word) in ends.into_iter().zip(["to", "from"]) {
        command.extend([word, address].map(str::to_owned));
        match (app, port) {
            ("-", "any") => {}
            ("-", port) => command.extend(["port", port].map(str::to_owned)),
            (app, _) => command.extend(["app".to_owned(), name(app)]),
        }
    }
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let mut rule = Rule::parse(&words, routed, vocabulary).map_err(|mistake| mistake.wrong.to_string())?;
    rule.comment = comment.map(|word| text_of_hex(&word["comment=".len()..])).unwrap_or_default();
    let reads = |rule: &Rule| Rule::read(&rule.to_string(), vocabulary).as_ref() == Ok(rule);
    let mut changed = gone.map(|app| format!("there is no profile {app} here: its ports stand in its place"));
    if !reads(&rule) && !std::mem::take(&mut rule.comment).is_empty() {
        changed = Some("its comment cannot be written into a rule".to_owned());
    }
    if reads(&rule) { Ok((rule, changed)) } else { Err("no rule says exactly this".to_owned()) }
}

fn text_of_hex(hex: &str) -> String {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The line, its text and the value of a shell variable; the last one counts.
fn setting<'a>(file: File<'a>, name: &str) -> Option<(usize, &'a str, String)> {
    let found = file.text.lines().enumerate().filter_map(|(at, line)| {
        let value = line.trim().strip_prefix(name)?.strip_prefix('=')?;
        Some((at + 1, line, value.trim().trim_matches(['"', '\'']).to_lowercase()))
    });
    found.last()
}

fn settings(files: &Files<'_>, import: &mut Import) -> Vec<Note> {
    let mut notes = Notes::of(files.defaults.name);
    let stance = |value: &str| match value {
        "accept" => Some(Stance::Allow),
        "drop" => Some(Stance::Deny),
        "reject" => Some(Stance::Reject),
        _ => None,
    };
    let ways = [
        ("DEFAULT_INPUT_POLICY", Way::Incoming),
        ("DEFAULT_OUTPUT_POLICY", Way::Outgoing),
        ("DEFAULT_FORWARD_POLICY", Way::Routed),
    ];
    for (name, way) in ways {
        let Some((line, text, value)) = setting(files.defaults, name) else { continue };
        match stance(&value) {
            Some(stance) => import.defaults.push((way, stance)),
            None => notes.add(Kind::Lost, line, text, "no policy that ufw knows"),
        }
    }
    import.new_profiles = setting(files.defaults, "DEFAULT_APPLICATION_POLICY").and_then(|(_, _, value)| {
        let name = if value == "skip" { "skip" } else { stance(&value)?.name() };
        NewProfiles::ALL.into_iter().find(|what| what.name() == name)
    });
    let unused = [
        ("MANAGE_BUILTINS", "yes", "other programs' rules are left alone"),
        ("IPT_MODULES", "", "modules of the kernel are not loaded: see modules-load.d(5)"),
    ];
    for (name, usual, why) in unused {
        let Some((line, text, value)) = setting(files.defaults, name) else { continue };
        let differs = if usual.is_empty() { !value.is_empty() } else { value == usual };
        if differs {
            notes.add(Kind::Lost, line, text, why);
        }
    }
    import.enabled = setting(files.conf, "ENABLED").map(|(_, _, value)| value == "yes");
    import.logging = setting(files.conf, "LOGLEVEL")
        .and_then(|(_, _, value)| Logging::ALL.into_iter().find(|level| level.name() == value));
    notes.list
}

/// What was changed in a file of the frame, which ufw comes with: lines that were added, and lines that are gone.
#[must_use]
pub fn changes(file: File<'_>, shipped: &str) -> Vec<Note> {
    let says = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let of = |text: &'_ str| -> Vec<String> {
        text.lines().map(str::trim).filter(says).map(str::to_owned).collect()
    };
    let (there, usual) = (of(file.text), of(shipped));
    let mut notes = Notes::of(file.name);
    for (at, line) in file.text.lines().enumerate().filter(|(_, line)| says(&line.trim())) {
        if !usual.iter().any(|usual| usual == line.trim()) {
            notes.add(Kind::Lost, at + 1, line, "it was added to what ufw comes with");
        }
    }
    for line in usual.iter().filter(|line| !there.contains(line)) {
        notes.add(
            Kind::Lost,
            0,
            line,
            "ufw comes with it, and it was taken out; here it is as with ufw by default",
        );
    }
    notes.list
}

#[cfg(test)]
mod tests;
