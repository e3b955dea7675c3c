//! `fail2ban-client` and `fail2ban-server`.

mod help;
mod interactive;
mod options;
mod server;
mod shown;
mod talk;

use std::io::{self, Write};
use std::net::IpAddr;

use config::{Diagnostic, Settings, Severity, Tree};
use ipnet::IpNet;
use jiff::ZonedDateTime;
use pickle::Value;

use self::options::{Layout, Options, Task};
use self::talk::Talk;
use super::{Name, VERSION};
use crate::control::session;
use crate::engine::compile::check;
use crate::engine::place::render;
use crate::exit::Exit;

/// A failure, with what is logged of it.
struct Failure(Vec<String>);

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self(vec![message.into()])
    }
}

type Result<T = ()> = std::result::Result<T, Failure>;

/// Does what the program of this name does.
pub(super) fn run(name: Name, words: &[String]) -> Exit {
    let options = match Options::read(words) {
        Ok(options) => options,
        Err(_) => {
            say(&help::usage(name));
            // As Fail2Ban says it, without a time before it.
            eprintln!("Init of command line failed");
            return Exit::Fail2ban;
        }
    };
    match perform(name, &options) {
        Ok(()) => Exit::Done,
        Err(Failure(messages)) => {
            messages.iter().for_each(|message| log("ERROR", message));
            Exit::Fail2ban
        }
    }
}

fn perform(name: Name, options: &Options) -> Result {
    if let Some(layout) = options.dump {
        dump(options, layout)?;
        if options.task != Task::Test {
            return Ok(());
        }
    }
    match &options.task {
        Task::Help => say(&help::usage(name)),
        Task::Version => say(&format!("Fail2Ban v{VERSION}")),
        Task::BareVersion => say(VERSION),
        Task::Seconds(text) => return seconds(text),
        Task::Test => {
            Client::new(options)?.check()?;
            say("OK: configuration test is successful");
        }
        Task::Interactive => return interactive::run(&Client::new(options)?),
        Task::Command => return command(name, options),
    }
    Ok(())
}

fn command(name: Name, options: &Options) -> Result {
    let client = Client::new(options)?;
    let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
    match (&words[..], name) {
        ([], Name::Client) => {
            say(&help::usage(name));
            Err(Failure(Vec::new()))
        }
        ([], Name::Server) => client.start(),
        (words, _) => client.perform(words),
    }
}

/// The commands by which Fail2Ban's client would set its server up. What is wrong is told; the rest is shown.
fn dump(options: &Options, layout: Layout) -> Result {
    let said = config::Said {
        loglevel: options.loglevel.clone(),
        logtarget: options.logtarget.clone(),
        syslogsocket: options.syslogsocket.clone(),
    };
    let dump = config::dump(&Client::new(options)?.tree, &said);
    for command in dump.commands {
        say(&match layout {
            Layout::Lines => command.repr(),
            Layout::Pretty => command.pretty(),
        });
    }
    dump.faults
        .iter()
        .filter(|fault| fault.severity == Severity::Error)
        .for_each(|fault| log("ERROR", &text(fault)));
    if dump.hopeless { Err(Failure::new("Init of command line failed")) } else { Ok(()) }
}

/// One message, as it is logged.
fn text(fault: &Diagnostic) -> String {
    anstream::adapter::strip_str(render(std::slice::from_ref(fault)).trim_end()).to_string()
}

/// `--str2sec`: a whole number stays one.
fn seconds(text: &str) -> Result {
    let seconds = config::seconds(text).map_err(|why| Failure::new(format!("{text}: {why}")))?;
    let exact = text.contains('.') || text.contains('/');
    say(&if exact { format!("{seconds:?}") } else { format!("{}", seconds as i64) });
    Ok(())
}

/// What a command needs to know of where things are.
struct Client<'o> {
    options: &'o Options,
    tree: Tree,
    settings: Settings,
}

impl<'o> Client<'o> {
    fn new(options: &'o Options) -> Result<Self> {
        if !options.config.is_dir() {
            let folder = options.config.display();
            say(&format!("ERROR: Base configuration directory {folder} does not exist"));
            return Err(Failure::new("Init of command line failed"));
        }
        let tree = Tree::Dir(options.config.clone());
        let settings = config::settings(&tree);
        Ok(Self { options, tree, settings })
    }

