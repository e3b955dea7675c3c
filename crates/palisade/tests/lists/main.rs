//! Lists of addresses, asked of real servers, in namespaces of their own.
#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

#[path = "../../../firewall/tests/kernel/isolated.rs"]
mod isolated;
mod names;
#[path = "../../../firewall/tests/kernel/network.rs"]
#[allow(dead_code, reason = "the firewall's own tests need more of it")]
mod network;
mod own;
mod packets;
mod refused;
mod server;
mod tls;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A configuration and a state of its own.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// Where this is `palisade.toml`.
    pub(crate) fn new(posture: &str) -> Self {
        let place = Self { folder: TempDir::new().unwrap() };
        place.write(posture);
        place
    }

    pub(crate) fn write(&self, posture: &str) {
        fs::write(self.path().join("palisade.toml"), posture).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `palisade firewall ...`
    pub(crate) fn firewall(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command.arg("--config").arg(self.path()).arg("--state").arg(self.path().join("state"));
        command.arg("firewall").args(line.split(' '));
        command
    }

    /// What it says, if it ends well.
    pub(crate) fn done(&self, line: &str) -> String {
        let output = self.firewall(line).output().unwrap();
        assert!(output.status.success(), "{line}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The networks in force, as programs read them.
    pub(crate) fn networks(&self) -> Vec<String> {
        let shown: serde_json::Value = serde_json::from_str(&self.done("list cloudflare --json")).unwrap();
        serde_json::from_value(shown["networks"].clone()).unwrap()
    }
}

/// All that was printed.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
