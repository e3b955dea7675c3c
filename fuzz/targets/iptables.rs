//! Any text as what `iptables-save` printed: each rule can be written and read again, and each note has its line. Any text
//! as ufw's files.
#![no_main]

use firewall::import::{iptables, ufw};
use firewall::rules::{Rule, Vocabulary};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let vocabulary = Vocabulary::default();
    let (first, second) = input.split_once("\n\n").unwrap_or((input, ""));
    let file = |text| ufw::File { name: "f", text };
    let saved = iptables::read(&[file(first), file(second)], &vocabulary);
    let files = ufw::Files { rules: [file(first), file(second)], defaults: file(first), conf: file(second) };
    let kept = ufw::read(&files, &vocabulary);
    for import in [saved, kept] {
        for rule in &import.rules {
            let canonical = rule.to_string();
            assert_eq!(Rule::read(&canonical, &vocabulary).as_ref(), Ok(rule), "{canonical}");
        }
        for note in &import.notes {
            assert!(note.line <= input.lines().count() && !note.why.is_empty());
        }
    }
    let _ = ufw::changes(file(first), second);
});
