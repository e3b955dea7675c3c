use std::time::Duration;

use firewall::rules::command::Way;
use firewall::rules::list::{self, Place};
use firewall::rules::{Logging, NewProfiles, Rule, Services, Stance, Vocabulary};
use proptest::prelude::*;

use super::*;

fn vocabulary() -> Vocabulary {
    Vocabulary {
        services: Services::parse("ssh 22/tcp"),
        lists: ["cloudflare".to_owned()].into(),
        ..Vocabulary::default()
    }
}

fn posture(text: &str) -> Posture {
    Posture::parse(PathBuf::from("palisade.toml"), text, &vocabulary())
        .unwrap_or_else(|errors| panic!("{}", PostureError::Wrong(errors)))
}

/// Adds or deletes as a command would; a number that is none changes nothing.
fn change(posture: &mut Posture, command: &str, place: Place) {
    let mut rules = posture.policy().rules.clone();
    let edit = match command.strip_prefix("delete ") {
        Some(rule) => list::delete(&mut rules, &Rule::read(rule, &vocabulary()).unwrap()),
        None => {
            list::add(&mut rules, &Rule::read(command, &vocabulary()).unwrap(), place).unwrap_or_default()
        }
    };
    posture.change_rules(&edit.steps);
    assert_eq!(posture.policy().rules, rules);
}

const WRITTEN: &str = r#"# how this host looks

[firewall]
enabled = true   # since May
defaults.routed = "reject"
rules = [  # in order
    # people
    "limit 22/tcp", # never close
    # web
    "allow 80,443/tcp comment 'web'",
    'deny from 198.51.100.7', # a bad one
    # end
]
"#;

#[test]
fn what_is_written_is_the_policy() {
    let posture = posture(WRITTEN);
    let policy = posture.policy();
    assert!(policy.enabled);
    assert_eq!((policy.defaults.routed, policy.defaults.incoming), (Stance::Reject, Stance::Deny));
    let rules: Vec<_> = policy.rules.iter().map(ToString::to_string).collect();
    assert_eq!(rules, ["limit 22/tcp", "allow 80,443/tcp comment 'web'", "deny from 198.51.100.7"]);
    assert_eq!(posture.text(), WRITTEN);
}

#[test]
fn comments_and_layout_stay_where_rules_come_and_go() {
    let mut posture = posture(WRITTEN);
    change(&mut posture, "allow 53", Place::Number(2));
    change(&mut posture, "allow from ::1", Place::Last);
    change(&mut posture, "delete deny from 198.51.100.7", Place::Last);
    change(&mut posture, "reject 80,443/tcp", Place::Last);
    posture.set_enabled(false);
    posture.set_logging(Logging::High);
    let wanted = r#"# how this host looks

[firewall]
enabled = false   # since May
defaults.routed = "reject"
rules = [  # in order
    # people
    "limit 22/tcp", # never close
    "allow 53",
    # web
    "reject 80,443/tcp",
    "allow from ::1",
    # end
]
logging = "high"
"#;
    assert_eq!(posture.text(), wanted);
}

#[test]
fn a_list_on_one_line_stays_on_one_line() {
    let mut posture = posture("firewall = { rules = [\"allow 1\", \"allow 2\"] }\n");
    change(&mut posture, "allow 3", Place::Last);
    change(&mut posture, "allow 4", Place::First);
    change(&mut posture, "delete allow 1", Place::Last);
    assert_eq!(posture.text(), "firewall = { rules = [\"allow 4\", \"allow 2\", \"allow 3\"] }\n");
    for rule in ["allow 4", "allow 3", "allow 2"] {
        change(&mut posture, &format!("delete {rule}"), Place::Last);
    }
    assert_eq!(posture.text(), "firewall = { rules = [] }\n");
}

#[test]
fn a_new_file_is_laid_out_for_people() {
    let mut posture = posture("");
    change(&mut posture, "limit ssh comment 'no \"guessing\"'", Place::Last);
    change(&mut posture, "allow from cloudflare to any port 80,443 proto tcp", Place::Last);
    posture.set_enabled(true);
    posture.set_default(Way::Incoming, Stance::Reject);
    posture.set_new_profiles(NewProfiles::Allow);
    let wanted = r#"[firewall]
rules = [
    """limit 22/tcp comment 'no "guessing"'""",
    "allow from cloudflare to any port 80,443 proto tcp",
]
enabled = true
defaults = { incoming = "reject" }
new-profiles = "allow"
"#;
    assert_eq!(posture.text(), wanted);
    posture.reset_firewall();
    assert_eq!(posture.text(), "");
}

