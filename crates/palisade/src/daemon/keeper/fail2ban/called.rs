//! Commands that an action which is written in Python has the answer to: the runner is asked, and nothing waits for it.

use std::collections::BTreeMap;

use config::ActionKind;
use pickle::{Exception, Kind, Value};

use super::{Done, Keeper, Outcome};
use crate::control::protocol::Reply;
use crate::control::server::Call as Asking;
use crate::daemon::runner::protocol::{Call, ToRunner};

/// So many may wait for their answers.
const WAITING: usize = 256;

/// Those that wait, by the number of the question.
pub(super) type Calls = BTreeMap<u64, Asking>;

/// What an action is asked.
pub(super) struct Question {
    jail: String,
    action: String,
    call: Call,
}

impl Keeper {
    /// The question to an action that is written in Python; `None`: it is not.
    pub(super) fn to_python(&self, at: usize, name: &str, call: Call) -> Outcome<Option<Done>> {
        let jail = &self.plan.jails[at];
        let is_python = |kind| kind == ActionKind::Python;
        if !jail.told.actions.iter().any(|action| action.name == name && is_python(action.kind)) {
            return Ok(None);
        }
        if jail.scripts.iter().all(|script| script.name != name) {
            return Err(refusal(format!("{name} is not run: see `palisade status`")));
        }
        Ok(Some(Done::Ask(Question { jail: jail.spec.name.clone(), action: name.to_owned(), call })))
    }

    pub(super) fn ask_action(&mut self, question: Question, asking: Asking) {
        let Question { jail, action, call } = question;
        let number = self.asking.number();
        match &mut self.runner {
            Some(runner) if !runner.has_ended() && self.fail2ban.calls.len() < WAITING => {
                runner.tell(ToRunner::Call(number, jail, action, call));
                self.fail2ban.calls.insert(number, asking);
            }
            _ => asking.answer(Reply::Fail2ban(Err(refusal("no action can be asked now".into())))),
        }
    }

    /// The runner has the answer.
    pub(in super::super) fn called(&mut self, number: u64, answer: Result<Value, Exception>) {
        if let Some(asking) = self.fail2ban.calls.remove(&number) {
            asking.answer(Reply::Fail2ban(answer));
        }
    }

    /// No answer comes any more.
    pub(in super::super) fn end_calls(&mut self) {
        for asking in std::mem::take(&mut self.fail2ban.calls).into_values() {
            asking.answer(Reply::Fail2ban(Err(refusal("the runner has ended".into()))));
        }
    }
}

fn refusal(why: String) -> Exception {
    Exception::new(Kind::Exception, why)
}
