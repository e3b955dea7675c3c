//! The real ufw beside ours: the same commands are taken and refused, with the same words, and lead to the same rules.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alone;
mod commands;
mod imports;
mod isolated;
mod ours;
mod reference;
mod rollback;
mod verdicts;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use commands::Block;
use ours::Ours;
use reference::{Reference, Reply};

/// A profile of several parts, of which one is of either protocol.
const PROFILE: &str = "[Mixed]\ntitle=Several ports\ndescription=Ports of either protocol and of one\n\
    ports=12/udp|34|56,78:90/tcp\n";

/// How many differences a failure shows.
const SHOWN: usize = 12;

struct Pair {
    ufw: Reference,
    ours: Ours,
    compared: usize,
    differences: Vec<String>,
    _profile: tempfile::TempDir,
}

impl Pair {
    fn start() -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        let profile: PathBuf = folder.path().join("mixed");
        std::fs::write(&profile, PROFILE).unwrap();
        let (ufw, ours) = (Reference::start(&profile), Ours::start(&profile));
        Self { ufw, ours, compared: 0, differences: Vec::new(), _profile: folder }
    }

    /// Both start without rules and do the same; every few commands, and at the end, both show what they have.
    /// Disabled, ufw asks the kernel less; what it says then is shorter, too.
    fn run(&mut self, block: &Block, enabled: bool) {
        self.ufw.reset();
        self.ours.reset();
        if !enabled {
            self.switch(false);
        }
        for (at, words) in block.iter().enumerate() {
            self.compare(words, block, at);
            if enabled && at % 8 == 7 {
                self.compare(&words_of("status numbered"), block, at);
            }
        }
        if !enabled {
            self.switch(true);
        }
        self.compare_rules(block);
        // What the real one keeps, taken over, is the same once more.
        let imported = self.ours.import(self.ufw.root());
        assert_eq!(imported.status, 0, "{}{}", imported.out, imported.err);
        self.compare_rules(block);
    }

    fn compare_rules(&mut self, block: &Block) {
        for command in ["status numbered", "status", "status verbose", "show added"] {
            self.compare(&words_of(command), block, block.len() - 1);
        }
    }

    fn switch(&mut self, enabled: bool) {
        self.ufw.switch(enabled);
        self.ours.switch(enabled);
    }

    fn compare(&mut self, words: &[String], block: &Block, at: usize) {
        let (ufw, ours) = (self.ufw.run(words), self.ours.run(words));
        self.compared += 1;
        if said(&ufw) == said(&ours) {
            return;
        }
        let before: Vec<String> = block[..at].iter().map(|words| words.join(" ")).collect();
        let mut text = String::new();
        writeln!(text, "{words:?}\n--- ufw\n{}--- ours\n{}", said(&ufw), said(&ours)).unwrap();
        writeln!(text, "--- palisade.toml\n{}--- before: {}", self.ours.text(), before.join("; ")).unwrap();
        self.differences.push(text);
    }

    fn finish(self) {
        let (compared, differences) = (self.compared, self.differences.len());
        eprintln!("{compared} answers compared, {differences} differ");
        let shown: Vec<String> = self.differences.into_iter().take(SHOWN).collect();
        assert!(shown.is_empty(), "{differences} of {compared} answers differ:\n{}", shown.join("\n"));
    }
}

fn words_of(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// What counts: whether the command was taken, and what was said. Each program has a usage of its own.
fn said(reply: &Reply) -> String {
    let error = reply
        .err
        .lines()
        .find_map(|line| line.strip_prefix("ERROR: ").or_else(|| line.strip_prefix("palisade: ")));
    match (reply.status, error) {
        (0, _) => format!("taken\n{}", reply.out),
        (_, error) => format!("refused: {}\n", error.unwrap_or("crashed")),
    }
}

fn side_by_side(name: &str, blocks: &[Block], enabled: bool) {
    if let Some(why) = reference::missing() {
        return eprintln!("skipped: {why}");
    }
    isolated::isolated(name, || {
        let mut pair = Pair::start();
        blocks.iter().for_each(|block| pair.run(block, enabled));
        pair.finish();
    });
}

#[test]
fn ufw_takes_and_refuses_the_same_rules() {
    side_by_side("ufw_takes_and_refuses_the_same_rules", &commands::rules(), false);
}

#[test]
fn ufw_edits_its_rules_alike() {
    side_by_side("ufw_edits_its_rules_alike", &commands::edits(), true);
}

#[test]
fn the_commands_are_many() {
    let all: BTreeSet<Vec<String>> =
        commands::rules().into_iter().chain(commands::edits()).flatten().collect();
    assert!(all.len() >= 1_600, "{} distinct commands", all.len());
}
