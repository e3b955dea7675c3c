//! `fail2ban-regex`: what a filter or a pattern sees in a log.
//!
//! Whether a line is a failure is the filters' engine to say, the same that the daemon runs. The patterns are also run one
//! by one, for the report counts what each of them matches.

mod options;
mod out;
mod report;
mod subject;
mod tally;

use std::io::{self, Write};
use std::path::Path;

use self::options::Options;
use self::subject::Subject;
use self::tally::Tally;
use super::VERSION;
use crate::engine::input;
use crate::exit::Exit;

/// Longer single lines are cut in the heading.
const SHOWN: usize = 53;

/// Does what `fail2ban-regex` does with these words.
pub(super) fn run(words: &[String]) -> Exit {
    let options = match Options::read(words) {
        Ok(options) => options,
        Err(unknown) => {
            eprintln!("{}\nfail2ban-regex: error: {unknown}", options::USAGE);
            return Exit::Misused;
        }
    };
    let done = if options.bare_version {
        say(VERSION)
    } else if options.version {
        say(&format!("fail2ban-regex {VERSION}"))
    } else if options.help {
        say(options::HELP)
    } else if !(2..=3).contains(&options.words.len()) {
        eprintln!("ERROR: provide both <LOG> and <REGEX>.\n");
        let _ = say(options::HELP);
        return Exit::Fail2ban;
    } else {
        test(&options)
    };
    match done {
        Ok(()) => Exit::Done,
        // A reader that has gone, as `head` does, is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            let _ = say(&format!("ERROR: {error}"));
            Exit::Fail2ban
        }
    }
}

fn test(options: &Options) -> io::Result<()> {
    let quiet = options.out.is_some();
    let heading = |text: &str| if quiet { Ok(()) } else { say(text) };
    heading("\nRunning tests\n=============\n")?;
    let subject = Subject::read(options, &heading).map_err(io::Error::other)?;
    let mut tally = Tally::new(&subject, options).map_err(io::Error::other)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let log = &options.words[0];
    let mut written = Ok(());
    let mut line = |text: &[u8]| {
        let failures = tally.line(text);
        if let Some(wanted) = &options.out {
            for failure in failures {
                written = std::mem::replace(&mut written, Ok(()))
                    .and_then(|()| writeln!(out, "{}", out::shown(wanted, &failure)));
            }
        }
    };
    if Path::new(log).is_file() {
        heading(&format!("Use         log file : {log}"))?;
        let encoding = options.encoding.as_deref().unwrap_or("UTF-8");
        heading(&format!("Use         encoding : {encoding}\n\n"))?;
        let opened = input::open(Path::new(log)).map_err(|error| io::Error::other(error.message))?;
        sources::each_line(opened.reader, &mut |text, _| line(text))?;
    } else {
        heading(&format!("Use      single line : {}\n\n", short(log)))?;
        line(log.as_bytes());
    }
    written?;
    out.flush()?;
    if quiet { Ok(()) } else { report::write(&mut out, &tally, &subject, options) }
}

fn short(text: &str) -> String {
    match text.chars().count() > SHOWN {
        true => text.chars().take(SHOWN - 3).chain("...".chars()).collect(),
        false => text.to_owned(),
    }
}

fn say(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}
