//! Any bytes as a configuration: whatever is wrong is said, and what is not wrong compiles or is said to be wrong by
//! the filter.
#![no_main]

use std::io;
use std::path::Path;

use config::{Host, Options, Tree, Which, load_with, show};
use detect::Zone;
use detect::filter::Filter;
use libfuzzer_sys::fuzz_target;

/// The files of the tree, in the order in which the input has them, separated by a NUL.
const FILES: [&str; 6] =
    ["jail.conf", "filter.d/f.conf", "jail.local", "filter.d/f.local", "jail.d/a.conf", "action.d/f.conf"];

/// A host with every log and nothing else.
struct Nowhere;

impl Host for Nowhere {
    fn has_log(&self, _: &str) -> bool {
        true
    }

    fn has_journal(&self, _: Option<&Path>) -> bool {
        true
    }

    fn may_write(&self, _: &str) -> bool {
        true
    }

    fn service(&self, _: &str) -> Option<u16> {
        None
    }

    fn read(&self, _: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fuzz_target!(|input: &[u8]| {
    let parts = input.split(|byte| *byte == 0);
    let files =
        FILES.iter().zip(parts).map(|(name, content)| ((*name).to_owned(), content.to_vec())).collect();
    let tree = Tree::Memory(files);
    let loaded = load_with(&tree, &Options { jails: Which::All, host: &Nowhere, assume_logs: true });
    for diagnostic in &loaded.diagnostics {
        assert!(!diagnostic.to_string().is_empty());
    }
    let _ = show(&loaded);
    let zone = Zone::parse(Some("UTC")).expect("a zone");
    for jail in &loaded.jails {
        let Err(errors) = Filter::compile(&jail.filter, &zone) else { continue };
        for error in errors {
            let _ = loaded.diagnostic(jail, error.option, error.index, error.offset, &error.message);
        }
    }
});
