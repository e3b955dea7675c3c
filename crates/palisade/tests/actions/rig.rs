//! Folders for `side.sh`: a configuration, a log, and stubs that record how they were called.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// Whatever an action may call. `route` and the like of other systems are nowhere.
const STUBS: [&str; 33] = [
    "iptables",
    "ip6tables",
    "ipset",
    "nft",
    "firewall-cmd",
    "ufw",
    "ss",
    "conntrack",
    "shorewall",
    "ip",
    "pfctl",
    "ipfw",
    "ipf",
    "npfctl",
    "apf",
    "afctl",
    "curl",
    "wget",
    "mail",
    "sendmail",
    "whois",
    "dig",
    "host",
    "nsupdate",
    "geoiplookup",
    "apprise",
    "nginx",
    "service",
    "systemctl",
    "jq",
    "logger",
    "fw",
    "mynetwatchman",
];

/// Between the parts of a record.
pub(crate) const PART: char = '\u{1f}';

const DEBIAN: &str = "/etc/fail2ban";

/// Why there can be no comparison, if so; said once.
pub(crate) fn skipped(test: &str) -> bool {
    let tools = ["/usr/bin/unshare", "/usr/bin/dash", "/usr/bin/fail2ban-server", "/etc/fail2ban/action.d"];
    let why =
        match (rustix::process::geteuid().is_root(), tools.iter().find(|tool| !Path::new(tool).exists())) {
            (false, _) => "it needs root".to_owned(),
            (_, Some(tool)) => format!("there is no {tool}"),
            (true, None) => return false,
        };
    eprintln!("SKIPPED {test}: {why}");
    true
}

/// One side's folder.
pub(crate) struct Side {
    folder: tempfile::TempDir,
}

impl Side {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let side = Self { folder };
        for name in ["config/action.d", "config/filter.d", "log", "stubs", "records", "state"] {
            fs::create_dir_all(side.path(name)).unwrap();
        }
        fs::copy("/usr/bin/dash", side.path("dash")).unwrap();
        fs::copy(
            ["/usr/bin/ip", "/usr/sbin/ip"].iter().find(|ip| Path::new(ip).exists()).unwrap(),
            side.path("ip"),
        )
        .unwrap();
        for stub in STUBS {
            side.stub(stub, "printf '\\037env\\n'; export -p; printf '\\037stdin\\037'; [ -t 0 ] || cat", "");
        }
        side.stub("dash", ":", &format!("exec {} \"$@\"", side.path("dash").display()));
        side
    }

    /// Records its name and arguments and what `more` prints, then does what `then` says.
    fn stub(&self, name: &str, more: &str, then: &str) {
        let (folder, shell) = (self.folder.path().display(), self.path("dash"));
        let script = format!(
            "#!{}\nread -r phase <{folder}/records/phase\n\
             {{ printf '%s' \"${{0##*/}}\"; for a in \"$@\"; do printf '\\037%s' \"$a\"; done; {more}; }} \
             >{folder}/records/$phase.$$.{name}\n{then}\n",
            shell.display()
        );
        self.write(&format!("stubs/{name}"), &script);
        fs::set_permissions(self.path("stubs").join(name), PermissionsExt::from_mode(0o755)).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content.replace("DIR", &self.folder.path().display().to_string()))
            .unwrap();
    }

    /// The stock action files; their names.
    pub(crate) fn stock_actions(&self) -> Vec<String> {
        let mut names = Vec::new();
        for entry in fs::read_dir(Path::new(DEBIAN).join("action.d")).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            fs::copy(entry.path(), self.path("config/action.d").join(&name)).unwrap();
            names.extend(name.strip_suffix(".conf").map(str::to_owned));
        }
        fs::copy(Path::new(DEBIAN).join("fail2ban.conf"), self.path("config/fail2ban.conf")).unwrap();
        self.write("config/fail2ban.local", "[Definition]\ndbfile = DIR/db\n");
        names.sort();
        names
    }

    /// Goes through the phases; the script says which.
    pub(crate) fn start(&self, side: &str) -> Child {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/actions/side.sh");
        let mut command = Command::new("unshare");
        command.args(["-mn", "/bin/bash", script, side]).arg(self.folder.path());
        command
            .arg(env!("CARGO_BIN_EXE_palisade"))
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin")
            .spawn()
            .unwrap()
    }

    /// What was called in each phase, as often as it was.
    pub(crate) fn records(&self, same: &dyn Fn(&str) -> Option<String>) -> BTreeMap<(String, String), usize> {
        let folder = self.folder.path().display().to_string();
        let mut records = BTreeMap::new();
        for entry in fs::read_dir(self.path("records")).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            let Some((phase, _)) = name.split_once('.') else { continue };
            let record = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).replace(&folder, "DIR");
            if let Some(record) = same(&record) {
                *records.entry((phase.to_owned(), record)).or_default() += 1;
            }
        }
        records
    }

    pub(crate) fn log(&self) -> String {
        ["daemon.log", "out"].map(|name| fs::read_to_string(self.path(name)).unwrap_or_default()).concat()
    }
}
