//! One file: sections, options, values over several lines, comments, as Python's `configparser` reads them with `;` as
//! the inline comment sign. Nothing is interpolated here.

use std::rc::Rc;

use memchr::{memchr_iter, memchr2};

use crate::diagnostic::Fault;
use crate::named::Named;
use crate::place::{Place, lines};
use crate::text::{Builder, Text, trimmed};

/// The section whose options stand in for missing ones in all others.
pub(crate) const DEFAULT: &str = "DEFAULT";

/// Options, in the order of their first appearance. Their names are in lower case, and know where the option begins.
pub(crate) type Section = Named<Text>;

/// Sections in the order of their first appearance; configurations share those that they do not change.
pub(crate) type Sections = Named<Rc<Section>>;

/// One file's sections.
#[derive(Debug, Default)]
pub(crate) struct Ini {
    pub(crate) sections: Sections,
    /// Where each section begins.
    pub(crate) headers: Named<Place>,
    pub(crate) faults: Vec<Fault>,
}

/// Reads a whole file; what makes no sense becomes a fault and is passed over.
pub(crate) fn parse(content: &Text) -> Ini {
    let mut parser = Parser { content, ini: Ini::default(), section: None, option: None, indent: 0 };
    for (start, line) in lines(content.as_str()) {
        parser.line(start, line);
    }
    parser.end_option();
    parser.ini
}

struct Parser<'a> {
    content: &'a Text,
    ini: Ini,
    /// Its number, and the condition under which its options hold.
    section: Option<(usize, Text)>,
    option: Option<Opened>,
    /// Deeper lines than this go on with the option.
    indent: usize,
}

/// The option whose value may go on.
struct Opened {
    name: Text,
    first: Text,
    /// The first line and those that went on with it, if any did.
    all: Option<Builder>,
    /// Empty lines since the last one, which count if another one follows.
    empty: usize,
}

impl Opened {
    fn go_on(&mut self, line: &Text) {
        let all = self.all.get_or_insert_with(|| Builder::from(&self.first));
        (0..=std::mem::take(&mut self.empty)).for_each(|_| all.push_str("\n"));
        all.push(line);
    }
}

impl Parser<'_> {
    fn line(&mut self, start: usize, line: &str) {
        let Some(code) = without_comment(line) else { return };
        let range = trimmed(code);
        if range.is_empty() {
            return self.empty_line(code.len() == line.len());
        }
        let text = self.content.slice(start + range.start..start + range.end);
        match &mut self.option {
            Some(option) if range.start > self.indent => option.go_on(&text),
            _ => {
                self.indent = range.start;
                self.end_option();
                self.header_or_option(&text);
            }
        }
    }

    /// Inside a value it stands for itself, unless a comment made the line empty.
    fn empty_line(&mut self, no_comment: bool) {
        if let (true, Some(option)) = (no_comment, &mut self.option) {
            option.empty += 1;
        }
    }

    fn header_or_option(&mut self, text: &Text) {
        let Some(place) = text.place() else { return };
        let code = text.as_str();
        if code.starts_with('[') {
            return match code.rfind(']').map(|end| text.slice(1..end).trimmed()) {
                Some(name) if !name.is_empty() => self.header(&name, place),
                _ => self.fault(place, "bad section line", "a section is written [name]"),
            };
        }
        let Some((section, condition)) = self.section.clone() else {
            return self.fault(place, "text before the first section", "begin with [DEFAULT] or [name]");
        };
        match memchr2(b'=', b':', code.as_bytes()) {
            Some(0) => self.fault(place, "a value without an option's name", "write name = value"),
            Some(at) => {
                let name = text.slice(0..code[..at].trim_end().len()).lower_case();
                let value = text.slice(at + 1..code.len()).trimmed();
                self.option(section, condition.as_str(), name, value);
            }
            None => self.fault(
                place,
                "neither a section nor an option",
                "write name = value; a line that goes on with a value is indented",
            ),
        }
    }

    fn header(&mut self, name: &Text, place: Place) {
        let header = self.ini.headers.or_insert_with(name.clone(), || place);
        if *self.ini.headers.at(header).1 != place && !name.is(DEFAULT) {
            let message = format!("section [{}] appears twice in this file", name.as_str());
            self.fault(place, message, "put its options together");
        }
        let end = conditional(name.as_str()).unwrap_or(name.len());
        let section = self.ini.sections.or_insert_with(name.slice(0..end), Rc::default);
        self.section = Some((section, name.slice(end..name.len())));
    }

    fn option(&mut self, section: usize, condition: &str, written: Text, first: Text) {
        let name = match condition {
            "" => written.clone(),
            condition => Text::written(format!("{}{condition}", written.as_str()), written.place()),
        };
        let (_, section) = self.ini.sections.at(section);
        if let (Some(at), Some(place)) = (section.find(name.as_str()), name.place())
            && let Some(before) = section.at(at).0.place()
        {
            let content = self.content.as_str();
            let before = &content[..content.ceil_char_boundary(before.offset as usize + 1)];
            let help = format!("it stands in line {} already; take one of them out", lines(before).count());
            self.fault(place, format!("option {} appears twice in this section", written.as_str()), help);
        }
        self.option = Some(Opened { name, first, all: None, empty: 0 });
    }

    fn end_option(&mut self) {
        if let (Some((section, _)), Some(option)) = (&self.section, self.option.take()) {
            let text = option.all.map_or(option.first, Builder::finish);
            Rc::make_mut(self.ini.sections.at_mut(*section)).insert(option.name, text);
        }
    }

    fn fault(&mut self, place: Place, message: impl Into<String>, help: impl Into<String>) {
        self.ini.faults.push(Fault::error(Some(place), message).help(help));
    }
}

