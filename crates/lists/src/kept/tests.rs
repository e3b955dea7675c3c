use super::*;
use crate::{BUILT_IN, Source};

const NOW: i64 = 1_800_000_000;

fn load(state: &Path) -> Keeping {
    Keeping::load(state, Named { source: source(), ..Named::built_in().remove(0) })
}

fn source() -> Source {
    Source::parse("https://mirror.example/ips").unwrap()
}

/// The built-in list and one network more.
fn answer() -> Vec<u8> {
    let (v4, v6): (Vec<IpNet>, Vec<IpNet>) =
        BUILT_IN[0].networks().into_iter().partition(|net| net.addr().is_ipv4());
    let v4 = [v4, vec!["185.7.0.0/16".parse().unwrap()]].concat();
    let result = serde_json::json!({ "ipv4_cidrs": v4, "ipv6_cidrs": v6 });
    serde_json::json!({ "success": true, "result": result }).to_string().into_bytes()
}

#[test]
fn a_believed_list_is_there_again_after_a_restart() {
    let state = tempfile::tempdir().unwrap();
    let mut keeping = load(state.path());
    assert_eq!(keeping.list.origin, Origin::BuiltIn);
    let change = keeping.take(Ok(answer()), &Terms::default(), NOW).unwrap();
    assert_eq!((change.came, change.gone), (vec!["185.7.0.0/16".parse().unwrap()], vec![]));
    let again = load(state.path());
    assert_eq!((&again.list, &again.failure, &again.damage), (&keeping.list, &None, &None));
    assert_eq!(again.list.networks.len(), 23);
    assert_eq!(again.list.origin, Origin::Fetched { source: source().to_string(), at: NOW });
    let change = keeping.take(Ok(answer()), &Terms::default(), NOW + 1).unwrap();
    assert!(change.is_nothing());
}

#[test]
fn a_failure_leaves_the_list_and_is_remembered_until_an_attempt_succeeds() {
    let state = tempfile::tempdir().unwrap();
    let mut keeping = load(state.path());
    keeping.take(Ok(answer()), &Terms::default(), NOW).unwrap();
    let list = keeping.list.clone();
    for (fetched, why) in [
        (Err("no route to host".to_owned()), "no route to host"),
        (Ok(b"<html>".to_vec()), "the answer is not believed: it is not a list in JSON (line 1, column 1)"),
    ] {
        assert_eq!(keeping.take(fetched, &Terms::default(), NOW + 5), Err(why.to_owned()));
        let again = load(state.path());
        assert_eq!(again.list, list);
        assert_eq!(again.failure, Some(Failure { at: NOW + 5, why: why.to_owned() }));
    }
    keeping.take(Ok(answer()), &Terms::default(), NOW + 9).unwrap();
    assert_eq!(load(state.path()).failure, None);
}

#[test]
fn what_cannot_be_kept_is_not_taken() {
    let state = tempfile::tempdir().unwrap();
    fs::write(state.path().join("lists"), "in the way").unwrap();
    let mut keeping = load(state.path());
    let why = keeping.take(Ok(answer()), &Terms::default(), NOW).unwrap_err();
    assert!(why.starts_with("it cannot be kept: "), "{why}");
    assert_eq!(keeping.list.origin, Origin::BuiltIn);
}

#[test]
fn a_list_of_the_hosts_own_begins_empty_and_changes_by_a_third_or_a_few() {
    let state = tempfile::tempdir().unwrap();
    let load = |any_change| Keeping::load(state.path(), Named::own("office".into(), source(), any_change));
    let answer = |numbers: std::ops::Range<u8>| {
        Ok(numbers.map(|number| format!("10.0.0.{number}\n")).collect::<String>().into_bytes())
    };
    let mut keeping = load(false);
    assert_eq!((keeping.list.networks.len(), &keeping.list.origin), (0, &Origin::Nowhere));
    // That this host is on it is no fault.
    let terms = Terms { own: &["10.0.0.1".parse().unwrap()], ..Terms::default() };
    keeping.take(answer(1..5), &terms, NOW).unwrap();
    keeping.take(answer(4..8), &terms, NOW).unwrap();
    let why = keeping.take(answer(100..104), &terms, NOW).unwrap_err();
    assert!(why.ends_with("4 of 4 IPv4 networks gone and 4 new, where 3 of each are believed"), "{why}");
    assert!(keeping.take(Ok(Vec::new()), &terms, NOW).unwrap_err().ends_with("it is empty"));
    assert_eq!(load(false).list, keeping.list);
    let objection = |networks: &[IpNet]| Some(format!("{} are too many", networks.len()));
    let why = keeping.take(answer(4..9), &Terms { objection: &objection, ..terms }, NOW).unwrap_err();
    assert!(why.ends_with("believed: 5 are too many"), "{why}");
    load(true).take(answer(100..104), &terms, NOW).unwrap();
    assert_eq!(load(false).list.networks[0], "10.0.0.100/32".parse().unwrap());
    fs::write(state.path().join("lists/office.json"), "{").unwrap();
    let damage = load(false).damage.unwrap().to_string();
    assert!(damage.ends_with("office.json: it is damaged; an empty list stands in for it"), "{damage}");
}

#[test]
fn what_is_built_in_is_newer_than_an_old_answer() {
    let state = tempfile::tempdir().unwrap();
    load(state.path()).take(Ok(answer()), &Terms::default(), BUILT_IN[0].as_of - 1).unwrap();
    assert_eq!(load(state.path()).list.origin, Origin::BuiltIn);
}

#[test]
fn whatever_byte_of_the_file_is_another_no_other_list_comes_of_it() {
    let state = tempfile::tempdir().unwrap();
    load(state.path()).take(Ok(answer()), &Terms::default(), NOW).unwrap();
    let good = load(state.path()).list;
    let path = state.path().join("lists/cloudflare.json");
    let text = fs::read(&path).unwrap();
    for at in 0..text.len() {
        let mut bytes = text.clone();
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        let Keeping { list, damage, .. } = load(state.path());
        assert!(list == good || (list.origin == Origin::BuiltIn && damage.is_some()), "byte {at}");
        fs::write(&path, &text[..at]).unwrap();
        let Keeping { list, damage, .. } = load(state.path());
        assert!(list == good || (list.origin == Origin::BuiltIn && damage.is_some()), "cut at {at}");
    }
    fs::write(&path, vec![b' '; 1 << 20]).unwrap();
    let damage = load(state.path()).damage.unwrap().to_string();
    assert!(
        damage.ends_with("cloudflare.json: it is longer than any list; the built-in list stands in for it")
    );
}
