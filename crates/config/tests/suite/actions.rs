//! Actions: which are native, what the others run, and what is wrong with them.

use std::path::Path;

use config::{Action, ActionKind, Family, Jail, Loaded, Operation, Tree, Which, load_with};
use serde_json::{Value, json};

use crate::differential::reference;
use crate::rig::{Bare, all, debian, tree};

const JAIL: &str = "[a]\nlogpath = /l\nfailregex = x <HOST>\nport = 22\naction = ";

fn with(action: &str, files: &[(&str, &str)]) -> Loaded {
    let jail = format!("{JAIL}{action}\n");
    let files: Vec<_> = files.iter().copied().chain([("jail.conf", jail.as_str())]).collect();
    all(tree(&files).path())
}

fn one(action: &str, files: &[(&str, &str)]) -> Jail {
    let mut loaded = with(action, files);
    assert_eq!(loaded.diagnostics, []);
    loaded.jails.remove(0)
}

fn command(action: &Action, operation: Operation, family: Family) -> &str {
    action.script.as_ref().map_or("", |script| script.command(operation, family))
}

#[test]
fn a_condition_on_the_family_gives_each_its_commands_and_starts_on_demand() {
    let file = "[Definition]\nactionban = <cmd> <ip> <x-<blk>>\nx-a = one\n[Init]\ncmd = ipt<v>\nblk = a\nv = 4\n\
        [Init?family=inet6]\nv = 6\nblk = b\nx-b = two\n";
    let jail = one("own", &[("action.d/own.conf", file)]);
    let action = &jail.actions[0];
    assert_eq!(action.kind, ActionKind::Command);
    assert!(!jail.bans);
    assert_eq!(command(action, Operation::Ban, Family::Inet6), "ipt6 <ip> two");
    assert_eq!(command(action, Operation::Ban, Family::Inet4), "ipt4 <ip> <x-a>");
    assert!(action.script.as_ref().unwrap().on_demand);
}

#[test]
fn what_a_ban_gives_values_to_stays_a_tag() {
    let file = "[Definition]\nactionban = <ip> <matches> <bantime> <F-USER> <name> <actname> <timeout> <nothing> <br>.\n\
        matches = no\n[Init]\nbantime = 5\ntimeout = 1m\n";
    let jail = one("own[actname=other]", &[("action.d/own.conf", file)]);
    let script = jail.actions[0].script.as_ref().unwrap();
    assert_eq!(
        script.command(Operation::Ban, Family::Any),
        "<ip> <matches> <bantime> <F-USER> a other 1m <nothing> \n."
    );
    assert_eq!(script.timeout.as_secs(), 60);
    assert_eq!(script.name, "other");
}

#[test]
fn a_local_file_and_brackets_override_commands() {
    let files = [
        ("action.d/own.conf", "[Definition]\nactionban = ban\nactionunban = unban\n"),
        ("action.d/own.local", "[Definition]\nactionban = <known/actionban> twice\n"),
    ];
    let jail = one("own[actionunban=\"lift <ip>\", norestored=1]", &files);
    let action = &jail.actions[0];
    assert_eq!(command(action, Operation::Ban, Family::Any), "ban twice");
    assert_eq!(command(action, Operation::Unban, Family::Any), "lift <ip>");
    let script = action.script.as_ref().unwrap();
    assert!(script.norestored);
    assert_eq!(script.files.len(), 2);
}

#[test]
fn every_broken_command_is_reported_at_its_place() {
    let file = "[Definition]\nactionban = <a>\na = <b>\nb = <a>\nactionunban = %(gone)s\nactionstop = %x\n";
    let loaded = with("own\n own[x=1", &[("action.d/own.conf", file)]);
    let places: Vec<_> = loaded.diagnostics.iter().map(|fault| (fault.line, fault.column)).collect();
    assert_eq!(places, [(4, 5), (5, 15), (6, 14), (6, 9)], "{:?}", loaded.diagnostics);
}

#[test]
fn a_python_action_has_its_file_and_its_options() {
    let files = [("action.d/own.py", "x"), ("action.d/own.conf", "")];
    let action = one("own.py[to=me, actname=mine, note='a \"b\"']", &files).actions.remove(0);
    assert_eq!((action.kind, action.actname.as_str()), (ActionKind::Python, "mine"));
    let script = action.script.unwrap();
    let module = script.module.as_ref().unwrap();
    assert!(module.file.ends_with("action.d/own.py"));
    assert_eq!(module.options, r#"{"to": "me", "note": "a \"b\""}"#);
    assert!(script.name == "mine" && script.mentions("<matches>"));
    assert_eq!(one("own.py", &files).actions[0].actname, "own");
}

#[test]
fn a_changed_stock_action_runs_its_commands() {
    let own = [("action.d/ufw.conf", "[Definition]\nactionban = my-own <ip>\n")];
    let jail = one("ufw", &own);
    assert_eq!(jail.actions[0].kind, ActionKind::Command);
    assert!(!jail.bans);
}

#[test]
fn stock_ban_actions_are_native_until_somebody_changes_them() {
    let Some(debian) = debian() else { return };
    let copy = tempfile::tempdir().unwrap();
    let folder = copy.path().join("action.d");
    std::fs::create_dir(&folder).unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(debian.join("action.d")).unwrap().flatten() {
        let path = entry.path();
        std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|extension| extension == "conf") {
            names.push(stem);
        }
    }
    let kind = |call: &str| {
        std::fs::write(copy.path().join("jail.conf"), format!("{JAIL}{call}\n")).unwrap();
        let options = config::Options { jails: Which::All, host: &Bare, assume_logs: true };
        let loaded = load_with(&Tree::Dir(copy.path().to_owned()), &options);
        loaded.jails.first().map(|jail| (jail.actions[0].kind, jail.bans))
    };
    let native: Vec<&String> =
        names.iter().filter(|name| kind(name) == Some((ActionKind::Ban, true))).collect();
    assert_eq!(native.len(), 33, "{native:?}");
    let multiport = "iptables-multiport";
    assert_eq!(kind("iptables-multiport[port=22, blocktype=DROP, chain=X]"), Some((ActionKind::Ban, true)));
    let commands = Some((ActionKind::Command, false));
    assert_eq!(kind("iptables-multiport[blocktype=ACCEPT]"), commands);
    assert_eq!(kind("iptables-multiport[actionban=true]"), commands);
    assert_eq!(kind("iptables-multiport[native=no]"), commands);
    assert_eq!(kind("ufw[application=OpenSSH]"), commands);
    let local = |name: &str, content: &str| std::fs::write(folder.join(name), content).unwrap();
    local("iptables.local", "# mine\n[Init]\nblocktype = DROP\n");
    assert_eq!(kind(multiport), Some((ActionKind::Ban, true)), "a parameter changes nothing");
    local("iptables.local", "[Definition]\nactionban = <known/actionban>\n   logger <ip>\n");
    assert_eq!(kind(multiport), commands, "what it includes counts");
}