#[test]
fn all_errors_are_told_at_once_each_at_its_place() {
    let text = r#"[firewall]
enable = true
logging = "loud"
defaults = { incoming = 1, inbound = "deny" }
rules = [
    "allow 22/tcp",
    "  allow from cloudflar to any port 80 proto tcp",
    7,
    'allow ssh/udp',
]
[firewal]
"#;
    let errors = Posture::parse(PathBuf::from("palisade.toml"), text, &vocabulary()).unwrap_err();
    let wanted = r#"palisade.toml:2:1: error: enable is not known
  enable = true
  ^
  did you mean enabled?
palisade.toml:3:11: error: "loud" is none of them
  logging = "loud"
            ^
  one of off, low, medium, high, full
palisade.toml:4:25: error: this is no word
  defaults = { incoming = 1, inbound = "deny" }
                          ^
  one of allow, deny, reject
palisade.toml:4:28: error: inbound is not known
  defaults = { incoming = 1, inbound = "deny" }
                             ^
  known here: incoming, outgoing, routed
palisade.toml:7:19: error: Bad source address
  "  allow from cloudflar to any port 80 proto tcp",
                ^
  did you mean cloudflare?
palisade.toml:8:5: error: a rule is a string
  7,
  ^
  write "allow 22/tcp"
palisade.toml:9:12: error: Protocol mismatch with specified protocol udp
  'allow ssh/udp',
         ^
palisade.toml:11:2: error: firewal is not known
  [firewal]
   ^
  did you mean firewall?"#;
    assert_eq!(PostureError::Wrong(errors).to_string(), wanted);
}

/// What the effective one says, which is the same.
fn effective(posture: &Posture) -> String {
    let text = posture.effective();
    let again = self::posture(&text);
    assert_eq!(
        (again.policy(), again.lists(), again.rollback()),
        (posture.policy(), posture.lists(), posture.rollback())
    );
    text
}

#[test]
fn the_effective_posture_has_every_setting_and_reads_back_the_same() {
    let text =
        format!("{WRITTEN}[rollback]\nafter = \"1m 30s\"\n[lists]\ncloudflare = \"http://[::1]:8080/ips\"\n");
    let wanted = r#"[firewall]
enabled = true
logging = "low"
new-profiles = "skip"
defaults = { incoming = "deny", outgoing = "allow", routed = "reject" }
rules = [
    "limit 22/tcp",
    "allow 80,443/tcp comment 'web'",
    "deny from 198.51.100.7",
]

[lists]
refresh = "used"
cloudflare = "http://[::1]:8080/ips"

[rollback]
after = "90s"
ssh = true
"#;
    let shown = effective(&posture(&text));
    assert_eq!(shown, wanted);
    assert_eq!(posture(&shown).effective(), wanted);
    let default = posture("").effective();
    assert!(default.contains("rules = [\n]\n") && default.contains("enabled = false"), "{default}");
    assert!(default.contains("cloudflare = \"https://api.cloudflare.com/client/v4/ips\"\n"), "{default}");
    effective(&posture("[firewall]\nrules = [\"\"\"limit ssh comment 'no \"guessing\" \\\\ here'\"\"\"]\n"));
    effective(&posture("[rollback]\nafter = \"1.25s\"\n[lists]\nrefresh = \"off\"\n"));
    let own = "[lists.office]\nurl = \"https://example.org/x\"\nany-change = true\n";
    assert!(effective(&posture(own)).contains(&format!("\n{own}\n[rollback]")));
}

