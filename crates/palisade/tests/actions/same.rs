use std::fs;
use std::path::Path;
use std::process::Command;

use crate::rig::{PART, Side, skipped};

/// What stock actions ask for, one value for all that know it.
const OPTIONS: &str = "port=\"22,80\", protocol=tcp, dest=root, sender=f2b, logpath=/dev/null, native=no, \
    tmpfile=\"/run/fail2ban/%(__name__)s\", abuseipdb_apikey=k, abuseipdb_category=18, cfuser=u, cftoken=t, cfzone=z, \
    ipthreat_apikey=k, ipthreat_system=s, ns_host=h, ns_auth=a, ns_dataset=d, email=e, apikey=k, service=s, agent=a, \
    userid=u, myip=192.0.2.99, domain=d, keyfile=f, rdata=r, mnwlogin=l, mnwpass=p, blck_lst_file=/run/blck, \
    srv_cfg_path=/run";

/// Every tag that there is, in an action whose ban fails: so it is checked and tried again.
const OWN: &str = "[Definition]
actionstart = : start <name> \"<family>\" \"<ip>\" \"<restored>\" n=<actname> \"<bl>\" <fq-hostname> <failures>
actionstop = : stop <name> \"<family>\" \"<ip>\" \"<matches>\" \"<bl>\" <bantime>
actionflush = : flush <name> \"<family>\" \"<ip>\"
actioncheck = : check <name> \"<ip>\" \"<family>\" <sh-hostname>
actionban = : ban <ip> <fid> <bantime> <bancount> <failures> <time> \"<family>\" \"<restored>\" \"<matches>\" a<matches>b
   : <F-USER> '<F-USER>' \"<F-PORT>\" \"<F-NONE>\" \"<F-ID>\" <ip-rev> <ip-host> <jail.banned> <jail.banned_total> <jail.found_total>
   : <nothing> <timeout> \"<bl>\" <br>: <sp> %%s; test <family> = inet6
actionunban = : unban <ip> <bantime> <bancount> \"<family>\" \"<restored>\" \"<matches>\" <F-USER>
[Init]
bl = none
timeout = 7
nothing = 2>/dev/null
[Init?family=inet6]
bl = six
";

/// What no plain jail with one action shows.
const VARIANTS: &str = "[demand]
action = iptables-multiport[name=demand, port=22, actionstart_on_demand=false, actionrepair_on_unban=true, native=no]
[several]
action = own[actname=a, name=first]
    own[actname=b, bl=given, norestored=1]
    sendmail-whois-lines[name=several, dest=root, logpath=DIR/my.log]
[forever]
bantime = -1
action = own
[one-line]
maxmatches = 1
action = own
[sshd]
filter = sshd
action = own[jail.banned=some, jail.banned_total=some]
";

const TRAP: &str = "/run/f2b-trap";

fn prepared(date: &str) -> Side {
    let side = Side::new();
    let names = side.stock_actions();
    let mut jails = "[DEFAULT]\nenabled = true\nbantime = 500\nfindtime = 600\nmaxretry = 2\nfilter = t\n\
        logpath = DIR/my.log\nbackend = polling\nignoreself = false\n[own]\naction = own\n"
        .to_owned();
    for name in names {
        jails += &format!("[{name}]\naction = {name}[name=%(__name__)s, {OPTIONS}]\n");
    }
    jails += VARIANTS;
    side.write("config/jail.conf", &jails);
    for filter in ["sshd.conf", "common.conf"] {
        fs::copy(Path::new("/etc/fail2ban/filter.d").join(filter), side.path("config/filter.d").join(filter))
            .unwrap();
    }
    side.write("config/action.d/own.conf", OWN);
    side.write(
        "config/filter.d/t.conf",
        "[Definition]\nfailregex = ^ fail <F-USER>.*</F-USER> from <HOST> port <F-PORT>\\d+</F-PORT>$\n",
    );
    let line = |user: &str, ip: &str| format!("{date} fail {user} from {ip} port 22\n");
    let touch = format!("touch {TRAP}");
    let hostile = format!("$({touch}) `{touch}` ; {touch}; ' {touch} \" && {touch} | ${{IFS}}\\ %s");
    let ssh = |pid: u32, what: &str| format!("{date} host sshd[{pid}]: {what}\n");
    let session = [
        ssh(1, "Invalid user admin from 198.51.100.9 port 4000"),
        ssh(1, "Failed password for invalid user admin from 198.51.100.9 port 4000 ssh2"),
        ssh(1, "Connection closed by invalid user admin 198.51.100.9 port 4000 [preauth]"),
        ssh(2, "Failed password for root from 198.51.100.8 port 4000 ssh2"),
        ssh(2, "Failed password for root from 198.51.100.8 port 4000 ssh2"),
        ssh(3, "Invalid user `id` from 198.51.100.7 port 4001"),
        ssh(4, "Invalid user $(id) from 198.51.100.7 port 4002"),
    ];
    side.write("log/ban4", &(line(&hostile, "192.0.2.1") + &line("other", "192.0.2.1")));
    side.write("log/ssh", &session.concat());
    side.write("log/ban6", &(line("plain", "2001:db8::7") + &line(&hostile, "2001:db8::7")));
    side
}