/// Of each stock action with some options: the commands that Fail2Ban runs for each family.
#[test]
fn stock_actions_are_read_as_fail2ban_reads_them() {
    let Some(debian) = debian() else { return };
    let options =
        ["", "[name=x, port=\"22,80\", blocktype=DROP]", "[protocol=udp, dest=a@b, lines=2, x=\"<ip>\"]"];
    let names = std::fs::read_dir(debian.join("action.d")).unwrap().flatten();
    let mut names: Vec<String> = names
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".conf").map(str::to_owned))
        .collect();
    names.sort();
    let calls: Vec<String> =
        names.iter().flat_map(|name| options.iter().map(move |options| format!("{name}{options}"))).collect();
    same(&debian, &calls);
}

/// The corners of the grammar.
#[test]
fn odd_actions_are_read_as_fail2ban_reads_them() {
    let odd = "[INCLUDES]\nbefore = base.conf\n[DEFAULT]\ndflt = d\n[Definition]\nnorestored = 0\n\
        actionban = b <other> <OTHER> <plain> <Plain> <empty> <n0> <br> <sp> <known/actionban> <known/plain>\n \
        <Init/n2> <Definition/plain> <default/dflt> <dflt> %(dflt)s %(plain)s <base/x> <x-<mode>> <bl> <bantime>\n \
        <failures> <ip> <iponly> <F-USER> <name> <actname> <jail> <timeout> <a.b> <a_b> <matchonly> <in-init>\n\
        actionunban = unban <actionban> <matches> <actionrepair> <logpath> <maxretry> <protocol> <block>\n\
        actionstart = <bl> <c> <x-<bl>>\nother = <ip> and <matches>\niponly = <ip> only\nplain = plain\n\
        matchonly = q <matches> w\nmode = m1\nx-m1 = X1\nempty =\na.b = ab\na_b = a_b\n[base]\nx = sect\n\
        [Init]\nbl = v4 <n0>\nname = default\nn0 = <n1>\nn1 = <n2>\nn2 = <name>\nsp = a  b\nc = c<n0>\n\
        in-init = <plain> <other> <mode> <ip>\n[Init?family=inet6]\nbl = v6 <n0> <c>\nn2 = six\nx-six = XS\n";
    let base = "[Definition]\nactionban = baseban\nplain = baseplain\nactioncheck = basecheck\n";
    let folder = tree(&[("jail.conf", ""), ("action.d/odd.conf", odd), ("action.d/base.conf", base)]);
    same(
        folder.path(),
        &["odd".into(), "odd[n1=given, mode=m2]".into(), "odd[bl=\"<ip>\", plain='<mode>']".into()],
    );
}

fn same(path: &Path, calls: &[String]) {
    let Some(theirs) = reference(path, "actions", &(calls.join("\n") + "\n")) else { return };
    assert_eq!(theirs.len(), calls.len());
    for (call, theirs) in calls.iter().zip(&theirs) {
        let files = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(path.join("action.d"), files.path().join("action.d")).unwrap();
        let jail = "[jail]\nlogpath = /l\nmaxretry = 7\nfailregex = x <HOST>\naction = ";
        std::fs::write(files.path().join("jail.conf"), format!("{jail}{call}[native=no]\n")).unwrap();
        let loaded = all(files.path());
        match loaded.jails.first().and_then(|jail| jail.actions[0].script.as_ref()) {
            Some(script) => {
                let commands = Operation::ALL.map(|operation| {
                    let hosts = |text: &str| {
                        text.replace("<fq-hostname>", "FQ-HOST").replace("<sh-hostname>", "SH-HOST")
                    };
                    let texts = Family::ALL.map(|family| hosts(script.command(operation, family)));
                    (operation.option().to_owned(), json!(texts))
                });
                let ours = json!({
                    "commands": Value::Object(commands.into_iter().collect()),
                    "on_demand": script.on_demand,
                    "norestored": script.norestored,
                });
                assert_eq!(ours, *theirs, "{call}");
            }
            None => assert!(theirs.get("error").is_some(), "{call}: {:?} {theirs}", loaded.diagnostics),
        }
    }
}
