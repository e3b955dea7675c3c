//! The real Fail2Ban, where it is installed, as a second reader of the samples.

use serde_json::json;

use crate::NOW;
use crate::interpreter::Interpreter;
use crate::samples::{Group, folder};

const PYTHON: &str = "/usr/bin/python3";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shipped_filters/fail2ban_reads.py");

pub(crate) struct Fail2Ban(Interpreter);

impl Fail2Ban {
    /// `None` where there is none.
    pub(crate) fn start() -> Option<Self> {
        let started = Interpreter::start(PYTHON, "import fail2ban.server.filter", SCRIPT, "UTC");
        if started.is_none() {
            eprintln!("SKIPPED: no Fail2Ban for {PYTHON} to read the samples with");
        }
        started.map(Self)
    }

    /// Whom it accuses, line by line.
    pub(crate) fn accused(&mut self, filter: &str, group: &Group) -> Vec<Vec<String>> {
        let options: serde_json::Map<_, _> =
            group.options.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let lines: Vec<String> = group.lines.iter().map(|sample| sample.line()).collect();
        let config = folder().join("..");
        let question = json!({
            "config": config, "filter": filter, "options": options, "journal": group.journal,
            "now": NOW.as_secs(), "lines": lines,
        });
        serde_json::from_value(self.0.ask(&question)).unwrap()
    }
}
