//! The other side: everybody who connects, in a network namespace of their own.
//!
//! A process of its own. It says what happened on standard output, an object a line, and ends when all attackers have
//! been refused for long enough, or when its standard input ends.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};
use serde::{Deserialize, Serialize};
use sys::namespace;

use super::cast::{Actor, CAST, PORT, Role, server_for};
use super::{service, sshd, stage};
use crate::cli::Attackers;
use crate::exit::{CommandError, Exit, Outcome};

/// Between two connections of one address.
const PACE: Duration = Duration::from_millis(950);
/// An attacker who was refused so often goes home.
const REFUSALS: u32 = 8;
/// Nobody stays longer, whatever happens.
const LONGEST: Duration = Duration::from_secs(22);
const PATIENCE: Duration = Duration::from_secs(3);
/// While waiting for the next connection, how often the end is looked for.
const NAP: Duration = Duration::from_millis(20);

/// What became of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fate {
    /// The password was right.
    Welcomed,
    /// The password was wrong.
    Failed,
    /// The connection did not open.
    Refused,
    /// It opened, and then broke off.
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Try {
    pub(super) from: IpAddr,
    pub(super) fate: Fate,
}

/// What the process says first.
pub(super) const READY: &str = "ready";

/// Enters a namespace, waits for the order to begin, and plays.
pub(super) fn attack(args: Attackers) -> Outcome {
    let failed = |error: io::Error| CommandError::io("the attackers", &error);
    namespace::enter().map_err(failed)?;
    println!("{READY}");
    let mut orders = BufReader::new(io::stdin()).lines();
    if orders.next().is_none() {
        return Ok(Exit::Done);
    }
    stage::connect_attackers().map_err(failed)?;
    let play = Arc::new(Play::new(args.ssh));
    let audience = Arc::clone(&play);
    thread::spawn(move || {
        orders.for_each(drop);
        audience.over.store(true, Ordering::Relaxed);
    });
    thread::scope(|scope| {
        for actor in &CAST {
            scope.spawn(|| play.perform(actor));
        }
    });
    Ok(Exit::Done)
}

struct Play {
    /// Where OpenSSH's client finds its files; `None`: the service is our own.
    ssh: Option<PathBuf>,
    began: Instant,
    over: AtomicBool,
    /// Attackers who have not gone home.
    attacking: AtomicUsize,
}

impl Play {
    fn new(ssh: Option<PathBuf>) -> Self {
        let attackers = CAST.iter().filter(|actor| actor.role == Role::Attacker).count();
        Self { ssh, began: Instant::now(), over: AtomicBool::new(false), attacking: attackers.into() }
    }

    fn perform(&self, actor: &Actor) {
        let mut refused = 0;
        let mut users = actor.users.iter().cycle();
        let mut next = Duration::from_millis(actor.enters);
        while refused < REFUSALS && self.waits_until(next) {
            let fate = self.connect(actor, users.next().unwrap_or(&""));
            tell(Try { from: actor.address, fate });
            match actor.role {
                Role::Attacker => refused += u32::from(fate == Fate::Refused),
                Role::Visitor => next += PACE,
            }
            next = (next + PACE).max(self.began.elapsed());
        }
        if actor.role == Role::Attacker && self.attacking.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.over.store(true, Ordering::Relaxed);
        }
    }

    /// False: the play is over before that.
    fn waits_until(&self, moment: Duration) -> bool {
        while !self.over.load(Ordering::Relaxed) && self.began.elapsed() < LONGEST {
            if self.began.elapsed() >= moment {
                return true;
            }
            thread::sleep(NAP);
        }
        false
    }

    fn connect(&self, actor: &Actor, user: &str) -> Fate {
        match &self.ssh {
            Some(folder) => sshd::log_in(folder, actor, user),
            None => log_in(actor, user).unwrap_or_else(|error| match error.kind() {
                io::ErrorKind::ConnectionRefused => Fate::Refused,
                _ => Fate::Lost,
            }),
        }
    }
}

fn tell(attempt: Try) {
    let mut out = io::stdout().lock();
    // Without anybody listening it is over; standard input will say so too.
    let _ = crate::output::json(&mut out, &attempt).and_then(|()| out.flush());
}

/// Talks to the service of our own.
fn log_in(actor: &Actor, user: &str) -> io::Result<Fate> {
    let password = if actor.role == Role::Visitor { service::PASSWORD } else { "123456" };
    let mut stream = connect_from(actor.address)?;
    stream.write_all(format!("{user}\n{password}\n").as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(match answer.trim_end() {
        service::WELCOME => Fate::Welcomed,
        "" => Fate::Lost,
        _ => Fate::Failed,
    })
}

/// The standard library cannot choose the address that a connection comes from.
fn connect_from(address: IpAddr) -> io::Result<TcpStream> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    for direction in [Timeout::Send, Timeout::Recv] {
        set_socket_timeout(&socket, direction, Some(PATIENCE))?;
    }
    bind(&socket, &SocketAddr::new(address, 0))?;
    connect(&socket, &SocketAddr::new(server_for(address), PORT))?;
    Ok(socket.into())
}
