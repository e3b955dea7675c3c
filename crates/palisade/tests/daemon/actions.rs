//! Actions that run commands: when, in what order, for whom, and that nothing waits for them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use crate::rig::{ATTACKER, ATTACKER6, NEIGHBOUR, Rig, kill, skipped};

/// Every operation leaves a line in `out`. `TWICE` is filled in to change it.
pub(crate) const OWN: &str = "[Definition]
actionstart = echo start <family> >>DIR/out; touch DIR/ground-<family>
actionstop = echo stop <family> >>DIR/out
actionflush = echo flush <family> >>DIR/out
actioncheck = test -e DIR/ground-<family>
actionban = test -e DIR/ground-<family> && echo ban <ip> <restored> TWICE >>DIR/out
actionunban = echo unban <ip> >>DIR/out
actionreload = echo reload <family> >>DIR/out
[Init?family=inet6]
some = thing
";

pub(crate) const NATIVE: &str =
    "maxretry = 2\nbantime = 1h\nblock.port = 22\naction = nftables[type=multiport, port=22]\n   own\n";

/// A daemon with this action at work, unless the test is skipped.
fn acting(test: &str, own: &str) -> Option<Rig> {
    let mut rig = idle(test, own)?;
    rig.start_daemon();
    Some(rig)
}

/// The same before the daemon starts.
pub(crate) fn idle(test: &str, own: &str) -> Option<Rig> {
    if skipped(test) {
        return None;
    }
    let rig = Rig::new();
    rig.configure(NATIVE);
    fs::create_dir_all(rig.path("config/action.d")).unwrap();
    rig.change_action(own);
    fs::write(rig.path("out"), "").unwrap();
    Some(rig)
}

impl Rig {
    fn change_action(&self, own: &str) {
        let own = own.replace("DIR", &self.folder.path().display().to_string());
        fs::write(self.path("config/action.d/own.conf"), own).unwrap();
    }

    /// Waits until these lines are there since the last time, and no others.
    pub(crate) fn did(&self, lines: &[&str]) {
        assert_eq!(self.new_lines(lines.len()), lines, "{}", self.daemon_log());
    }

    /// The same for what came of bans of one second.
    fn did_in_some_order(&self, lines: &[&str]) {
        let sorted = |mut lines: Vec<String>| {
            lines.sort();
            lines
        };
        let wanted = lines.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(sorted(self.new_lines(lines.len())), sorted(wanted), "{}", self.daemon_log());
    }

    pub(crate) fn new_lines(&self, count: usize) -> Vec<String> {
        let out = || fs::read_to_string(self.path("out")).unwrap();
        self.until(&format!("{count} lines; there is {:?}", out()), || out().lines().count() >= count);
        let lines = out().lines().map(str::to_owned).collect();
        fs::write(self.path("out"), "").unwrap();
        lines
    }

    pub(crate) fn in_kernel(&self, address: &str) -> bool {
        self.banned().iter().any(|banned| banned == address)
    }
}

#[test]
fn actions_start_on_demand_and_follow_what_becomes_of_bans() {
    let Some(mut rig) = acting("actions_start_on_demand_and_follow_what_becomes_of_bans", OWN) else {
        return;
    };
    rig.fail(ATTACKER, 2);
    rig.did(&["start inet4", &format!("ban {ATTACKER} 0 TWICE")]);
    rig.fail(NEIGHBOUR, 2);
    rig.fail(ATTACKER6, 2);
    rig.did(&[&format!("ban {NEIGHBOUR} 0 TWICE"), "start inet6", &format!("ban {ATTACKER6} 0 TWICE")]);
    rig.tell(&["unban", NEIGHBOUR]);
    rig.did(&[&format!("unban {NEIGHBOUR}")]);
    rig.tell(&["reload"]);
    rig.did(&["reload inet4", "reload inet6"]);

    rig.change_action(&OWN.replace("TWICE", "otherwise"));
    rig.tell(&["reload"]);
    rig.did(&["reload inet4", "reload inet6"]);
    rig.fail(NEIGHBOUR, 2);
    rig.did(&[&format!("ban {NEIGHBOUR} 0 otherwise")]);
    rig.tell(&["unban", NEIGHBOUR]);
    rig.did(&[&format!("unban {NEIGHBOUR}")]);

    rig.change_action(&OWN.replace("TWICE", "anew").replace("echo start", "true; echo start"));
    rig.tell(&["reload"]);
    let (first, second) = (format!("ban {ATTACKER} 1 anew"), format!("ban {ATTACKER6} 1 anew"));
    let again = ["start inet4", &first, "start inet6", &second];
    rig.did(&[&["flush inet4", "flush inet6", "stop inet4", "stop inet6"], &again[..]].concat());

    assert!(rig.stop_daemon());
    rig.did(&["flush inet4", "flush inet6", "stop inet4", "stop inet6"]);
    rig.start_daemon();
    rig.did_in_some_order(&again);
    rig.kill_daemon();
    rig.start_daemon();
    rig.did_in_some_order(&again);

    rig.tell(&["unban", "--all"]);
    rig.did_in_some_order(&["flush inet4", "flush inet6"]);
    assert!(rig.stop_daemon());
    rig.did_in_some_order(&["stop inet4", "stop inet6"]);
}

