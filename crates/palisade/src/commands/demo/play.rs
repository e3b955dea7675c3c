//! The play: its processes, and what is heard of them.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use sys::namespace::Entered;

use super::cast::JAIL;
use super::kernel::Kernel;
use super::logbook::Logbook;
use super::scene::Scene;
use super::screen::Screen;
use super::stage::{Stage, last_line, no_firewall};
use super::{Event, OURSELVES, attackers, service, spawning, spawning_program, sshd};
use crate::control::client::ask;
use crate::control::protocol::{Reply, Request, StatusReport};
use crate::exit::{CommandError, Exit};

/// Between two looks at the daemon, and two pictures.
const TICK: Duration = Duration::from_millis(100);
/// For the daemon to watch.
const PATIENCE: Duration = Duration::from_secs(10);
/// For a process to end by itself.
const GRACE: Duration = Duration::from_secs(3);

/// Which login service is attacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Sshd,
    Own,
}

/// Dropped, it ends all its processes.
pub(super) struct Play {
    state: PathBuf,
    kernel: Kernel,
    service: Service,
    attackers: Child,
    daemon: Option<Child>,
    sshd: Option<Child>,
    events: Receiver<Event>,
    interrupted: Arc<AtomicBool>,
}

impl Play {
    /// Everything is in place, and the attack begins.
    pub(super) fn begin(stage: &Stage) -> Result<Self, CommandError> {
        let kernel = Kernel::open().map_err(no_firewall)?;
        let failed = |what: &'static str| move |error: io::Error| CommandError::io(what, &error);
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&interrupted)).map_err(failed("signals"))?;
        }
        let (sender, events) = mpsc::channel();
        let (service, sshd) = start_service(stage, &sender).map_err(failed("the login service"))?;
        let attackers = spawn_attackers(stage, service).map_err(failed("the attackers"))?;
        let state = stage.path("state");
        let mut play = Self { state, kernel, service, attackers, daemon: None, sshd, events, interrupted };
        let reports = play.attackers_ready().map_err(failed("the attackers"))?;
        stage.connect(play.attackers.id())?;
        play.start_daemon(stage)?;
        thread::spawn(move || hear(reports, &sender));
        play.raise_the_curtain().map_err(failed("the attackers"))?;
        Ok(play)
    }

    pub(super) fn service(&self) -> Service {
        self.service
    }

    fn attackers_ready(&mut self) -> io::Result<BufReader<ChildStdout>> {
        let gone = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let mut reports = BufReader::new(self.attackers.stdout.take().ok_or_else(gone)?);
        let mut first = String::new();
        reports.read_line(&mut first)?;
        if first.trim_end() == attackers::READY { Ok(reports) } else { Err(gone()) }
    }

    fn start_daemon(&mut self, stage: &Stage) -> Result<(), CommandError> {
        let log = stage.path("daemon.log");
        let failed = |error: io::Error| CommandError::io("the daemon", &error);
        let errors = File::create(&log).map_err(failed)?;
        fs::create_dir(&self.state).map_err(failed)?;
        let mut command = spawning_program(OURSELVES);
        command.arg("--config").arg(stage.path("config")).arg("--state").arg(&self.state).arg("run");
        // They would speak to the host's systemd.
        command.env_remove("NOTIFY_SOCKET").env_remove("JOURNAL_STREAM");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        let daemon = self.daemon.insert(command.spawn().map_err(failed)?);
        let began = Instant::now();
        while !fs::read_to_string(&log).is_ok_and(|text| text.contains("watching, process")) {
            let ended = daemon.try_wait().map_err(failed)?.is_some();
            if ended || began.elapsed() > PATIENCE {
                let what = format!("the daemon does not start: {}", last_line(&log));
                return Err(CommandError::new(Exit::Unavailable, what));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn raise_the_curtain(&mut self) -> io::Result<()> {
        self.attackers.stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(b"begin\n"))
    }

    /// Shows what happens until the attackers have gone home, or somebody has seen enough.
    pub(super) fn watch(&mut self, screen: &mut Screen) -> Result<Scene, CommandError> {
        let mut scene = Scene::new();
        let shown = |error: io::Error| CommandError::io("standard output", &error);
        let mut looked = None;
        while !scene.finished && !self.interrupted.load(Ordering::Relaxed) {
            match self.events.recv_timeout(TICK) {
                Ok(event) => scene.take(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if scene.finished || looked.is_none_or(|at: Instant| at.elapsed() >= TICK) {
                let status = self.ask_daemon()?;
                let held = self.kernel.held(&status.bans).map_err(no_firewall)?;
                scene.see(&status, held);
                looked = Some(Instant::now());
                match screen.show(&mut scene) {
                    // Who looked on has left.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
                    other => other.map_err(shown)?,
                }
            }
        }
        Ok(scene)
    }

    fn ask_daemon(&self) -> Result<StatusReport, CommandError> {
        match ask(&self.state, &Request::Status { jail: Some(JAIL.into()) })? {
            Reply::Status(status) => Ok(*status),
            _ => Err(CommandError::new(Exit::Unavailable, "the daemon gives an answer of another kind")),
        }
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        // Closing its input asks the process to end, and lets it see its last connections through.
        drop(self.attackers.stdin.take());
        end(&mut self.attackers);
        for child in self.daemon.iter_mut().chain(&mut self.sshd) {
            if let Some(pid) = rustix::process::Pid::from_raw(child.id().cast_signed()) {
                // It may have ended already.
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            }
            end(child);
        }
    }
}

/// Gives a process that was asked to end some time, and then none.
fn end(child: &mut Child) {
    let began = Instant::now();
    while matches!(child.try_wait(), Ok(None)) && began.elapsed() < GRACE {
        thread::sleep(Duration::from_millis(5));
    }
    // In the good case it has ended, and there is nothing to kill.
    let _ = child.kill();
    let _ = child.wait();
}

/// A real sshd where it can run.
fn start_service(stage: &Stage, sender: &Sender<Event>) -> io::Result<(Service, Option<Child>)> {
    let log = || Logbook::open(&stage.path("log/auth.log"), sender.clone());
    if stage.entered == Entered::AsRoot
        && sshd::is_installed()
        && let Ok(sshd) = sshd::start(&stage.folder, log()?)
    {
        return Ok((Service::Sshd, Some(sshd)));
    }
    service::start(log()?)?;
    Ok((Service::Own, None))
}

fn spawn_attackers(stage: &Stage, service: Service) -> io::Result<Child> {
    let mut command = spawning("attackers");
    if service == Service::Sshd {
        command.arg("--ssh").arg(&stage.folder);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
}

/// Passes on what the attackers say, until they have gone home.
fn hear(reports: BufReader<ChildStdout>, sender: &Sender<Event>) {
    let tries = reports.lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok());
    // Nobody listens when the play has been broken off.
    let _ = tries.map(Event::Tried).chain([Event::Over]).try_for_each(|event| sender.send(event));
}
