//! The login service where root starts the demonstration: the host's own OpenSSH, with nothing of its configuration.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::mount::{MountFlags, mount, mount_bind, mount_bind_recursive};

use super::attackers::Fate;
use super::cast::{Actor, PORT, Role, server_for};
use super::logbook::Logbook;
use super::spawning_program;

/// sshd wants to be called by its whole path.
const SSHD: &str = "/usr/sbin/sshd";
const CLIENT: &str = "/usr/bin/ssh";
const KEYGEN: &str = "/usr/bin/ssh-keygen";
/// For sshd to listen.
const PATIENCE: Duration = Duration::from_secs(5);
/// What sshd needs of /dev.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// Where syslog(3) sends.
const SYSLOG: &str = "/dev/log";
const SYSLOG_LIMIT: usize = 8192;

/// Names nobody can guess a password for; the visitor's key opens a file transfer that ends at once.
const CONFIG: &str = "UsePAM no
UseDNS no
PasswordAuthentication yes
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
MaxStartups 100
LoginGraceTime 10
PermitTTY no
AllowTcpForwarding no
AllowAgentForwarding no
Subsystem sftp internal-sftp
ForceCommand internal-sftp
PidFile none
";
/// sshd 9.8 and later keep attackers away themselves, which is not what is to be shown. Earlier ones do not know this.
const NO_PENALTIES: &str = "PerSourcePenalties no\n";

/// Whether all parts of OpenSSH are installed.
pub(super) fn is_installed() -> bool {
    [SSHD, CLIENT, KEYGEN].iter().all(|program| Path::new(program).exists())
}

/// Starts it, with all that it needs in `folder`, and waits until it listens.
pub(super) fn start(folder: &Path, log: Logbook) -> io::Result<Child> {
    private_devices(folder)?;
    fs::create_dir_all("/run/sshd")?;
    let syslog = UnixDatagram::bind(SYSLOG)?;
    for name in ["host_key", "visitor_key"] {
        run(Command::new(KEYGEN).args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join(name)))?;
    }
    let ask = folder.join("password");
    fs::write(&ask, "#!/bin/sh\necho 123456\n")?;
    fs::set_permissions(&ask, Permissions::from_mode(0o755))?;
    let config = configure(folder)?;
    let child = spawning_program(SSHD).args(["-D", "-f"]).arg(&config).stdin(Stdio::null()).spawn()?;
    wait_for(child, syslog, log)
}

/// A /dev without the host's syslog socket.
fn private_devices(folder: &Path) -> io::Result<()> {
    let dev = folder.join("dev");
    fs::create_dir(&dev)?;
    mount("tmpfs", &dev, "tmpfs", MountFlags::NOSUID, c"mode=0755")?;
    for device in DEVICES {
        fs::write(dev.join(device), "")?;
        mount_bind(Path::new("/dev").join(device), dev.join(device))?;
    }
    fs::create_dir(dev.join("pts"))?;
    mount_bind_recursive("/dev/pts", dev.join("pts"))?;
    Ok(mount_bind_recursive(&dev, "/dev")?)
}

fn configure(folder: &Path) -> io::Result<PathBuf> {
    let config = folder.join("sshd_config");
    let keys = format!(
        "Port {PORT}\nHostKey {}\nAuthorizedKeysFile {}\n{CONFIG}",
        folder.join("host_key").display(),
        folder.join("visitor_key.pub").display()
    );
    fs::write(&config, format!("{keys}{NO_PENALTIES}"))?;
    let check = || run(Command::new(SSHD).arg("-t").arg("-f").arg(&config));
    if check().is_err() {
        fs::write(&config, keys)?;
        check()?;
    }
    Ok(config)
}

/// Its first words are that it listens.
fn wait_for(mut child: Child, syslog: UnixDatagram, log: Logbook) -> io::Result<Child> {
    syslog.set_read_timeout(Some(PATIENCE))?;
    let mut datagram = [0; SYSLOG_LIMIT];
    if let Err(error) = syslog.recv(&mut datagram) {
        let _ = child.kill();
        child.wait()?;
        return Err(error);
    }
    syslog.set_read_timeout(None)?;
    thread::spawn(move || take_down(&syslog, &log));
    Ok(child)
}

fn run(command: &mut Command) -> io::Result<()> {
    let done = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if done.success() { Ok(()) } else { Err(io::Error::other("it failed")) }
}

/// Writes what a syslog daemon would write.
fn take_down(syslog: &UnixDatagram, log: &Logbook) {
    let mut datagram = [0; SYSLOG_LIMIT];
    while let Ok(length) = syslog.recv(&mut datagram) {
        if let Some(message) = message(&String::from_utf8_lossy(&datagram[..length]))
            && log.write(message).is_err()
        {
            return;
        }
    }
}

/// `<38>Jun  1 12:00:00 sshd[1]: text` without what stands before the program's name.
fn message(datagram: &str) -> Option<&str> {
    const DATE: usize = "Jun  1 12:00:00 ".len();
    let (_, dated) = datagram.split_once('>')?;
    Some(dated.get(DATE..)?.trim_end_matches(['\0', '\n']))
}

/// One login with OpenSSH's client.
pub(super) fn log_in(folder: &Path, actor: &Actor, user: &str) -> Fate {
    let mut command = Command::new(CLIENT);
    command.args(["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]);
    command.args(["-o", "NumberOfPasswordPrompts=1", "-o", "ConnectTimeout=3", "-o", "IdentitiesOnly=yes"]);
    command.args(["-o", "IdentityAgent=none", "-b", &actor.address.to_string(), "-l", user]);
    match actor.role {
        Role::Attacker => command.args(["-o", "PreferredAuthentications=password"]),
        Role::Visitor => command.arg("-o").arg("BatchMode=yes").arg("-i").arg(folder.join("visitor_key")),
    };
    command.args(["-s", &server_for(actor.address).to_string(), "sftp"]);
    // DISPLAY is what clients before 8.4 look for; a terminal they would ask first.
    command
        .env("SSH_ASKPASS", folder.join("password"))
        .env("SSH_ASKPASS_REQUIRE", "force")
        .env("DISPLAY", ":0");
    match command.env("LC_ALL", "C").stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Fate::Welcomed,
        Ok(output) => fate(&String::from_utf8_lossy(&output.stderr)),
        Err(_) => Fate::Lost,
    }
}

fn fate(errors: &str) -> Fate {
    if errors.contains("Connection refused") {
        Fate::Refused
    } else if errors.contains("Permission denied") {
        Fate::Failed
    } else {
        Fate::Lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_of_syslog_becomes_the_line_of_a_log() {
        let wanted = "sshd[7]: Failed password for x from 192.0.2.1 port 1 ssh2";
        assert_eq!(message(&format!("<38>Jun  1 12:00:00 {wanted}")), Some(wanted));
        assert_eq!(message("<38>"), None);
        assert_eq!(message("nothing"), None);
    }
}
