//! Giving privileges up. A step that should drop one and fails is an error, which the caller takes for fatal.
//!
//! All of it concerns the calling thread, so it is refused once there are others: they would keep theirs.

mod user;

use std::{fs, io};

use rustix::process::{
    DumpableBehavior, Gid, Pid, Signal, Uid, getppid, set_dumpable_behavior, set_parent_process_death_signal,
};
use rustix::thread::{self, CapabilitySet, CapabilitySets};

pub use user::User;

/// Which privilege could not be given up.
#[derive(Debug, thiserror::Error)]
#[error("cannot drop privileges: {step}: {source}")]
pub struct PrivilegeError {
    step: &'static str,
    source: io::Error,
}

/// Whether the process runs as another user now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserChange {
    /// It does.
    Changed,
    /// It was not root, and stays what it was.
    NotRoot,
    /// It is root in a user namespace in which the other user does not exist, and so is not root of the host.
    NotMapped,
}

/// What the keeper needs for as long as it runs: the firewall; and to start the watcher as another user, to take
/// that one's capabilities from it, to end it, and to read what it may read.
pub fn keeper_capabilities() -> CapabilitySet {
    CapabilitySet::NET_ADMIN
        | CapabilitySet::SETUID
        | CapabilitySet::SETGID
        | CapabilitySet::SETPCAP
        | CapabilitySet::KILL
        | CapabilitySet::DAC_READ_SEARCH
}

/// What the watcher keeps: some systems let only root read their logs. Landlock confines it to the log directories,
/// and seccomp keeps from it the one call (`open_by_handle_at`) that would get around that.
pub fn watcher_capabilities() -> CapabilitySet {
    CapabilitySet::DAC_READ_SEARCH
}

/// What fetches from the network keeps: nothing.
pub fn fetcher_capabilities() -> CapabilitySet {
    CapabilitySet::empty()
}

/// The keeper's part: no capabilities but its own, none to be gained by executing something, no core dumps and no
/// debugger. It stays root.
pub fn become_keeper() -> Result<(), PrivilegeError> {
    refuse_threads()?;
    limit_bounding_set(keeper_capabilities())?;
    keep_only(keeper_capabilities())?;
    seal()
}

/// The watcher's part: another user if it is root, no capabilities but its own, and it ends with the process `keeper`,
/// which must be its parent. To be called before anything of an attacker's is read, and before the sandbox.
///
/// The kernel ends it when the *thread* of the keeper that started it ends, so that has to be a lasting one.
pub fn become_watcher(user: &User, keeper: u32) -> Result<UserChange, PrivilegeError> {
    become_child(user, watcher_capabilities(), keeper)
}

/// The same for a process that fetches from the network. It keeps no capability.
pub fn become_fetcher(user: &User, parent: u32) -> Result<UserChange, PrivilegeError> {
    become_child(user, fetcher_capabilities(), parent)
}

fn become_child(user: &User, keep: CapabilitySet, parent: u32) -> Result<UserChange, PrivilegeError> {
    refuse_threads()?;
    limit_bounding_set(keep)?;
    let change = become_user(user)?;
    keep_only(keep)?;
    seal()?;
    end_with(parent)?;
    Ok(change)
}

fn refuse_threads() -> Result<(), PrivilegeError> {
    let threads = step("counting threads", fs::read_dir("/proc/self/task"))?.count();
    if threads == 1 { Ok(()) } else { failed("there are other threads already", io::ErrorKind::Other) }
}

fn become_user(user: &User) -> Result<UserChange, PrivilegeError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(UserChange::NotRoot);
    }
    let map = step("reading /proc/self/uid_map", fs::read_to_string("/proc/self/uid_map"))?;
    if !is_mapped(&map, user.uid) {
        return Ok(UserChange::NotMapped);
    }
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    let groups: Vec<_> = user.groups.iter().map(|group| Gid::from_raw(*group)).collect();
    step("keeping capabilities", thread::set_keep_capabilities(true))?;
    step("setting groups", thread::set_thread_groups(&groups))?;
    step("changing the group", thread::set_thread_res_gid(gid, gid, gid))?;
    step("changing the user", thread::set_thread_res_uid(uid, uid, uid))?;
    step("keeping capabilities", thread::set_keep_capabilities(false))?;
    Ok(UserChange::Changed)
}

/// Lines of a map: first inside, first outside, how many.
fn is_mapped(map: &str, id: u32) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(first)), Some(_), Some(Ok(count))) = (numbers.next(), numbers.next(), numbers.next())
        else {
            return false;
        };
        (first..first.saturating_add(count)).contains(&u64::from(id))
    })
}

/// Without CAP_SETPCAP this cannot be done; then `no_new_privs` alone keeps capabilities from being gained.
fn limit_bounding_set(keep: CapabilitySet) -> Result<(), PrivilegeError> {
    if !step("reading capabilities", thread::capabilities(None))?.effective.contains(CapabilitySet::SETPCAP) {
        return Ok(());
    }
    for capability in every_capability().filter(|capability| !keep.contains(*capability)) {
        step("limiting the bounding set", thread::remove_capability_from_bounding_set(capability))?;
    }
    Ok(())
}

/// Those that this kernel knows, also ones that have no name here yet.
fn every_capability() -> impl Iterator<Item = CapabilitySet> {
    let capabilities = (0..u64::BITS).map(|bit| CapabilitySet::from_bits_retain(1 << bit));
    capabilities.take_while(|capability| thread::capability_is_in_bounding_set(*capability).is_ok())
}

/// Of the capabilities that are held, only these stay. Read back.
fn keep_only(keep: CapabilitySet) -> Result<(), PrivilegeError> {
    step("clearing ambient capabilities", thread::clear_ambient_capability_set())?;
    let held = step("reading capabilities", thread::capabilities(None))?.permitted & keep;
    let sets = CapabilitySets { effective: held, permitted: held, inheritable: CapabilitySet::empty() };
    step("dropping capabilities", thread::set_capabilities(None, sets))?;
    if step("reading capabilities", thread::capabilities(None))? == sets {
        Ok(())
    } else {
        failed("capabilities are still there", io::ErrorKind::PermissionDenied)
    }
}

fn seal() -> Result<(), PrivilegeError> {
    step("setting no_new_privs", thread::set_no_new_privs(true))?;
    step("making the memory private", set_dumpable_behavior(DumpableBehavior::NotDumpable))
}

/// Set last: a change of user would undo it.
fn end_with(parent: u32) -> Result<(), PrivilegeError> {
    step("tying to the parent", set_parent_process_death_signal(Some(Signal::KILL)))?;
    let is_parent =
        getppid().map(Pid::as_raw_nonzero).is_some_and(|pid| u32::try_from(pid.get()) == Ok(parent));
    if is_parent { Ok(()) } else { failed("the parent is not there any more", io::ErrorKind::NotFound) }
}

fn step<T, E: Into<io::Error>>(step: &'static str, result: Result<T, E>) -> Result<T, PrivilegeError> {
    result.map_err(|error| PrivilegeError { step, source: error.into() })
}

fn failed<T>(step: &'static str, kind: io::ErrorKind) -> Result<T, PrivilegeError> {
    Err(PrivilegeError { step, source: kind.into() })
}

#[cfg(test)]
mod tests {
    use super::is_mapped;

    #[test]
    fn ids_are_found_in_a_map() {
        let whole = "         0          0 4294967295\n";
        let only_root = "         0       1000          1\n";
        assert!(is_mapped(whole, 65534));
        assert!(is_mapped(only_root, 0));
        assert!(!is_mapped(only_root, 65534));
        assert!(!is_mapped("garbage", 0));
    }
}
