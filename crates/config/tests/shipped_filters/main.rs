//! Every shipped filter against the lines beside it.
#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod fail2ban;
mod hostile;
#[path = "../../../detect/tests/interpreter/mod.rs"]
mod interpreter;
mod samples;

use std::collections::BTreeMap;
use std::sync::Arc;

use config::Tree;
use detect::filter::{FieldValue, Filter, FilterSet, Host, Line};
use detect::{FilterSpec, Time, Zone};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use fail2ban::Fail2Ban;
use samples::{Group, Kind, Sample, Samples};

/// Later than every sample by a week.
const NOW: Time = Time::from_secs(1_796_169_600);
const A_DAY: i64 = 24 * 60 * 60;

/// What a line was found to be.
struct Found {
    host: String,
    time: Time,
    fields: Vec<(String, String)>,
}

fn spec(filter: &str, group: &Group) -> FilterSpec {
    let options: Vec<String> = group.options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let text =
        if options.is_empty() { filter.to_owned() } else { format!("{filter}[{}]", options.join(",")) };
    match config::filter(&Tree::Shipped, &text, group.journal) {
        Ok(loaded) if loaded.diagnostics.is_empty() => loaded.filter.spec,
        Ok(loaded) => panic!("{text}: {:#?}", loaded.diagnostics),
        Err(diagnostics) => panic!("{text}: {diagnostics:#?}"),
    }
}

fn compiled(spec: &FilterSpec) -> Arc<Filter> {
    let filter = Filter::compile(spec, &Zone::parse(Some("UTC")).unwrap());
    Arc::new(filter.unwrap_or_else(|errors| panic!("{}: {errors:#?}", spec.name)))
}

fn reader(spec: &FilterSpec) -> FilterSet {
    FilterSet::new(vec![compiled(spec)])
}

fn read(reader: &mut FilterSet, group: &Group, line: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let line = Line { text: line.as_bytes(), time: group.journal.then_some(NOW), ascii: false };
    reader.read(line, NOW, &mut |_, failure| {
        let host = match failure.host {
            Host::Address(address) => address.to_string(),
            Host::Net(net) => net.to_string(),
            Host::Name(name) => name.to_owned(),
        };
        let text = |(name, value): (&str, &FieldValue)| match value {
            FieldValue::Text(value) => Some((name.to_owned(), value.clone())),
            _ => None,
        };
        let fields = failure.fields().iter().filter_map(text).collect();
        found.push(Found { host, time: failure.time, fields });
    });
    found
}

/// What is wrong with what was found in a sample.
fn complaint(sample: &Sample, journal: bool, found: &[Found]) -> Option<String> {
    let hosts: Vec<&str> = found.iter().map(|found| found.host.as_str()).collect();
    let wanted: Vec<&str> = sample.host.as_deref().into_iter().collect();
    if hosts != wanted {
        return Some(format!("accuses {hosts:?}, not {wanted:?}"));
    }
    let found = found.first()?;
    if !journal && found.time.as_secs() > NOW.as_secs() - A_DAY {
        return Some("its date was not read".to_owned());
    }
    let missing = sample.fields.iter().find(|field| !found.fields.contains(field))?;
    Some(format!("has no field {missing:?} but {:?}", found.fields))
}

