//! Two hosts in network namespaces of their own: `server`, where a real sshd and Palisade run, and `attacker`, who has
//! several addresses. Everything is gone when the rig is dropped. Needs root.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) const SERVER: &str = "203.0.113.1";
pub(crate) const SERVER6: &str = "2001:db8:1::1";
pub(crate) const ATTACKER: &str = "203.0.113.7";
pub(crate) const NEIGHBOUR: &str = "203.0.113.8";
pub(crate) const ATTACKER6: &str = "2001:db8:7::7";

/// Longer than anything takes on a slow machine; nothing waits this long when all is well.
const PATIENCE: Duration = Duration::from_secs(30);

const CONFIG: &str = "[DEFAULT]
ignoreself = true
backend = polling
";

pub(crate) struct Rig {
    pub(crate) folder: tempfile::TempDir,
    server: String,
    attacker: String,
    children: Vec<Child>,
    daemon: Option<Child>,
}

/// What most jails here are told: three failures are a ban.
pub(crate) const THREE_STRIKES: &str = "maxretry = 3\nfindtime = 1h\nbantime = 1h\n";

/// Why the rig cannot stand here, if so; said once, loudly.
pub(crate) fn skipped(test: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    let missing = ["ip", "nft", "unshare", "ssh", "/usr/sbin/sshd"].into_iter().find(|tool| !exists(tool));
    let why = match (root, missing) {
        (false, _) => "it needs root".to_owned(),
        (_, Some(tool)) => format!("{tool} is not installed"),
        (true, None) => return false,
    };
    eprintln!("SKIPPED {test}: {why}");
    true
}

pub(crate) fn exists(tool: &str) -> bool {
    let paths = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    paths.iter().any(|path| Path::new(path).join(tool).exists())
}

