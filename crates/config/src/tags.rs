//! `<name>`: the value of another option of a filter or action, replaced after interpolation. A name can be put
//! together from tags itself: `<mdre-<mode>>`. A name that stands for nothing stays: `<HOST>`, `<F-USER>`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use crate::diagnostic::Fault;
use crate::interpolate::MAX_SIZE;
use crate::text::Text;

/// One name is replaced so often in one value, each time wherever it stands.
const MAX_SAME: usize = 25;
/// So many names are replaced in one value.
const MAX_ALL: usize = 2_000;

/// Gives the value that a tag stands for.
pub(crate) type Lookup<'a> = &'a mut dyn FnMut(&str) -> Result<Option<Rc<Text>>, Fault>;

/// Replaces the tags in the value of option `name`.
pub(crate) fn substitute(name: &str, value: &Text, lookup: Lookup<'_>) -> Result<Text, Fault> {
    let mut value = value.clone();
    let mut counts = BTreeMap::<String, usize>::new();
    let mut replaced = 0;
    // A tag that is made by a replacement can begin before it, so go over the value until nothing changes.
    loop {
        let before = replaced;
        let mut from = 0;
        while let Some(tag) = find_tag(value.as_str(), from) {
            let tag_name = value.as_str()[tag.start + 1..tag.end - 1].to_owned();
            let place = value.place_at(tag.start);
            if tag_name == name {
                return Err(endless(&tag_name).or_at(place));
            }
            let Some(with) = lookup(&tag_name).map_err(|fault| fault.or_at(place))? else {
                from = tag.end;
                continue;
            };
            let count = counts.entry(tag_name.clone()).or_default();
            *count += 1;
            replaced += 1;
            if *count > MAX_SAME || replaced > MAX_ALL {
                return Err(endless(&tag_name).or_at(place));
            }
            value = value.replace(&format!("<{tag_name}>"), &with);
            if value.as_str().len() > MAX_SIZE {
                return Err(Fault::error(place, "the value grows beyond 1 MiB"));
            }
            from = tag.start;
        }
        if replaced == before {
            return Ok(value);
        }
    }
}

fn endless(tag: &str) -> Fault {
    Fault::error(None, format!("<{tag}> refers to itself"))
        .help("take it out, or give the value it should have")
}

/// The first `<name>` from `from` on, without another `<` or a space in it.
fn find_tag(string: &str, from: usize) -> Option<Range<usize>> {
    let mut start = None;
    let bytes = string.as_bytes();
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match (byte, start) {
            (b'<', _) => start = Some(at),
            (b' ', _) => start = None,
            (b'>', Some(open)) if at > open + 1 => return Some(open..at + 1),
            (b'>', Some(_)) => start = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, options: &[(&str, &str)]) -> Result<String, String> {
        let find =
            |name: &str| options.iter().find(|(have, _)| *have == name).map(|(_, value)| Text::plain(*value));
        let value = find(name).unwrap();
        substitute(name, &value, &mut |tag| Ok(find(tag).map(Rc::new)))
            .map(|text| text.as_str().to_owned())
            .map_err(|fault| fault.message)
    }

    #[test]
    fn names_are_put_together_from_tags() {
        let options = [("re", "a <mdre-<mode>> <HOST>"), ("mode", "ddos"), ("mdre-ddos", "<x>b"), ("x", "y")];
        assert_eq!(run("re", &options).as_deref(), Ok("a yb <HOST>"));
    }

    #[test]
    fn a_name_may_be_spread_over_replacements() {
        assert_eq!(run("a", &[("a", "<<b><c>>"), ("b", "x"), ("c", "y"), ("xy", "z")]).as_deref(), Ok("z"));
    }

    #[test]
    fn loops_are_errors() {
        assert!(run("a", &[("a", "<a>")]).is_err());
        assert!(run("a", &[("a", "<b>"), ("b", "<c>"), ("c", "<b>")]).is_err());
    }

    #[test]
    fn growth_is_bounded() {
        let options: Vec<(String, String)> =
            (0..40).map(|i| (format!("a{i}"), format!("<a{0}>xx<a{0}>", i + 1))).collect();
        let options: Vec<_> = options.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert!(run("a0", &options).is_err());
    }

    #[test]
    fn what_is_no_tag_stays() {
        assert_eq!(
            run("a", &[("a", "<> < b> <b c> (?P<n>x)"), ("b", "x")]).as_deref(),
            Ok("<> < b> <b c> (?P<n>x)")
        );
    }
}
