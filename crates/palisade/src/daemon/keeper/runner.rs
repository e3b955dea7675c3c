//! The runner as the keeper sees it: a process that is told what happened, and never waited for.

use std::collections::BTreeMap;
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use config::Tree;
use rustix::event::{EventfdFlags, eventfd};
use tracing::{info, warn};

use crate::daemon::protocol::{Frames, send};
use crate::daemon::runner::protocol::{Answer, FromRunner, Said, ToRunner, Tone};
use crate::daemon::spawner::order;

/// So many orders may wait for a runner that is busy taking them in.
const ORDERS: usize = 1 << 16;
/// At the end, all actions together get so long to lift their bans and to stop.
const PATIENCE: Duration = Duration::from_secs(80);
const STACK: usize = 128 << 10;

/// By action: what failed last, while nothing has succeeded since.
type Failing = Arc<Mutex<BTreeMap<String, String>>>;

/// What starts runners, with all the privileges that the keeper had when it was started.
pub(super) struct Spawner {
    process: Child,
    socket: UnixStream,
}

/// A running runner.
pub(super) struct Runner {
    socket: UnixStream,
    orders: Sender<ToRunner>,
    /// It gives the orders that the runner could not be told any more.
    teller: JoinHandle<Vec<ToRunner>>,
    /// How many of them wait. A channel with a bound of its own would hold the memory for all of them from the start.
    waiting: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
    failing: Failing,
    answers: Receiver<(u64, Answer)>,
    bell: Arc<OwnedFd>,
    /// Orders that found no room, in a row.
    lost: u64,
}

impl Spawner {
    /// Starts one from this very binary. `None` where no command may be run: without root, and where the configuration is
    /// built in and has none.
    pub(super) fn start(tree: &Tree) -> io::Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() || !matches!(tree, Tree::Dir(_)) {
            return Ok(None);
        }
        let (socket, theirs) = UnixStream::pair()?;
        let process = Command::new("/proc/self/exe")
            .arg("spawner")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()?;
        Ok(Some(Self { process, socket }))
    }

    /// Has a runner started. Not before the keeper has given up its privileges, which the threads here would keep.
    pub(super) fn runner(&self) -> io::Result<Runner> {
        let (ours, theirs) = UnixStream::pair()?;
        order(&self.socket, Some(theirs.into()))?;
        Runner::listen(ours)
    }

    fn end_runner(&self) {
        // Without a spawner there is nobody who could.
        let _ = order(&self.socket, None);
    }
}

impl Drop for Spawner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Runner {
    /// From here on it takes orders.
    fn listen(socket: UnixStream) -> io::Result<Self> {
        let (orders, queue) = channel::<ToRunner>();
        let waiting = Arc::new(AtomicUsize::new(0));
        let ended = Arc::new(AtomicBool::new(false));
        let mouth = socket.try_clone()?;
        let thread = || thread::Builder::new().stack_size(STACK);
        let taken = Arc::clone(&waiting);
        let teller = thread().spawn(move || {
            while let Ok(order) = queue.recv() {
                if send(&mouth, &order).is_err() {
                    return std::iter::once(order).chain(queue).collect();
                }
                taken.fetch_sub(1, Ordering::Relaxed);
            }
            Vec::new()
        })?;
        let over = Arc::clone(&ended);
        let failing = Failing::default();
        let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let (sender, answers) = channel();
        let ear = Ear { failing: Arc::clone(&failing), answers: sender, bell: Arc::clone(&bell) };
        let voice = socket.try_clone()?;
        thread().spawn(move || {
            let error = ear.hear(&voice).err();
            over.store(true, Ordering::Relaxed);
            ear.ring();
            error.inspect(|error| warn!("the runner cannot be understood: {error}"))
        })?;
        Ok(Self { socket, orders, teller, waiting, ended, failing, answers, bell, lost: 0 })
    }

    /// What one that has ended was not told any more, in order.
    pub(super) fn untold(self) -> Vec<ToRunner> {
        let Self { socket, orders, teller, .. } = self;
        // It may be there still, and not listen.
        let _ = socket.shutdown(Shutdown::Both);
        drop(orders);
        teller.join().unwrap_or_default()
    }

    /// Never waits.
    pub(super) fn tell(&mut self, order: ToRunner) {
        if self.waiting.load(Ordering::Relaxed) >= ORDERS {
            self.lost += 1;
            if self.lost.is_power_of_two() {
                warn!("the runner does not keep up: {} of its orders are left out", self.lost);
            }
            return;
        }
        self.lost = 0;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // Its end is noticed elsewhere.
        let _ = self.orders.send(order);
    }

    /// Readable when it has answered, or has ended.
    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// The next answer, if there is one.
    pub(super) fn answer(&self) -> Option<(u64, Answer)> {
        // Empty is fine: the bell rings once for several.
        let _ = rustix::io::read(&self.bell, &mut [0; 8]);
        self.answers.try_recv().ok()
    }

    /// Actions whose last command failed, and how.
    pub(super) fn failing(&self) -> Vec<String> {
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.iter().map(|(action, what)| format!("{action}: {what}")).collect()
    }

    /// Under a new configuration, old failures say nothing.
    pub(super) fn forget_failures(&self) {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Has all bans of actions lifted and the actions stopped, as far as that goes in time.
    pub(super) fn finish(mut self, spawner: &Spawner) {
        self.tell(ToRunner::Finish);
        let start = Instant::now();
        while !self.has_ended() {
            if start.elapsed() > PATIENCE {
                warn!("actions take too long to stop, and are left alone");
                return spawner.end_runner();
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Where what the runner says goes.
struct Ear {
    failing: Failing,
    answers: Sender<(u64, Answer)>,
    bell: Arc<OwnedFd>,
}

impl Ear {
    /// Until it has ended.
    fn hear(&self, socket: &UnixStream) -> io::Result<()> {
        let mut frames = Frames::default();
        while frames.fill(socket)? {
            while let Some(word) = frames.next()? {
                match word {
                    FromRunner::Said(said) => self.note(said),
                    FromRunner::Answer(number, answer) => {
                        let _ = self.answers.send((number, answer));
                        self.ring();
                    }
                }
            }
        }
        Ok(())
    }

    fn ring(&self) {
        let _ = rustix::io::write(&self.bell, &1u64.to_ne_bytes());
    }

    /// Into the log.
    fn note(&self, Said { action, what, tone }: Said) {
        match tone {
            Tone::Relief | Tone::Notice => info!("{action}: {what}"),
            _ => warn!("{action}: {what}"),
        }
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match tone {
            Tone::Failure => drop(failing.insert(action, what)),
            Tone::Relief => drop(failing.remove(&action)),
            Tone::Warning | Tone::Notice => {}
        }
    }
}