impl Rig {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let id = format!("{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let (server, attacker) = (format!("pal-s-{id}"), format!("pal-a-{id}"));
        run("ip", &["netns", "add", &server]);
        run("ip", &["netns", "add", &attacker]);
        let rig = Self {
            folder: tempfile::tempdir().unwrap(),
            server: server.clone(),
            attacker: attacker.clone(),
            children: Vec::new(),
            daemon: None,
        };
        run(
            "ip",
            &["-n", &server, "link", "add", "v", "type", "veth", "peer", "name", "v", "netns", &attacker],
        );
        for namespace in [&server, &attacker] {
            run("ip", &["-n", namespace, "link", "set", "lo", "up"]);
            run("ip", &["-n", namespace, "link", "set", "v", "up"]);
        }
        for address in ["203.0.113.1/24", "2001:db8:1::1/64"] {
            run("ip", &["-n", &server, "address", "add", address, "dev", "v", "nodad"]);
        }
        for address in ["203.0.113.7/24", "203.0.113.8/24", "2001:db8:7::7/64", "2001:db8:8::8/64"] {
            run("ip", &["-n", &attacker, "address", "add", address, "dev", "v", "nodad"]);
        }
        run("ip", &["-n", &server, "-6", "route", "add", "default", "dev", "v"]);
        run("ip", &["-n", &attacker, "-6", "route", "add", "default", "dev", "v"]);
        fs::create_dir(rig.path("state")).unwrap();
        fs::create_dir_all(rig.path("config/filter.d")).unwrap();
        rig
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command in the server's namespace.
    pub(crate) fn on_server(&self, program: &str) -> Command {
        inside(&self.server, program)
    }

    /// A command in the attacker's namespace.
    pub(crate) fn on_attacker(&self, program: &str) -> Command {
        inside(&self.attacker, program)
    }

    /// `jail.conf` of one jail that reads `auth.log` with the shipped sshd filter.
    pub(crate) fn configure(&self, options: &str) {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/filter.d");
        for entry in fs::read_dir(shipped).unwrap().filter_map(Result::ok) {
            fs::copy(entry.path(), self.path("config/filter.d").join(entry.file_name())).unwrap();
        }
        let log = self.path("auth.log");
        File::options().create(true).append(true).open(&log).unwrap();
        let jail = format!(
            "{CONFIG}\n[sshd]\nenabled = true\nfilter = sshd\nport = 22\nlogpath = {}\n{options}\n",
            log.display()
        );
        fs::write(self.path("config/jail.conf"), jail).unwrap();
    }

    /// A real sshd on port 22, its syslog in `auth.log`, in a mount namespace with a /dev and /run of its own.
    pub(crate) fn start_sshd(&mut self) {
        let socket = self.path("syslog");
        let listener = UnixDatagram::bind(&socket).unwrap();
        let log = self.path("auth.log");
        thread::spawn(move || syslog(&listener, &log));
        let (key, client) = (self.path("hostkey"), self.path("client"));
        for key in [&key, &client] {
            run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", key.to_str().unwrap()]);
        }
        let config = "Port 22\nUsePAM no\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\nUseDNS no\n\
                      PermitRootLogin yes\nMaxStartups 1000\nLoginGraceTime 30\n";
        let config = format!("{config}HostKey {}\nPidFile none\n", key.display());
        let config = format!("{config}StrictModes no\nAuthorizedKeysFile {}.pub\n", client.display());
        fs::write(self.path("sshd_config"), config).unwrap();
        let script = r#"
            set -e
            dev=$(mktemp -d)
            mount -t tmpfs dev "$dev"
            for node in null zero full random urandom tty; do cp -a /dev/$node "$dev/"; done
            mkdir "$dev/pts"; mount --rbind /dev/pts "$dev/pts"
            mount --move "$dev" /dev; rmdir "$dev"
            mount -t tmpfs run /run; mkdir -p /run/sshd
            touch /dev/log; mount --bind "$1" /dev/log
            exec /usr/sbin/sshd -D -f "$2"
        "#;
        let config = self.path("sshd_config");
        let mut command = self.on_server("unshare");
        command.args(["-m", "sh", "-c", script, "sshd"]).arg(&socket).arg(&config);
        self.children.push(command.stdin(Stdio::null()).spawn().unwrap());
        self.until("sshd listens", || self.connect(NEIGHBOUR, SERVER, 22));
    }

    /// A real dropbear on port 22 instead; root is at home in a folder of the rig.
    pub(crate) fn start_dropbear(&mut self) {
        let (home, host, client) = (self.path("home"), self.path("dropbear_key"), self.path("client"));
        run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", client.to_str().unwrap()]);
        let made = Command::new("dropbearkey").args(["-t", "ed25519", "-f"]).arg(&host).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        fs::create_dir_all(home.join(".ssh")).unwrap();
        fs::copy(self.path("client.pub"), home.join(".ssh/authorized_keys")).unwrap();
        let script = r#"
            set -e
            sed "s|^\(root:[^:]*:[^:]*:[^:]*:[^:]*\):[^:]*:|\1:$1:|" /etc/passwd >"$2"
            mount --bind "$2" /etc/passwd
            exec dropbear -F -E -s -r "$3" -p 22
        "#;
        let mut command = self.on_server("unshare");
        command.args(["-m", "sh", "-c", script, "dropbear"]).arg(home).arg(self.path("passwd")).arg(host);
        let log = File::create(self.path("dropbear.log")).unwrap();
        self.children.push(command.stdin(Stdio::null()).stderr(log).spawn().unwrap());
        self.until("dropbear listens", || self.connect(NEIGHBOUR, SERVER, 22));
    }

    /// Something that takes connections on a port of the server.
    pub(crate) fn listen(&mut self, port: u16) {
        let mut command = self.on_server("nc");
        command.args(["-l", "-k", &port.to_string()]).stdin(Stdio::null()).stdout(Stdio::null());
        self.children.push(command.spawn().unwrap());
        self.until("the port is open", || self.connect(NEIGHBOUR, SERVER, port));
    }

    /// Starts `palisade run` on the server and waits until it watches.
    pub(crate) fn start_daemon(&mut self) {
        self.spawn_daemon();
        self.until("the daemon watches", || self.said("watching, process"));
    }

    /// Starts `palisade run` on the server, with a new log.
    pub(crate) fn spawn_daemon(&mut self) {
        let errors = File::create(self.path("daemon.log")).unwrap();
        self.daemon = Some(self.palisade().arg("run").stderr(errors).spawn().unwrap());
    }

    /// The same beside a journald of its own, with private /run and /var/log.
    pub(crate) fn start_daemon_with_journal(&mut self) {
        let errors = File::create(self.path("daemon.log")).unwrap();
        let script = r#"
            set -e
            mount -t tmpfs run /run; mount -t tmpfs log /var/log
            # `ip netns exec` has a /sys of its own, without the control groups that journald asks for.
            mount -t cgroup2 cgroup /sys/fs/cgroup
            mkdir -p /run/systemd/journal /run/log/journal/"$(cat /etc/machine-id)"
            /lib/systemd/systemd-journald 2>/dev/null & echo $! >"$1"; shift
            until [ -S /run/systemd/journal/stdout ]; do sleep 0.05; done
            exec "$@"
        "#;
        let mut command = self.on_server("unshare");
        command.args(["-m", "sh", "-c", script, "palisade"]).arg(self.path("journald.pid"));
        command.args([env!("CARGO_BIN_EXE_palisade"), "run"]);
        command.arg("--config").arg(self.path("config")).arg("--state").arg(self.path("state"));
        self.daemon = Some(command.stderr(errors).spawn().unwrap());
        self.until("the daemon watches", || self.said("watching, process"));
    }

    /// Whether the daemon has said this since it started.
    pub(crate) fn said(&self, text: &str) -> bool {
        self.daemon_log().contains(text)
    }

    /// The keeper's process; `ip netns exec` becomes it.
    pub(crate) fn keeper(&self) -> u32 {
        self.daemon.as_ref().unwrap().id()
    }

    /// The keeper's children: the watcher, and the one that is to be.
    pub(crate) fn watchers(&self) -> Vec<u32> {
        children_called(self.keeper(), "watcher")
    }

    /// The spawner's child that runs the commands of actions.
    pub(crate) fn runner(&self) -> Vec<u32> {
        let spawners = children_called(self.keeper(), "spawner");
        spawners.into_iter().flat_map(|spawner| children_called(spawner, "runner")).collect()
    }

    /// The keeper's child that asks for a list.
    pub(crate) fn fetcher(&self) -> Vec<u32> {
        children_called(self.keeper(), "fetcher")
    }

    /// Works in the server's namespace, in a thread of its own.
    pub(crate) fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let namespace = File::open(Path::new("/run/netns").join(&self.server)).unwrap();
        let entered = move || {
            let kind = rustix::thread::LinkNameSpaceType::Network;
            rustix::thread::move_into_link_name_space(std::os::fd::AsFd::as_fd(&namespace), Some(kind))
                .unwrap();
            work()
        };
        thread::scope(|scope| scope.spawn(entered).join().unwrap())
    }