#[test]
fn what_norestored_says_holds_after_a_restart() {
    let own = OWN.replace("[Definition]", "[Definition]\nnorestored = 1");
    let Some(mut rig) = acting("what_norestored_says_holds_after_a_restart", &own) else { return };
    rig.fail(ATTACKER, 2);
    rig.did(&["start inet4", &format!("ban {ATTACKER} 0 TWICE")]);
    assert!(rig.stop_daemon());
    rig.did(&["flush inet4", "stop inet4"]);
    rig.start_daemon();
    rig.until("the ban is back", || rig.in_kernel(ATTACKER));
    rig.fail(NEIGHBOUR, 2);
    rig.did(&["start inet4", &format!("ban {NEIGHBOUR} 0 TWICE")]);
}

#[test]
fn a_slow_action_holds_up_no_ban() {
    let slow = "[Definition]\nactionban = sleep 1; echo ban <ip> >>DIR/out\ntimeout = 10\n";
    let Some(rig) = acting("a_slow_action_holds_up_no_ban", slow) else { return };
    let start = Instant::now();
    rig.fail(ATTACKER, 2);
    rig.fail(NEIGHBOUR, 2);
    rig.until("both are banned", || rig.in_kernel(ATTACKER) && rig.in_kernel(NEIGHBOUR));
    let out = fs::read_to_string(rig.path("out")).unwrap();
    assert!(out.lines().count() < 2 && start.elapsed().as_secs() < 20, "{out}");
    rig.did(&[&format!("ban {ATTACKER}"), &format!("ban {NEIGHBOUR}")]);
}

#[test]
fn ground_that_was_lost_is_made_again_with_all_bans() {
    let Some(rig) = acting("ground_that_was_lost_is_made_again_with_all_bans", OWN) else { return };
    rig.fail(ATTACKER, 2);
    rig.did(&["start inet4", &format!("ban {ATTACKER} 0 TWICE")]);
    fs::remove_file(rig.path("ground-inet4")).unwrap();
    rig.fail(NEIGHBOUR, 2);
    let bans = [NEIGHBOUR, ATTACKER].map(|address| format!("ban {address} 0 TWICE"));
    rig.did(&["stop inet4", "start inet4", &bans[0], &bans[1]]);
    assert!(rig.said("the check fails"));
}

#[test]
fn what_led_to_bans_is_known_later_and_after_a_restart() {
    let own = "[Definition]\nactionban = printf '%%s\\n' \"<matches>\" >DIR/matches-<restored>\n   \
         echo ban <restored> <failures> <ipfailures> <ipjailfailures> >>DIR/out\nactionunban = echo unban >>DIR/out\n";
    let Some(mut rig) = idle("what_led_to_bans_is_known_later_and_after_a_restart", own) else { return };
    let jail = fs::read_to_string(rig.path("config/jail.conf")).unwrap();
    fs::write(rig.path("config/jail.conf"), jail.replace("bantime = 1h", "bantime = 2s")).unwrap();
    rig.start_daemon();
    rig.fail(ATTACKER, 2);
    rig.did(&["ban 0 2 2 2"]);
    let log = fs::read_to_string(rig.path("auth.log")).unwrap();
    assert_eq!(fs::read_to_string(rig.path("matches-0")).unwrap(), log);
    rig.did(&["unban"]);
    fs::write(rig.path("config/jail.conf"), jail).unwrap();
    rig.tell(&["reload"]);
    rig.fail(ATTACKER, 2);
    rig.did(&["ban 0 2 4 4"]);
    assert!(rig.stop_daemon());
    rig.did(&["unban"]);
    rig.start_daemon();
    rig.did(&["ban 1 2 4 4"]);
    let matches = ["matches-0", "matches-1"].map(|name| fs::read_to_string(rig.path(name)).unwrap());
    assert_eq!(matches[0], matches[1]);
    assert_eq!(matches[0].lines().count(), 2);
    rig.tell(&["unban", ATTACKER]);
    rig.fail(ATTACKER, 2);
    rig.did(&["unban", "ban 0 2 2 2"]);
}