#[test]
fn a_list_of_the_hosts_own_has_a_name_and_somebody_to_ask() {
    let text =
        "[firewall]\nrules = [\"allow from office\"]\n[lists.office]\nurl = \"https://example.org/x\"\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(POSTURE_FILE), text).unwrap();
    let posture = Posture::load(folder.path(), &vocabulary()).unwrap();
    assert_eq!(posture.policy().rules.len(), 1);
    assert_eq!(&ListSettings::of(text), posture.lists());
    assert_eq!(ListSettings::of("[lists\n"), ListSettings::default());
    let office = posture.lists().named("office").unwrap();
    assert_eq!(
        (office.source.url(), office.any_change, office.built_in),
        ("https://example.org/x", false, None)
    );

    let wrong = "[lists]\nOffice = { url = \"https://example.org/x\" }\noffice = {}\nhome = { url = 1, from = 2 }\n\
                 cloudflare = { url = \"https://example.org\" }\n";
    let errors = Posture::parse(PathBuf::from("p"), wrong, &vocabulary()).unwrap_err();
    let said: Vec<_> = errors.iter().map(|error| (error.line, error.message.as_str())).collect();
    let wanted = [
        (2, "a list is named with lower-case letters, digits and -, a letter first, 32 at the most"),
        (3, "nobody is known who could be asked for office"),
        (4, "whom to ask is a string"),
        (4, "from is not known"),
        (5, "whom to ask is a string"),
    ];
    assert_eq!(said, wanted);
}

#[test]
fn what_is_no_toml_is_told_at_its_place() {
    let errors =
        Posture::parse(PathBuf::from("p"), "[firewall]\nrules = [\"allow 22\"\nx = 1\n", &vocabulary())
            .unwrap_err();
    assert_eq!((errors.len(), errors[0].line), (1, 3), "{}", errors[0]);
}

#[test]
fn how_changes_are_taken_back_is_read_within_bounds() {
    assert_eq!(*posture("").rollback(), Rollback { after: Duration::from_secs(60), ssh: true });
    let written = posture("rollback = { after = \"2m 30s\", ssh = false }");
    assert_eq!(*written.rollback(), Rollback { after: Duration::from_secs(150), ssh: false });
    let wrong = "[rollback]\nafter = \"0s\"\nssh = \"no\"\nwhen = 3\n";
    let errors = Posture::parse(PathBuf::from("p"), wrong, &vocabulary()).unwrap_err();
    let told: Vec<_> = errors.iter().map(|error| (error.line, &*error.message)).collect();
    let bounds = "a change waits for one second at the least, and for one day at the most";
    assert_eq!(told, [(2, bounds), (3, "ssh is true or false"), (4, "when is not known")]);
    for wrong in ["25h", "soon", "-1s", "0.5"] {
        assert!(Rollback::length(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn without_a_file_the_firewall_is_off() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(*Posture::load(folder.path(), &vocabulary()).unwrap().policy(), Policy::default());
}

proptest! {
    /// Whatever comes and goes, the text says the same as the policy, and loses no comment on a line of its own.
    #[test]
    fn the_text_says_what_the_policy_says(
        acts in proptest::collection::vec((0..6u16, proptest::bool::ANY, 0..8usize), 1..30),
        start in prop_oneof![Just(WRITTEN), Just("[firewall]\nrules = []"), Just("firewall.rules = ['allow 1', 'allow 2' ]")],
    ) {
        let mut posture = posture(start);
        for (port, add, number) in acts {
            let length = list::lines(&posture.policy().rules).len();
            let place = if number == 0 || number > length { Place::Last } else { Place::Number(number) };
            let rule = if port < 3 { format!("allow {}", port + 1) } else { format!("deny from 10.0.0.{port}") };
            let fits = matches!(place, Place::Last) || port < 3;
            match add {
                true => change(&mut posture, &rule, if fits { place } else { Place::Last }),
                false => change(&mut posture, &format!("delete {rule}"), Place::Last),
            }
            let text = posture.text();
            let read = Posture::parse(PathBuf::new(), text, &vocabulary());
            let read = read.map_err(|errors| TestCaseError::fail(PostureError::Wrong(errors).to_string()))?;
            prop_assert_eq!(read.policy(), posture.policy(), "{}", text);
            effective(&posture);
            let comments = |text: &str| text.lines().filter(|line| line.trim_start().starts_with('#')).count();
            prop_assert_eq!(comments(text), comments(start), "{}", text);
        }
    }
}
