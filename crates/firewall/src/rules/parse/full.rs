//! `allow [in on IF] [proto P] [from A [port|app B]] [to C [port|app D]]`, in any order.

use super::ends::{self, check_interface};
use super::error::Found;
use super::ports::{self, Named};
use super::simple::only;
use super::{Word, Wrong};
use crate::rules::{Address, Direction, Families, Port, Protocol, Rule, Traffic, Vocabulary};

/// Words of a rule that says everything, with one interface.
const MOST: usize = 14;

/// What the clauses said, before it is compared.
#[derive(Default)]
struct Clauses {
    from: End,
    to: End,
    protocol: Option<Protocol>,
}

#[derive(Default)]
struct End {
    /// The word with the address.
    at: Option<usize>,
    families: Families,
    /// The word with the port, and how it was named.
    port: Option<(usize, Named)>,
    /// The word with the name of a profile.
    profile: Option<(usize, String)>,
}

#[derive(Clone, Copy)]
enum Which {
    From,
    To,
}

impl Rule {
    /// Reads all words from the action on.
    pub(super) fn read_full(&mut self, words: &[Word<'_>], vocabulary: &Vocabulary) -> Found<()> {
        self.check_shape(words)?;
        let mut clauses = Clauses::default();
        let mut end = None;
        let mut rest = &words[1..];
        while let [(at, word), after @ ..] = rest {
            let takes = if matches!(*word, "in" | "out") { 2 } else { 1 };
            let (Some(value), Some(next)) = (after.get(takes - 1), after.get(takes..)) else {
                return Wrong::Count.at(*at);
            };
            match *word {
                "proto" => clauses.protocol = Some(protocol(*value)?),
                "in" | "out" => self.read_interface(word, after, *value)?,
                "from" | "to" => {
                    let which = if *word == "from" { Which::From } else { Which::To };
                    self.read_address(which, *value, &mut clauses, vocabulary)?;
                    end = Some(which);
                }
                "port" | "app" => match end {
                    None => return Wrong::NoEndFor((*word).to_owned()).at(*at),
                    Some(which) => self.read_port(which, *word == "app", *value, &mut clauses, vocabulary)?,
                },
                other => return Wrong::Token(other.to_owned()).at(*at),
            }
            rest = next;
        }
        self.settle(&clauses, vocabulary)
    }

    /// What ufw looks at before it reads any clause: how many words, and which of them twice.
    fn check_shape(&self, words: &[Word<'_>]) -> Found<()> {
        let is = |at: usize, wanted: &[&str]| words.get(at).is_some_and(|(_, word)| wanted.contains(word));
        let first_way = is(1, &["in", "out"]) && is(2, &["on"]);
        let find = |wanted: &str| words.iter().find(|(_, word)| *word == wanted);
        let both = self.direction == Direction::Route && find("in").is_some() && find("out").is_some();
        if words.len() > if both { MOST + 3 } else { MOST } {
            return Wrong::Syntax.anywhere();
        }
        if words.len().is_multiple_of(2) != (first_way && !both) {
            return Wrong::Count.anywhere();
        }
        if !first_way && find("from").is_none() && find("to").is_none() {
            return Wrong::NoEnd.at(words[1].0);
        }
        if let (Some((at, _)), Some(_)) = (find("app"), find("proto")) {
            return Wrong::Improper.at(*at);
        }
        for (wanted, most) in
            [("proto", 1), ("from", 1), ("to", 1), ("in", 1), ("out", 1), ("port", 2), ("app", 2)]
        {
            if let Some((at, _)) = words.iter().filter(|(_, word)| *word == wanted).nth(most) {
                return Wrong::Improper.at(*at);
            }
        }
        Ok(())
    }

    fn read_interface(&mut self, word: &str, after: &[Word<'_>], (at, name): Word<'_>) -> Found<()> {
        match after.first() {
            Some((_, "on")) => {}
            _ => return Wrong::Count.at(at),
        }
        if let Err(wrong) = check_interface(name) {
            return wrong.at(at);
        }
        let interface = if word == "in" { &mut self.input } else { &mut self.output };
        *interface = Some(name.to_owned());
        Ok(())
    }

    fn read_address(
        &mut self,
        which: Which,
        (at, text): Word<'_>,
        clauses: &mut Clauses,
        vocabulary: &Vocabulary,
    ) -> Found<()> {
        let (end, clause, bad) = match which {
            Which::From => (&mut self.from, &mut clauses.from, Wrong::Source),
            Which::To => (&mut self.to, &mut clauses.to, Wrong::Destination),
        };
        let Some(read) = ends::address(text, vocabulary) else { return bad.at(at) };
        end.address = read.address;
        (clause.at, clause.families) = (Some(at), read.families);
        Ok(())
    }

    fn read_port(
        &mut self,
        which: Which,
        is_profile: bool,
        (at, text): Word<'_>,
        clauses: &mut Clauses,
        vocabulary: &Vocabulary,
    ) -> Found<()> {
        let (end, clause) = match which {
            Which::From => (&mut self.from, &mut clauses.from),
            Which::To => (&mut self.to, &mut clauses.to),
        };
        if is_profile && !text.is_empty() {
            (clause.profile, clause.port) = (Some((at, text.to_owned())), None);
            return Ok(());
        }
        match ports::read(text, &vocabulary.services, || Wrong::Port(text.to_owned())) {
            Ok((list, named)) => {
                end.port = Port::Ranges(list);
                (clause.profile, clause.port) = (None, Some((at, named)));
                Ok(())
            }
            Err(wrong) => wrong.at(at),
        }
    }

    /// Compares what the clauses said with each other.
    fn settle(&mut self, clauses: &Clauses, vocabulary: &Vocabulary) -> Found<()> {
        let ends = clauses.to.at.or(clauses.from.at).unwrap_or(0);
        let Some(families) = clauses.from.families.and(clauses.to.families) else {
            return Wrong::MixedFamilies.at(ends);
        };
        if let (Address::List(_), Address::List(_)) = (&self.from.address, &self.to.address) {
            return Wrong::TwoLists.at(ends);
        }
        self.families = families;
        self.protocol = clauses.protocol.unwrap_or_default();
        self.protocol = self.named_protocol(clauses)?;
        for (end, clause) in [(&mut self.from, &clauses.from), (&mut self.to, &clauses.to)] {
            let Some((at, name)) = &clause.profile else { continue };
            match vocabulary.profiles.find(name) {
                None => return Wrong::Profile(name.clone()).at(*at),
                // The profile brings its protocols.
                Some(_) if self.protocol != Protocol::Any => {
                    return Wrong::ProtocolOfProfile(self.protocol.name()).at(*at);
                }
                Some(profile) => end.port = Port::Profile(profile),
            }
        }
        self.check_protocol(ends)
    }

    /// The protocol that was said, or that services have which were named.
    fn named_protocol(&self, clauses: &Clauses) -> Found<Protocol> {
        let named = [clauses.from.port, clauses.to.port].into_iter().flatten();
        let mut protocol = self.protocol;
        if let Some((at, _)) = named.clone().find(|(_, named)| *named == Named::Any) {
            return Wrong::NoProtocol.at(at);
        }
        for (at, named) in named {
            protocol = match only(protocol, named) {
                Ok(protocol) => protocol,
                Err(_) if self.protocol != protocol => return Wrong::ProtocolsOfEnds.at(at),
                Err(wrong) => return wrong.at(at),
            };
        }
        Ok(protocol)
    }

    fn check_protocol(&mut self, at: usize) -> Found<()> {
        let name = self.protocol.name();
        if self.protocol.is_ipv4_only() {
            match self.families.and(Families::V4) {
                Some(families) => self.families = families,
                None => return Wrong::Ipv6OfProtocol(name).at(at),
            }
        }
        let ports = [&self.from.port, &self.to.port].iter().any(|port| **port != Port::Any);
        if ports && !self.protocol.has_ports() {
            return Wrong::PortOfProtocol(name).at(at);
        }
        let unclear = |traffic: &Traffic<'_>| {
            traffic.protocol == Protocol::Any
                && [traffic.from, traffic.to].into_iter().any(ports::are_several)
        };
        match self.traffic().iter().any(unclear) {
            true => Wrong::SeveralPorts.at(at),
            false => Ok(()),
        }
    }
}

fn protocol((at, name): Word<'_>) -> Found<Protocol> {
    match Protocol::named(name) {
        Some(protocol) => Ok(protocol),
        None => Wrong::Protocol(name.to_owned()).at(at),
    }
}
