//! Who may open a store, and what becomes of a file that is none.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::rig;
use store::{Durability, Store, StoreError};

#[test]
fn a_second_open_is_refused_and_names_the_holder() {
    let dir = tempfile::tempdir().unwrap();
    let first = Store::open(dir.path()).unwrap();
    let refused = Store::open(dir.path());
    assert!(matches!(refused, Err(StoreError::InUse { pid: Some(pid), .. }) if pid == std::process::id()));
    drop(first);
    Store::open(dir.path()).unwrap();
}

#[test]
fn nobody_else_can_read_what_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("lib/palisade");
    let mut store = Store::open(&state).unwrap();
    store.commit(&rig::step(0), Durability::Now).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(state.clone()), 0o700);
    for entry in fs::read_dir(&state).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(path.clone()), 0o600, "{}", path.display());
    }
}

#[test]
fn a_directory_that_was_there_keeps_its_mode() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    Store::open(dir.path()).unwrap();
    assert_eq!(fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn a_file_that_is_no_database_is_named_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("palisade.db");
    let text = "not a database, but long enough to be taken for one if nobody looks. ".repeat(20);
    fs::write(&path, &text).unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("palisade.db"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn another_programs_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let other = rusqlite::Connection::open(dir.path().join("palisade.db")).unwrap();
    other.execute_batch("CREATE TABLE theirs (a)").unwrap();
    drop(other);
    assert!(matches!(Store::open(dir.path()), Err(StoreError::Damaged { .. })));
}

#[test]
fn damage_is_found_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    for number in 0..500 {
        store.commit(&rig::step(number), Durability::Soon).unwrap();
    }
    drop(store);
    let path = dir.path().join("palisade.db");
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.len();
    bytes[8192..end].fill(0xaa);
    fs::write(&path, bytes).unwrap();
    // Something in the WAL is the mark of a crash.
    fs::write(dir.path().join("palisade.db-wal"), [0; 32]).unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn a_link_in_place_of_the_database_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("target");
    fs::write(&target, "").unwrap();
    let state = dir.path().join("state");
    fs::create_dir(&state).unwrap();
    std::os::unix::fs::symlink(&target, state.join("palisade.db")).unwrap();
    assert!(matches!(Store::open(&state), Err(StoreError::Io { .. })));
}