/// A record, as far as both sides must agree on it.
fn comparable(record: &str) -> Option<String> {
    // Fail2Ban hands a shell the name of an operation for which a file has no commands.
    if record.strip_prefix("sh\u{1f}-c\u{1f}<action").is_some_and(|rest| rest.ends_with('>')) {
        return None;
    }
    // What a shell itself puts into the environment.
    let shells = ["PWD", "OLDPWD", "SHLVL", "_"].map(|name| format!("export {name}"));
    let of_shell =
        |line: &&str| shells.iter().any(|name| *line == name || line.starts_with(&format!("{name}=")));
    let lines: Vec<&str> = record.split('\n').filter(|line| !of_shell(line)).collect();
    let mut record = without_dates(&lines.join("\n"));
    // What other jails know of the address meanwhile is a matter of chance.
    if record.contains("ipmatches") {
        record = record.split(PART).take(3).collect::<Vec<_>>().join("\u{1f}");
        record = record.split("Matches with ").next().unwrap_or_default().to_owned();
    }
    Some(record)
}

/// `date` is called by the actions themselves: `Fri, 27 Nov 2026 10:49:38 +0000`, `Fri Nov 27 10:49:17 UTC 2026`.
fn without_dates(record: &str) -> String {
    let is_clock = |word: &str| {
        let word = word.as_bytes();
        word.len() >= 8 && word[2] == b':' && word[5] == b':' && word[..2].iter().all(u8::is_ascii_digit)
    };
    let lines = record.split('\n').map(|line| match line.split(' ').any(is_clock) {
        // The log's own dates are the same on both sides.
        true if !line.contains(" fail ") => {
            let rest = line.rsplit(": ").next().filter(|rest| !rest.split(' ').any(is_clock));
            "A DATE".to_owned() + rest.unwrap_or("")
        }
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_stock_action_runs_the_commands_that_fail2ban_runs() {
    if skipped("every_stock_action_runs_the_commands_that_fail2ban_runs") {
        return;
    }
    let date = Command::new("date").arg("+%Y-%m-%d %H:%M:%S").output().unwrap();
    let date = String::from_utf8(date.stdout).unwrap();
    let sides = ["fail2ban", "palisade"].map(|name| (name, prepared(date.trim())));
    let running: Vec<_> = sides.iter().map(|(name, side)| side.start(name)).collect();
    for (mut child, (name, side)) in running.into_iter().zip(&sides) {
        assert!(child.wait().unwrap().success(), "{name}: {}", side.log());
    }
    let [theirs, ours] = sides.each_ref().map(|(_, side)| side.records(&comparable));
    assert!(theirs.values().sum::<usize>() > 800, "{theirs:?}");
    let only = |one: &std::collections::BTreeMap<(String, String), usize>,
                other: &std::collections::BTreeMap<_, _>| {
        let more = one.iter().filter(|(record, count)| other.get(*record).unwrap_or(&0) < *count);
        more.map(|((phase, record), count)| format!("{phase} x{count}: {record:?}\n")).collect::<String>()
    };
    let (missing, surplus) = (only(&theirs, &ours), only(&ours, &theirs));
    assert!(missing.is_empty() && surplus.is_empty(), "Fail2Ban only:\n{missing}\nPalisade only:\n{surplus}");
    assert!(!Path::new(TRAP).exists());
}
