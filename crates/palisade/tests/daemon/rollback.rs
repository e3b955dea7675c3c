//! A change of the rules over a real ssh that shuts its own session out: whoever is killed, the way in comes back.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::rig::{ATTACKER, NEIGHBOUR, Rig, SERVER, THREE_STRIKES, exists, kill, signal, skipped};

const RULES: &str = "# mine\n[firewall]\nenabled = true\nrules = [\"allow 22/tcp\"] # the way in\n";
/// What shuts the session out, taken back as soon as that is seen.
const SHUT: &str = "firewall --force --rollback-after 5s delete allow 22/tcp";
/// The same, at once.
const SHORT: &str = "firewall --force --rollback-after 1s delete allow 22/tcp";
/// Moments of a command at which it is killed, evenly spread.
const MOMENTS: u32 = 8;

/// A server that can be reached, with rules in force.
fn rig() -> Rig {
    rig_with(Rig::start_sshd)
}

fn rig_with(serve_ssh: impl FnOnce(&mut Rig)) -> Rig {
    let mut rig = Rig::new();
    rig.configure(THREE_STRIKES);
    fs::write(rig.path("config/palisade.toml"), RULES).unwrap();
    serve_ssh(&mut rig);
    rig.listen(80);
    let reloaded = rig.tell(&["firewall", "reload"]);
    assert!(reloaded.status.success(), "{}", String::from_utf8_lossy(&reloaded.stderr));
    rig
}

impl Rig {
    fn is_reached(&self) -> bool {
        self.connect_soon(NEIGHBOUR, 22)
    }

    /// Whether a port answers; one that is shut does not.
    fn connect_soon(&self, from: &str, port: u16) -> bool {
        let mut command = self.on_attacker("nc");
        command.args(["-z", "-w", "1", "-s", from, SERVER, &port.to_string()]);
        command.stderr(Stdio::null()).status().unwrap().success()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path("config/palisade.toml")).unwrap_or_default()
    }

    /// What has become of each change, the oldest first.
    fn states(&self) -> Vec<String> {
        let history = self.tell(&["history", "--json"]).stdout;
        let state = |line: &str| {
            let change: serde_json::Value = serde_json::from_str(line).unwrap();
            change["state"]["is"].as_str().unwrap().to_owned()
        };
        std::str::from_utf8(&history).unwrap().lines().map(state).collect()
    }

    /// Starts the command over ssh and kills it when it is time.
    fn kill_over_ssh(&self, when: impl Fn(&Self) -> bool) {
        let pid = self.path("command.pid");
        let _ = fs::remove_file(&pid);
        let script = format!("echo $$ >{}; exec {}", pid.display(), self.palisade_words(SHORT));
        let mut ssh = quiet(&mut self.ssh(&script)).spawn().unwrap();
        let written = || fs::read_to_string(&pid).ok().filter(|text| text.ends_with('\n'));
        self.until("the command begins", || written().is_some());
        let command: u32 = written().unwrap().trim().parse().unwrap();
        while !when(self) && ssh.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_micros(50));
        }
        kill(command);
        let _ = ssh.kill();
        ssh.wait().unwrap();
    }

    /// All is as it was before.
    fn comes_back(&self) {
        self.until("the file is back", || self.text() == RULES);
        self.until("the way in is back", || self.is_reached());
    }
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

#[test]
fn who_shuts_himself_out_is_let_in_again() {
    if skipped("who_shuts_himself_out_is_let_in_again") {
        return;
    }
    let rig = rig();
    let refused = rig.ssh(&rig.palisade_words("firewall delete allow 22/tcp")).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains(&format!("your own ssh session, from {NEIGHBOUR} to port 22")), "{said}");

    let shut = rig.ssh(&rig.palisade_words(SHUT)).output().unwrap();
    let said = String::from_utf8(shut.stderr).unwrap();
    assert_eq!(String::from_utf8(shut.stdout).unwrap(), "Rule deleted\nRule deleted (v6)\n", "{said}");
    assert!(said.contains("taken back in 5s"), "{said}");
    assert!(!rig.is_reached());
    rig.comes_back();
    rig.until("it is settled", || rig.states() == ["kept", "rolled-back"]);
    let told = rig.tell(&["history", "2"]).stdout;
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("nobody confirmed it in time"), "{told}");
    assert!(told.contains("-rules = [\"allow 22/tcp\"] # the way in"), "{told}");
    assert!(told.contains(&format!("from {NEIGHBOUR}")), "{told}");
}

