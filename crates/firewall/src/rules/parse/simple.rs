//! `allow PORT[/PROTOCOL]` and `allow PROFILE`.

use super::error::Found;
use super::ports::{self, Named};
use super::{Word, Wrong};
use crate::rules::vocabulary::is_profile_name;
use crate::rules::{Port, Protocol, Rule, Vocabulary};

impl Rule {
    pub(super) fn read_simple(&mut self, (at, word): Word<'_>, vocabulary: &Vocabulary) -> Found<()> {
        match self.simple(word, vocabulary) {
            Ok(()) => Ok(()),
            Err(wrong) => wrong.at(at),
        }
    }

    fn simple(&mut self, word: &str, vocabulary: &Vocabulary) -> Result<(), Wrong> {
        let (list, protocol) = match word.split_once('/') {
            Some((list, _)) if ports::is_malformed(list) => return Err(Wrong::PortRange),
            None => (word, Protocol::Any),
            Some((list, name)) => (list, Protocol::named(name).ok_or(Wrong::SimplePort)?),
        };
        if !protocol.has_ports() {
            return Err(Wrong::PortOfProtocol(protocol.name()));
        }
        if word == "any" {
            return Err(Wrong::Profile(word.to_owned()));
        }
        let name = !word.contains('/') && is_profile_name(word);
        let bad = || if name { Wrong::Profile(word.to_owned()) } else { Wrong::SimplePort };
        match ports::read(list, &vocabulary.services, bad) {
            Ok((list, named)) => {
                self.protocol = only(protocol, named)?;
                if ports::are_several(&list) && self.protocol == Protocol::Any {
                    return Err(Wrong::SeveralPorts);
                }
                self.to.port = Port::Ranges(list);
            }
            Err(bad) => match name.then(|| vocabulary.profiles.find(word)).flatten() {
                Some(profile) => self.to.port = Port::Profile(profile),
                None => return Err(bad),
            },
        }
        Ok(())
    }
}

/// The protocol of a rule for `protocol` whose only port was named like this.
pub(super) fn only(protocol: Protocol, named: Named) -> Result<Protocol, Wrong> {
    match (protocol, named) {
        (_, Named::Either) => Ok(protocol),
        (_, Named::Any) => Err(Wrong::NoProtocol),
        (Protocol::Any, Named::Only(one)) => Ok(one),
        (Protocol::Any, Named::Other) => Err(Wrong::Protocol(String::new())),
        (_, Named::Only(one)) if one == protocol => Ok(protocol),
        _ => Err(Wrong::ProtocolMismatch(protocol.name())),
    }
}
