//! `palisade import fail2ban`: what Fail2Ban knows, taken over; and given back.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use config::Tree;
use store::fail2ban::{Fail2ban, hand_back, read};
use store::{Ban, Batch, Change, Durability, Ending, PastBan, Store, StoreError};

use crate::cli::{ImportFail2ban, Place};
use crate::commands::bans::printed;
use crate::engine::clock::now;
use crate::exit::{CommandError, Exit, Outcome};
use crate::output::{Align, BOLD, Table, count, plain};

const CONFIG: &str = "/etc/fail2ban";
/// Where Fail2Ban keeps its bans, when its configuration does not say.
const DATABASE: &str = "/var/lib/fail2ban/fail2ban.sqlite3";
/// Past bans of one address that are looked at.
const HISTORY: u32 = 1000;
/// Rows of one transaction.
const TOGETHER: usize = 10_000;

/// One jail of the database.
#[derive(Default)]
struct Jail {
    live: u64,
    past: u64,
    offences: u64,
}

pub(crate) fn fail2ban(place: &Place, args: &ImportFail2ban) -> Outcome {
    let config = place.config.clone().unwrap_or_else(|| CONFIG.into());
    let database = args.database.clone().unwrap_or_else(|| database(&config));
    if args.hand_back {
        return give_back(&place.state, &database);
    }
    let found = read(&database).map_err(unreadable)?;
    let mut out = anstream::stdout().lock();
    printed(show(&mut out, &config, &database, &found))?;
    if !args.apply {
        return printed(writeln!(out, "\nNothing was changed. `--apply` takes the bans over."));
    }
    let mut store = open(&place.state)?;
    let (bans, offences) = take_over(&mut store, found.bans)?;
    printed(writeln!(
        out,
        "\nTaken over: {}, the offences of {} more.",
        count(bans, "live ban"),
        count(offences, "address")
    ))
}

/// As the configuration says, or where it usually is.
fn database(config: &Path) -> PathBuf {
    let settings = config::settings(&Tree::Dir(config.to_owned()));
    settings.dbfile.filter(|file| file.starts_with('/')).map_or_else(|| DATABASE.into(), PathBuf::from)
}

fn show(mut out: impl Write, config: &Path, database: &Path, found: &Fail2ban) -> io::Result<()> {
    let loaded = config::load(&Tree::Dir(config.to_owned()));
    let enabled: HashSet<&str> = loaded.jails.iter().map(|jail| jail.spec.name.as_str()).collect();
    let errors =
        if loaded.has_errors() { "with errors: see `palisade config check`" } else { "without errors" };
    writeln!(
        out,
        "{BOLD}Configuration{BOLD:#} {}: {}, {errors}",
        config.display(),
        count(enabled.len(), "jail")
    )?;
    writeln!(out, "{BOLD}Database{BOLD:#} {}\n", database.display())?;
    let now = now().as_micros();
    let mut jails: BTreeMap<&str, Jail> = BTreeMap::new();
    for ban in &found.bans {
        let jail = jails.entry(&ban.jail).or_default();
        let live = ban.until.is_none_or(|until| until > now);
        jail.live += u64::from(live);
        jail.past += u64::from(!live);
        jail.offences += u64::from(ban.count);
    }
    let number = Align::Right;
    let mut table = Table::new(&[
        ("JAIL", Align::Left),
        ("BANNED NOW", number),
        ("BANNED BEFORE", number),
        ("BANS IN ALL", number),
        ("", Align::Left),
    ]);
    for (name, jail) in &jails {
        let note = if enabled.contains(name) { "" } else { "not enabled: its bans wait for it" };
        let counts = [jail.live, jail.past, jail.offences].map(|count| count.to_string());
        table.row([plain(name)].into_iter().chain(counts).chain([note.to_owned()]));
    }
    match jails.is_empty() {
        true => writeln!(out, "Nobody was ever banned.")?,
        false => table.write(&mut out)?,
    }
    found.others.iter().try_for_each(|(jail, text)| {
        writeln!(out, "[{}] {} is no address, and is left behind", plain(jail), plain(text))
    })
}

/// Live bans, and the counts of past ones. What the store knows already stays as it is.
fn take_over(store: &mut Store, bans: Vec<Ban>) -> Result<(u64, u64), CommandError> {
    let now = now().as_micros();
    let (mut live, mut past) = (0, 0);
    let mut changes = Vec::new();
    for ban in bans {
        let known = store.offence(Some(&ban.jail), ban.host).map_err(unwritable)?;
        if known.is_some_and(|known| known.last >= ban.start) {
            continue;
        }
        let ended = ban.until.filter(|until| *until <= now);
        let end = ended.map(|at| Change::Ended {
            jail: ban.jail.clone(),
            host: ban.host,
            at,
            ending: Ending::Expired,
        });
        if ended.is_some() {
            past += 1
        } else {
            live += 1
        }
        changes.push(Change::Ban(ban));
        changes.extend(end);
        if changes.len() >= TOGETHER {
            let batch = Batch { changes: std::mem::take(&mut changes) };
            store.commit(&batch, Durability::Soon).map_err(unwritable)?;
        }
    }
    store.commit(&Batch { changes }, Durability::Now).map_err(unwritable)?;
    Ok((live, past))
}

/// The live bans, back to Fail2Ban.
fn give_back(state: &Path, database: &Path) -> Outcome {
    let store = open(state)?;
    let now = now().as_micros();
    let mut bans = Vec::new();
    let live = |ban: &Ban| ban.until.is_none_or(|until| until > now);
    store.live_bans(|ban| bans.extend(Some(ban).filter(&live))).map_err(unwritable)?;
    let theirs = read(database).map_err(unreadable)?.bans;
    let held: HashSet<_> = bans.iter().map(|ban| (ban.jail.clone(), ban.host)).collect();
    let mut lifted = Vec::new();
    for ban in theirs {
        if live(&ban) && !held.contains(&(ban.jail.clone(), ban.host)) && was_lifted(&store, &ban)? {
            lifted.push(ban);
        }
    }
    hand_back(database, &bans, &lifted).map_err(unreadable)?;
    let mut out = anstream::stdout().lock();
    printed(writeln!(
        out,
        "{} handed back to {}; Fail2Ban restores them when it starts.",
        count(bans.len(), "live ban"),
        database.display()
    ))
}

/// Whether a ban that Fail2Ban still has was taken over and ended here.
fn was_lifted(store: &Store, ban: &Ban) -> Result<bool, CommandError> {
    let past = store.history_of(ban.host.addr(), HISTORY).map_err(unwritable)?;
    let same = |past: &PastBan| past.ban.jail == ban.jail && past.ban.host == ban.host;
    Ok(past.iter().any(|past| same(past) && past.ban.start >= ban.start))
}

fn open(state: &Path) -> Result<Store, CommandError> {
    Store::open(state).map_err(|error| match error {
        StoreError::InUse { .. } => CommandError::new(
            Exit::Busy,
            "palisade is running on this state: stop it, and start it afterwards",
        ),
        error => unwritable(error),
    })
}

fn unreadable(error: StoreError) -> CommandError {
    CommandError::new(Exit::Io, format_args!("no database of Fail2Ban: {error}; name it with --database"))
}

fn unwritable(error: StoreError) -> CommandError {
    CommandError::new(Exit::Io, error)
}
