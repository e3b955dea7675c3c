//! The same commands through the real client to the real server, through ours to ours, and through the real one to
//! ours: what is printed must be the same, and so must the exit status.
//!
//! Each of the three has a host of its own: mounts, network and processes apart. Needs root and an installed Fail2Ban.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod check;
mod dump;
mod world;

use std::path::Path;
use std::process::Command;

use world::{PALISADE, Printed, here, on_host, plain, printed, run, run_beside, skipped};

#[test]
fn two_hundred_commands_print_the_same_through_both_clients_and_servers() {
    if skipped("fail2ban clients") {
        return;
    }
    let text = std::fs::read_to_string(here("commands.txt")).unwrap();
    let commands: Vec<&str> =
        text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(commands.len() >= 200, "{}", commands.len());
    let pairs = [("real", "real"), (PALISADE, PALISADE), (PALISADE, "real")];
    let [theirs, ours, mixed] = run_beside("tree", "commands.txt", pairs)
        .map(|printed| printed.into_iter().map(Printed::plain).collect::<Vec<_>>());
    assert_eq!([theirs.len(), ours.len(), mixed.len()], [commands.len(); 3]);
    assert_same("commands.txt", &theirs, &ours);
    let differ = |(at, command): (usize, &&str)| {
        let (ours, mixed) = (&ours[at], &mixed[at]);
        (ours != mixed).then(|| format!("{command}\n  by ours  {ours:?}\n  by real  {mixed:?}\n"))
    };
    let differences: String = commands.iter().enumerate().filter_map(differ).collect();
    assert!(differences.is_empty(), "\n{differences}");
}

/// The jails with `bantime.increment`, as their status names them.
const INCREMENTS: [&str; 3] = ["jail: factor\n", "jail: multipliers\n", "jail: formula\n"];

/// Increments, several jails on one file, recidive, `ignorecommand`, actions, several lines, `usedns`, IPv6.
#[test]
fn the_same_log_leads_to_the_same_bans_at_the_same_times() {
    if skipped("bans beside Fail2Ban") {
        return;
    }
    // A failure of an address that was banned before counts for more. A thread of the real one adds that, and counts
    // it in the total too if it comes before the ban: the total of jails with increments is another one in every run.
    let without_total = |printed: Printed| {
        let lines = printed.out.lines().map(|line| match line.split_once("Total failed:") {
            Some((tree, _)) if INCREMENTS.iter().any(|jail| printed.out.contains(jail)) => tree,
            _ => line,
        });
        Printed { out: lines.collect::<Vec<_>>().join("\n"), ..printed }
    };
    let [theirs, ours] = run_beside("bans", "bans.txt", [("real", "real"), (PALISADE, PALISADE)])
        .map(|printed| printed.into_iter().map(without_total).collect::<Vec<_>>());
    assert_same("bans.txt", &theirs, &ours);
    let banned: usize = theirs.iter().map(|printed| printed.out.matches(" = ").count()).sum();
    assert!(banned > 20, "{banned} bans alone");
}

/// Every command of the file printed the same twice, but for those that are said to differ: they must.
fn assert_same(commands: &str, theirs: &[Printed], ours: &[Printed]) {
    let text = std::fs::read_to_string(here(commands)).unwrap();
    let commands: Vec<&str> =
        text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!([theirs.len(), ours.len()], [commands.len(); 2]);
    let differ = |(at, command): (usize, &&str)| {
        let (theirs, ours) = (&theirs[at], &ours[at]);
        let documented = command.starts_with('~');
        ((theirs != ours) != documented).then(|| format!("{command}\n  real  {theirs:?}\n  ours  {ours:?}\n"))
    };
    let differences: String = commands.iter().enumerate().filter_map(differ).collect();
    assert!(differences.is_empty(), "\n{differences}");
}

#[test]
fn the_same_journal_leads_to_the_same_bans() {
    const NAME: &str = "journal beside Fail2Ban";
    let python = Command::new("/usr/bin/python3").args(["-c", "import systemd.journal"]).output();
    let journald = Path::new("/lib/systemd/systemd-journald").exists();
    if skipped(NAME) {
        return;
    }
    if !journald || !python.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED {NAME}: it needs systemd and python3-systemd");
        return;
    }
    let pairs = [("real", "real"), (PALISADE, PALISADE)];
    let [theirs, ours] = run_beside("journal", "journal.txt", pairs)
        .map(|printed| printed.into_iter().map(Printed::plain).collect::<Vec<_>>());
    assert_same("journal.txt", &theirs, &ours);
    assert!(theirs.iter().any(|printed| printed.out == "192.0.2.1 2001:db8::1 192.0.2.4"), "{theirs:?}");
}

