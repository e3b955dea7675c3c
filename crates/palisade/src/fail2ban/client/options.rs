use std::path::PathBuf;
use std::time::Duration;

/// What the command line asks for.
#[derive(Debug, Default, PartialEq)]
pub(super) enum Task {
    #[default]
    Command,
    Help,
    Version,
    BareVersion,
    Seconds(String),
    Test,
    Interactive,
}

/// How the configuration is dumped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// A command a line.
    Lines,
    /// Long commands over several lines.
    Pretty,
}

/// The command line. Options come before the command, as `getopt` takes them.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) task: Task,
    /// Show the configuration first.
    pub(super) dump: Option<Layout>,
    pub(super) config: PathBuf,
    pub(super) socket: Option<PathBuf>,
    pub(super) pidfile: Option<PathBuf>,
    pub(super) logtarget: Option<String>,
    pub(super) loglevel: Option<String>,
    pub(super) syslogsocket: Option<String>,
    /// Remove a socket on which nobody answers.
    pub(super) force: bool,
    pub(super) foreground: bool,
    pub(super) patience: Option<Duration>,
    /// The command.
    pub(super) words: Vec<String>,
}

/// An option that is not known, or lacks its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown;

/// Where Fail2Ban's configuration lies.
const CONFIG: &str = "/etc/fail2ban";
/// Options that take a value, short and long.
const VALUED: [(&str, &str); 9] = [
    ("c", "conf"),
    ("s", "socket"),
    ("p", "pidfile"),
    ("", "pname"),
    ("", "loglevel"),
    ("", "logtarget"),
    ("", "syslogsocket"),
    ("", "timeout"),
    ("", "str2sec"),
];
const FLAGS: [(&str, &str); 13] = [
    ("h", "help"),
    ("", "version"),
    ("V", "V"),
    ("t", "test"),
    ("i", "i"),
    ("x", "x"),
    ("f", "f"),
    ("b", "b"),
    ("v", "v"),
    ("q", "q"),
    ("d", "d"),
    ("", "dp"),
    ("", "dump-pretty"),
];

impl Options {
    pub(super) fn read(words: &[String]) -> Result<Self, Unknown> {
        let mut options = Self { config: CONFIG.into(), ..Self::default() };
        let mut rest = words.iter();
        while let Some(word) = rest.as_slice().first() {
            if word == "--" {
                rest.next();
                break;
            }
            if word.len() < 2 || !word.starts_with('-') {
                break;
            }
            rest.next();
            match word.strip_prefix("--") {
                Some(long) => options.long(long, &mut rest)?,
                None => options.short(&word[1..], &mut rest)?,
            }
        }
        options.words = rest.cloned().collect();
        Ok(options)
    }

    fn long<'w>(&mut self, word: &str, rest: &mut impl Iterator<Item = &'w String>) -> Result<(), Unknown> {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word, None),
        };
        if name == "async" && value.is_none() {
            return Ok(());
        }
        if let Some(name) = the_one(&VALUED, name) {
            let value = value.or_else(|| rest.next().cloned()).ok_or(Unknown)?;
            return self.valued(name, value);
        }
        self.flag(the_one(&FLAGS, name).filter(|_| value.is_none()).ok_or(Unknown)?);
        Ok(())
    }

    /// `-vx` is `-v -x`; what follows an option with a value is its value.
    fn short<'w>(
        &mut self,
        letters: &str,
        rest: &mut impl Iterator<Item = &'w String>,
    ) -> Result<(), Unknown> {
        for (at, letter) in letters.char_indices() {
            let is = |(short, _): &&(&str, &str)| short.chars().eq([letter]);
            if let Some((_, name)) = VALUED.iter().find(is) {
                let value = &letters[at + letter.len_utf8()..];
                let value =
                    if value.is_empty() { rest.next().cloned().ok_or(Unknown)? } else { value.to_owned() };
                return self.valued(name, value);
            }
            self.flag(FLAGS.iter().find(is).ok_or(Unknown)?.1);
        }
        Ok(())
    }

    fn valued(&mut self, name: &str, value: String) -> Result<(), Unknown> {
        match name {
            "conf" => self.config = value.into(),
            "socket" => self.socket = Some(value.into()),
            "pidfile" => self.pidfile = Some(value.into()),
            "logtarget" => self.logtarget = Some(value),
            "loglevel" => self.loglevel = Some(value),
            "syslogsocket" => self.syslogsocket = Some(value),
            "str2sec" => self.task = Task::Seconds(value),
            "timeout" => {
                let seconds = config::seconds(&value).map_err(|_| Unknown)?;
                self.patience = Some(Duration::try_from_secs_f64(seconds).map_err(|_| Unknown)?);
            }
            _ => {}
        }
        Ok(())
    }

    fn flag(&mut self, name: &str) {
        match name {
            "help" => self.task = Task::Help,
            "version" => self.task = Task::Version,
            "V" => self.task = Task::BareVersion,
            "test" => self.task = Task::Test,
            "d" => self.dump = self.dump.or(Some(Layout::Lines)),
            "dp" | "dump-pretty" => self.dump = Some(Layout::Pretty),
            "i" => self.task = Task::Interactive,
            "x" => self.force = true,
            "f" => self.foreground = true,
            _ => {}
        }
    }
}

/// The option that a word names, or that it alone begins like.
fn the_one(known: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    let names = || known.iter().map(|(_, name)| *name).filter(|name| name.len() > 1);
    let mut begun = names().filter(|name| name.starts_with(word));
    names().find(|name| *name == word).or_else(|| begun.next().filter(|_| begun.next().is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Options, Unknown> {
        Options::read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_end_where_the_command_begins() {
        let options = read("-vxc /a --sock=/b -p/c status -x").unwrap();
        assert_eq!(options.config, PathBuf::from("/a"));
        assert_eq!(options.socket, Some("/b".into()));
        assert_eq!(options.pidfile, Some("/c".into()));
        assert!(options.force);
        assert_eq!(options.words, ["status", "-x"]);
    }

    #[test]
    fn what_is_no_option_is_refused() {
        for line in ["-z", "--nope", "-c", "--log x", "--test=1"] {
            assert!(matches!(read(line), Err(Unknown)), "{line}");
        }
    }
}