#[test]
fn a_command_killed_at_any_moment_leaves_nobody_outside() {
    if skipped("a_command_killed_at_any_moment_leaves_nobody_outside") {
        return;
    }
    let rig = rig();
    let began = Instant::now();
    assert!(quiet(&mut rig.ssh(&rig.palisade_words(SHORT))).status().unwrap().success());
    let length = began.elapsed();
    rig.comes_back();
    for moment in 0..MOMENTS {
        let began = Instant::now();
        rig.kill_over_ssh(|_| began.elapsed() >= length * moment / MOMENTS);
        rig.comes_back();
    }
    // As soon as it is armed, and between the file and the kernel.
    rig.kill_over_ssh(|rig| rig.states_on_disk().last().is_some_and(|last| last.contains("\"waiting\"")));
    rig.comes_back();
    rig.kill_over_ssh(|rig| rig.text() != RULES);
    rig.comes_back();
    let open = |state: &String| state == "waiting" || state == "rolling-back";
    rig.until("all is settled", || !rig.states().iter().any(open));
}

impl Rig {
    fn states_on_disk(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("state/changes")).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
        paths.sort();
        paths.iter().map(|path| fs::read_to_string(path).unwrap_or_default()).collect()
    }
}

#[test]
fn the_daemon_does_not_hold_on_to_what_is_taken_back_nor_dies_with_it() {
    if skipped("the_daemon_does_not_hold_on_to_what_is_taken_back_nor_dies_with_it") {
        return;
    }
    let mut rig = rig();
    rig.start_daemon();
    let shut = |rig: &Rig| {
        assert!(quiet(&mut rig.ssh(&rig.palisade_words(SHUT))).status().unwrap().success());
        assert!(!rig.is_reached());
    };
    shut(&rig);
    let status = String::from_utf8(rig.tell(&["status"]).stdout).unwrap();
    assert!(status.contains("Change 2 waits to be confirmed"), "{status}");
    rig.comes_back();
    rig.until("the daemon has seen it", || rig.daemon_log().matches("firewall: 1 rule,").count() >= 2);
    assert!(!rig.said("another program"), "{}", rig.daemon_log());
    fs::write(rig.path("config/palisade.toml"), RULES.replace("22/tcp", "80/tcp")).unwrap();
    let refused = rig.ssh(&rig.palisade_words("reload")).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("palisade firewall --force reload"), "{said}");
    fs::write(rig.path("config/palisade.toml"), RULES.replace("\"allow", "\"allow 80/tcp\", \"allow"))
        .unwrap();
    let reloaded = rig.ssh(&rig.palisade_words("reload")).output().unwrap();
    let said = String::from_utf8(reloaded.stderr).unwrap();
    assert!(said.contains("is taken back in 1m"), "{said}");
    assert!(rig.connect_soon(ATTACKER, 80));
    assert!(rig.tell(&["rollback"]).status.success());
    assert!(!rig.connect_soon(ATTACKER, 80) && rig.text() == RULES);

    shut(&rig);
    rig.kill_daemon();
    rig.comes_back();
    rig.start_daemon();
    assert!(rig.is_reached(), "and it finds what was put back");
}

