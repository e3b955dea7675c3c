//! Rules of programs that see to them themselves.

use super::super::{Kind, Notes};
use super::save::{Line, Table};

/// Beginnings of the names of chains, and whose they are.
const CHAINS: [(&str, &str); 13] = [
    ("f2b-", "Fail2Ban"),
    ("fail2ban-", "Fail2Ban"),
    ("DOCKER", "Docker"),
    ("KUBE-", "Kubernetes"),
    ("CNI-", "CNI"),
    ("NETAVARK", "Podman"),
    ("cali-", "Calico"),
    ("FLANNEL-", "Flannel"),
    ("LIBVIRT_", "libvirt"),
    ("ts-", "Tailscale"),
    ("sshguard", "SSHGuard"),
    ("f2b_", "Fail2Ban"),
    ("ufw", "ufw"),
];

/// Whose chain it is.
pub(super) fn owner(chain: &str) -> Option<&'static str> {
    CHAINS.into_iter().find(|(start, _)| chain.starts_with(start)).map(|(_, owner)| owner)
}

/// One of the bridges of Docker, whose rules stand between those of people.
fn is_bridge(name: &str) -> bool {
    let number = name.strip_prefix("br-").filter(|rest| rest.len() == 12);
    name == "docker0" || number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whose rule it is, if it is not one of people.
pub(super) fn owner_of(line: &Line<'_>) -> Option<&'static str> {
    let target = line.words.iter().skip_while(|word| !matches!(word.as_str(), "-j" | "-g")).nth(1);
    let chain = owner(&line.chain).or_else(|| target.and_then(|name| owner(name)));
    chain.or_else(|| line.words.iter().any(|word| is_bridge(word)).then_some("Docker"))
}

/// What a note says of them.
pub(super) fn why(owner: &str) -> String {
    match owner {
        "ufw" => "ufw's own: `palisade import ufw` reads them".to_owned(),
        owner => format!("{owner} sees to it, and goes on doing so"),
    }
}

/// A table that rules here have no part in: translation, marks.
pub(super) fn elsewhere(table: &Table<'_>, notes: &mut Notes<'_>) {
    for line in &table.lines {
        match owner_of(line) {
            Some(owner) => notes.add(Kind::Others, line.number, line.text, why(owner)),
            None => {
                let why = format!("no rule is about the table {}: it stays where it is", table.name);
                notes.add(Kind::Lost, line.number, line.text, why);
            }
        }
    }
    for (chain, policy) in &table.chains {
        if !matches!(policy, None | Some("ACCEPT")) {
            let text = format!(":{chain} {}", policy.unwrap_or_default());
            notes.add(Kind::Lost, 0, &text, format!("no rule is about the table {}", table.name));
        }
    }
}
