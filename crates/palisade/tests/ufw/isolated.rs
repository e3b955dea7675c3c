//! Tests in a network of their own: each runs again in a child process, in a new namespace.

use std::process::Command;

const INSIDE: &str = "PALISADE_TEST_INSIDE";

/// Runs `test` in new namespaces; `name` is the test's own, with its modules, as the harness has it.
pub(crate) fn isolated(name: &str, test: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return test();
    }
    let namespaces = if rustix::process::geteuid().is_root() { "-n" } else { "-Urn" };
    let output = Command::new("unshare")
        .arg(namespaces)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    eprint!("{}", text(&output.stderr));
}