#[test]
fn a_start_of_the_host_puts_the_last_rules_in_force_whatever_is_in_the_file() {
    if skipped("a_start_of_the_host_puts_the_last_rules_in_force_whatever_is_in_the_file") {
        return;
    }
    let rig = rig();
    assert!(rig.connect_soon(ATTACKER, 22) && !rig.connect_soon(ATTACKER, 80));
    let start = |rig: &Rig| {
        // The kernel of a host that starts knows nothing.
        assert!(rig.on_server("nft").arg("flush ruleset").status().unwrap().success());
        let output = rig.tell(&["boot"]);
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(start(&rig), (0, String::new()));
    assert!(rig.connect_soon(ATTACKER, 22) && !rig.connect_soon(ATTACKER, 80));

    fs::write(rig.path("config/palisade.toml"), "[firewall]\nenabled = true\nrules = [\"allow 22\", 80]\n")
        .unwrap();
    let (status, said) = start(&rig);
    assert_eq!(status, 78, "{said}");
    assert!(said.contains("palisade.toml:3:22: error: a rule is a string"), "{said}");
    assert!(said.contains("the rules that were in force last are in force once more: 1"), "{said}");
    assert!(rig.connect_soon(ATTACKER, 22) && !rig.connect_soon(ATTACKER, 80));

    fs::remove_file(rig.path("state/applied.json")).unwrap();
    let (status, said) = start(&rig);
    assert_eq!(status, 78, "{said}");
    assert!(said.contains("no rule is in force"), "{said}");
    assert!(rig.connect_soon(ATTACKER, 80));
}

/// A shell on the server, in one session.
struct Shell {
    ssh: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Shell {
    fn open(rig: &Rig) -> Self {
        let mut ssh =
            rig.ssh("exec 2>&1; exec sh").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (ssh.stdin.take().unwrap(), BufReader::new(ssh.stdout.take().unwrap()));
        Self { ssh, input, output }
    }

    /// What the command says, and its exit status.
    fn run(&mut self, command: &str) -> (String, i32) {
        writeln!(self.input, "{command}; echo \"status $?\"").unwrap();
        let mut said = String::new();
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the session ended: {said}");
            match line.strip_prefix("status ") {
                Some(status) => return (said, status.trim().parse().unwrap()),
                None => said += &line,
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.ssh.kill();
        let _ = self.ssh.wait();
    }
}

#[test]
fn only_a_login_newer_than_the_change_confirms_it() {
    if skipped("only_a_login_newer_than_the_change_confirms_it") {
        return;
    }
    let rig = rig();
    let mut old = Shell::open(&rig);
    const AFTER: Duration = Duration::from_secs(8);
    let began = Instant::now();
    let (said, status) =
        old.run(&rig.palisade_words("firewall --rollback-after 8s prepend deny from 203.0.113.7"));
    assert_eq!(status, 0, "{said}");
    assert!(!rig.connect_soon(ATTACKER, 22));
    let confirm = rig.palisade_words("confirm");
    let (said, status) = old.run(&confirm);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("older than it") && said.contains("log in anew"), "{said}");
    let console = rig.tell(&["confirm"]);
    assert!(String::from_utf8(console.stderr).unwrap().contains("this is a console"));
    let confirmed = rig.ssh(&confirm).output().unwrap();
    assert!(confirmed.status.success(), "{}", String::from_utf8_lossy(&confirmed.stderr));
    let written = rig.text();
    // Longer than it would have waited.
    thread::sleep((AFTER + Duration::from_secs(1)).saturating_sub(began.elapsed()));
    assert_eq!(rig.text(), written);
    assert!(!rig.connect_soon(ATTACKER, 22) && rig.is_reached());
    assert_eq!(rig.states(), ["kept", "confirmed"]);

    // Undone, which is a change again.
    let (said, status) = old.run(&rig.palisade_words("rollback --rollback-after 2s"));
    assert_eq!((status, rig.text().as_str()), (0, RULES), "{said}");
    let second = old.run(&rig.palisade_words("firewall --rollback-after 2s allow 80/tcp"));
    assert!(second.0.contains("with the 1 before it"), "{}", second.0);
    rig.until("both are taken back", || rig.text() == written);
    rig.until("and settled", || rig.states() == ["kept", "confirmed", "rolled-back"]);
}

#[test]
fn a_session_of_dropbear_is_one_as_well() {
    const TEST: &str = "a_session_of_dropbear_is_one_as_well";
    if skipped(TEST) {
        return;
    }
    if !exists("dropbear") {
        return eprintln!("SKIPPED {TEST}: dropbear is not installed");
    }
    let rig = rig_with(Rig::start_dropbear);
    let refused = rig.ssh(&rig.palisade_words("firewall delete allow 22/tcp")).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains(&format!("your own ssh session, from {NEIGHBOUR} to port 22")), "{said}");
    let refused = rig.tell(&["firewall", "delete", "allow", "22/tcp"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("everybody from port 22, on which ssh is served"), "{said}");

    let mut old = Shell::open(&rig);
    let (said, status) = old.run(&rig.palisade_words("firewall prepend deny from 203.0.113.7"));
    assert!(status == 0 && said.contains("is taken back in 1m"), "{said}");
    let (said, status) = old.run(&rig.palisade_words("confirm"));
    assert!(status == 1 && said.contains("older than it"), "{said}");
    let confirmed = rig.ssh(&rig.palisade_words("confirm")).output().unwrap();
    assert!(confirmed.status.success(), "{}", String::from_utf8_lossy(&confirmed.stderr));
    assert_eq!(rig.states(), ["kept", "confirmed"]);
}

/// What the file says is not in force, and it is told; who is logged in can come again.
fn is_refused(rig: &Rig, whom: &str) {
    rig.until("it is told", || rig.said(&format!("it would shut out {whom}")));
    let status = String::from_utf8(rig.tell(&["status"]).stdout).unwrap();
    assert!(status.contains("palisade.toml is not in force as it stands"), "{status}");
    assert!(status.contains("palisade firewall --force reload"), "{status}");
    let status = rig.tell(&["firewall", "status"]);
    let said = String::from_utf8(status.stderr).unwrap();
    assert!(said.contains("palisade.toml was edited and is not in force"), "{said}");
    assert!(rig.is_reached() && !rig.connect_soon(NEIGHBOUR, 80));
}

#[test]
fn an_edited_file_shuts_nobody_out_when_the_daemon_reads_it() {
    if skipped("an_edited_file_shuts_nobody_out_when_the_daemon_reads_it") {
        return;
    }
    let mut rig = rig();
    let write = |rig: &Rig, rules: &str| {
        fs::write(rig.path("config/palisade.toml"), RULES.replace("\"allow 22/tcp\"", rules)).unwrap();
    };
    let hang_up = |rig: &Rig| signal(rig.keeper(), "HUP");
    rig.start_daemon();
    write(&rig, "\"allow 80/tcp\"");
    hang_up(&rig);
    is_refused(&rig, "everybody from port 22");
    // What is put back is what was in force, not the file.
    assert!(rig.on_server("nft").arg("flush chain inet palisade rules.in").status().unwrap().success());
    rig.until("the rules are back", || rig.is_reached());
    assert!(!rig.connect_soon(NEIGHBOUR, 80));

    write(&rig, "\"allow 80/tcp\", \"allow 22/tcp\"");
    hang_up(&rig);
    rig.until("it is in force", || rig.connect_soon(NEIGHBOUR, 80));
    rig.until("all is well", || rig.said("all is well again"));
    let status = String::from_utf8(rig.tell(&["firewall", "status"]).stderr).unwrap();
    assert_eq!(status, "");

    // The port stays open, but not to who is logged in.
    assert!(rig.stop_daemon());
    let mut session = Shell::open(&rig);
    assert_eq!(session.run("true").1, 0, "logged in");
    write(&rig, "\"allow from 203.0.113.7 to any port 22\"");
    let booted = rig.tell(&["boot"]);
    let said = String::from_utf8(booted.stderr).unwrap();
    assert!(
        booted.status.code() == Some(1) && said.contains("it would shut out the ssh session from"),
        "{said}"
    );
    assert!(rig.is_reached() && rig.connect_soon(NEIGHBOUR, 80));
    write(&rig, "\"deny 80/tcp\", \"allow from 203.0.113.7 to any port 22\"");
    rig.start_daemon();
    rig.until("it is told", || rig.said(&format!("the ssh session from {NEIGHBOUR} to port 22")));
    assert!(rig.is_reached() && rig.connect_soon(NEIGHBOUR, 80));

    // Nobody is shut out any more.
    drop(session);
    rig.until("it is in force", || {
        hang_up(&rig);
        !rig.connect_soon(NEIGHBOUR, 22)
    });
    assert!(rig.connect_soon(ATTACKER, 22));

    // Or it is meant.
    write(&rig, "");
    hang_up(&rig);
    rig.until("it is told", || rig.said("it would shut out everybody from port 22"));
    assert!(rig.connect_soon(ATTACKER, 22));
    assert!(rig.tell(&["firewall", "--force", "reload"]).status.success());
    rig.until("the daemon knows", || rig.said("firewall: 0 rules, in force"));
    assert!(!rig.connect_soon(ATTACKER, 22));
}
