//! Commands over the whole grammar, right and wrong, the same on every run.

/// So many are changed by one slip of the pen: a word too many, too few, another, or two in each other's place.
const SLIPS: f64 = 0.15;

const RULES: usize = 1_320;
const EDIT_BLOCKS: usize = 14;
/// Commands in a block.
const LENGTH: usize = 40;

const ACTIONS: &[&str] = &["allow", "deny", "reject", "limit"];
const ADDRESSES: &[&str] = &[
    "any",
    "any",
    "10.0.0.1",
    "10.0.0.0/8",
    "192.168.1.77/24",
    "0.0.0.0/0",
    "::/0",
    "2001:db8::1",
    "2001:db8::/32",
    "fe80::5/64",
    "1.2.3.4/255.255.0.0",
    "1.2.3.4/255.0.255.0",
    "nowhere",
    "1.2.3.4/33",
    "::1/129",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "1.2.3.4/32",
    "::1/128",
    "ANY",
    "1.2.3.4/0",
    "10.0.0.1/8",
    "1.2.3",
    "::g",
    "1.2.3.4/",
];
const PORTS: &[&str] = &[
    "22",
    "80",
    "53",
    "80,443",
    "1000:2000",
    "443,22",
    "1:5,9",
    "ssh",
    "http",
    "domain",
    "tftp",
    "ntp",
    "nosuch",
    "0",
    "70000",
    "2:1",
    "any",
    "80,http",
    "22/tcp",
    ",5",
    "5,",
    ":",
    "5:6:7",
    "-1",
    "",
    "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
    "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
    "1:2,3:4,5:6,7:8,9:10,11:12,13:14,15",
    "1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16",
];
const PROTOCOLS: &[&str] =
    &["tcp", "tcp", "udp", "any", "ah", "esp", "gre", "ipv6", "igmp", "vrrp", "nosuch", "TCP", "icmp"];
const PROFILES: &[&str] = &["OpenSSH", "CIFS", "WWW Full", "DNS", "Bonjour", "Mixed", "Nope", "all"];
const INTERFACES: &[&str] =
    &["eth0", "eth1", "lo", "wlan0+", "eth0:1", "!eth0", "toolongtoolonglong", "a b", ".", "a/b", "br-1.2@3"];