#[test]
fn what_fails_is_in_the_status_until_it_works_again() {
    let own = "[Definition]\nactionban = test ! -e DIR/broken || { echo $0 why; exit 127; }\n";
    let Some(mut rig) = idle("what_fails_is_in_the_status_until_it_works_again", own) else { return };
    fs::write(rig.path("broken"), "").unwrap();
    rig.start_daemon();
    let status = || String::from_utf8(rig.tell(&["status"]).stdout).unwrap();
    rig.fail(ATTACKER, 2);
    let failure =
        format!("[sshd] action own: actionban of {ATTACKER} fails: exit status 127: command not found");
    rig.until("the failure is in the status", || status().contains(&failure));
    assert!(rig.said(&failure) && rig.said("why"));
    fs::remove_file(rig.path("broken")).unwrap();
    rig.fail(NEIGHBOUR, 2);
    rig.until("the status is clean", || !status().contains("fails"));
    assert!(rig.said("[sshd] action own: works again"));
    let one = String::from_utf8(rig.tell(&["status", "sshd"]).stdout).unwrap();
    assert!(one.contains("runs own"), "{one}");
}

#[test]
fn a_runner_that_dies_takes_no_ban_with_it_and_another_one_goes_on() {
    let name = "a_runner_that_dies_takes_no_ban_with_it_and_another_one_goes_on";
    let Some(mut rig) = acting(name, OWN) else { return };
    rig.fail(ATTACKER, 2);
    rig.did(&["start inet4", &format!("ban {ATTACKER} 0 TWICE")]);
    let dead = rig.runner();
    dead.iter().copied().for_each(kill);
    rig.until("it is said", || rig.said("no action runs until another one starts"));
    rig.fail(NEIGHBOUR, 2);
    rig.until("bans go on", || rig.in_kernel(NEIGHBOUR));
    let kept = [format!("ban {ATTACKER} 1 TWICE"), format!("ban {NEIGHBOUR} 0 TWICE")];
    rig.did(&["start inet4", &kept[0], &kept[1]]);
    assert!(rig.said("another runner has started"));
    let status = String::from_utf8(rig.tell(&["status"]).stdout).unwrap();
    assert!(!status.contains("no action runs"), "{status}");
    let new = rig.runner();
    assert!(new.len() == 1 && new != dead, "{new:?}");
    assert!(rig.stop_daemon());
    rig.did(&["flush inet4", "stop inet4"]);
    let command = || fs::read_to_string(format!("/proc/{}/cmdline", new[0])).unwrap_or_default();
    rig.until("the runner has ended", || command().is_empty());
}

#[test]
fn commands_that_others_could_have_written_are_not_run() {
    let Some(mut rig) = idle("commands_that_others_could_have_written_are_not_run", OWN) else { return };
    let file = rig.path("config/action.d/own.conf");
    fs::set_permissions(&file, PermissionsExt::from_mode(0o664)).unwrap();
    rig.start_daemon();
    rig.fail(ATTACKER, 2);
    rig.until("the ban is in the kernel all the same", || rig.in_kernel(ATTACKER));
    let status = String::from_utf8(rig.tell(&["status", "--json"]).stdout).unwrap();
    assert!(
        status.contains("action own is not run") && status.contains("can be written by others"),
        "{status}"
    );
    fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    rig.tell(&["reload"]);
    rig.did(&["start inet4", &format!("ban {ATTACKER} 1 TWICE")]);
    let status = String::from_utf8(rig.tell(&["status", "--json"]).stdout).unwrap();
    assert!(!status.contains("is not run"), "{status}");
}
