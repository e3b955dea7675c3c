//! `fail2ban-client -t` over broken trees: where the real one fails, ours does, and in the same form; where the real one finds
//! nothing, ours may know better.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::world::{PALISADE, Printed, plain};

const JAIL: &str =
    "[DEFAULT]\nbackend = polling\n[j]\nenabled = true\nfilter = own\naction = a\nlogpath = LOG\n";

/// What is changed in `jail.conf`, by what, and whether the real one finds it.
const BROKEN: [(&str, &str, bool); 12] = [
    ("[DEFAULT]", "[DEFAULT]\n# sound", false),
    ("LOG", "/nowhere/at-all.log", true),
    ("= own", "= nope", true),
    ("= a\n", "= nope\n", true),
    ("= a\n", "= a[b\n", true),
    ("[j]", "[j]\nfindtime = 10\n[j]", true),
    ("enabled", "garbage\nenabled", true),
    ("LOG", "%(nothing)s", true),
    ("enabled", "findtime = xyz\nenabled", false),
    ("enabled", "maxretry = x\nenabled", false),
    ("polling", "bogus", false),
    ("= own\n", "= own\nfailregex = bad ( <HOST>\n", false),
];

fn test(program: &mut Command, folder: &Path) -> Printed {
    let output = program.arg("-c").arg(folder).arg("-t").output().unwrap();
    let text = |bytes: &[u8]| plain(&String::from_utf8_lossy(bytes));
    let code = output.status.code().unwrap().into();
    Printed { code, out: text(&output.stdout), err: text(&output.stderr) }
}

#[test]
fn a_test_of_the_configuration_fails_wherever_the_real_one_does() {
    let real = "/usr/bin/fail2ban-client";
    if !Path::new(real).exists() {
        eprintln!("SKIPPED tests of configurations: Fail2Ban is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["filter.d", "action.d"] {
        fs::create_dir(path(name)).unwrap();
    }
    fs::write(path("log"), "").unwrap();
    fs::write(path("filter.d/own.conf"), "[Definition]\nfailregex = bad <HOST>$\n").unwrap();
    fs::write(path("action.d/a.conf"), "[Definition]\nactionban = true\n").unwrap();
    fs::copy("/etc/fail2ban/fail2ban.conf", path("fail2ban.conf")).unwrap();
    for (at, (whole, broken, found)) in BROKEN.into_iter().enumerate() {
        let jail = JAIL.replacen(whole, broken, 1).replace("LOG", path("log").to_str().unwrap());
        fs::write(path("jail.conf"), &jail).unwrap();
        let theirs = test(&mut Command::new(real), folder.path());
        let ours = test(Command::new(PALISADE).arg("fail2ban-client"), folder.path());
        let said = format!("{jail}\n real  {theirs:?}\n ours  {ours:?}");
        assert_eq!(theirs.code, if found { 255 } else { 0 }, "{said}");
        assert_eq!(ours.code, if at == 0 { 0 } else { 255 }, "{said}");
        if found || at == 0 {
            let last = |text: &str| text.lines().last().map(str::to_owned);
            assert_eq!((theirs.out, last(&theirs.err)), (ours.out, last(&ours.err)), "{jail}");
        }
    }
}