/// `[Init?family=inet6]` holds options of `[Init]` that have `?family=inet6` in their names. Gives where that begins.
fn conditional(name: &str) -> Option<usize> {
    let at = name.find('?')?;
    let word = name[..at].chars().all(|c| c.is_alphanumeric() || c == '_');
    (word && at > 0 && name.len() > at + 1).then_some(at)
}

/// The line up to its comment; `None` for a line that is a comment as a whole.
fn without_comment(line: &str) -> Option<&str> {
    if line.starts_with(['#', ';']) || line.trim_start().starts_with(['#', ';']) {
        return None;
    }
    let comment = memchr_iter(b';', line.as_bytes())
        .find(|at| line[..*at].chars().next_back().is_some_and(char::is_whitespace));
    Some(comment.map_or(line, |at| &line[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(content: &str, section: &str, option: &str) -> Option<String> {
        let ini = parse(&Text::file(0, content.to_owned()));
        ini.sections.get(section)?.get(option).map(|text| text.as_str().to_owned())
    }

    #[test]
    fn values_go_on_while_they_are_indented() {
        let content = "[a]\nx = 1\n  2\n\n  # comment\n  3 ; comment\n\ny = 4\n";
        assert_eq!(value(content, "a", "x").as_deref(), Some("1\n2\n\n3"));
        assert_eq!(value(content, "a", "y").as_deref(), Some("4"));
    }

    #[test]
    fn a_semicolon_is_a_comment_only_after_white_space() {
        assert_eq!(value("[a]\nx = a;b ; c", "a", "x").as_deref(), Some("a;b"));
        assert_eq!(value("[a]\nx = a#b # c", "a", "x").as_deref(), Some("a#b # c"));
    }

    #[test]
    fn names_are_lower_case_and_end_at_the_first_sign() {
        assert_eq!(value("[a]\nMaxRetry : 3 = 4", "a", "maxretry").as_deref(), Some("3 = 4"));
    }

    #[test]
    fn an_indented_option_is_one_when_the_section_is_as_deep() {
        assert_eq!(value("  [a]\n  x = 1\n  y = 2", "a", "y").as_deref(), Some("2"));
    }

    #[test]
    fn every_bad_line_is_reported_and_the_rest_is_read() {
        let content = Text::file(0, "x = 1\n[a\n[a]\n= 3\nnothing\nx = 1\nx = 2\n[a]\ny = 1\n".to_owned());
        let ini = parse(&content);
        let faulty = ini.faults.iter().filter_map(|fault| fault.place);
        let faulty: Vec<_> =
            faulty.map(|place| lines(&content.as_str()[place.offset as usize..]).next()).collect();
        let lines = ["x = 1", "[a", "= 3", "nothing", "x = 2", "[a]"];
        assert_eq!(faulty.into_iter().flatten().map(|(_, line)| line).collect::<Vec<_>>(), lines);
        assert_eq!(ini.sections.get("a").unwrap().names().count(), 2);
    }

    #[test]
    fn a_name_beyond_ascii_may_stand_twice_too() {
        let ini = parse(&Text::file(0, "[a]\n\u{e9} = 1\n\u{e9} = 2\n".to_owned()));
        assert_eq!(ini.faults.len(), 1);
    }

    #[test]
    fn places_point_to_the_value() {
        let ini = parse(&Text::file(7, "[a]\nx =  one\n     two\n".to_owned()));
        let text = ini.sections.get("a").unwrap().get("x").unwrap();
        assert_eq!(text.place_at(0), Some(Place { file: 7, offset: 9 }));
        assert_eq!(text.place_at(5), Some(Place { file: 7, offset: 19 }));
    }

    #[test]
    fn a_condition_of_a_section_is_one_of_its_options() {
        let content = "[a]\nx = 1\n[a?family=inet6]\nx = 2\n";
        assert_eq!(value(content, "a", "x").as_deref(), Some("1"));
        assert_eq!(value(content, "a", "x?family=inet6").as_deref(), Some("2"));
    }
}
