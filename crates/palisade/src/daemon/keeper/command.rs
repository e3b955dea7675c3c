//! What people command over the control socket.

use std::net::IpAddr;
use std::time::Duration;

use detect::Time;
use detect::jail::{Ban, Command, Decision, Length};
use ipnet::IpNet;
use store::{Change, Durability, Ending, Source};

use super::Keeper;
use super::history::Stored;
use super::plan::BY_HAND;
use super::progress::Decided;
use super::restore::KERNEL;
use crate::control::protocol::{AddressReport, BanRequest, Reply, Request, UnbanRequest};
use crate::control::server::{Call, refusal};
use crate::engine::clock::now;
use crate::exit::Exit;
use crate::output::{count, span};

impl Keeper {
    /// Answers one request; a reload is answered when it is done.
    pub(super) fn answer(&mut self, call: Call) {
        let reply = match &call.request {
            Request::Reload => return self.reload(Some(call.into())),
            Request::Fail2ban(..) => return self.fail2ban(call),
            Request::Status { jail } => self.status(jail.as_deref()),
            Request::Bans { jail } => self.bans(jail.as_deref()),
            Request::TakeLists => {
                self.take_lists();
                self.renew_rules();
                Reply::TookLists
            }
            Request::Ban(request) => self.ban(request),
            Request::Unban(request) => self.unban(request),
        };
        call.answer(reply);
    }

    /// In the kernel and on disk when this returns.
    fn ban(&mut self, request: &BanRequest) -> Reply {
        let jail = request.jail.as_deref().unwrap_or(BY_HAND);
        let Some(at) = self.jails.find(jail) else { return no_jail(jail) };
        let length = match request.length.as_deref().map(length).transpose() {
            Ok(length) => length,
            Err(error) => return refusal(Exit::Usage, error),
        };
        let now = now();
        let mut decided = Vec::new();
        let reports = request.addresses.iter().map(|text| {
            let result = self.decide_one(at, text, length, request.session, now);
            let done = result.is_ok();
            let result = match result {
                Ok((said, ban)) => {
                    decided.extend(ban);
                    said
                }
                Err(why) => why,
            };
            AddressReport { address: text.clone(), jail: jail.to_owned(), done, result }
        });
        let reports = reports.collect();
        let stored = self.enforce_command(decided, now);
        self.conclude(reports, stored)
    }

    /// Says so if something does not take what was done.
    fn conclude(&mut self, mut reports: Vec<AddressReport>, stored: bool) -> Reply {
        if !stored || self.troubles.contains_key(KERNEL) {
            for report in reports.iter_mut().filter(|report| report.done) {
                report.done = false;
                report.result += ", but not everywhere: see `palisade status`";
            }
        }
        Reply::Addresses(reports)
    }

    /// What is to be said, and the ban, if there is a new one.
    pub(super) fn decide_one(
        &mut self,
        at: usize,
        text: &str,
        length: Option<Length>,
        session: Option<IpAddr>,
        now: Time,
    ) -> Result<(String, Option<Decided>), String> {
        let host = network(text)?;
        if let Some(why) = self.jails.objection(at, host, session) {
            return Err(format!("not banned: {why}"));
        }
        let names = self.names();
        let history = Stored { store: &self.store, names: &names };
        let command = Command { host, now, length, random: 0.0 };
        let Some(decision) = self.jails.command(at, command, &history) else {
            return Err("no such jail".into());
        };
        let said = match decision {
            Decision::Ban { ban, .. } => format!("banned {}", ending(ban.until, now)),
            Decision::AlreadyBanned { ban, prolonged: true } => {
                format!("ban prolonged, {}", ending(ban.until, now))
            }
            Decision::AlreadyBanned { ban, .. } => format!("already banned {}", ending(ban.until, now)),
            Decision::Over => return Err("not banned: the time is already over".into()),
        };
        Ok((said, self.note_decision(decision, "by hand".into(), Source::Command)))
    }

