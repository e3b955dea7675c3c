//! Killed at any moment, again and again: every line counts once, and no ban is lost.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::rig::{Rig, THREE_STRIKES, kill, skipped};
use crate::writer::{Random, Writer};

const KILLS: u32 = 200;
/// Kills while a person bans.
const COMMANDS: u32 = 20;
const SEED: u64 = 0x9a11_5ade;
const MAXRETRY: u32 = 3;

/// What the writer has written decides to the last detail who is banned: one line lost or counted twice, one window
/// forgotten, and the two sets differ.
#[test]
fn whoever_is_killed_whenever_every_line_counts_once_and_every_ban_holds() {
    if skipped("whoever_is_killed_whenever_every_line_counts_once_and_every_ban_holds") {
        return;
    }
    eprintln!("seed {SEED:#x}");
    let mut rig = Rig::new();
    rig.configure(&format!("maxretry = {MAXRETRY}\nfindtime = 1h\nbantime = 1h\n"));
    rig.start_daemon();
    let (more, orders) = mpsc::channel();
    let writer = Writer::new(&rig, SEED);
    let writer = thread::spawn(move || writer.obey(&orders));
    let mut random = Random(SEED);
    for _ in 0..KILLS {
        more.send(()).unwrap();
        wait_for_any_moment(&mut random);
        match random.below(2) {
            0 => rig.watchers().into_iter().for_each(kill),
            _ => kill_keeper(&mut rig, &mut random),
        }
    }
    drop(more);
    let writer = writer.join().unwrap();
    rig.until_failures(writer.lines);

    let guilty = writer.failures.iter().filter(|(_, count)| **count >= MAXRETRY);
    let guilty: BTreeSet<String> = guilty.map(|(address, _)| address.clone()).collect();
    assert!(guilty.len() > 1000, "the test bans many: {}", guilty.len());
    let listed = rig.banned();
    assert_eq!(listed.len(), guilty.len(), "none is listed twice");
    assert_eq!(BTreeSet::from_iter(listed), guilty);
    rig.until("every ban is in the kernel", || rig.kernel_set("sshd_ip4").len() >= guilty.len());
    assert_eq!(rig.kernel_set("sshd_ip4"), guilty);
    let jail = rig.jail().unwrap();
    assert_eq!(jail["bans"], guilty.len(), "each ban is counted once");
}

/// Mostly while something starts, sometimes while all is at work. Not a wait for anything: the moment is the test.
fn wait_for_any_moment(random: &mut Random) {
    let longest = [10_000, 50_000, 200_000][random.below(3) as usize];
    thread::sleep(Duration::from_micros(random.below(longest)));
}

/// Every few times it looks whether the kernel's bans are there after the restart.
fn kill_keeper(rig: &mut Rig, random: &mut Random) {
    rig.kill_daemon();
    if random.below(8) > 0 {
        rig.spawn_daemon();
        return;
    }
    let before = rig.kernel_set("sshd_ip4");
    rig.start_daemon();
    let after = rig.kernel_set("sshd_ip4");
    assert!(before.is_subset(&after), "gone: {:?}", before.difference(&after).collect::<Vec<_>>());
}

/// A ban that a person commands is nowhere else written down: killed between store and kernel, the keeper must know of
/// every element that it put into the kernel.
#[test]
fn a_keeper_killed_during_a_command_leaves_no_ban_that_nobody_knows() {
    const NAME: &str = "a_keeper_killed_during_a_command_leaves_no_ban_that_nobody_knows";
    if skipped(NAME) {
        return;
    }
    let mut rig = Rig::new();
    rig.configure(THREE_STRIKES);
    rig.start_daemon();
    let mut random = Random(SEED);
    let mut held = 0;
    for round in 1..=COMMANDS {
        // Many, so that there is much between the first and the last.
        let addresses: Vec<String> = (1..=200).map(|host| format!("198.51.{round}.{host}")).collect();
        let mut command = rig.palisade().arg("ban").args(&addresses).stdout(Stdio::null()).spawn().unwrap();
        // On a busy machine the first of them may all be too early.
        let longest = if held == 0 { 30_000 * round as u64 } else { 30_000 };
        thread::sleep(Duration::from_micros(random.below(longest)));
        rig.kill_daemon();
        command.wait().unwrap();
        let before = rig.kernel_set("by-hand_ip4");
        held += usize::from(!before.is_empty());
        rig.start_daemon();
        let known = BTreeSet::from_iter(rig.banned());
        assert!(before.is_subset(&known), "unknown: {:?}", before.difference(&known).collect::<Vec<_>>());
    }
    assert!(held > 0, "no kill came after a ban");
}
