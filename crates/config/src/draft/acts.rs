//! What a jail does to whom it bans.

use super::Draft;
use crate::action::{self, About, Action, Closed};
use crate::diagnostic::{Fault, keep};
use crate::options::Options;
use crate::ports::{self, Verdict};
use crate::text::{Text, lower_case};

impl Draft<'_, '_> {
    /// The jail's actions, and what its bans close if any of them bans.
    pub(super) fn actions(&mut self, options: &mut Options) -> (Vec<Action>, Option<Closed>) {
        let text = options.filled("action").unwrap_or_default();
        let about = About { jail: self.name, options: options.values(), host: self.context.host };
        let (actions, closed) = action::read(self.reader, &text, &about, &mut options.faults);
        let verdict = match options.filled("block") {
            Some(block) => keep(verdict(&block), Verdict::Reject, &mut options.faults),
            // A jail that says nothing of actions is there to ban; only one that names others, or none, is not.
            None if options.get("action").is_none() => Verdict::Reject,
            None => return (actions, closed),
        };
        // What is said of the block itself wins over the actions, and they over what the jail calls its ports.
        let acted = match closed {
            Some(closed) => closed,
            None => self.closed(options, "port", "protocol", Closed::everything()),
        };
        let closed = self.closed(options, "block.port", "block.protocol", acted);
        (actions, Some(Closed { verdict, ..closed }))
    }

    /// What these two options close, or `otherwise`.
    fn closed(&self, options: &mut Options, port: &str, protocol: &str, otherwise: Closed) -> Closed {
        let ports = options.filled(port).map(|text| ports::ports(&text, self.context.host)).transpose();
        let protocol = options.filled(protocol).map(|text| ports::protocol(&text)).transpose();
        Closed {
            ports: keep(ports, None, &mut options.faults).unwrap_or(otherwise.ports),
            protocol: keep(protocol, None, &mut options.faults).unwrap_or(otherwise.protocol),
            verdict: otherwise.verdict,
        }
    }
}

fn verdict(text: &Text) -> Result<Verdict, Fault> {
    match &*lower_case(text.as_str()) {
        "reject" => Ok(Verdict::Reject),
        "drop" => Ok(Verdict::Drop),
        other => Err(Fault::error(text.place(), format!("block cannot be {other}")).help("reject or drop")),
    }
}
