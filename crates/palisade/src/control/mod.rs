//! The control socket, by which commands reach the running daemon.

pub(crate) mod client;
pub(crate) mod peer;
pub(crate) mod protocol;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod sockets;

use std::path::{Path, PathBuf};

/// The socket lies in the state folder, so that `--state` alone names a daemon.
pub(crate) fn socket_path(state: &Path) -> PathBuf {
    state.join("control.sock")
}