    fn unban(&mut self, request: &UnbanRequest) -> Reply {
        let jail = match request.jail.as_deref().map(|name| (name, self.jails.book.find_jail(name))) {
            Some((name, None)) => return no_jail(name),
            Some((_, id)) => id,
            None => None,
        };
        let all = request.addresses.is_empty();
        let mut reports = Vec::new();
        let mut lifted = Vec::new();
        let wanted: Vec<(String, Result<IpNet, String>)> = match all {
            true => vec![("all".into(), Ok(IpNet::default()))],
            false => request.addresses.iter().map(|text| (text.clone(), network(text))).collect(),
        };
        for (text, host) in wanted {
            let (found, result) = match host {
                Err(why) => (Vec::new(), why),
                Ok(host) => {
                    let hit = |ban: &Ban| {
                        (all || ban.host == host || contains(ban.host, host))
                            && jail.is_none_or(|id| id == ban.jail)
                    };
                    let found: Vec<_> = self.jails.book.iter().filter(hit).collect();
                    (found, "not banned".into())
                }
            };
            let names: Vec<String> =
                found.iter().map(|ban| self.jails.book.name(ban.jail).to_owned()).collect();
            let (done, said) = match (all, names.len()) {
                (_, 0) => (false, result),
                (true, bans) => (true, format!("{} lifted", count(bans, "ban"))),
                (false, _) => (true, format!("unbanned in {}", names.join(", "))),
            };
            reports.push(AddressReport { address: text, jail: names.join(","), result: said, done });
            lifted.extend(found);
        }
        let now = now();
        for ban in &lifted {
            self.jails.book.remove(ban.jail, ban.host);
        }
        self.lift(&lifted, Ending::Command, now);
        match all {
            true => self.act_on_flush(&lifted),
            false => self.act_on_ends(&lifted),
        }
        lifted.iter().for_each(|ban| self.forgive(ban));
        self.note_windows();
        let stored = self.commit(Durability::Now);
        self.conclude(reports, stored)
    }
}

impl Keeper {
    /// Whom a person pardons begins anew, as in Fail2Ban.
    pub(super) fn forgive(&mut self, ban: &Ban) {
        if let Some(at) = self.jails.index(ban.jail)
            && let Some(jail) = self.jails.jail_mut(at)
        {
            jail.windows_mut().forget(ban.host);
        }
        let name = self.jails.book.name(ban.jail).into();
        self.pending.push(Change::Forgiven { jail: name, host: ban.host });
    }
}

fn contains(ban: IpNet, wanted: IpNet) -> bool {
    // An address is found in the IPv6 prefix that it was banned with.
    wanted.prefix_len() == wanted.max_prefix_len() && matches!(ban, IpNet::V6(_)) && ban.contains(&wanted)
}

fn ending(until: Option<Time>, now: Time) -> String {
    match until {
        None => "for ever".into(),
        // A part of a second is not worth a word.
        Some(until) => format!("for {}", span(until.since(now) + Duration::from_millis(500))),
    }
}

/// `--for`'s time.
fn length(text: &str) -> Result<Length, String> {
    let length = match text {
        "forever" | "ever" => None,
        text => config::duration_or_ever(text).map_err(|error| format!("--for {text}: {error}"))?,
    };
    Ok(length.into())
}

/// What a person names: an address or a network.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    let net = address.or_else(|_| text.parse::<IpNet>());
    net.map(|net| net.trunc())
        .map_err(|_| "no address and no network; give 203.0.113.7 or 198.51.100.0/24".into())
}

fn no_jail(name: &str) -> Reply {
    refusal(Exit::Usage, format!("there is no jail {name}; `palisade status` lists them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_the_ipv4_address() {
        assert_eq!(network("::ffff:203.0.113.7").unwrap(), network("203.0.113.7").unwrap());
    }

    #[test]
    fn host_bits_of_a_network_do_not_matter() {
        assert_eq!(network("198.51.100.9/24").unwrap().to_string(), "198.51.100.0/24");
        assert!(network("example.org").is_err());
    }

    #[test]
    fn an_unban_of_an_ipv4_address_does_not_lift_the_ban_of_its_network() {
        assert!(!contains("198.51.100.0/24".parse().unwrap(), network("198.51.100.9").unwrap()));
        assert!(contains("2001:db8::/64".parse().unwrap(), network("2001:db8::9").unwrap()));
    }
}
