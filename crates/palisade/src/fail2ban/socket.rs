//! The daemon's end of Fail2Ban's socket: commands as pickled lists, each ended by a marker, replies the same way.
//!
//! A connection carries one command after the other. Only root can connect: the socket has mode 0700, as Fail2Ban's.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pickle::{Exception, Kind, Trust, Value};

use crate::control::peer;
use crate::control::protocol::{Reply, Request};
use crate::control::server::Desk;

/// Ends a command and a reply.
pub(crate) const END: &[u8] = b"<F2B_END_COMMAND>";
/// What a client sends in place of a command before it goes.
pub(crate) const CLOSE: &[u8] = b"<F2B_CLOSE_COMMAND>";
/// The longest message: a reload carries the configuration that the client has read.
const LIMIT: usize = 8 << 20;
/// A client that stays silent for so long is dropped.
const PATIENCE: Duration = Duration::from_secs(60);

/// The socket that Fail2Ban's clients know.
pub(crate) struct Listener {
    path: PathBuf,
    socket: UnixListener,
    desk: Desk,
}

impl Listener {
    /// Listens at `path`, whose folder is made if need be. A socket on which another server answers is left alone.
    pub(crate) fn open(path: &Path, desk: Desk) -> io::Result<Self> {
        if UnixStream::connect(path).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another server answers there"));
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
            fs::create_dir_all(folder)?;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        }
        if let Err(error) = fs::remove_file(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let socket = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        socket.set_nonblocking(true)?;
        Ok(Self { path: path.to_owned(), socket, desk })
    }

    /// Readable when a client connects.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Where it listens.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives each waiting client a thread.
    pub(crate) fn accept(&self) {
        while let Ok((stream, _)) = self.socket.accept() {
            // A client that breaks off is its own loss.
            self.desk.admit(move |desk| drop(serve(&stream, desk)));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Fail2Ban's client waits for this at `stop`.
        let _ = fs::remove_file(&self.path);
    }
}

fn serve(mut stream: &UnixStream, desk: &Desk) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut inbox = Inbox::default();
    while let Some(message) = inbox.next(stream)? {
        if message.starts_with(CLOSE) {
            break;
        }
        let (status, value) = match answer(&message, stream, desk) {
            Ok(value) => (0, value),
            Err(exception) => (1, Value::Exception(exception)),
        };
        let mut reply = pickle::write(&Value::Tuple(vec![Value::Int(status), value]));
        reply.extend_from_slice(END);
        stream.write_all(&reply)?;
    }
    Ok(())
}

fn answer(message: &[u8], stream: &UnixStream, desk: &Desk) -> Result<Value, Exception> {
    let value = pickle::read(message, Trust::Command)
        .map_err(|error| Exception::new(Kind::ValueError, error.to_string()))?;
    let (Value::List(command) | Value::Tuple(command)) = value else {
        return Err(Exception::new(Kind::TypeError, "a command is a list"));
    };
    let bans = command.get(2).is_some_and(|word| *word == Value::from("banip"));
    let session = if bans { peer::address(stream) } else { None };
    match desk.ask_keeper(Request::Fail2ban(command, session)) {
        Reply::Fail2ban(reply) => reply,
        Reply::Refused(refusal) => Err(Exception::new(Kind::Exception, refusal.message)),
        _ => Err(Exception::new(Kind::Exception, "an answer to another question")),
    }
}

/// Messages out of a stream, which may hold several at once or none that is whole.
#[derive(Default)]
pub(crate) struct Inbox {
    buffer: Vec<u8>,
    /// No end is before this place.
    searched: usize,
}

impl Inbox {
    /// The next message without its end. `None`: there will be no more.
    ///
    /// # Errors
    /// Those of the socket, an end in the middle of a message, and a message over the bound.
    pub(crate) fn next(&mut self, mut stream: impl Read) -> io::Result<Option<Vec<u8>>> {
        let mut piece = [0; 8192];
        loop {
            let rest = &self.buffer[self.searched..];
            if let Some(at) = rest.windows(END.len()).position(|bytes| bytes == END) {
                let end = self.searched + at;
                let after = self.buffer.split_off(end + END.len());
                let mut message = std::mem::replace(&mut self.buffer, after);
                message.truncate(end);
                self.searched = 0;
                return Ok(Some(message));
            }
            if self.buffer.len() > LIMIT {
                return Err(io::Error::other("a message over the bound"));
            }
            self.searched = self.buffer.len().saturating_sub(END.len() - 1);
            match stream.read(&mut piece)? {
                0 if self.buffer.is_empty() => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.buffer.extend_from_slice(&piece[..count]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            (buffer[0], self.0) = (*first, rest);
            Ok(1)
        }
    }

    #[test]
    fn messages_come_out_whole_however_they_arrive() {
        let bytes = b"one<F2B_END_COMMAND>two<F2B_END_COMMAND>";
        let mut inbox = Inbox::default();
        let mut drops = Drops(bytes);
        assert_eq!(inbox.next(&mut drops).unwrap().unwrap(), b"one");
        assert_eq!(inbox.next(&mut drops).unwrap().unwrap(), b"two");
        assert!(inbox.next(&mut drops).unwrap().is_none());
        let mut whole = &bytes[..];
        assert_eq!(inbox.next(&mut whole).unwrap().unwrap(), b"one");
        assert_eq!(inbox.next(&mut whole).unwrap().unwrap(), b"two");
        assert!(inbox.next(Drops(b"half")).is_err());
    }

    #[test]
    fn a_message_without_an_end_is_bounded() {
        assert!(Inbox::default().next(io::repeat(b'x')).is_err());
    }
}
