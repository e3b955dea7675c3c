//! One file: sections, options, values over several lines, comments, as Python's `configparser` reads them with `;` as
//! the inline comment sign. Nothing is interpolated here.

use std::collections::BTreeMap;
use std::rc::Rc;

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use crate::diagnostic::Fault;
use crate::place::{Place, lines};
use crate::text::{Text, trimmed};

/// The section whose options stand in for missing ones in all others.
pub(crate) const DEFAULT: &str = "DEFAULT";

/// An option as written.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Place,
    pub(crate) text: Rc<Text>,
}

/// Options by their names in lower case, in the order of their first appearance.
pub(crate) type Section = IndexMap<Rc<str>, Entry, RandomState>;

/// One file's sections in the order of their first appearance.
#[derive(Debug, Default)]
pub(crate) struct Ini {
    pub(crate) sections: Vec<(Rc<str>, Section)>,
    /// Where each section begins.
    pub(crate) headers: BTreeMap<Rc<str>, Place>,
    pub(crate) faults: Vec<Fault>,
}

impl Ini {
    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|(have, _)| &**have == name).map(|(_, section)| section)
    }
}

/// Reads a whole file; what makes no sense becomes a fault and is passed over.
pub(crate) fn parse(file: u32, content: &str) -> Ini {
    let mut parser = Parser { file, ini: Ini::default(), section: None, option: None, indent: 0 };
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    for (number, line) in lines(content).enumerate() {
        parser.line(number as u32, line);
    }
    parser.end_option();
    parser.ini
}

struct Parser {
    file: u32,
    ini: Ini,
    section: Option<usize>,
    /// The option whose value may go on: its name, where that stands, the value so far.
    option: Option<(Rc<str>, Place, Text)>,
    /// Deeper lines than this go on with the option.
    indent: usize,
}

impl Parser {
    fn line(&mut self, number: u32, line: &str) {
        let Some(code) = without_comment(line) else { return };
        let range = trimmed(code);
        if range.is_empty() {
            return self.empty_line(code.len() == line.len());
        }
        let place = self.place(number, range.start);
        let code = &code[range.clone()];
        match &mut self.option {
            Some((_, _, value)) if range.start > self.indent => {
                value.push_char('\n');
                value.push(code, Some(place));
            }
            _ => {
                self.indent = range.start;
                self.end_option();
                self.header_or_option(code, place);
            }
        }
    }

    /// Inside a value it stands for itself, unless a comment made the line empty.
    fn empty_line(&mut self, no_comment: bool) {
        if let (true, Some((_, _, value))) = (no_comment, &mut self.option) {
            value.push_char('\n');
        }
    }

    fn header_or_option(&mut self, code: &str, place: Place) {
        if let Some(header) = code.strip_prefix('[') {
            return match header.rfind(']') {
                Some(end) if !header[..end].trim().is_empty() => self.header(header[..end].trim(), place),
                _ => self.fault(place, "bad section line", "a section is written [name]"),
            };
        }
        let Some(section) = self.section else {
            return self.fault(place, "text before the first section", "begin with [DEFAULT] or [name]");
        };
        match code.find(['=', ':']) {
            Some(0) => self.fault(place, "a value without an option's name", "write name = value"),
            Some(at) => self.option(section, code, at, place),
            None => self.fault(
                place,
                "neither a section nor an option",
                "write name = value; a line that goes on with a value is indented",
            ),
        }
    }

    fn header(&mut self, name: &str, place: Place) {
        let known = self.ini.sections.iter().position(|(have, _)| &**have == name);
        if known.is_some() && name != DEFAULT {
            self.fault(
                place,
                format!("section [{name}] appears twice in this file"),
                "put its options together",
            );
        }
        self.section = known.or_else(|| {
            let name: Rc<str> = name.into();
            self.ini.headers.insert(name.clone(), place);
            self.ini.sections.push((name, Section::default()));
            Some(self.ini.sections.len() - 1)
        });
    }

    fn option(&mut self, section: usize, code: &str, at: usize, place: Place) {
        let name: Rc<str> = code[..at].trim_end().to_lowercase().into();
        let value = trimmed(&code[at + 1..]);
        let value_place = Place { column: place.column + (at + 1 + value.start) as u32, ..place };
        let value = Text::new(&code[at + 1..][value], value_place);
        if let Some(first) = self.ini.sections[section].1.get(&name) {
            let help = format!("it stands in line {} already; take one of them out", first.key.line + 1);
            self.fault(place, format!("option {name} appears twice in this section"), help);
        }
        self.option = Some((name, place, value));
    }

    fn end_option(&mut self) {
        if let (Some(section), Some((name, key, mut value))) = (self.section, self.option.take()) {
            value.truncate(value.as_str().trim_end().len());
            self.ini.sections[section].1.insert(name, Entry { key, text: Rc::new(value) });
        }
    }

    const fn place(&self, line: u32, column: usize) -> Place {
        Place { file: self.file, line, column: column as u32 }
    }

    fn fault(&mut self, place: Place, message: impl Into<String>, help: impl Into<String>) {
        self.ini.faults.push(Fault::error(Some(place), message).help(help));
    }
}

/// The line up to its comment; `None` for a line that is a comment as a whole.
fn without_comment(line: &str) -> Option<&str> {
    if line.trim_start().starts_with(['#', ';']) {
        return None;
    }
    let comment = line
        .match_indices(';')
        .find(|(at, _)| line[..*at].chars().next_back().is_some_and(char::is_whitespace));
    Some(comment.map_or(line, |(at, _)| &line[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(content: &str, section: &str, option: &str) -> Option<String> {
        let ini = parse(0, content);
        ini.section(section)?.get(option).map(|entry| entry.text.as_str().to_owned())
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
        let ini = parse(0, "x = 1\n[a\n[a]\n= 3\nnothing\nx = 1\nx = 2\n[a]\ny = 1\n");
        let lines: Vec<_> =
            ini.faults.iter().filter_map(|fault| fault.place).map(|place| place.line).collect();
        assert_eq!(lines, [0, 1, 3, 4, 6, 7]);
        assert_eq!(ini.section("a").map(Section::len), Some(2));
    }

    #[test]
    fn places_point_to_the_value() {
        let ini = parse(7, "[a]\nx =  one\n     two\n");
        let text = &ini.section("a").unwrap()["x"].text;
        assert_eq!(text.place_at(0), Some(Place { file: 7, line: 1, column: 5 }));
        assert_eq!(text.place_at(5), Some(Place { file: 7, line: 2, column: 6 }));
    }
}