const SIMPLE: &[&str] = &[
    "22",
    "53/udp",
    "22/tcp",
    "80,443/tcp",
    "80,443",
    "1:9/udp",
    "1:9",
    "ssh",
    "ssh/tcp",
    "ssh/udp",
    "domain",
    "domain/tcp",
    "tftp",
    "OpenSSH",
    "CIFS",
    "WWW Full",
    "openssh",
    "www full",
    "nosuch",
    "22/nosuch",
    "22/esp",
    "esp",
    "22/any",
    "any",
    "any/tcp",
    "0",
    "99999",
    "in",
    "out",
    "on",
    "from",
    "log",
    "22/tcp/udp",
    "/",
    "",
    "No App",
    "22a",
    "a@b",
    "443/tcp",
    "8080",
    "ntp",
    "smtp",
    "Mixed",
    "Nope/tcp",
    "fe80::1",
    "10.0.0.1",
    "all",
    "65535/udp",
];
const COMMENTS: &[&str] = &["x", "hello world", "it's", "", "#1", "ünï", "a \"b\" c"];
const SLIP_WORDS: &[&str] = &[
    "from", "to", "port", "proto", "app", "log", "any", "22", "tcp", "comment", "eth0", "allow", "what",
    "::1",
];
/// No profile of several parts is among them: `insert` of ufw counts each of the parts before the number.
const KNOWN: &[&str] = &[
    "22",
    "80/tcp",
    "443",
    "ssh",
    "53/udp",
    "from 10.0.0.1",
    "from ::1",
    "from 10.0.0.0/8 to any port 22",
    "to ::5 port 80 proto tcp",
    "in on eth0",
    "out 53",
    "out on eth1 to any port 25",
    "OpenSSH",
    "SMTP",
    "log 22",
    "log-all 80/tcp",
    "proto gre from any",
    "proto igmp to any",
    "from any app DNS",
    "80,443/tcp",
    "from 0.0.0.0/0 to any port 22",
    "from ::/0 port 53",
];
const KNOWN_ROUTES: &[&str] = &[
    "23",
    "in on eth0 out on eth1",
    "from 10.0.0.1",
    "to any port 80 proto tcp",
    "out on eth1 to ::1",
    "log 25",
];
const OTHERS: &[&str] = &[
    "status",
    "status verbose",
    "status numbered",
    "STATUS",
    "status all",
    "default allow",
    "default deny incoming",
    "default reject outgoing",
    "default allow routed",
    "default deny forward",
    "default deny sideways",
    "default limit",
    "default",
    "logging on",
    "logging off",
    "logging low",
    "logging medium",
    "logging high",
    "logging full",
    "logging loud",
    "logging",
    "app default skip",
    "app default allow",
    "app default deny",
    "app default sometimes",
    "app list",
    "app info CIFS",
    "app info all",
    "app info Nope",
    "app info",
    "app update OpenSSH",
    "app update all",
    "app update Nope",
    "app update --add-new SSH",
    "app update --add-new Nope",
    "app update --add-new all",
    "app",
    "app what",
    "show added",
    "show nothing",
    "show",
    "enable",
    "reload",
    "enable now",
    "what",
    "insert",
    "insert 1",
    "insert x allow 22",
    "insert 0 allow 22",
    "delete",
    "delete what",
    "delete 0",
    "delete 99",
    "route",
    "route status",
    "route delete 1",
    "delete route allow 22",
    "delete insert 1 allow 22",
    "insert 1 delete allow 22",
    "rule allow 33",
    "rule delete allow 33",
    "--dry-run allow 34",
    "--dry-run",
    "--what allow 22",
    "allow --dry-run 22",
];

/// A stretch of commands, after which everything is forgotten.
pub(crate) type Block = Vec<Vec<String>>;

/// Distinct rules, right and wrong.
pub(crate) fn rules() -> Vec<Block> {
    let mut random = Random(1);
    let mut seen = std::collections::BTreeSet::new();
    let mut commands = Vec::new();
    while commands.len() < RULES {
        let command = random.rule();
        if !has_known_difference(&command) && seen.insert(command.clone()) {
            commands.push(command);
        }
    }
    commands.chunks(LENGTH).map(<[_]>::to_vec).collect()
}

/// Commands that change and show a list of rules.
pub(crate) fn edits() -> Vec<Block> {
    let mut random = Random(2);
    let mut others = OTHERS.iter().cycle();
    let mut block = || {
        let next = |at| match at % 5 {
            4 => others.next().copied().unwrap_or_default().split(' ').map(str::to_owned).collect(),
            _ => random.edit(),
        };
        (0..LENGTH).map(next).collect()
    };
    (0..EDIT_BLOCKS).map(|_| block()).collect()
}

