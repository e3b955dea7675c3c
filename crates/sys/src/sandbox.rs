//! The watcher's sandbox: landlock says which files it may read, seccomp which calls it may make.
//!
//! Both hold for the calling thread and those that it starts later, for good.

mod calls;

use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};

/// Why the sandbox does not stand. To be taken for fatal.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Landlock.
    #[error("cannot restrict files: {0}")]
    Landlock(#[from] landlock::RulesetError),
    /// Seccomp.
    #[error("cannot restrict system calls: {0}")]
    Seccomp(#[from] seccompiler::Error),
    /// The list of calls is not expressed for this processor.
    #[error("cannot restrict system calls: {0}")]
    Backend(#[from] seccompiler::BackendError),
    /// A path that must be readable cannot be looked at.
    #[error("cannot restrict files: {path}: {source}")]
    Path {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// How much of the file restrictions this kernel has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRestriction {
    /// All.
    Full,
    /// An older landlock: files are restricted, network or signals are not by landlock (they are by seccomp).
    Partial,
    /// No landlock in this kernel.
    None,
}

/// From now on the thread can read what is at or below `paths`, and nothing else on any file system; it can open no
/// TCP connection and signal nobody outside. Paths that do not exist are left out and returned: what appears there
/// later will not be readable, so give the directory above.
///
/// Give what is loaded late, too: /usr/lib for libraries that libsystemd loads to decompress, /usr/share/zoneinfo.
pub fn restrict_files(paths: &[PathBuf]) -> Result<(FileRestriction, Vec<PathBuf>), SandboxError> {
    restrict_files_and_ports(paths, &[])
}

/// The same, but TCP connections to these ports can be opened.
pub fn restrict_files_and_ports(
    paths: &[PathBuf],
    ports: &[u16],
) -> Result<(FileRestriction, Vec<PathBuf>), SandboxError> {
    let mut missing = Vec::new();
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    for path in paths {
        match readable(path)? {
            Some(rule) => ruleset = ruleset.add_rule(rule)?,
            None => missing.push(path.clone()),
        }
    }
    for port in ports {
        ruleset = ruleset.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
    }
    let restriction = match ruleset.restrict_self()?.ruleset {
        RulesetStatus::FullyEnforced => FileRestriction::Full,
        RulesetStatus::PartiallyEnforced => FileRestriction::Partial,
        RulesetStatus::NotEnforced => FileRestriction::None,
    };
    Ok((restriction, missing))
}

/// What is asked for where the kernel has it.
const NEWEST: ABI = ABI::V6;

fn readable(path: &Path) -> Result<Option<PathBeneath<PathFd>>, SandboxError> {
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(SandboxError::Path { path: path.to_owned(), source }),
    };
    let file = BitFlags::from(AccessFs::ReadFile);
    let access = if metadata.is_dir() { file | AccessFs::ReadDir } else { file };
    let opened = PathFd::new(path)
        .map_err(|error| SandboxError::Path { path: path.to_owned(), source: io::Error::other(error) })?;
    Ok(Some(PathBeneath::new(opened, access)))
}

/// From now on the process can make only the calls that reading logs takes. Others fail with `EPERM`; those that only
/// an attacker would make here (executing, tracing, opening by handle, network sockets, mounting …) kill the process.
///
/// Threads can be started. Last of all steps: it allows none of those that [`crate::privilege`] takes.
pub fn restrict_calls() -> Result<(), SandboxError> {
    for filter in calls::filters()? {
        seccompiler::apply_filter(&filter)?;
    }
    Ok(())
}

/// From now on the calls that only an attacker would make kill the process, as after [`restrict_calls`]. All others can be
/// made, sockets of the internet and of name lookups among them.
pub fn forbid_hostile_calls() -> Result<(), SandboxError> {
    seccompiler::apply_filter(&calls::hostile_to_a_client()?)?;
    Ok(())
}