    /// The watcher's process.
    pub(crate) fn watcher(&self) -> u32 {
        let log = self.daemon_log();
        let line = log.lines().rfind(|line| line.contains("watching, process")).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    pub(crate) fn daemon_log(&self) -> String {
        fs::read_to_string(self.path("daemon.log")).unwrap_or_default()
    }

    /// Ends the daemon and says whether it ended well.
    pub(crate) fn stop_daemon(&mut self) -> bool {
        let mut daemon = self.daemon.take().unwrap();
        signal(daemon.id(), "TERM");
        daemon.wait().unwrap().success()
    }

    /// Kills the keeper, which must not have ended before by itself.
    pub(crate) fn kill_daemon(&mut self) {
        let mut daemon = self.daemon.take().unwrap();
        daemon.kill().unwrap();
        let status = daemon.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "{status}:\n{}", self.daemon_log());
    }

    pub(crate) fn palisade(&self) -> Command {
        let mut command = self.on_server(env!("CARGO_BIN_EXE_palisade"));
        command.arg("--config").arg(self.path("config")).arg("--state").arg(self.path("state"));
        command
    }

    /// A command to the daemon; its output.
    pub(crate) fn tell(&self, arguments: &[&str]) -> Output {
        self.palisade().args(arguments).output().unwrap()
    }