    fn talk(&self) -> Talk {
        let configured = || self.settings.socket.clone().unwrap_or_default();
        Talk { socket: self.options.socket.clone().unwrap_or_else(configured) }
    }

    /// One command, with what belongs to it on this side.
    fn perform(&self, words: &[&str]) -> Result {
        match words {
            ["help"] => say(&help::usage(Name::Client)),
            ["start"] => return self.start(),
            ["restart"] => return self.restart(),
            ["restart", rest @ ..] => {
                let words: Vec<&str> = ["reload", "--restart"].iter().chain(rest).copied().collect();
                return self.reload(&words[1..]);
            }
            ["reload", rest @ ..] => return self.reload(rest),
            ["ping"] => return self.ping(),
            ["ping", patience] if patience.parse::<f64>().is_err() => {
                let quoted = Value::from(*patience).repr();
                return Err(Failure::new(format!("could not convert string to float: {quoted}")));
            }
            words => {
                spare_own_session(words)?;
                let value = self.talk().ask(Value::texts(words.iter().copied()))?;
                say(&shown::reply(words, &value));
            }
        }
        Ok(())
    }

    fn ping(&self) -> Result {
        let value = self.talk().ask(Value::texts(["ping"]))?;
        say(&shown::reply(&["ping"], &value));
        Ok(())
    }

    /// The configuration is checked here first, so that what is wrong with it is seen where the command was given.
    fn reload(&self, words: &[&str]) -> Result {
        let is_option = |word: &&&str| ["--restart", "--unban", "--if-exists"].contains(*word);
        let (options, names) = words.split_at(words.iter().take_while(is_option).count());
        if names.len() > 1 {
            let surplus = Value::texts(names.iter().copied()).repr();
            return Err(Failure::new(format!("Unexpected argument(s) for reload: {surplus}")));
        }
        let talk = self.talk();
        if !talk.is_answered() {
            return Err(Failure::new("Could not find server"));
        }
        let name = names.first().copied().unwrap_or("--all");
        if name != "--all" && !config::all_jail_names(&self.tree).iter().any(|known| known == name) {
            let quoted = Value::from(name).repr();
            return Err(Failure::new(format!("Failed during configuration: No section: {quoted}")));
        }
        self.check()?;
        let options = Value::texts(options.iter().copied());
        let command = Value::List(vec!["reload".into(), name.into(), options, Value::List(Vec::new())]);
        let value = talk.ask(command)?;
        say(&shown::reply(&["reload"], &value));
        Ok(())
    }

    /// Every error in the configuration, as `palisade config check` shows them.
    fn check(&self) -> Result {
        let loaded = config::load(&self.tree);
        let Err(faults) = check(&loaded) else { return Ok(()) };
        let errors = faults.into_iter().filter(|fault| fault.severity == Severity::Error);
        let text = render(&errors.collect::<Vec<_>>());
        let text = anstream::adapter::strip_str(text.trim_end()).to_string();
        Err(Failure(vec![
            format!("Failed during configuration: {text}"),
            "ERROR: test configuration failed".into(),
        ]))
    }
}

/// Nobody is to be locked out by their own command. The daemon sees to it too, as far as it may know the session.
fn spare_own_session(words: &[&str]) -> Result {
    let ["set", _, "banip", wanted @ ..] = words else { return Ok(()) };
    let Some(own) = session::address() else { return Ok(()) };
    let is_own = |text: &&&str| {
        let host = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        host.or_else(|_| text.parse()).is_ok_and(|net: IpNet| net.contains(&own))
    };
    let Some(text) = wanted.iter().find(is_own) else { return Ok(()) };
    let why = format!("{text}: not banned: you are logged in from there");
    say(&why);
    Err(Failure::new(format!("NOK: {}", Value::Tuple(vec![why.into()]).repr())))
}

/// A line on standard output. A reader that has gone, as `head` does, is no error.
fn say(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// A line of the client's log, on standard error.
fn log(level: &str, message: &str) {
    let time = ZonedDateTime::now().strftime("%Y-%m-%d %H:%M:%S,%3f").to_string();
    eprintln!("{time} {:<24}[{}]: {level:<7} {message}", "fail2ban", std::process::id());
}
