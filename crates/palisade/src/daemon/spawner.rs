//! The spawner: starts a runner whenever the keeper wants one. The keeper started it before giving its privileges up, and
//! can start nothing itself any more that has them. It knows nothing, and reads nothing but these orders.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use sys::memory::Code;

/// Asks for a runner whose standard input this is; or, with none, to end the one that there is.
pub(super) fn order(spawner: &UnixStream, socket: Option<OwnedFd>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let sockets: Vec<_> = socket.iter().map(AsFd::as_fd).collect();
    if !sockets.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(&sockets));
    }
    sendmsg(spawner, &[IoSlice::new(&[0])], &mut control, SendFlags::empty())?;
    Ok(())
}

/// Takes the keeper's orders from standard input until it is gone.
pub(crate) fn serve() -> io::Result<()> {
    // As in the runner: the keeper says when to end.
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    let keeper = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut runner: Option<Child> = None;
    Code::find()?.release();
    while let Some(socket) = receive(&keeper)? {
        if let Some(mut old) = runner.take() {
            // It has ended by itself in the good case; then there is nothing to kill, only to collect.
            let _ = old.kill();
            let _ = old.wait();
        }
        // Without one, the keeper finds its end of the socket closed and tries again.
        runner = socket.and_then(|socket| start(socket).ok());
    }
    Ok(())
}

fn start(socket: OwnedFd) -> io::Result<Child> {
    Command::new("/proc/self/exe").arg("runner").stdin(Stdio::from(socket)).spawn()
}

/// The next order; `None`: there will be no more.
fn receive(keeper: &UnixStream) -> io::Result<Option<Option<OwnedFd>>> {
    let mut byte = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let mut into = [IoSliceMut::new(&mut byte)];
        match recvmsg(keeper, &mut into, &mut control, RecvFlags::CMSG_CLOEXEC) {
            Err(Errno::INTR) => {}
            other => break other?,
        }
    };
    let sockets = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut sockets) => sockets.next(),
        _ => None,
    });
    let socket = sockets.last();
    Ok((received.bytes > 0).then_some(socket))
}
