//! The command's end of the control socket.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::protocol::{Reply, Request};
use super::socket_path;
use crate::exit::{CommandError, Exit};

/// Asks the daemon that runs on `state`; its refusal is an error with the daemon's own words and exit status.
pub(crate) fn ask(state: &Path, request: &Request) -> Result<Reply, CommandError> {
    let path = socket_path(state);
    let mut stream = UnixStream::connect(&path).map_err(|error| no_daemon(&path, &error))?;
    let lost =
        |error: &std::io::Error| CommandError::io(format_args!("the daemon at {}", path.display()), error);
    let mut text = serde_json::to_string(request).map_err(|error| CommandError::new(Exit::Io, error))?;
    text.push('\n');
    stream.write_all(text.as_bytes()).map_err(|error| lost(&error))?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).map_err(|error| lost(&error))?;
    match serde_json::from_str(&answer) {
        Ok(Reply::Refused(refusal)) => Err(CommandError::new(exit_of(refusal.exit), refusal.message)),
        Ok(reply) => Ok(reply),
        Err(_) => {
            Err(CommandError::new(Exit::Unavailable, "the daemon ended before it answered; see its log"))
        }
    }
}

fn exit_of(status: u8) -> Exit {
    [Exit::Nothing, Exit::Usage, Exit::Io, Exit::Permission, Exit::Config]
        .into_iter()
        .find(|exit| *exit as u8 == status)
        .unwrap_or(Exit::Unavailable)
}

fn no_daemon(path: &Path, error: &std::io::Error) -> CommandError {
    match error.kind() {
        ErrorKind::PermissionDenied => CommandError::new(
            Exit::Permission,
            format_args!("{}: only the daemon's own user may command it; try sudo", path.display()),
        ),
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => CommandError::new(
            Exit::Unavailable,
            format_args!("no daemon is listening on {}; start it with `palisade run`", path.display()),
        ),
        _ => CommandError::io(path.display(), error),
    }
}