/// What ufw does by mistake, and Palisade does not.
fn has_known_difference(command: &[String]) -> bool {
    let follows = |word: &str, next: &[&str]| {
        command.windows(2).any(|two| two[0] == word && next.contains(&two[1].as_str()))
    };
    // ufw takes a word of the grammar for an interface, and then mixes it up with the clause.
    let interface =
        follows("on", &["in", "out", "on", "proto", "from", "to", "port", "app", "log", "comment"]);
    // ... and `in` and `out` anywhere for one, a value or not.
    let way = command.iter().skip(1).filter(|word| matches!(word.as_str(), "in" | "out")).count() > 2;
    interface || way
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn chance(&mut self, of: f64) -> bool {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64 <= of
    }

    fn one(&mut self, of: &[&str]) -> String {
        of[self.below(of.len())].to_owned()
    }

    fn rule(&mut self) -> Vec<String> {
        let mut words = Vec::new();
        let routed = self.chance(0.2);
        if routed {
            words.push("route".to_owned());
        }
        words.push(self.one(ACTIONS));
        let first = words.len();
        match self.chance(0.3) {
            true => self.simple(&mut words),
            false => self.full(&mut words, routed),
        }
        if self.chance(0.15) {
            let at = if self.chance(0.8) { words.len() } else { first + self.below(words.len() - first + 1) };
            words.splice(at..at, ["comment".to_owned(), self.one(COMMENTS)]);
        }
        if self.chance(SLIPS) {
            self.slip(&mut words, first);
        }
        words
    }

    fn simple(&mut self, words: &mut Vec<String>) {
        if self.chance(0.3) {
            words.push(self.one(&["in", "out"]));
        }
        if self.chance(0.15) {
            words.push(self.one(&["log", "log-all", "LOG"]));
        }
        words.push(self.one(SIMPLE));
    }

    fn full(&mut self, words: &mut Vec<String>, routed: bool) {
        if self.chance(0.2) {
            words.push(self.one(&["in", "out"]));
        } else if self.chance(0.4) {
            let usual = if self.chance(0.7) { &INTERFACES[..4] } else { INTERFACES };
            words.extend([self.one(&["in", "out"]), "on".to_owned(), self.one(usual)]);
            if routed && self.chance(0.5) {
                words.extend([self.one(&["in", "out"]), "on".to_owned(), self.one(&INTERFACES[..3])]);
            }
        }
        if self.chance(0.15) {
            words.push(self.one(&["log", "log-all"]));
        }
        let mut clauses = Vec::new();
        for end in ["from", "to"] {
            if self.chance(0.7) {
                clauses.push(self.end(end));
            }
        }
        if self.chance(0.35) {
            clauses.push(vec!["proto".to_owned(), self.one(PROTOCOLS)]);
        }
        while !clauses.is_empty() {
            let at = self.below(clauses.len());
            words.extend(clauses.swap_remove(at));
        }
    }

    fn end(&mut self, end: &str) -> Vec<String> {
        let mut words = vec![end.to_owned(), self.one(ADDRESSES)];
        if self.chance(0.4) {
            words.extend(["port".to_owned(), self.one(PORTS)]);
        } else if self.chance(0.15) {
            words.extend(["app".to_owned(), self.one(PROFILES)]);
        }
        words
    }

    fn slip(&mut self, words: &mut Vec<String>, first: usize) {
        let (at, other) = (self.below(words.len()).max(first - 1), self.one(SLIP_WORDS));
        match self.below(4) {
            0 if words.len() > first => drop(words.remove(at.max(first).min(words.len() - 1))),
            1 if at >= first => words[at] = other,
            2 if at >= first => {
                let with = first + self.below(words.len() - first);
                words.swap(at, with);
            }
            _ => words.insert(at + 1, other),
        }
    }

    fn edit(&mut self) -> Vec<String> {
        let routed = self.chance(0.15);
        let what = if routed { KNOWN_ROUTES } else { KNOWN };
        let mut rule = vec![self.one(&["allow", "allow", "deny", "reject", "limit"])];
        rule.extend(self.one(what).split(' ').map(str::to_owned));
        if self.chance(0.15) {
            rule.extend(["comment".to_owned(), self.one(&["x", "hello world", ""])]);
        }
        let mut words: Vec<String> = Vec::new();
        if self.chance(0.08) {
            return vec!["--force".to_owned(), "delete".to_owned(), self.below(16).to_string()];
        }
        words.extend(routed.then(|| "route".to_owned()));
        match self.below(20) {
            0..=3 => words.extend(["insert".to_owned(), self.below(16).to_string()]),
            4..=5 => words.push("prepend".to_owned()),
            6..=7 => words.push("delete".to_owned()),
            _ => {}
        }
        words.extend(rule);
        words
    }
}
