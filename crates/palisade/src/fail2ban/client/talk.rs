//! The client's end of Fail2Ban's socket.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use pickle::{Exception, Kind, Trust, Value};

use super::{Failure, Result};
use crate::fail2ban::socket::{CLOSE, END, Inbox};

/// Where the server is asked.
pub(super) struct Talk {
    pub(super) socket: PathBuf,
}

impl Talk {
    /// The server's reply; its no is told on standard output too, as people read it there.
    pub(super) fn ask(&self, command: Value) -> Result<Value> {
        let reply = self.exchange(&command).map_err(|error| self.unreachable(&error))?;
        let Value::Tuple(parts) = reply else { return Err(Failure::new("a reply that nobody understands")) };
        match <[Value; 2]>::try_from(parts) {
            Ok([Value::Int(0), value]) => Ok(value),
            Ok([_, Value::Exception(exception)]) => {
                super::log("ERROR", &format!("NOK: {}", arguments(&exception)));
                super::say(&in_words(&exception));
                Err(Failure(Vec::new()))
            }
            _ => Err(Failure::new("a reply that nobody understands")),
        }
    }

    /// Whether a server answers.
    pub(super) fn is_answered(&self) -> bool {
        self.exchange(&Value::texts(["ping"])).is_ok()
    }

    fn exchange(&self, command: &Value) -> io::Result<Value> {
        let mut stream = UnixStream::connect(&self.socket)?;
        let mut message = pickle::write(command);
        message.extend_from_slice(END);
        stream.write_all(&message)?;
        let reply = Inbox::default().next(&stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        // A server that has gone meanwhile needs no goodbye.
        let _ = stream.write_all(&[CLOSE, END].concat());
        pickle::read(&reply, Trust::Reply).map_err(io::Error::other)
    }

    fn unreachable(&self, error: &io::Error) -> Failure {
        let path = self.socket.display();
        Failure::new(match error.kind() {
            io::ErrorKind::NotFound => format!("Failed to access socket path: {path}. Is fail2ban running?"),
            io::ErrorKind::PermissionDenied => {
                format!("Permission denied to socket: {path}, (you must be root)")
            }
            io::ErrorKind::ConnectionRefused => {
                "[[Errno 111] Connection refused] Unable to contact server. Is it running?".to_owned()
            }
            _ => format!("{path}: {error}"),
        })
    }
}

/// What the exception was made of. Of an error with a file, the file's name stands apart.
fn arguments(exception: &Exception) -> String {
    let arguments = match (exception.kind, &exception.arguments[..]) {
        (Kind::FileNotFoundError, [number, text, _]) => vec![number.clone(), text.clone()],
        (_, arguments) => arguments.to_vec(),
    };
    Value::Tuple(arguments).repr()
}

fn in_words(exception: &Exception) -> String {
    let first = || exception.arguments.first().map_or(String::new(), Value::repr);
    match exception.kind {
        Kind::UnknownJail => format!("Sorry but the jail {} does not exist", first()),
        Kind::DuplicateJail => format!("The jail {} already exists", first()),
        Kind::IndexError => "Sorry but the command is invalid".to_owned(),
        _ => exception.text(),
    }
}
