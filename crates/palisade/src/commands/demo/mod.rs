//! `palisade demo`: an attack, and its end, in namespaces of its own.
//!
//! ```text
//! cable ┌ namespace of the attackers: one process, several addresses, real connections
//!       └ namespace of the server: this process with the login service or sshd, and `palisade run`
//! ```

mod attackers;
mod cast;
mod kernel;
mod logbook;
mod play;
mod scene;
mod screen;
mod service;
mod sshd;
mod stage;

use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Signal, set_parent_process_death_signal};

use self::attackers::Try;
use self::play::Play;
use self::screen::Screen;
use self::stage::Stage;
use super::bans::printed;
use crate::cli::{DemoPart, Exec};
use crate::exit::{CommandError, Exit, Outcome};

/// This very program, even if its file has been replaced.
const OURSELVES: &str = "/proc/self/exe";

/// What the play tells the screen.
enum Event {
    /// A line of the login service's log, without date and host.
    Logged(String),
    /// Somebody connected.
    Tried(Try),
    /// The attackers have gone home.
    Over,
}

/// The whole demonstration.
pub(crate) fn demo() -> Outcome {
    let stage = Stage::build()?;
    let mut play = Play::begin(&stage)?;
    let mut screen = Screen::new(play.service());
    printed(screen.begin())?;
    let scene = play.watch(&mut screen)?;
    drop(play);
    printed(screen.summary(&scene))?;
    Ok(if scene.is_happy() { Exit::Done } else { Exit::Nothing })
}

/// The processes that [`demo`] starts.
pub(crate) fn part(part: DemoPart) -> Outcome {
    // Whatever ends the demonstration ends its parts.
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| CommandError::io("a part of the demonstration", &error.into()))?;
    match part {
        DemoPart::Attackers(args) => attackers::attack(args),
        DemoPart::Exec(args) => become_program(&args),
    }
}

fn become_program(args: &Exec) -> Outcome {
    let Some((program, arguments)) = args.command.split_first() else { return Ok(Exit::Usage) };
    let error = Command::new(program).args(arguments).exec();
    Err(CommandError::io(program.display(), &error))
}

/// One of our parts. Ctrl-C on the terminal is for us alone, who end the others in order.
fn spawning(part: &str) -> Command {
    let mut command = Command::new(OURSELVES);
    command.args(["demo-part", part]).process_group(0);
    command
}

/// A program that ends when we do, however we end.
fn spawning_program(program: &str) -> Command {
    let mut command = spawning("exec");
    command.arg(program);
    command
}