#[test]
fn actions_in_python_are_told_the_same_and_answer_the_same() {
    if skipped("actions in Python") {
        return;
    }
    let alone = format!("alone:{PALISADE}");
    let pairs = [("real", "real"), (PALISADE, PALISADE), (alone.as_str(), PALISADE)];
    let [theirs, ours, alone] = run_beside("python", "python.txt", pairs)
        .map(|printed| printed.into_iter().map(Printed::plain).collect::<Vec<_>>());
    assert_same("python.txt", &theirs, &ours);
    assert_same("python.txt", &theirs, &alone);
    let mails = theirs.iter().rfind(|printed| printed.out.contains("The guard")).unwrap();
    assert!(mails.out.lines().count() == 8, "{mails:?}");
    assert!(theirs.last().is_some_and(|trap| trap.out.is_empty()));
}

#[test]
fn an_idle_jail_reads_later_what_was_logged_meanwhile() {
    if skipped("idle jail") {
        return;
    }
    let printed = run("idle.txt", PALISADE, PALISADE);
    let failed = |at: usize, count: &str| printed[at].out.contains(&format!("Total failed:\t{count}\n"));
    assert!(failed(4, "2") && failed(6, "4") && failed(9, "4"), "{printed:?}");
}

#[test]
fn nobody_bans_the_address_of_their_own_session() {
    if skipped("own session") {
        return;
    }
    let printed = run("session.txt", PALISADE, PALISADE);
    for refused in &printed[..2] {
        assert!(refused.code == 255 && refused.err.contains("you are logged in from there"), "{refused:?}");
    }
    assert_eq!((printed[2].code, &*printed[2].out), (0, "1"));
    assert_eq!(printed[3].out, "['192.0.2.78']");
}

#[test]
fn bans_are_taken_over_from_the_real_fail2ban_and_handed_back() {
    if skipped("taking over") {
        return;
    }
    let output = on_host("tree").arg("sh").arg(here("takeover.sh")).arg(PALISADE).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    let sorted = |line: &str| {
        let mut words: Vec<&str> = line.split(['\'', ',', ' ', '[', ']', '{', '}', ':']).collect();
        words.sort_unstable();
        words.join(" ")
    };
    for expected in [
        "sshd           2              0            2",
        "two            2              0            2",
        "[two] a-name is no address, and is left behind",
        "Nothing was changed.",
        "Taken over: 2 live bans",
        "refused, 73",
    ] {
        let expected = expected.replace("Taken over: 2", "Taken over: 4");
        assert!(said.contains(&expected), "{expected}\n{said}{errors}");
    }
    assert!(said.contains("Taken over: 0 live bans"), "twice is once\n{said}");
    let bans: Vec<&str> = said.lines().filter(|line| line.starts_with("[{'sshd'")).collect();
    let live =
        "[{'sshd': ['192.0.2.1', '2001:db8::1']}, {'two': ['203.0.113.0/24', '192.0.2.2']}, {'grows': []}]";
    assert_eq!(sorted(bans[0]), sorted(live), "{said}");
    let back = bans[1];
    for (address, banned) in
        [("192.0.2.9", true), ("2001:db8::1", true), ("192.0.2.2", true), ("'192.0.2.1'", false)]
    {
        assert_eq!(back.contains(address), banned, "{address}\n{said}{errors}");
    }
}

/// A line's words; single quotes hold several together.
fn words(line: &str) -> Vec<String> {
    let quoted = line.split('\'').enumerate();
    let words = quoted.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

#[test]
fn fail2ban_regex_writes_the_same_report() {
    if !Path::new("/usr/bin/fail2ban-regex").exists() {
        eprintln!("SKIPPED fail2ban-regex: it is not installed");
        return;
    }
    let mut driver = Command::new("/usr/bin/python3");
    driver.arg(here("driver.py")).arg(here("regex.txt")).args(["regex", "-"]).current_dir(here("logs"));
    let theirs = printed(driver.output().unwrap().stdout);
    let theirs: Vec<Printed> = theirs.into_iter().map(Printed::plain).collect();
    let text = std::fs::read_to_string(here("regex.txt")).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(theirs.len(), lines.len());
    let mut differences = String::new();
    for (line, theirs) in lines.into_iter().zip(&theirs) {
        let mut command = Command::new(PALISADE);
        let ours =
            command.arg("fail2ban-regex").args(words(line)).current_dir(here("logs")).output().unwrap();
        let (code, out) = (ours.status.code().unwrap(), plain(&String::from_utf8(ours.stdout).unwrap()));
        // One of the built-in dates is that of Fail2Ban 1.1.1.
        let theirs_out = theirs.out.replace(
            "ExDay(?:T|  ?)Ex24hourExMinuteExSecond",
            "ExDay(?:-|T|  ?)Ex24hour:?ExMinute:?ExSecond",
        );
        // The page of help is in our own words.
        let help = out.starts_with("Usage:") && theirs_out.starts_with("Usage:");
        if theirs.code != i64::from(code) || theirs_out != out && !help {
            differences += &format!("{line}\n  real {}\n{theirs_out}\n  ours {code}\n{out}\n", theirs.code);
        }
    }
    assert!(differences.is_empty(), "\n{differences}");
}
