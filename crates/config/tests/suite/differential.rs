//! The same configurations through Fail2Ban's own reader and through ours.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use config::{Filter, Tree, filter, filter_names};
use detect::Usedns;
use serde_json::{Value, json};

use crate::rig::{all, corners, debian};

/// Debian's own interpreter has the package; another one first in the path need not.
const PYTHON: &str = "/usr/bin/python3";

/// Asks the real reader; `None`, and a word about it, where it is not installed.
pub(crate) fn reference(tree: &Path, what: &str, input: &str) -> Option<Vec<Value>> {
    let installed = Command::new(PYTHON).args(["-c", "import fail2ban"]).stderr(Stdio::null()).status();
    if !installed.is_ok_and(|status| status.success()) {
        eprintln!("skipped: Fail2Ban is not installed");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reader.py");
    let mut child = Command::new(PYTHON)
        .args([script.as_path(), tree, Path::new(what)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(
        output
            .stdout
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect(),
    )
}

/// What both sides say of a filter.
fn facts(of: &Value) -> Value {
    let list = |name: &str| of.get(name).cloned().unwrap_or(json!([]));
    let text = |name: &str| match &of[name] {
        Value::String(text) if text.is_empty() => Value::Null,
        other => other.clone(),
    };
    json!({
        "failregex": list("failregex"),
        "ignoreregex": list("ignoreregex"),
        "journalmatch": groups(&list("journalmatch")),
        "prefregex": text("prefregex"),
        "datepattern": text("datepattern"),
        "maxlines": of.get("maxlines").map_or(json!(1), |lines| json!(lines.to_string().trim_matches('"').parse::<u64>().unwrap())),
        "usedns": of.get("usedns").cloned().unwrap_or(json!("warn")),
    })
}

/// Commands of fields with `+` between groups, as groups.
fn groups(commands: &Value) -> Value {
    let mut groups = Vec::new();
    for command in commands.as_array().into_iter().flatten() {
        groups.extend(
            command
                .as_array()
                .into_iter()
                .flat_map(|words| words.split(|word| word == "+").map(<[Value]>::to_vec)),
        );
    }
    json!(groups)
}

fn ours(filter: &Filter) -> Value {
    let spec = &filter.spec;
    let usedns = match spec.usedns {
        Usedns::Yes => "yes",
        Usedns::Warn => "warn",
        Usedns::No => "no",
        Usedns::Raw => "raw",
    };
    json!({
        "failregex": spec.failregex,
        "ignoreregex": spec.ignoreregex,
        "journalmatch": filter.journalmatch,
        "prefregex": spec.prefregex,
        "datepattern": spec.datepattern,
        "maxlines": spec.maxlines,
        "usedns": usedns,
    })
}

/// Options that make a difference in some filter.
const OPTIONS: [&str; 14] = [
    "",
    "[mode=normal]",
    "[mode=aggressive]",
    "[mode=ddos]",
    "[mode=extra]",
    "[mode=auth]",
    "[mode=errors]",
    "[mode=strict, depth=2]",
    "[logtype=journal]",
    "[logtype=short]",
    "[logtype=rfc5424, mode=\"more\"]",
    "[logging=syslog]",
    "[publickey=invalid][_daemon='d, e', extra=\"f\"]",
    "[maxlines=4, datepattern=\"%Y\", usedns=no, ignoreregex=\"^x <mode>\"]",
];

/// It has no such form: its `maxlines` is then no number, which Fail2Ban passes over.
const REFUSED: [&str; 1] = ["guacamole[logging=syslog]"];

fn same_filters(path: &Path) {
    let tree = Tree::Dir(path.to_owned());
    let names = filter_names(&tree);
    let specs: Vec<String> =
        names.iter().flat_map(|name| OPTIONS.iter().map(move |options| format!("{name}{options}"))).collect();
    let Some(reference) = reference(path, "filters", &(specs.join("\n") + "\n")) else { return };
    assert_eq!(reference.len(), specs.len());
    for (spec, theirs) in specs.iter().zip(&reference) {
        match filter(&tree, spec, false) {
            Ok(loaded) => assert_eq!(ours(&loaded.filter), facts(theirs), "{spec}"),
            Err(_) if REFUSED.contains(&spec.as_str()) => {}
            Err(diagnostics) => assert!(theirs.get("error").is_some(), "{spec}: {diagnostics:?}"),
        }
    }
}

#[test]
fn filters_with_their_options_are_read_as_fail2ban_reads_them() {
    same_filters(&corners());
    if let Some(debian) = debian() {
        same_filters(&debian);
    }
}

fn same_jails(path: &Path) {
    let Some(reference) = reference(path, "jails", "") else { return };
    let loaded = all(path);
    assert_eq!(loaded.diagnostics, []);
    assert_eq!(reference.len(), loaded.jails.len());
    for theirs in &reference {
        let name = theirs["name"].as_str().unwrap();
        let jail = loaded
            .jails
            .iter()
            .find(|jail| jail.spec.name == name)
            .unwrap_or_else(|| panic!("{name} is missing"));
        let mut facts = facts(theirs);
        // Where files are read, what the journal would be asked for is not kept.
        facts["journalmatch"] = json!([]);
        let filter = Filter {
            spec: jail.filter.clone(),
            journalmatch: Vec::new(),
            origins: jail.origins.clone(),
            sets_maxlines: false,
        };
        assert_eq!(ours(&filter), facts, "{name}");
        let options = &theirs["options"];
        assert_eq!(json!(jail.spec.maxretry), options["maxretry"], "{name}");
        assert_eq!(jail.spec.findtime.as_secs_f64(), options["findtime"].as_f64().unwrap(), "{name}");
        let bantime = jail.spec.bantime.base.map_or(-1.0, |time| time.as_secs_f64());
        assert_eq!(bantime, options["bantime"].as_f64().unwrap(), "{name}");
        for (option, value) in options.as_object().unwrap() {
            if let Some(value) = value.as_str() {
                assert_eq!(jail.option(option).map(config::Text::as_str), Some(value), "{name}: {option}");
            }
        }
    }
}

#[test]
fn jails_are_read_as_fail2ban_reads_them() {
    same_jails(&corners());
    if let Some(debian) = debian() {
        same_jails(&debian);
    }
}
