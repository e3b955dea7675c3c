//! `<name>`: the value of another option of a filter or action, replaced after interpolation. A name can be put
//! together from tags itself: `<mdre-<mode>>`. A name that stands for nothing stays: `<HOST>`, `<F-USER>`.

use memchr::{memchr, memchr3};

use crate::diagnostic::Fault;
use crate::interpolate::MAX_SIZE;
use crate::place::Place;
use crate::text::{Builder, Text};

/// So often one name may stand in what it stands for itself, put together anew each time.
const MAX_SAME: usize = 25;
/// So many tags are replaced in one value.
const MAX_ALL: usize = 5_000;

/// Gives the value that a tag stands for.
pub(crate) type Lookup<'a> = &'a mut dyn FnMut(&Text) -> Result<Option<Text>, Fault>;

/// Replaces the tags in the value of option `name`.
pub(crate) fn substitute(name: &str, value: &Text, lookup: Lookup<'_>) -> Result<Text, Fault> {
    if memchr(b'<', value.as_str().as_bytes()).is_none() {
        return Ok(value.clone());
    }
    let mut work = Work { out: Builder::for_value(value), open: Vec::new() };
    let mut sources = vec![Source { tag: Text::default(), text: value.clone(), copied: 0, read: 0 }];
    let mut replaced = 0;
    while let Some(source) = sources.last_mut() {
        let Some(start) = work.tag(source) else {
            sources.pop();
            continue;
        };
        let (tag, place) = work.named(source, start);
        if tag.is(name) {
            return Err(endless(&tag).or_at(place));
        }
        let Some(text) = lookup(&tag).map_err(|fault| fault.or_at(place))? else {
            // It stays, and what holds it is no name.
            work.open.clear();
            continue;
        };
        replaced += 1;
        work.take_out(source, start);
        if work.out.as_str().len() + text.len() > MAX_SIZE {
            return Err(Fault::error(place, "the value grows beyond 1 MiB"));
        }
        if replaced > MAX_ALL || sources.iter().filter(|source| source.tag == tag).count() >= MAX_SAME {
            return Err(endless(&tag).or_at(place));
        }
        sources.push(Source { tag, text, copied: 0, read: 0 });
    }
    Ok(if replaced == 0 { value.clone() } else { work.out.finish() })
}

/// A value that is being read: the one whose tags are replaced, or that of a tag in its place.
struct Source {
    tag: Text,
    text: Text,
    /// What comes before went out, or gave way.
    copied: usize,
    read: usize,
}

struct Work {
    out: Builder,
    /// Where tags begin that may still end, in what went out and will go out next; the innermost is the last.
    open: Vec<usize>,
}

impl Work {
    /// Reads up to the end of the next tag; gives where the tag begins. At the source's end, all of it has gone out.
    fn tag(&mut self, source: &mut Source) -> Option<usize> {
        let bytes = source.text.as_str().as_bytes();
        loop {
            let rest = &bytes[source.read..];
            let sign = match self.open.is_empty() {
                true => memchr(b'<', rest),
                false => memchr3(b'<', b'>', b' ', rest),
            };
            let Some(sign) = sign.map(|sign| source.read + sign) else {
                self.copy(source, bytes.len());
                return None;
            };
            source.read = sign + 1;
            match bytes[sign] {
                b'<' => self.open.push(self.out.as_str().len() + sign - source.copied),
                b'>' => return self.open.pop(),
                _ => self.open.clear(),
            }
        }
    }

    fn copy(&mut self, source: &mut Source, to: usize) {
        self.out.push_slice(&source.text, source.copied..to);
        source.copied = to;
    }

    /// The name in the tag that was just read, and where the tag was written.
    fn named(&mut self, source: &mut Source, start: usize) -> (Text, Option<Place>) {
        let end = source.read - 1;
        let gone = self.out.as_str().len();
        if start < gone {
            // It began in another source.
            self.copy(source, end);
            return (Text::plain(&self.out.as_str()[start + 1..]), self.out.place_at(start));
        }
        let start = source.copied + start - gone;
        (source.text.slice(start + 1..end), source.text.place_at(start))
    }

    /// The tag that was just read gives way.
    fn take_out(&mut self, source: &mut Source, start: usize) {
        match start.checked_sub(self.out.as_str().len()) {
            Some(more) => self.copy(source, source.copied + more),
            None => self.out.truncate(start),
        }
        source.copied = source.read;
    }
}

fn endless(tag: &Text) -> Fault {
    Fault::error(None, format!("<{}> refers to itself", tag.as_str()))
        .help("take it out, or give the value it should have")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, options: &[(&str, &str)]) -> Result<String, String> {
        let find =
            |name: &str| options.iter().find(|(have, _)| *have == name).map(|(_, value)| Text::plain(*value));
        let value = find(name).unwrap();
        substitute(name, &value, &mut |tag| Ok(find(tag.as_str())))
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
