//! A network of our own, in which nothing of the host's is reached: for the demonstration and for tests.

use std::{fs, io};

use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::process::{getegid, geteuid};
use rustix::thread::{CapabilitySet, UnshareFlags, capabilities, unshare_unsafe};

use crate::interface;

/// Whether the process got a user namespace too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// It needed none: it may make namespaces as it is. All users of the host are there.
    AsRoot,
    /// It is root in there and an ordinary user outside. No other user exists.
    WithUserNamespace,
}

/// Enters a new network and a new mount namespace for good, with a user namespace where privileges are missing, and
/// switches loopback on. Mounts made afterwards stay inside.
///
/// Fails if the process has other threads and is not privileged, or where the host forbids user namespaces.
pub fn enter() -> io::Result<Entered> {
    let privileged =
        capabilities(None)?.effective.contains(CapabilitySet::SYS_ADMIN | CapabilitySet::NET_ADMIN);
    let entered = if privileged {
        unshare(UnshareFlags::NEWNET | UnshareFlags::NEWNS)?;
        Entered::AsRoot
    } else {
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNET | UnshareFlags::NEWNS)?;
        // The kernel wants setgroups given up before an ordinary user may map its group.
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
        fs::write("/proc/self/gid_map", format!("0 {gid} 1"))?;
        Entered::WithUserNamespace
    };
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)?;
    interface::loopback_up()?;
    Ok(entered)
}

fn unshare(flags: UnshareFlags) -> io::Result<()> {
    // SAFETY: what makes `unshare` unsafe is CLONE_FILES, which gives a thread descriptors of its own; it is not asked
    // for.
    unsafe { unshare_unsafe(flags) }?;
    Ok(())
}