    /// `palisade bans`, as JSON lines.
    pub(crate) fn banned_rows(&self) -> String {
        String::from_utf8(self.tell(&["bans", "--json"]).stdout).unwrap()
    }

    /// The addresses that are banned now, as the daemon says.
    pub(crate) fn banned(&self) -> Vec<String> {
        let bans = self.banned_rows();
        let address = |line: &str| {
            let ban: serde_json::Value = serde_json::from_str(line).unwrap();
            ban["address"].as_str().unwrap().to_owned()
        };
        let mut addresses: Vec<String> = bans.lines().map(address).collect();
        addresses.sort();
        addresses
    }

    /// The addresses in a set of the kernel's table.
    pub(crate) fn kernel_set(&self, set: &str) -> BTreeSet<String> {
        let output =
            self.on_server("nft").args(["-j", "list", "set", "inet", "palisade", set]).output().unwrap();
        let listing: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let elements = listing["nftables"][1]["set"]["elem"].as_array().cloned().unwrap_or_default();
        let address = |element: serde_json::Value| match element["elem"]["val"].as_str() {
            Some(address) => address.to_owned(),
            None => element.as_str().unwrap().to_owned(),
        };
        elements.into_iter().map(address).collect()
    }

    /// `palisade status` of the jail `sshd`; `None` without a daemon that answers.
    pub(crate) fn jail(&self) -> Option<serde_json::Value> {
        let status: serde_json::Value =
            serde_json::from_slice(&self.tell(&["status", "sshd", "--json"]).stdout).ok()?;
        Some(status["jails"][0].clone())
    }

    /// Failures counted so far.
    pub(crate) fn failures(&self) -> u64 {
        self.jail().map_or(0, |jail| jail["failures"].as_u64().unwrap())
    }

    /// Waits until so many failures are counted; more are a fault.
    pub(crate) fn until_failures(&self, count: u64) {
        self.until(&format!("{count} failures"), || {
            let failures = self.failures();
            assert!(failures <= count, "{failures} failures counted, {count} happened");
            failures == count
        });
    }

    /// Whether a TCP connection from `from` opens.
    pub(crate) fn connect(&self, from: &str, to: &str, port: u16) -> bool {
        let mut command = self.on_attacker("nc");
        command.args(["-z", "-w", "5", "-s", from, to, &port.to_string()]);
        command.stderr(Stdio::null()).status().unwrap().success()
    }

    /// What a refused connection says.
    pub(crate) fn refusal(&self, from: &str, to: &str) -> String {
        let mut command = self.on_attacker("nc");
        let output = command.args(["-v", "-z", "-w", "5", "-s", from, to, "22"]).output().unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// A command on the server, by root, who logs in for it from `NEIGHBOUR` with a key.
    pub(crate) fn ssh(&self, script: &str) -> Command {
        let mut command = self.on_attacker("ssh");
        command.args(["-F", "none", "-b", NEIGHBOUR, "-o", "StrictHostKeyChecking=no"]);
        command.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes"]);
        command.args(["-o", "ConnectTimeout=5", "-i"]).arg(self.path("client"));
        command.args([&format!("root@{SERVER}"), script]);
        command
    }

    /// The words of `palisade` for a shell.
    pub(crate) fn palisade_words(&self, words: &str) -> String {
        let program = env!("CARGO_BIN_EXE_palisade");
        let (config, state) = (self.path("config"), self.path("state"));
        format!("{program} --config {} --state {} {words}", config.display(), state.display())
    }

    /// One login with a wrong password.
    pub(crate) fn wrong_password(&self, from: &str, to: &str) {
        let ask = self.path("ask");
        fs::write(&ask, "#!/bin/sh\necho wrong\n").unwrap();
        fs::set_permissions(&ask, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut command = self.on_attacker("setsid");
        command.args(["ssh", "-F", "none", "-b", from, "-o", "StrictHostKeyChecking=no"]);
        command.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "PubkeyAuthentication=no"]);
        command.args(["-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1"]);
        command.args(["-o", "ConnectTimeout=5", &format!("intruder@{to}"), "true"]);
        command.env("SSH_ASKPASS", ask).env("SSH_ASKPASS_REQUIRE", "force").env("DISPLAY", ":0");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    }

