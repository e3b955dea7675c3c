//! What one line asks of a packet, and what becomes of it.

use std::str::FromStr;

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

use super::counted::{self, Counted};
use super::everything;
use crate::rules::{Action, Address, Direction, Families, Port, PortRange, Protocol, Rule};

/// One line, understood.
#[derive(Debug)]
pub(super) struct Entry {
    /// Each of these is about some of its packets, all together about all of them.
    pub(super) fits: Vec<Rule>,
    /// Which packets of a connection.
    pub(super) states: States,
    /// ICMP, which no rule is about.
    pub(super) icmp: bool,
    pub(super) counted: Option<Counted>,
    pub(super) target: Target,
}

/// Which packets of a connection a line is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum States {
    /// Those that open one, whatever else.
    #[default]
    New,
    /// Only those of connections that stand.
    Standing,
    /// Only those that belong to none.
    Invalid,
}

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Only counted.
    Nothing,
    Accept,
    Drop,
    Reject,
    Log,
    Return,
    /// A chain, or a name that means something to iptables.
    Chain(String),
}

/// More networks than that are not written out for a range of addresses.
const NETWORKS: usize = 64;

/// Matches whose options are read here, or say nothing of their own.
const MATCHES: [&str; 16] = [
    "tcp",
    "udp",
    "multiport",
    "iprange",
    "conntrack",
    "state",
    "comment",
    "icmp",
    "icmp6",
    "ipv6-icmp",
    "connlimit",
    "recent",
    "hashlimit",
    "limit",
    "addrtype",
    "esp",
];

/// Options of targets that make no difference here, with a value.
const UNUSED: [&str; 10] = [
    "--reject-with",
    "--log-prefix",
    "--log-level",
    "--nflog-group",
    "--nflog-prefix",
    "--nflog-threshold",
    "--log-tcp-sequence",
    "--hashlimit-htable-expire",
    "--hashlimit-htable-size",
    "--hashlimit-htable-max",
];

/// Reads the words behind the chain.
///
/// # Errors
/// What of it has no counterpart.
pub(super) fn read(words: &[String], family: Families, direction: Direction) -> Result<Entry, String> {
    let mut reader = Reader {
        rule: everything(family, direction, Action::Allow),
        from: Vec::new(),
        to: Vec::new(),
        states: States::New,
        icmp: false,
        counted: counted::Options::default(),
        target: Target::Nothing,
    };
    let mut words = words.iter().map(String::as_str);
    while let Some(option) = words.next() {
        reader.option(option, &mut words)?;
    }
    reader.finish()
}

struct Reader {
    rule: Rule,
    /// Networks of a range of addresses.
    from: Vec<IpNet>,
    to: Vec<IpNet>,
    states: States,
    icmp: bool,
    counted: counted::Options,
    target: Target,
}

impl Reader {
    fn option<'a>(&mut self, option: &str, words: &mut impl Iterator<Item = &'a str>) -> Result<(), String> {
        if option == "!" {
            return Err(format!("nothing here says `not`: ! {}", words.next().unwrap_or_default()));
        }
        if matches!(
            option,
            "--syn" | "--connlimit-saddr" | "--rsource" | "--set" | "--log-ip-options" | "--log-uid"
        ) {
            self.counted.flag(option);
            return Ok(());
        }
        if matches!(option, "--update" | "--rcheck") {
            self.counted.flag(option);
            return Ok(());
        }
        let value = words.next().ok_or_else(|| format!("{option} is not known here"))?;
        match option {
            "-p" | "--protocol" => return self.protocol(value),
            "-s" | "--source" => self.rule.from.address = network(value)?,
            "-d" | "--destination" => self.rule.to.address = network(value)?,
            "-i" | "--in-interface" => self.rule.input = Some(value.to_owned()),
            "-o" | "--out-interface" => self.rule.output = Some(value.to_owned()),
            "--dport" | "--destination-port" | "--dports" | "--destination-ports" => {
                self.rule.to.port = ports(value)?;
            }
            "--sport" | "--source-port" | "--sports" | "--source-ports" => {
                self.rule.from.port = ports(value)?
            }
            "--src-range" => self.from = range(value)?,
            "--dst-range" => self.to = range(value)?,
            "-m" | "--match" if MATCHES.contains(&value) => {}
            "-m" | "--match" => return Err(format!("the match {value} has no counterpart")),
            "--ctstate" | "--state" => self.states = states(value),
            "--tcp-flags" => {
                let set = words.next().unwrap_or_default();
                if (value, set) != ("FIN,SYN,RST,ACK", "SYN") {
                    return Err("flags of TCP have no counterpart".to_owned());
                }
            }
            // It says so in any case.
            "--dst-type" if value == "LOCAL" && self.rule.direction == Direction::In => {}
            "--icmp-type" | "--icmpv6-type" => self.icmp = true,
            "--comment" => value.replace('\'', "\"").clone_into(&mut self.rule.comment),
            "-j" | "--jump" => self.target = target(value),
            unused if UNUSED.contains(&unused) => {}
            option => return self.counted.option(option, value),
        }
        Ok(())
    }

    fn protocol(&mut self, name: &str) -> Result<(), String> {
        self.rule.protocol = match name {
            "icmp" | "ipv6-icmp" | "icmpv6" | "1" | "58" => {
                self.icmp = true;
                Protocol::Any
            }
            "all" | "0" => Protocol::Any,
            name => {
                Protocol::named(name).ok_or_else(|| format!("no rule can be about the protocol {name}"))?
            }
        };
        Ok(())
    }

    fn finish(self) -> Result<Entry, String> {
        let mut fits = vec![self.rule];
        for (networks, is_source) in [(self.from, true), (self.to, false)] {
            if !networks.is_empty() {
                fits = fits.iter().flat_map(|rule| alternatives(rule, &networks, is_source)).collect();
            }
        }
        let counted = self.counted.finish()?;
        Ok(Entry { fits, states: self.states, icmp: self.icmp, counted, target: self.target })
    }
}

