//! `/etc/services`.

use std::collections::HashMap;

/// Names of ports.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// The first TCP and the first UDP port of each name.
    ports: HashMap<String, [Option<u16>; 2]>,
    /// Names of ports of neither.
    others: Vec<String>,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Service {
    /// Of TCP, of UDP.
    Ports(Option<u16>, Option<u16>),
    /// A port of another protocol, which no rule can be about.
    Other,
}

impl Services {
    /// Those of this host; none where there is no `/etc/services`.
    #[must_use]
    pub fn of_host() -> Self {
        Self::parse(&std::fs::read_to_string("/etc/services").unwrap_or_default())
    }

    /// Reads `services(5)`; a line without meaning is passed over.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut services = Self::default();
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
            let (Some(name), Some((port, protocol))) =
                (words.next(), words.next().and_then(|port| port.split_once('/')))
            else {
                continue;
            };
            let Ok(port) = port.parse() else { continue };
            for name in words.chain([name]) {
                services.note(name, port, protocol);
            }
        }
        services
    }

    fn note(&mut self, name: &str, port: u16, protocol: &str) {
        let at = match protocol {
            "tcp" => 0,
            "udp" => 1,
            _ => return self.others.push(name.to_owned()),
        };
        self.ports.entry(name.to_owned()).or_default()[at].get_or_insert(port);
    }

    pub(in crate::rules) fn get(&self, name: &str) -> Option<Service> {
        match self.ports.get(name) {
            Some([tcp, udp]) => Some(Service::Ports(*tcp, *udp)),
            None => self.others.iter().any(|other| other == name).then_some(Service::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_and_comments_are_understood() {
        let text = "# x 1/tcp\nshell\t514/tcp\tcmd syslog # no passwords\nsyslog 514/udp\nrtmp 1/ddp\nbad\nbad x/tcp\n";
        let services = Services::parse(text);
        assert_eq!(services.get("shell"), Some(Service::Ports(Some(514), None)));
        assert_eq!(services.get("syslog"), Some(Service::Ports(Some(514), Some(514))));
        assert_eq!(services.get("rtmp"), Some(Service::Other));
        assert_eq!([services.get("x"), services.get("bad"), services.get("passwords")], [None; 3]);
    }
}
