//! The runner: executes the commands of actions, and those that are written in Python, so that none of them ever holds up
//! a ban.
//!
//! A process of its own, started by the keeper before that gives its privileges up: commands run as root, as in
//! Fail2Ban. It decides nothing. Each action of each jail has a queue and a thread: in order within one action, all
//! actions at once. What the keeper asks is answered by a few threads more, see `asked`. Nothing that a log said reaches
//! a shell as part of a command, see `tags`.

mod action;
mod asked;
mod jails;
mod memory;
pub(super) mod protocol;
mod python;
mod queue;
mod report;
mod shell;
mod tags;
mod values;

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use sys::memory::Code;

use self::asked::Asked;
use self::jails::Jails;
use self::protocol::{Answer, FromRunner, Said, ToRunner};
use super::protocol::{Frames, send};

/// So many words to the keeper may wait; beyond that they are lost, not their causes.
const UNHEARD: usize = 256;

/// What the threads say to the owner; the keeper puts it in the log.
#[derive(Clone)]
struct Voice(SyncSender<FromRunner>);

impl Voice {
    fn say(&self, said: Said) {
        // A keeper that does not listen must not hold up the actions.
        let _ = self.0.try_send(FromRunner::Said(said));
    }

    /// Waits for room: the keeper waits for the answer. Without a keeper nobody does.
    fn answer(&self, number: u64, answer: Answer) {
        let _ = self.0.send(FromRunner::Answer(number, answer));
    }
}

/// Takes the keeper's orders from standard input until it says to finish, or is gone.
pub(crate) fn serve() -> io::Result<()> {
    // A whole process group is told to end, as systemd and terminals do: the keeper will say when, and how. A handler,
    // since what is ignored stays ignored in the commands.
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    let keeper = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let (voice, words) = sync_channel(UNHEARD);
    let mouth = keeper.try_clone()?;
    let speaker = thread::spawn(move || words.iter().try_for_each(|said| send(&mouth, &said)));
    let voice = Voice(voice);
    let mut asked = Asked::new(voice.clone());
    let mut jails = Jails::new(voice);
    let mut frames = Frames::default();
    Code::find()?.release();
    loop {
        match frames.next()? {
            Some(ToRunner::Finish) => break jails.finish(),
            Some(ToRunner::Ask(number, question)) => asked.take(number, question),
            Some(order) => jails.take(order),
            // Without a keeper the bans stay as they are.
            None if !frames.fill(&keeper).unwrap_or(false) => break jails.abandon(),
            None => {}
        }
    }
    drop(asked);
    let _ = speaker.join();
    Ok(())
}
