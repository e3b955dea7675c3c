//! Other firewalls of this host that are on.

use std::fs;
use std::path::Path;

use firewall::Firewall;

/// Services that put rules into the kernel when the host starts, and what becomes of them.
const SERVICES: [(&str, &str); 7] = [
    ("ufw", "when all is as you want it: ufw disable"),
    ("firewalld", "when all is as you want it: systemctl disable --now firewalld"),
    ("nftables", "it loads /etc/nftables.conf: see there; a `flush ruleset` takes Palisade's table away too"),
    ("netfilter-persistent", "it loads /etc/iptables/rules.v4 and rules.v6"),
    ("iptables", "it loads the rules of iptables when the host starts"),
    ("ip6tables", "it loads the rules of ip6tables when the host starts"),
    ("shorewall", "when all is as you want it: systemctl disable --now shorewall"),
];

/// Tables that the older iptables keeps apart from nftables.
const LEGACY: [(&str, &str); 2] =
    [("iptables-legacy", "/proc/net/ip_tables_names"), ("ip6tables-legacy", "/proc/net/ip6_tables_names")];

/// A line for each of them.
pub(super) fn firewalls() -> Vec<String> {
    let started = SERVICES.into_iter().filter(|(name, _)| is_started(name));
    let mut lines: Vec<String> =
        started.map(|(name, why)| format!("{name} starts with the host: {why}")).collect();
    for (program, file) in LEGACY {
        let tables = fs::read_to_string(file).unwrap_or_default();
        if !tables.is_empty() {
            let tables = tables.split_whitespace().collect::<Vec<_>>().join(", ");
            lines.push(format!("{program} has rules in the kernel, in its tables {tables}"));
        }
    }
    // Without the right to ask there is nothing to say.
    let chains = Firewall::open().and_then(|mut kernel| kernel.dropping_chains()).unwrap_or_default();
    lines.extend(chains.iter().map(|chain| format!("{chain} drops what its rules do not let through")));
    lines
}

/// Whether a service is wanted by another unit; of ufw's own, whether it does anything.
fn is_started(name: &str) -> bool {
    if name == "ufw" {
        let conf = fs::read_to_string("/etc/ufw/ufw.conf").unwrap_or_default();
        return conf.lines().any(|line| line.trim() == "ENABLED=yes");
    }
    let folders = fs::read_dir("/etc/systemd/system").into_iter().flatten().flatten();
    let wants = |folder: &Path| folder.extension().is_some_and(|extension| extension == "wants");
    folders
        .map(|entry| entry.path())
        .filter(|folder| wants(folder))
        .any(|folder| folder.join(format!("{name}.service")).symlink_metadata().is_ok())
}
