//! Rules of others, as a command takes them over.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::isolated::isolated;

const SAVED: &str = "*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n\
    -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp -m string --string x --algo bm -j DROP\nCOMMIT\n";
const WRITTEN: &str =
    "# mine\n[firewall]\nrules = [\n    # people\n    \"limit 2222/tcp\", # never close\n]\n";

fn import(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("--config").arg(folder).arg("--state").arg(folder.join("state"));
    command.args(["import", "iptables", "-"]).args(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(mut command: Command) -> Output {
    let mut process = command.spawn().unwrap();
    process.stdin.take().unwrap().write_all(SAVED.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

#[test]
fn an_import_is_dry_until_it_is_applied_and_comments_stay() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("palisade.toml");
    fs::write(&file, WRITTEN).unwrap();
    let shown = run(import(folder.path(), &[]));
    let said = String::from_utf8(shown.stdout).unwrap();
    assert!(said.contains("    \"allow 22/tcp\",\n"), "{said}");
    assert!(
        said.contains("    standard input:5: -A INPUT -p tcp -m string --string x --algo bm -j DROP\n"),
        "{said}"
    );
    assert!(
        said.ends_with(&format!("Nothing was changed. `--apply` writes it into {}.\n", file.display())),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), WRITTEN);
    for added in [1, 0] {
        let applied = run(import(folder.path(), &["--apply", "--json"]));
        let document: serde_json::Value = serde_json::from_slice(&applied.stdout).unwrap();
        assert_eq!((&document["applied"], &document["added"]), (&true.into(), &added.into()));
        assert_eq!(document["notes"][0]["kind"], "changed");
        assert_eq!(document["defaults"]["incoming"], "deny");
    }
    let wanted =
        WRITTEN.replace("close\n", "close\n    \"allow 22/tcp\",\n") + "defaults = { routed = \"allow\" }\n";
    assert_eq!(fs::read_to_string(&file).unwrap(), wanted);
}

#[test]
fn an_import_that_shuts_out_its_own_session_is_refused() {
    isolated("imports::an_import_that_shuts_out_its_own_session_is_refused", || {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("palisade.toml");
        let open = "[firewall]\nenabled = true\ndefaults = { incoming = \"allow\" }\n";
        fs::write(&file, open).unwrap();
        let mut command = import(folder.path(), &["--apply"]);
        command.env("SSH_CONNECTION", "192.0.2.9 50000 192.0.2.1 2222");
        let refused = run(command);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains("your own ssh session, from 192.0.2.9 to port 2222"), "{said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), open);
    });
}