#[test]
fn every_sample_is_what_it_says() {
    let mut complaints = Vec::new();
    for samples in Samples::all() {
        for group in &samples.groups {
            let mut reader = reader(&spec(&samples.filter, group));
            for sample in &group.lines {
                let found = read(&mut reader, group, &sample.line());
                if let Some(complaint) = complaint(sample, group.journal, &found) {
                    let at = format!("{}.samples:{}", samples.filter, sample.number);
                    complaints.push(format!("{at}: {complaint}\n    {}", sample.line()));
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Our filters stay in Fail2Ban's grammar: it reads them, and the samples, as we do.
#[test]
fn fail2ban_accuses_the_same() {
    let Some(mut fail2ban) = Fail2Ban::start() else { return };
    for samples in Samples::all() {
        for group in &samples.groups {
            let accused = fail2ban.accused(&samples.filter, group);
            for (sample, accused) in group.lines.iter().zip(accused) {
                let wanted: Vec<&str> = sample.host.as_deref().into_iter().collect();
                assert_eq!(accused, wanted, "{}.samples:{}", samples.filter, sample.number);
            }
        }
    }
}

#[test]
fn every_filter_has_samples_of_every_kind() {
    let all = Samples::all();
    let mut without: Vec<String> = config::filter_names(&Tree::Shipped);
    without.retain(|name| {
        let Some(samples) = all.iter().find(|samples| samples.filter == *name) else { return true };
        let has =
            |kind| samples.groups.iter().flat_map(|group| &group.lines).any(|sample| sample.kind == kind);
        ![Kind::Failure, Kind::Other, Kind::Forgery, Kind::Hostile].into_iter().all(has)
    });
    assert_eq!(without, Vec::<String>::new());
}

/// A filter that has one pattern alone and reports each of its matches, also those that only prepare a failure.
fn only(spec: &FilterSpec, pattern: &str) -> FilterSpec {
    let plain = |text: &str| {
        ["NOFAIL", "MLFFORGET", "MLFGAINED"].iter().fold(text.to_owned(), |text, tag| {
            text.replace(&format!("<F-{tag}>"), "(?:").replace(&format!("</F-{tag}>"), ")")
        })
    };
    let prefix = spec.prefregex.as_ref().map(|prefix| prefix.replace("F-MLFID>", "F-ID>"));
    FilterSpec { prefregex: prefix, failregex: vec![plain(pattern)], ignoreregex: Vec::new(), ..spec.clone() }
}

#[test]
fn every_failregex_matches_a_sample() {
    for samples in Samples::all() {
        let mut hits: BTreeMap<String, bool> = BTreeMap::new();
        for group in &samples.groups {
            let spec = spec(&samples.filter, group);
            for pattern in &spec.failregex {
                let hit = hits.entry(pattern.clone()).or_default();
                if !*hit {
                    let mut reader = reader(&only(&spec, pattern));
                    *hit = group.lines.iter().any(|line| !read(&mut reader, group, &line.line()).is_empty());
                }
            }
        }
        let unused: Vec<&String> =
            hits.iter().filter(|(_, hit)| !**hit).map(|(pattern, _)| pattern).collect();
        assert!(unused.is_empty(), "{}: no sample for {unused:#?}", samples.filter);
    }
}

#[test]
fn no_text_of_a_client_accuses_another_address() {
    for samples in Samples::all() {
        for group in &samples.groups {
            let filter = compiled(&spec(&samples.filter, group));
            for sample in group.lines.iter().filter(|sample| sample.kind == Kind::Hostile) {
                let texts = prop::collection::vec(hostile::text(), 1..5);
                // A runner counts its cases over all its runs.
                let mut runner = TestRunner::new(ProptestConfig { cases: 96, ..ProptestConfig::default() });
                let outcome = runner.run(&texts, |texts| {
                    let texts: Vec<String> = texts
                        .iter()
                        .map(|text| hostile::as_written(&samples.filter, &sample.marked, text))
                        .collect();
                    let line = sample.spliced(&texts);
                    let found = read(&mut FilterSet::new(vec![filter.clone()]), group, &line);
                    let accused: Vec<&str> = found.iter().map(|found| found.host.as_str()).collect();
                    prop_assert!(
                        accused.iter().all(|host| *host == "192.0.2.12"),
                        "{} accuses {accused:?} for {line}",
                        samples.filter
                    );
                    Ok(())
                });
                if let Err(error) = outcome {
                    panic!("{}.samples:{}: {error}", samples.filter, sample.number);
                }
            }
        }
    }
}

/// Without this the forgeries above would prove little.
#[test]
fn the_hostile_text_names_the_victim() {
    let mut runner = TestRunner::deterministic();
    let named = (0..100)
        .filter(|_| {
            let tree = hostile::text().new_tree(&mut runner).unwrap();
            proptest::strategy::ValueTree::current(&tree).contains(hostile::VICTIM)
        })
        .count();
    assert!(named > 30, "{named}");
}

#[test]
fn sample_addresses_are_from_documentation_ranges() {
    for samples in Samples::all() {
        for sample in samples.groups.iter().flat_map(|group| &group.lines) {
            let host = sample.host.as_deref().unwrap_or("192.0.2.1");
            let documented = ["192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"];
            assert!(documented.iter().any(|range| host.starts_with(range)), "{}: {host}", samples.filter);
        }
    }
}
