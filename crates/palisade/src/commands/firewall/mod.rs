//! `palisade firewall`: ufw's commands, on the rules in `palisade.toml`.
//!
//! The words are read into a command, `session` holds the file while it is carried out and makes the change one that can
//! be taken back, and each module carries out the commands of its name. `program` is the same under the name of ufw. `beyond`
//! are the commands that ufw does not have.

mod apps;
mod ask;
mod beyond;
mod json;
mod listening;
mod lists;
mod log;
mod openings;
mod program;
mod rules;
mod session;
mod settings;
mod take_over;

use std::io::Write as _;
use std::path::Path;

use firewall::rules::command::{Command, Invocation, NoCommand, Report};

use crate::cli::{Firewall, Place};
use crate::commands::bans::printed;
use crate::engine::posture::{folder, vocabulary};
use crate::exit::{CommandError, Exit, Outcome};
use crate::transaction::applied::Applied;
use crate::transaction::notice;
use posture::Journal;
pub(crate) use program::{is_ufw, program};
pub(crate) use session::{Manner, hold, open, reload_edited};
use session::{Session, reads};
pub(crate) use take_over::{Taken, take_over, text_of};

const USAGE: &str = include_str!("usage.txt");

/// Why a command was not carried out.
struct Refused {
    error: CommandError,
    /// Whether it helps to see what there is.
    usage: bool,
}

/// Does what the words behind `palisade firewall` say.
pub(crate) fn firewall(place: &Place, args: &Firewall) -> Outcome {
    let folder = folder(place);
    if args.words.first().is_some_and(|word| beyond::is_command(word)) {
        return beyond::perform(folder, &place.state, args);
    }
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    // It may also stand where people write it.
    let json = args.json || (words.first() == Some(&"status") && words.contains(&"--json"));
    let words: Vec<&str> = words.into_iter().filter(|word| !json || *word != "--json").collect();
    let manner = |invocation: &Invocation| Manner {
        command: format!("firewall {}", words.join(" ")),
        force: invocation.force || args.rollback.force,
        dry_run: invocation.dry_run || args.dry_run,
        rollback_after: args.rollback.after,
    };
    match carry_out(folder, &place.state, &words, json, manner) {
        Ok(mut said) => {
            if words.first() == Some(&"status") && !json {
                let open = Journal::of(&place.state).open()?;
                let line = open.and_then(|change| notice::waiting(&place.state, &change));
                let gap = if said.ends_with("\n\n") { "" } else { "\n" };
                said += &line.map_or(String::new(), |line| format!("{gap}{line}\n"));
            }
            printed(anstream::stdout().lock().write_all(said.as_bytes()))
        }
        Err(Refused { error, usage: false }) => Err(error),
        Err(Refused { error, .. }) => {
            Err(CommandError::new(error.exit, format!("{}\n{}", error.message, USAGE.trim_end())))
        }
    }
}

/// Reads the words and does what they say; what there is to say about it is returned.
fn carry_out(
    folder: &Path,
    state: &Path,
    words: &[&str],
    json: bool,
    manner: impl FnOnce(&Invocation) -> Manner,
) -> Result<String, Refused> {
    let vocabulary = vocabulary(folder);
    for warning in &vocabulary.profiles.warnings {
        anstream::eprintln!("WARN: {warning}");
    }
    let invocation = Invocation::parse(words, &vocabulary)?;
    if invocation.is_rewritten {
        anstream::eprintln!("WARN: Rule changed after normalization");
    }
    let session = Session::open(folder, state, vocabulary, manner(&invocation), reads(&invocation))?;
    if matches!(invocation.command, Command::Status(_)) {
        lists::warn(&session.posture, state);
        if Applied::load(state, session.posture.path())
            .is_some_and(|known| *known.policy != *session.policy())
        {
            anstream::eprintln!(
                "WARN: palisade.toml was edited and is not in force: palisade firewall reload"
            );
        }
    }
    Ok(perform(session, invocation.command, json)?)
}

impl From<NoCommand> for Refused {
    fn from(error: NoCommand) -> Self {
        Self { usage: error.is_usage(), error: CommandError::new(Exit::Usage, error) }
    }
}

impl From<CommandError> for Refused {
    fn from(error: CommandError) -> Self {
        Self { error, usage: false }
    }
}

fn perform(session: Session, command: Command, json: bool) -> Result<String, CommandError> {
    match command {
        Command::Help => Ok(USAGE.to_owned()),
        Command::Version => Ok(format!("palisade {}\n", env!("CARGO_PKG_VERSION"))),
        Command::Status(_) if json => json::status(session.policy(), session.open_change()?.as_ref()),
        Command::Status(detail) => Ok(session.policy().status(detail, settings::routes())),
        Command::Show(Report::Added) => Ok(session.policy().added()),
        Command::Show(Report::Listening) => Ok(listening::report(session.policy())),
        Command::Show(Report::Kernel) => listening::table(),
        Command::Enable => settings::enable(session),
        Command::Disable => settings::disable(session),
        Command::Reload => settings::reload(&session),
        Command::Reset => settings::reset(session),
        Command::Default(way, stance) => settings::default(session, way, stance),
        Command::Logging(level) => settings::logging(session, level),
        Command::AppList => Ok(apps::list(&session)),
        Command::AppInfo(name) => apps::info(&session, &name),
        Command::AppDefault(what) => apps::default(session, what),
        Command::AppUpdate(name, add) => apps::update(session, &name, add),
        Command::Add(rule, place) => rules::add(session, &rule, place),
        Command::Delete(rule) => rules::delete(session, &rule),
        Command::DeleteNumber(number) => rules::delete_number(session, number),
    }
}
