//! When no room is left nothing is half stored, and when there is room again the same batch goes in.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::rig;
use store::{Durability, Store, StoreError};

const DIR: &str = "STORE_FULL_TEST_DIR";
const HOW: &str = "STORE_FULL_TEST_HOW";

/// Not a test of its own: it runs where room is scarce.
#[test]
fn child() {
    let (Some(dir), Some(how)) = (std::env::var_os(DIR), std::env::var_os(HOW)) else { return };
    let dir = Path::new(&dir);
    let ballast = dir.join("ballast");
    if how == "tmpfs" {
        fs::write(&ballast, vec![0; 512 << 10]).unwrap();
    }
    let state = dir.join("state");
    let mut store = Store::open(&state).unwrap();
    let (refused, error) = (0..100_000)
        .find_map(|number| {
            store.commit(&rig::step(number), Durability::Soon).err().map(|error| (number, error))
        })
        .expect("there is room for a hundred thousand commits");
    if how == "tmpfs" {
        assert!(matches!(error, StoreError::Full { .. }), "{error}");
    } else {
        assert!(error.to_string().contains("palisade.db"), "{error}");
    }
    assert_eq!(rig::assert_whole_steps(&store), refused.checked_sub(1));
    assert!(store.commit(&rig::step(refused), Durability::Now).is_err());

    if how == "tmpfs" {
        fs::remove_file(&ballast).unwrap();
    } else {
        let limits = rustix::process::getrlimit(rustix::process::Resource::Fsize);
        let raised = rustix::process::Rlimit { current: limits.maximum, maximum: limits.maximum };
        rustix::process::setrlimit(rustix::process::Resource::Fsize, raised).unwrap();
    }
    store.commit(&rig::step(refused), Durability::Now).unwrap();
    assert_eq!(rig::assert_whole_steps(&store), Some(refused));
    drop(store);
    assert_eq!(rig::assert_whole_steps(&Store::open(&state).unwrap()), Some(refused));
    println!("the child came to its end");
}

/// Runs the child under a shell that first makes room scarce; what it printed.
fn run(shell: &[&str], script: &str, dir: &Path, how: &str) -> String {
    let output = Command::new(shell[0])
        .args(&shell[1..])
        .args(["-c", script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .env(DIR, dir)
        .env(HOW, how)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

const CHILD: &str = r#"exec "$1" --exact full::child --nocapture"#;

#[test]
fn a_file_that_may_not_grow_is_an_error_and_no_loss() {
    let dir = tempfile::tempdir().unwrap();
    // The signal is ignored, so that the write fails in place of killing; 512-byte blocks.
    let script = format!("trap '' XFSZ; ulimit -S -f 900; {CHILD}");
    let text = run(&["sh"], &script, dir.path(), "limit");
    assert!(text.contains("the child came to its end"), "{text}");
}

#[test]
fn a_full_disk_is_an_error_and_no_loss() {
    let namespace = ["unshare", "-Urm", "sh"];
    if !Command::new("unshare").args(["-Urm", "true"]).status().is_ok_and(|status| status.success()) {
        println!("skipped: user namespaces are not allowed here");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let script = format!(r#"mount -t tmpfs -o size=1m tmpfs "$STORE_FULL_TEST_DIR" && {CHILD}"#);
    let text = run(&namespace, &script, dir.path(), "tmpfs");
    assert!(text.contains("the child came to its end"), "{text}");
}
