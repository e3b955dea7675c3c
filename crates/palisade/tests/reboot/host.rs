//! A whole host with systemd: this one's own files under an overlay that nobody keeps, and a network with one client.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const SERVER: &str = "203.0.113.1";
/// Longer than anything takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The rest of the host's life in a network and mount namespace of its own: `$1` is the folder, `$2` the machine, `$3` the
/// program.
const BOOT: &str = r#"
set -e
mkdir -p "$1/overlay"
mount -t tmpfs overlay "$1/overlay"
mkdir "$1/overlay/upper" "$1/overlay/work" "$1/overlay/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/overlay/upper,workdir=$1/overlay/work" overlay "$1/overlay/root"
exec systemd-nspawn --quiet --directory="$1/overlay/root" --machine="$2" --boot --register=no --keep-unit \
    --settings=no --link-journal=no --resolv-conf=off --timezone=off --network-veth \
    --bind="$1/config:/etc/palisade" --bind="$1/state:/var/lib/palisade" --bind-ro="$1/ssh:/etc/ssh" \
    --bind-ro="$1/units:/etc/systemd/system" --bind-ro="$3:/usr/sbin/palisade"
"#;

const NETWORK: &str = "[Unit]
DefaultDependencies=no
After=network-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ip address add 203.0.113.1/24 dev host0; ip link set host0 up'
";

const SSHD: &str = "[Unit]
After=network.service
[Service]
RuntimeDirectory=sshd
ExecStart=/usr/sbin/sshd -D
";

const TARGET: &str = "[Unit]
Requires=basic.target
Wants=network.service sshd.service
";

pub(crate) struct Host {
    folder: tempfile::TempDir,
    /// The client's network namespace, and the machine's name.
    name: String,
    running: Option<Child>,
}

/// Why there can be no such host here, if so.
pub(crate) fn skipped(test: &str) -> bool {
    let tools = ["/usr/bin/systemd-nspawn", "/lib/systemd/systemd", "/usr/sbin/sshd", "/usr/bin/ssh"];
    let missing = tools.into_iter().find(|tool| !Path::new(tool).exists());
    let why = match (rustix::process::geteuid().is_root(), missing) {
        (false, _) => "it needs root".to_owned(),
        (_, Some(tool)) => format!("{tool} is not installed"),
        (true, None) => return false,
    };
    eprintln!("SKIPPED {test}: {why}");
    true
}

impl Host {
    /// Not started yet.
    pub(crate) fn new(rules: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("pal-{}", std::process::id());
        let host = Self { folder, name, running: None };
        run("ip", &["netns", "add", &host.name]);
        for folder in ["config", "state", "ssh", "units/sysinit.target.wants"] {
            fs::create_dir_all(host.path(folder)).unwrap();
        }
        fs::write(host.path("config/palisade.toml"), rules).unwrap();
        for key in ["ssh/ssh_host_ed25519_key", "client"] {
            let path = host.path(key);
            run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", path.to_str().unwrap()]);
        }
        fs::copy(host.path("client.pub"), host.path("ssh/client.pub")).unwrap();
        let config =
            "PermitRootLogin yes\nStrictModes no\nAuthorizedKeysFile /etc/ssh/client.pub\nUsePAM no\n";
        fs::write(host.path("ssh/sshd_config"), config).unwrap();
        let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/palisade-firewall.service");
        fs::copy(unit, host.path("units/palisade-firewall.service")).unwrap();
        let enabled = host.path("units/sysinit.target.wants/palisade-firewall.service");
        std::os::unix::fs::symlink("../palisade-firewall.service", enabled).unwrap();
        for (name, unit) in [("network.service", NETWORK), ("sshd.service", SSHD), ("default.target", TARGET)]
        {
            fs::write(host.path("units").join(name), unit).unwrap();
        }
        host
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts it and waits until it can be reached. False: there can be none here, which is said.
    pub(crate) fn boot(&mut self) -> bool {
        let log = File::create(self.path("console")).unwrap();
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net=/run/netns/{}", self.name))
            .args(["unshare", "-m", "sh", "-c", BOOT, "sh"]);
        command.arg(self.folder.path()).args([&self.name, env!("CARGO_BIN_EXE_palisade")]);
        let running =
            command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        self.running = Some(running);
        let began = Instant::now();
        while !self.client("ip", &["link", "show", &format!("ve-{}", self.name)]).status.success() {
            if let Some(status) = self.running.as_mut().unwrap().try_wait().unwrap() {
                eprintln!("SKIPPED: systemd-nspawn ended with {status}: {}", self.console());
                return false;
            }
            assert!(began.elapsed() < PATIENCE, "no host: {}", self.console());
            thread::sleep(Duration::from_millis(20));
        }
        let link = format!("ve-{}", self.name);
        for arguments in [["address", "add", "203.0.113.7/24", "dev"], ["link", "set", "up", "dev"]] {
            let done = self.client("ip", &[&arguments[..], &[&link]].concat());
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
        self.until("the host is reached", || self.is_reached());
        true
    }

    /// All of it ends at once.
    pub(crate) fn cut_power(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        let pid = running.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        for child in children.split_whitespace() {
            let _ = kill_process(Pid::from_raw(child.parse().unwrap()).unwrap(), Signal::KILL);
        }
        running.wait().unwrap();
    }

    pub(crate) fn is_reached(&self) -> bool {
        self.client("nc", &["-z", "-w", "1", SERVER, "22"]).status.success()
    }

    /// A command on the host, over a new ssh connection.
    pub(crate) fn ssh(&self, script: &str) -> Output {
        let key = self.path("client");
        let options = ["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
        let more = ["-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-i", key.to_str().unwrap()];
        self.client("ssh", &[&options[..], &more[..], &[&format!("root@{SERVER}"), script]].concat())
    }

    fn client(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]).args(arguments);
        command.stdin(Stdio::null()).output().unwrap()
    }

    pub(crate) fn until(&self, what: &str, mut happened: impl FnMut() -> bool) {
        let began = Instant::now();
        while !happened() {
            assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}\n{}", self.console());
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn console(&self) -> String {
        fs::read_to_string(self.path("console")).unwrap_or_default()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.cut_power();
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).status();
    }
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
