//! Any line as a firewall rule: a mistake has its place in the line, and a rule's canonical words give it again. Any
//! text as `palisade.toml`: written back, it says the same.
#![no_main]

use std::sync::LazyLock;

use config::Posture;
use firewall::rules::{Profiles, Rule, Services, Vocabulary};
use libfuzzer_sys::fuzz_target;

const SERVICES: &str = "ssh 22/tcp\ndomain 53/tcp\ndomain 53/udp\ntftp 69/udp\nrtmp 1/ddp\n";
const PROFILES: &str = "[Web]\ntitle=t\ndescription=d\nports=80,443/tcp|8080\n";

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let services = Services::parse(SERVICES);
    let profiles = Profiles::parse([("web", PROFILES)], &services);
    Vocabulary { profiles, services, lists: ["cloudflare".to_owned()].into() }
});

fuzz_target!(|input: &str| {
    let (line, profiles) = input.split_once('\n').unwrap_or((input, ""));
    let _ = Profiles::parse([("any", profiles)], &VOCABULARY.services);
    if let Ok(posture) = Posture::parse("palisade.toml".into(), input, &VOCABULARY) {
        let text = posture.text();
        let again = Posture::parse("palisade.toml".into(), text, &VOCABULARY).expect("it was read once");
        assert_eq!((again.policy(), again.text()), (posture.policy(), text));
        let effective = posture.effective();
        let again =
            Posture::parse("palisade.toml".into(), &effective, &VOCABULARY).expect("all of it is known");
        assert_eq!(
            (again.policy(), again.lists(), again.effective()),
            (posture.policy(), posture.lists(), effective)
        );
    }
    match Rule::read(line, &VOCABULARY) {
        Err((_, place)) => assert!(line.get(place).is_some()),
        Ok(rule) => {
            assert!(!rule.traffic().is_empty());
            let canonical = rule.to_string();
            assert_eq!(Rule::read(&canonical, &VOCABULARY).as_ref(), Ok(&rule), "{canonical}");
        }
    }
});