/// The rule once for each network.
fn alternatives(rule: &Rule, networks: &[IpNet], is_source: bool) -> Vec<Rule> {
    let with = |net: &IpNet| {
        let mut rule = rule.clone();
        let end = if is_source { &mut rule.from } else { &mut rule.to };
        end.address = Address::Net(*net);
        rule
    };
    networks.iter().map(with).collect()
}

fn target(name: &str) -> Target {
    match name {
        "ACCEPT" => Target::Accept,
        "DROP" => Target::Drop,
        "REJECT" => Target::Reject,
        "LOG" | "NFLOG" => Target::Log,
        "RETURN" => Target::Return,
        chain => Target::Chain(chain.to_owned()),
    }
}

fn states(value: &str) -> States {
    let has = |state: &str| value.split(',').any(|word| word == state);
    match () {
        () if has("NEW") || has("SNAT") || has("DNAT") => States::New,
        () if has("ESTABLISHED") || has("RELATED") => States::Standing,
        () => States::Invalid,
    }
}

fn network(text: &str) -> Result<Address, String> {
    let wrong = || format!("{text} is no network");
    let (address, mask) = text.split_once('/').map_or((text, None), |(address, mask)| (address, Some(mask)));
    let address: std::net::IpAddr = address.parse().map_err(|_| wrong())?;
    let net = match mask {
        None => Ok(IpNet::from(address)),
        Some(mask) => match (mask.parse(), mask.parse()) {
            (Ok(length), _) => IpNet::new(address, length).map_err(|_| wrong()),
            (_, Ok(mask)) => IpNet::with_netmask(address, mask).map_err(|_| wrong()),
            _ => Err(wrong()),
        },
    };
    net.map(|net| if net.prefix_len() == 0 { Address::Any } else { Address::Net(net.trunc()) })
}

fn ports(text: &str) -> Result<Port, String> {
    let wrong = || format!("{text} are no ports");
    let number = |text: &str, instead: u16| match text {
        "" => Ok(instead),
        text => u16::from_str(text).map_err(|_| wrong()),
    };
    let range = |text: &str| -> Result<PortRange, String> {
        let (first, last) = text.split_once(':').unwrap_or((text, text));
        Ok(number(first, 0)?..=number(last, u16::MAX)?)
    };
    let ranges = text.split(',').map(range).collect::<Result<Vec<_>, _>>()?;
    Ok(if ranges.contains(&(0..=u16::MAX)) { Port::Any } else { Port::Ranges(ranges) })
}

/// The networks of `FIRST-LAST`.
fn range(text: &str) -> Result<Vec<IpNet>, String> {
    let wrong = || format!("{text} is no range of addresses");
    let (first, last) = text.split_once('-').ok_or_else(wrong)?;
    let networks: Vec<IpNet> = match (first.parse(), last.parse(), first.parse(), last.parse()) {
        (Ok(first), Ok(last), ..) => {
            Ipv4Subnets::new(first, last, 0).map(IpNet::V4).take(NETWORKS + 1).collect()
        }
        (.., Ok(first), Ok(last)) => {
            Ipv6Subnets::new(first, last, 0).map(IpNet::V6).take(NETWORKS + 1).collect()
        }
        _ => return Err(wrong()),
    };
    match networks.len() {
        0 => Err(wrong()),
        1..=NETWORKS => Ok(networks),
        _ => Err(format!("{text} is more than {NETWORKS} networks")),
    }
}
