//! The stage: namespaces, a folder that exists in them only, and the configuration.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use config::{POSTURE_FILE, Tree};
use firewall::FirewallError;
use rustix::mount::{MountFlags, mount};
use sys::interface::{Link, create_pair};
use sys::namespace::{self, Entered};

use super::cast::{CAST, JAIL, MAXRETRY, PORT, SERVER4, SERVER6};
use crate::exit::{CommandError, Exit};

/// The name of both ends of the cable.
const CABLE: &str = "demo";
/// These hold what the host's own services keep: each is empty in the demonstration's view, and gone with its last
/// process, whatever ends it.
const PRIVATE: [&str; 2] = ["/run", "/var/log"];
/// Settings that keep people without privileges from having namespaces: the file, and the value that does.
const LOCKS: [(&str, &str); 4] = [
    ("kernel/unprivileged_userns_clone", "0"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1"),
    ("user/max_user_namespaces", "0"),
    ("user/max_net_namespaces", "0"),
];

pub(super) struct Stage {
    pub(super) folder: PathBuf,
    pub(super) entered: Entered,
}

impl Stage {
    /// Takes this process off the host for good.
    pub(super) fn build() -> Result<Self, CommandError> {
        let entered = namespace::enter().map_err(|error| no_namespaces(&error))?;
        for folder in PRIVATE.into_iter().filter(|folder| Path::new(folder).is_dir()) {
            mount("tmpfs", folder, "tmpfs", MountFlags::NOSUID, c"mode=0755")
                .map_err(|error| no_namespaces(&error.into()))?;
        }
        let stage = Self { folder: "/run/palisade-demo".into(), entered };
        stage.furnish().map_err(|error| CommandError::io(stage.folder.display(), &error))?;
        Ok(stage)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The shipped filters, one jail, no rules, and an empty log.
    fn furnish(&self) -> io::Result<()> {
        fs::create_dir_all(self.path("config/filter.d"))?;
        fs::create_dir(self.path("log"))?;
        for (name, content) in Tree::shipped().filter(|(name, _)| name.starts_with("filter.d/")) {
            fs::write(self.path("config").join(name), content)?;
        }
        let log = self.path("log/auth.log");
        File::create(&log)?;
        let jail = format!(
            "[DEFAULT]\nignoreself = true\nbackend = polling\n\n[{JAIL}]\nenabled = true\nfilter = sshd\n\
             port = {PORT}\nlogpath = {}\nmaxretry = {MAXRETRY}\nfindtime = 10m\nbantime = 1h\nipv6prefix = 64\n\
             block = reject\n",
            log.display()
        );
        fs::write(self.path("config/jail.conf"), jail)?;
        // Without one of its own, the rules of this host would be in force.
        File::create(self.path("config").join(POSTURE_FILE)).map(drop)
    }

    /// Lays the cable to the attackers' namespace and connects this end.
    pub(super) fn connect(&self, attackers: u32) -> Result<(), CommandError> {
        let connect = || {
            create_pair(CABLE, attackers)?;
            let link = Link::named(CABLE)?;
            [SERVER4, SERVER6].into_iter().try_for_each(|address| link.add_address(address))?;
            link.up()?;
            link.add_default_routes()
        };
        connect().map_err(|error| {
            let why = format!("no network between two namespaces (veth, IPv4 and IPv6): {error}");
            CommandError::new(Exit::Unavailable, why)
        })
    }
}

/// The other end of the cable, in the namespace of the attackers.
pub(super) fn connect_attackers() -> io::Result<()> {
    let link = Link::named(CABLE)?;
    CAST.iter().try_for_each(|actor| link.add_address(actor.address))?;
    link.up()?;
    link.add_default_routes()?;
    [SERVER4, SERVER6].into_iter().try_for_each(sys::interface::wait_for_route)
}

fn no_namespaces(error: &io::Error) -> CommandError {
    let locked = LOCKS.iter().find(|(file, value)| {
        fs::read_to_string(Path::new("/proc/sys").join(file)).is_ok_and(|text| text.trim() == *value)
    });
    let why = match locked {
        Some((file, value)) => {
            format!("this host does not allow it to you ({}={value})", file.replace('/', "."))
        }
        None => "a container, or a security module, may forbid it".to_owned(),
    };
    let what =
        format!("the demonstration needs namespaces of its own: {error}; {why}; try: sudo palisade demo");
    CommandError::new(Exit::Unavailable, what)
}

pub(super) fn no_firewall(error: FirewallError) -> CommandError {
    CommandError::new(Exit::Unavailable, format!("the demonstration needs nftables: {error}"))
}

/// The last line of a file, for an error.
pub(super) fn last_line(path: &Path) -> String {
    let lines = File::open(path).map(|file| BufReader::new(file).lines().map_while(Result::ok));
    lines.ok().and_then(Iterator::last).unwrap_or_default()
}
