//! Tests in a network of their own: each runs again in a child process, in new namespaces, so that it needs no root
//! and reaches nothing of the host's.

use std::process::Command;

const INSIDE: &str = "PALISADE_TEST_INSIDE";

/// Runs `test` in new namespaces; `name` is the test's own, with its modules, as the harness has it.
pub(crate) fn isolated(name: &str, test: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        sys::interface::loopback_up().expect("loopback");
        return test();
    }
    let namespaces: &[&str] = if rustix::process::geteuid().is_root() { &["-n"] } else { &["-Urn"] };
    let output = Command::new("unshare")
        .args(namespaces)
        .arg(std::env::current_exe().expect("this program's path"))
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}
