//! The list of Cloudflare's networks under a daemon.

use std::fs;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::rig::{ATTACKER, NEIGHBOUR, Rig, SERVER, THREE_STRIKES, skipped};
use crate::server::{list, ok, serve};

/// A server in the rig's namespace, whose answer can be set; `None` keeps whoever asks waiting. The configuration names it.
fn source(rig: &Rig, first: Option<Vec<u8>>) -> Arc<Mutex<Option<Vec<u8>>>> {
    let answer = Arc::new(Mutex::new(first));
    let answers = Arc::clone(&answer);
    let source = rig.within(|| {
        serve(move |stream| {
            let answer = loop {
                match answers.lock().unwrap().clone() {
                    Some(answer) => break answer,
                    None => thread::sleep(Duration::from_millis(5)),
                }
            };
            let _ = stream.write_all(&answer);
        })
    });
    rig.configure(THREE_STRIKES);
    let posture = format!(
        "[firewall]\nenabled = true\nrules = [\"allow 22\", \"allow from cloudflare to any port 80\"]\n\
         [lists]\ncloudflare = \"http://{source}/ips\"\n"
    );
    fs::write(rig.path("config/palisade.toml"), posture).unwrap();
    answer
}

fn told(rig: &Rig, arguments: &[&str]) -> String {
    let output = rig.tell(arguments);
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn table(rig: &Rig) -> String {
    let listed = rig.on_server("nft").args(["list", "table", "inet", "palisade"]).output().unwrap();
    String::from_utf8(listed.stdout).unwrap()
}

#[test]
fn the_daemon_asks_without_privileges_and_without_waiting_and_takes_only_what_is_a_list() {
    if skipped("the_daemon_asks_without_privileges_and_without_waiting_and_takes_only_what_is_a_list") {
        return;
    }
    let mut rig = Rig::new();
    let answer = source(&rig, None);
    rig.start_daemon();
    rig.until("it asks", || !rig.fetcher().is_empty());
    let fetcher = rig.fetcher()[0];
    let field = |name: &str| {
        let status = fs::read_to_string(format!("/proc/{fetcher}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    rig.until("it has given up what it had", || field("Seccomp:") == "2");
    assert_eq!(u64::from_str_radix(&field("CapEff:"), 16), Ok(0));
    assert_ne!(field("Uid:"), "0");
    // Meanwhile the keeper goes on.
    let started = Instant::now();
    assert!(told(&rig, &["ban", "185.8.0.9"]).contains("banned"));
    assert!(started.elapsed() < Duration::from_secs(5) && !rig.fetcher().is_empty());

    *answer.lock().unwrap() = Some(ok("<html>"));
    let trouble = "the list cloudflare is not refreshed, and stays as it is";
    rig.until("the trouble is told", || told(&rig, &["status"]).contains(trouble));
    assert!(rig.daemon_log().contains("the answer is not believed: it is not a list in JSON"));
    let warned = told(&rig, &["firewall", "status"]);
    assert!(warned.contains("WARN: cloudflare was not refreshed"), "{warned}");

    let rule = ["allow", "from", "cloudflare", "to", "any", "port", "80"];
    assert!(rig.tell(&[&["firewall", "delete"], &rule[..]].concat()).status.success());
    rig.until("what nobody wants is no trouble", || !told(&rig, &["status"]).contains(trouble));
    assert!(rig.tell(&[&["firewall"], &rule[..]].concat()).status.success());

    *answer.lock().unwrap() = Some(ok(&list(&[], &["185.7.0.0/16"])));
    assert!(rig.tell(&["firewall", "list", "refresh"]).status.success());
    assert!(!told(&rig, &["status"]).contains(trouble), "{}", told(&rig, &["status"]));
    assert!(
        told(&rig, &["ban", "185.7.0.9"]).contains("never-ban list"),
        "{}",
        told(&rig, &["ban", "185.7.0.9"])
    );
    assert!(table(&rig).contains("185.7.0.0/16"));
    assert!(!rig.daemon_log().contains("another program"), "{}", rig.daemon_log());
}

#[test]
fn a_list_that_nobody_has_asked_for_yet_is_asked_for_soon_after_the_start() {
    if skipped("a_list_that_nobody_has_asked_for_yet_is_asked_for_soon_after_the_start") {
        return;
    }
    let mut rig = Rig::new();
    let _answer = source(&rig, Some(ok(&list(&["131.0.72.0/22"], &["185.9.0.0/16"]))));
    rig.start_daemon();
    assert!(!table(&rig).contains("185.9.0.0/16"));
    rig.until("it takes the list", || rig.said("list cloudflare: 1 networks new, 1 gone"));
    assert!(table(&rig).contains("185.9.0.0/16"));
    assert!(told(&rig, &["ban", "185.9.0.9"]).contains("never-ban list"));
    assert!(rig.fetcher().is_empty());
    assert!(rig.stop_daemon());
    rig.start_daemon();
    assert!(table(&rig).contains("185.9.0.0/16"), "from the start");
}

#[test]
fn a_list_that_would_shut_out_who_is_logged_in_is_not_taken() {
    if skipped("a_list_that_would_shut_out_who_is_logged_in_is_not_taken") {
        return;
    }
    let mut rig = Rig::new();
    rig.configure(THREE_STRIKES);
    rig.start_sshd();
    let answer = ok(&format!("{ATTACKER}\n{NEIGHBOUR}\n"));
    let source = rig.within(|| serve(move |stream| drop(stream.write_all(&answer))));
    let posture = format!(
        "[firewall]\nenabled = true\nrules = [\"deny from foes\", \"allow 22\"]\n\
         [lists.foes]\nurl = \"http://{source}/\"\n"
    );
    fs::write(rig.path("config/palisade.toml"), posture).unwrap();
    told(&rig, &["firewall", "reload"]);
    // Logged in while it is asked for.
    let words = rig.palisade_words("firewall list refresh foes");
    let refused = rig.ssh(&words).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains(&format!("it would shut out the ssh session from {NEIGHBOUR} to port 22")),
        "{said}"
    );
    assert!(rig.connect(ATTACKER, SERVER, 22) && rig.connect(NEIGHBOUR, SERVER, 22));
    let taken = told(&rig, &["firewall", "list", "refresh", "foes"]);
    assert!(taken.starts_with("foes: 2 IPv4 and 0 IPv6 networks"), "{taken}");
    rig.until("it is in force", || !rig.connect(ATTACKER, SERVER, 22));
}
