//! An action that is written in Python, with the daemon around it.

use std::fs;

use crate::actions::{NATIVE, OWN, idle};
use crate::rig::{ATTACKER, NEIGHBOUR, kill};

/// Tells what it is told, and refuses one address.
const PYTHON: &str = "
import os
class Action:
    def __init__(self, jail, name):
        self.norestored = 0
    def tell(self, *what):
        with open('DIR/out', 'a') as out:
            print(*what, file=out)
    def start(self):
        self.tell('start', os.getpid())
    def stop(self):
        self.tell('stop')
    def ban(self, aInfo):
        if str(aInfo['ip']) == 'REFUSED':
            raise ValueError('not this one')
        self.tell('ban', aInfo['ip'], aInfo['restored'])
    reban = ban
    def unban(self, aInfo):
        self.tell('unban', aInfo['ip'])
";

#[test]
fn an_action_in_python_is_told_of_bans_and_ends_with_the_runner() {
    let name = "an_action_in_python_is_told_of_bans_and_ends_with_the_runner";
    let Some(mut rig) = idle(name, OWN) else { return };
    let folder = rig.folder.path().display().to_string();
    let python = PYTHON.replace("DIR", &folder).replace("REFUSED", NEIGHBOUR);
    fs::write(rig.path("config/action.d/own.py"), python).unwrap();
    rig.configure(&NATIVE.replace("   own\n", "   own.py\n"));
    rig.start_daemon();
    let status = || String::from_utf8(rig.tell(&["status"]).stdout).unwrap();
    let started = rig.new_lines(1).remove(0);
    rig.fail(NEIGHBOUR, 2);
    let failure = format!("[sshd] action own: ban of {NEIGHBOUR} fails: \"ValueError: not this one\"");
    rig.until("the failure is in the status", || status().contains(&failure));
    assert!(rig.in_kernel(NEIGHBOUR));
    rig.fail(ATTACKER, 2);
    rig.did(&[&format!("ban {ATTACKER} 0")]);
    rig.tell(&["unban", NEIGHBOUR]);
    rig.did(&[&format!("unban {NEIGHBOUR}")]);
    rig.runner().into_iter().for_each(kill);
    let pid = started.strip_prefix("start ").unwrap();
    let command = || fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    rig.until("it has ended with the runner", || command().is_empty());
    let again = rig.new_lines(2);
    assert!(again[0].starts_with("start ") && again[0] != started, "{again:?}");
    assert_eq!(again[1], format!("ban {ATTACKER} 1"));
    assert!(rig.stop_daemon());
    rig.did(&[&format!("unban {ATTACKER}"), "stop"]);
}
