//! How a command ends: the documented exit status, and one clear sentence for people.

use std::fmt;

use firewall::FirewallError;

/// Exit statuses, after sysexits(3); `palisade --help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    Nothing = 1,
    /// Wrong usage of `fail2ban-regex`.
    Misused = 2,
    Usage = 64,
    Unavailable = 69,
    Busy = 73,
    Io = 74,
    Permission = 77,
    Config = 78,
    /// How every failure of Fail2Ban's programs ends.
    Fail2ban = 255,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do its work. The message says what, where, and what to do next.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

impl CommandError {
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    /// An error of the operating system, with the exit status that its kind deserves.
    pub(crate) fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        let exit = match error.kind() {
            std::io::ErrorKind::PermissionDenied => Exit::Permission,
            _ => Exit::Io,
        };
        Self::new(exit, format_args!("{what}: {error}"))
    }
}

impl From<FirewallError> for CommandError {
    fn from(error: FirewallError) -> Self {
        let exit = match &error {
            FirewallError::MissingCapability => Exit::Permission,
            _ => Exit::Unavailable,
        };
        Self::new(exit, error)
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What a command returns to `main`.
pub(crate) type Outcome = Result<Exit, CommandError>;