    /// Appends a line to `auth.log` as syslog would.
    pub(crate) fn log(&self, message: &str) {
        let mut log = File::options().create(true).append(true).open(self.path("auth.log")).unwrap();
        log.write_all(format!("{} host {message}\n", stamp()).as_bytes()).unwrap();
    }

    /// Failed logins in `auth.log`.
    pub(crate) fn fail(&self, from: &str, times: usize) {
        for _ in 0..times {
            self.log(&failure(from));
        }
    }

    /// One more address for the attacker.
    pub(crate) fn attack_from(&self, address: &str) {
        run("ip", &["-n", &self.attacker, "address", "add", address, "dev", "v"]);
    }

    /// Waits for something that is bound to happen.
    pub(crate) fn until(&self, what: &str, mut happened: impl FnMut() -> bool) {
        let started = Instant::now();
        while !happened() {
            let logs = || {
                let auth = fs::read_to_string(self.path("auth.log")).unwrap_or_default();
                format!("{}\n{auth}", self.daemon_log())
            };
            assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}\n{}", logs());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        for child in self.daemon.iter_mut().chain(&mut self.children) {
            let _ = child.kill();
            let _ = child.wait();
        }
        if let Ok(journald) = fs::read_to_string(self.path("journald.pid")) {
            let _ = Command::new("kill").arg(journald.trim()).status();
        }
        for namespace in [&self.server, &self.attacker] {
            let _ = Command::new("ip").args(["netns", "delete", namespace]).status();
        }
    }
}

/// Writes what a syslog daemon would write to a file.
fn syslog(listener: &UnixDatagram, log: &Path) {
    let mut datagram = [0; 8192];
    while let Ok(length) = listener.recv(&mut datagram) {
        let text = String::from_utf8_lossy(&datagram[..length]);
        // `<38>Jun  1 12:00:00 sshd[1]: …`: the host's name comes in after the date.
        let Some((_, text)) = text.split_once('>') else { continue };
        let Some((date, rest)) = text.split_at_checked(15) else { continue };
        let mut file = File::options().create(true).append(true).open(log).unwrap();
        file.write_all(format!("{date} host{}\n", rest.trim_end_matches('\0')).as_bytes()).unwrap();
    }
}

/// What sshd logs about a failed login.
pub(crate) fn failure(from: &str) -> String {
    format!("sshd[4711]: Failed password for root from {from} port 50022 ssh2")
}

/// The present as a modern syslog writes it.
pub(crate) fn stamp() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}

/// The processes that a process has started as this part of the daemon.
fn children_called(parent: u32, name: &str) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    let is_called = |pid: &&str| {
        let arguments = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        arguments.split('\0').nth(1) == Some(name)
    };
    children.split_whitespace().filter(is_called).map(|pid| pid.parse().unwrap()).collect()
}

pub(crate) fn signal(pid: u32, name: &str) {
    run("kill", &[&format!("-{name}"), &pid.to_string()]);
}

/// Kills a process, which may have ended already.
pub(crate) fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

pub(crate) fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
}

fn inside(namespace: &str, program: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, program]);
    command
}
