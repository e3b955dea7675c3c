//! The log of the login service, which Palisade reads and the screen shows.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::Sender;

use jiff::Timestamp;

use super::Event;

pub(super) struct Logbook {
    file: File,
    events: Sender<Event>,
}

impl Logbook {
    pub(super) fn open(path: &Path, events: Sender<Event>) -> io::Result<Self> {
        Ok(Self { file: File::options().append(true).open(path)?, events })
    }

    /// Appends `message`, which begins with `program[pid]: `, as syslog does: with the time and the host's name.
    pub(super) fn write(&self, message: &str) -> io::Result<()> {
        (&self.file).write_all(format!("{:.6} demo {message}\n", Timestamp::now()).as_bytes())?;
        // Nobody looks any more: it is the end.
        let _ = self.events.send(Event::Logged(message.to_owned()));
        Ok(())
    }
}
