//! What an action has to say to the owner, and to a client that asked.

use std::cell::Cell;

use pickle::{Exception, Value};

use super::Voice;
use super::protocol::{Answer, Said, Tone};

/// The voice of one action of one jail.
pub(super) struct Report {
    action: String,
    /// What it did last has failed.
    failing: Cell<bool>,
    voice: Voice,
}

impl Report {
    pub(super) fn new(jail: &str, name: &str, voice: Voice) -> Self {
        Self { action: format!("[{jail}] action {name}"), failing: Cell::new(false), voice }
    }

    pub(super) fn fail(&self, what: String) {
        self.failing.set(true);
        self.say(Tone::Failure, what);
    }

    /// Something has succeeded.
    pub(super) fn relieve(&self) {
        if self.failing.take() {
            self.say(Tone::Relief, "works again".into());
        }
    }

    pub(super) fn say(&self, tone: Tone, what: String) {
        self.voice.say(Said { action: self.action.clone(), what, tone });
    }

    pub(super) fn answer(&self, number: u64, answer: Result<Value, Exception>) {
        self.voice.answer(number, Answer::Called(answer));
    }
}
