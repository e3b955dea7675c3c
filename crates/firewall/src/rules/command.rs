//! ufw's command line.

use super::list::Place;
use super::parse::has_host_bits;
use super::{Detail, Logging, NewProfiles, Rule, Stance, Vocabulary, Wrong};

/// A command, and how it is to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// `--dry-run`: nothing is changed.
    pub dry_run: bool,
    /// `--force`: nothing is asked.
    pub force: bool,
    /// An address has bits that its network leaves out; the rule is without them.
    pub is_rewritten: bool,
    /// What is to be done.
    pub command: Command,
}

/// What ufw can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "ufw(8) has them")]
pub enum Command {
    Enable,
    Disable,
    Reload,
    Reset,
    Help,
    Version,
    Status(Detail),
    Show(Report),
    Default(Way, Stance),
    /// `None` is `on`: the level that was, or `low`.
    Logging(Option<Logging>),
    AppList,
    AppInfo(String),
    AppDefault(NewProfiles),
    /// The name, and whether a rule for a new profile is wanted.
    AppUpdate(String, bool),
    Add(Rule, Place),
    Delete(Rule),
    DeleteNumber(usize),
}

/// What `default` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Way {
    Incoming,
    Outgoing,
    Routed,
}

impl Way {
    /// As ufw writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
            Self::Routed => "routed",
        }
    }
}

/// What `show` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The commands that give these rules.
    Added,
    /// What listens, and the rules about it.
    Listening,
    /// What the kernel holds: `raw` and its parts.
    Kernel,
}

/// Why there is no such command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum NoCommand {
    /// ufw prints its usage with it.
    #[error("not enough args")]
    Nothing,
    #[error("{0}")]
    Rule(Wrong),
    #[error("Insert position '{0}' is not a valid position")]
    NoPosition(String),
    #[error("Cannot insert rule at position '{0}'")]
    Position(i64),
    #[error("'route delete NUM' unsupported. Use 'delete NUM' instead.")]
    RouteDelete,
    #[error("Could not find rule '{0}'")]
    NoRule(String),
    #[error("Cannot specify 'all' with '--add-new'")]
    AddAll,
}

impl NoCommand {
    /// Whether ufw prints its usage with it.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::Nothing | Self::Rule(Wrong::Syntax))
    }
}

type Found<T> = Result<T, NoCommand>;

const SYNTAX: NoCommand = NoCommand::Rule(Wrong::Syntax);

impl Invocation {
    /// Reads the words behind `ufw`.
    ///
    /// # Errors
    /// The first mistake, as ufw names it.
    pub fn parse(words: &[&str], vocabulary: &Vocabulary) -> Found<Self> {
        let (dry_run, force) = match words.first() {
            None => return Err(NoCommand::Nothing),
            Some(first) => (*first == "--dry-run", *first == "--force"),
        };
        let words = if dry_run || force { &words[1..] } else { words };
        let (first, rest) = words.split_first().ok_or(NoCommand::Nothing)?;
        let command = Command::parse(first, rest, vocabulary)?;
        let is_address = |two: &&[&str]| matches!(two[0], "from" | "to");
        let is_rewritten = rest.windows(2).filter(is_address).any(|two| has_host_bits(two[1]));
        Ok(Self { dry_run, force, is_rewritten, command })
    }
}

impl Command {
    fn parse(first: &str, rest: &[&str], vocabulary: &Vocabulary) -> Found<Self> {
        match (first.to_lowercase().as_str(), rest) {
            ("enable", []) => Ok(Self::Enable),
            ("disable", []) => Ok(Self::Disable),
            ("reload", []) => Ok(Self::Reload),
            ("reset", []) => Ok(Self::Reset),
            ("help" | "-h" | "--help", []) => Ok(Self::Help),
            ("version" | "--version", []) => Ok(Self::Version),
            ("status", rest) => status(rest),
            ("show", [report, ..]) => show(report),
            ("default", [stance, way @ ..]) => default(stance, way),
            ("logging", [level, ..]) => logging(level),
            // As with ufw, in lower case only.
            ("app", [what, rest @ ..]) if first == "app" => app(what, rest),
            ("rule", rest) => rule(rest, false, vocabulary),
            ("route", rest) if first == "route" => rule(rest, true, vocabulary),
            _ => {
                let words: Vec<&str> = std::iter::once(first).chain(rest.iter().copied()).collect();
                rule(&words, false, vocabulary)
            }
        }
    }
}

fn status(words: &[&str]) -> Found<Command> {
    let detail = match words.first().map(|word| word.to_lowercase()).as_deref() {
        None => Detail::Plain,
        Some("verbose") => Detail::Verbose,
        Some("numbered") => Detail::Numbered,
        Some(_) => return Err(SYNTAX),
    };
    Ok(Command::Status(detail))
}

fn show(report: &str) -> Found<Command> {
    match report.to_lowercase().as_str() {
        "added" => Ok(Command::Show(Report::Added)),
        "listening" => Ok(Command::Show(Report::Listening)),
        "raw" | "builtins" | "before-rules" | "user-rules" | "after-rules" | "logging-rules" => {
            Ok(Command::Show(Report::Kernel))
        }
        _ => Err(SYNTAX),
    }
}

