use std::path::PathBuf;

/// The command line.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) help: bool,
    pub(super) version: bool,
    pub(super) bare_version: bool,
    pub(super) config: Option<PathBuf>,
    pub(super) datepattern: Option<String>,
    pub(super) timezone: Option<String>,
    pub(super) encoding: Option<String>,
    pub(super) raw: bool,
    pub(super) usedns: Option<String>,
    pub(super) maxlines: Option<usize>,
    pub(super) verbose: u32,
    pub(super) first_only: bool,
    /// What of each failure is printed, in place of the report.
    pub(super) out: Option<String>,
    pub(super) no_missed: bool,
    pub(super) no_ignored: bool,
    pub(super) all_matched: bool,
    pub(super) all_missed: bool,
    pub(super) all_ignored: bool,
    /// LOG, REGEX and IGNOREREGEX.
    pub(super) words: Vec<String>,
}

/// Names of options that take a value, after the letter that is one too.
const VALUED: [(char, &str); 11] = [
    ('c', "config"),
    ('d', "datepattern"),
    ('\0', "timezone"),
    ('\0', "TZ"),
    ('e', "encoding"),
    ('\0', "usedns"),
    ('L', "maxlines"),
    ('o', "out"),
    ('\0', "verbosity"),
    ('l', "log-level"),
    ('m', "journalmatch"),
];
const FLAGS: [(char, &str); 15] = [
    ('h', "help"),
    ('\0', "version"),
    ('V', "V"),
    ('r', "raw"),
    ('v', "verbose"),
    ('\0', "no-check-all"),
    ('\0', "print-no-missed"),
    ('\0', "print-no-ignored"),
    ('\0', "print-all-matched"),
    ('\0', "print-all-missed"),
    ('\0', "print-all-ignored"),
    ('t', "log-traceback"),
    ('D', "debuggex"),
    ('\0', "full-traceback"),
    ('\0', "VD"),
];

pub(super) const USAGE: &str = "Usage: fail2ban-regex [OPTIONS] <LOG> <REGEX> [IGNOREREGEX]\n";

pub(super) const HELP: &str = "Usage: fail2ban-regex [OPTIONS] <LOG> <REGEX> [IGNOREREGEX]

Shows what a filter or a pattern sees in a log.

LOG:          a file, or a line
REGEX:        a filter (sshd, sshd[mode=aggressive]), a filter's file, or a failregex
IGNOREREGEX:  a pattern; what it matches is no failure

Options:
    -c, --config <DIR>            where filter.d is (/etc/fail2ban)
    -d, --datepattern <PATTERN>   how the date is written
    --timezone, --TZ <ZONE>       the zone of dates that name none
    -e, --encoding <ENCODING>     the log's encoding
    -r, --raw                     take host names as they are
    --usedns <VALUE>              whether <HOST> may be a name
    -L, --maxlines <NUMBER>       lines that one pattern may span
    -v, --verbose                 patterns without a match too, and what the others found
    --verbosity <NUMBER>          the same, 0 to 4
    --no-check-all                stop at the first pattern that matches
    -o, --out <FIELD>             print this of each failure: ip, id, msg, row, user..., or a text with <ip> <F-USER> in it
    --print-no-missed, --print-no-ignored
    --print-all-matched, --print-all-missed, --print-all-ignored
    -V, --version                 the version, alone or in words
    -h, --help                    this page
";

impl Options {
    /// Options may stand anywhere; `--` ends them.
    pub(super) fn read(words: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if word == "--" {
                options.words.extend(rest.cloned());
                break;
            } else if let Some(long) = word.strip_prefix("--") {
                options.long(long, &mut rest)?;
            } else if word.len() > 1 && word.starts_with('-') {
                options.short(&word[1..], &mut rest)?;
            } else {
                options.words.push(word.clone());
            }
        }
        Ok(options)
    }

    fn long<'w>(&mut self, word: &str, rest: &mut impl Iterator<Item = &'w String>) -> Result<(), String> {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word, None),
        };
        if let Some((_, name)) = VALUED.iter().find(|(_, known)| *known == name) {
            let value = value.or_else(|| rest.next().cloned());
            return self.valued(name, value.ok_or_else(|| format!("--{name} option requires 1 argument"))?);
        }
        match FLAGS.iter().find(|(_, known)| *known == name && known.len() > 1) {
            Some((_, name)) => self.flag(name),
            None if name == "verbose-date" => {}
            None => return Err(format!("no such option: --{name}")),
        }
        Ok(())
    }

    fn short<'w>(
        &mut self,
        letters: &str,
        rest: &mut impl Iterator<Item = &'w String>,
    ) -> Result<(), String> {
        for (at, letter) in letters.char_indices() {
            if let Some((_, name)) = VALUED.iter().find(|(short, _)| *short == letter) {
                let value = &letters[at + letter.len_utf8()..];
                let value = if value.is_empty() { rest.next().cloned() } else { Some(value.to_owned()) };
                return self
                    .valued(name, value.ok_or_else(|| format!("-{letter} option requires 1 argument"))?);
            }
            match FLAGS.iter().find(|(short, _)| *short == letter) {
                Some((_, name)) => self.flag(name),
                None => return Err(format!("no such option: -{letter}")),
            }
        }
        Ok(())
    }

    fn valued(&mut self, name: &str, value: String) -> Result<(), String> {
        let number = |value: &str| {
            value.parse().map_err(|_| format!("option --{name}: invalid integer value: '{value}'"))
        };
        match name {
            "config" => self.config = Some(value.into()),
            "datepattern" => self.datepattern = Some(value),
            "timezone" | "TZ" => self.timezone = Some(value),
            "encoding" => self.encoding = Some(value),
            "usedns" => self.usedns = Some(value),
            "maxlines" => self.maxlines = Some(number(&value)? as usize),
            "verbosity" => self.verbose = number(&value)?,
            "out" => self.out = Some(value),
            _ => {}
        }
        Ok(())
    }

    fn flag(&mut self, name: &str) {
        match name {
            "help" => self.help = true,
            "version" => self.version = true,
            "V" => self.bare_version = true,
            "raw" => self.raw = true,
            "verbose" => self.verbose += 1,
            "no-check-all" => self.first_only = true,
            "print-no-missed" => self.no_missed = true,
            "print-no-ignored" => self.no_ignored = true,
            "print-all-matched" => self.all_matched = true,
            "print-all-missed" => self.all_missed = true,
            "print-all-ignored" => self.all_ignored = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_words_mix() {
        let words =
            ["-vd", "%Y", "log", "--TZ=UTC", "x <HOST>", "--no-check-all", "--", "-y"].map(str::to_owned);
        let options = Options::read(&words).unwrap();
        assert_eq!((options.verbose, options.datepattern.as_deref()), (1, Some("%Y")));
        assert_eq!(options.timezone.as_deref(), Some("UTC"));
        assert!(options.first_only);
        assert_eq!(options.words, ["log", "x <HOST>", "-y"]);
        assert!(Options::read(&["-z".to_owned()]).is_err());
    }
}
