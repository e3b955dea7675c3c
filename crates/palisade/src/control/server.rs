//! The daemon's end of the control socket.
//!
//! A thread a client does the waiting, so that a slow client cannot hold up the keeper; the keeper's loop only sees
//! whole requests. Only the daemon's own user can connect: the socket has mode 0600 in a folder of mode 0700.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};

use super::protocol::{REQUEST_LIMIT, Refusal, Reply, Request};
use super::socket_path;
use crate::exit::Exit;

/// Clients served at once; more are turned away until one is done.
const CLIENTS: usize = 16;
/// A client that neither writes its request nor reads its answer is dropped after this long.
const PATIENCE: Duration = Duration::from_secs(10);
/// At the end of the daemon, clients have so long to read what they were told.
const FAREWELL: Duration = Duration::from_millis(300);
const STACK: usize = 256 * 1024;

/// One request, waiting for the keeper's answer.
pub(crate) struct Call {
    pub(crate) request: Request,
    answer: mpsc::Sender<Reply>,
}

impl Call {
    pub(crate) fn answer(self, reply: Reply) {
        // The client may have gone; then there is nobody to tell.
        let _ = self.answer.send(reply);
    }
}

/// The listening socket and the requests that came in.
pub(crate) struct Server {
    path: PathBuf,
    listener: UnixListener,
    calls: mpsc::Receiver<Call>,
    desk: Desk,
}

/// What a client's thread needs.
#[derive(Clone)]
pub(crate) struct Desk {
    calls: mpsc::Sender<Call>,
    bell: Arc<OwnedFd>,
    clients: Arc<AtomicUsize>,
}

impl Server {
    /// Listens in `state`, which the caller has locked: a socket found there is a dead daemon's.
    pub(crate) fn listen(state: &Path) -> io::Result<Self> {
        let path = socket_path(state);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        let (sender, calls) = mpsc::channel();
        let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let desk = Desk { calls: sender, bell, clients: Arc::default() };
        Ok(Self { path, listener, calls, desk })
    }

    /// Readable when a client connects.
    pub(crate) fn listener(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    /// Readable when a request has come in.
    pub(crate) fn bell(&self) -> BorrowedFd<'_> {
        self.desk.bell.as_fd()
    }

    /// Gives each waiting client a thread.
    pub(crate) fn accept(&self) {
        while let Ok((stream, _)) = self.listener.accept() {
            // A client that breaks off is its own loss.
            self.desk.admit(move |desk| drop(desk.serve(&stream)));
        }
    }

    /// For another socket whose clients are to be heard too.
    pub(crate) fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// The next request, if one has come in.
    pub(crate) fn next(&self) -> Option<Call> {
        let mut count = [0; 8];
        // Empty is fine: the bell rings once for several.
        let _ = rustix::io::read(&self.desk.bell, &mut count);
        self.calls.try_recv().ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Without it the next client is told that nobody listens, which is as true.
        let _ = fs::remove_file(&self.path);
    }
}

impl Desk {
    /// Serves a client in a thread of its own; turns it away while there are too many.
    pub(crate) fn admit(&self, serve: impl FnOnce(&Self) + Send + 'static) {
        if self.clients.fetch_add(1, Ordering::Relaxed) >= CLIENTS {
            self.clients.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let desk = self.clone();
        let serve = move || {
            serve(&desk);
            desk.clients.fetch_sub(1, Ordering::Relaxed);
        };
        if thread::Builder::new().name("client".into()).stack_size(STACK).spawn(serve).is_err() {
            self.clients.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Waits, but not long, until the clients have read their answers.
    pub(crate) fn see_off(&self) {
        let started = Instant::now();
        while self.clients.load(Ordering::Relaxed) > 0 && started.elapsed() < FAREWELL {
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn serve(&self, mut stream: &UnixStream) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut line = String::new();
        BufReader::new(stream.take(REQUEST_LIMIT as u64)).read_line(&mut line)?;
        let reply = match serde_json::from_str(&line) {
            Ok(request) => self.ask_keeper(request),
            Err(error) => refusal(Exit::Usage, format!("a request that this daemon does not know: {error}")),
        };
        let mut text = serde_json::to_vec(&reply)?;
        text.push(b'\n');
        stream.write_all(&text)
    }

    /// The keeper's answer.
    pub(crate) fn ask_keeper(&self, request: Request) -> Reply {
        let (answer, reply) = mpsc::channel();
        let sent = self.calls.send(Call { request, answer }).is_ok();
        if sent
            && rustix::io::write(&self.bell, &1u64.to_ne_bytes()).is_ok()
            && let Ok(reply) = reply.recv()
        {
            return reply;
        }
        refusal(Exit::Unavailable, "the daemon is ending".into())
    }
}

/// The daemon's no.
pub(crate) fn refusal(exit: Exit, message: String) -> Reply {
    Reply::Refused(Refusal { exit: exit as u8, message })
}