fn default(stance: &str, way: &[&str]) -> Found<Command> {
    let stance = stance.to_lowercase();
    let stance = Stance::ALL.into_iter().find(|known| known.name() == stance).ok_or(SYNTAX)?;
    let way = match way.first().map(|way| way.to_lowercase()).as_deref() {
        None | Some("incoming" | "input") => Way::Incoming,
        Some("outgoing" | "output") => Way::Outgoing,
        Some("routed" | "forward") => Way::Routed,
        Some(_) => return Err(SYNTAX),
    };
    Ok(Command::Default(way, stance))
}

fn logging(level: &str) -> Found<Command> {
    let level = level.to_lowercase();
    let known = Logging::ALL.into_iter().find(|known| known.name() == level);
    match known {
        None if level == "on" => Ok(Command::Logging(None)),
        None => Err(SYNTAX),
        level => Ok(Command::Logging(level)),
    }
}

fn app(what: &str, rest: &[&str]) -> Found<Command> {
    match (what.to_lowercase().as_str(), rest) {
        ("list", []) => Ok(Command::AppList),
        ("info", [name, ..]) => Ok(Command::AppInfo((*name).to_owned())),
        ("default", [policy, ..]) => {
            let policy = policy.to_lowercase();
            let known = NewProfiles::ALL.into_iter().find(|known| known.name() == policy);
            known.map(Command::AppDefault).ok_or(SYNTAX)
        }
        ("update", ["--add-new", "all", ..]) => Err(NoCommand::AddAll),
        ("update", ["--add-new", name, ..]) => Ok(Command::AppUpdate((*name).to_owned(), true)),
        ("update", [name, ..]) => Ok(Command::AppUpdate((*name).to_owned(), false)),
        _ => Err(SYNTAX),
    }
}

/// `[delete] [insert NUM] [prepend] allow ...`
fn rule(words: &[&str], routed: bool, vocabulary: &Vocabulary) -> Found<Command> {
    let (first, rest) = words.split_first().ok_or(SYNTAX)?;
    let parse = |words: &[&str]| {
        Rule::parse(words, routed, vocabulary).map_err(|mistake| NoCommand::Rule(mistake.wrong))
    };
    match (first.to_lowercase().as_str(), rest) {
        ("delete", [number, ..]) if is_number(number) => match number.parse() {
            _ if routed => Err(NoCommand::RouteDelete),
            Ok(number @ 1..) => Ok(Command::DeleteNumber(number)),
            _ => Err(NoCommand::NoRule((*number).to_owned())),
        },
        ("delete", rest) => parse(rest).map(Command::Delete),
        ("insert", [number, rest @ ..]) => {
            if rest.len() < 2 {
                return Err(SYNTAX);
            }
            let position: i64 = number.parse().map_err(|_| NoCommand::NoPosition((*number).to_owned()))?;
            let place = usize::try_from(position).ok().filter(|place| *place > 0);
            let place = place.ok_or(NoCommand::Position(position))?;
            parse(rest).map(|rule| Command::Add(rule, Place::Number(place)))
        }
        ("prepend", rest) => parse(rest).map(|rule| Command::Add(rule, Place::First)),
        _ => parse(words).map(|rule| Command::Add(rule, Place::Last)),
    }
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Services;

    fn parse(line: &str) -> Found<Invocation> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let vocabulary = Vocabulary { services: Services::parse("ssh 22/tcp"), ..Vocabulary::default() };
        Invocation::parse(&words, &vocabulary)
    }

    fn command(line: &str) -> Command {
        parse(line).expect(line).command
    }

    #[test]
    fn commands_are_told_apart() {
        assert_eq!(command("STATUS Numbered"), Command::Status(Detail::Numbered));
        assert_eq!(command("default deny"), Command::Default(Way::Incoming, Stance::Deny));
        assert_eq!(command("default Allow FORWARD"), Command::Default(Way::Routed, Stance::Allow));
        assert_eq!(command("logging on"), Command::Logging(None));
        assert_eq!(command("show user-rules"), Command::Show(Report::Kernel));
        assert_eq!(command("delete 3"), Command::DeleteNumber(3));
        assert_eq!(command("app update --add-new"), Command::AppUpdate("--add-new".into(), false));
        assert!(matches!(command("insert 2 allow ssh"), Command::Add(_, Place::Number(2))));
        assert!(matches!(command("route prepend deny ssh"), Command::Add(_, Place::First)));
        assert!(matches!(command("rule delete limit ssh"), Command::Delete(_)));
        let forced = parse("--force enable").unwrap();
        assert_eq!((forced.force, forced.dry_run, forced.command), (true, false, Command::Enable));
    }

    #[test]
    fn mistakes_have_the_messages_of_ufw() {
        let message = |line| parse(line).expect_err(line).to_string();
        for line in
            ["enable now", "status all", "allow", "route status", "delete insert 1 allow 22", "show", "app"]
        {
            assert_eq!(parse(line), Err(SYNTAX), "{line}");
        }
        assert_eq!(message(""), "not enough args");
        assert_eq!(message("--dry-run"), "not enough args");
        assert_eq!(message("insert x allow 22"), "Insert position 'x' is not a valid position");
        assert_eq!(message("insert 0 allow 22"), "Cannot insert rule at position '0'");
        assert_eq!(message("route delete 1"), "'route delete NUM' unsupported. Use 'delete NUM' instead.");
        assert_eq!(message("delete 0"), "Could not find rule '0'");
        assert_eq!(message("app update --add-new all"), "Cannot specify 'all' with '--add-new'");
        assert_eq!(message("allow ssh/udp"), "Protocol mismatch with specified protocol udp");
    }
}
