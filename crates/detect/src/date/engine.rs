use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_automata::{Anchored, Input};

use super::DateError;
use super::directive::Directive;
use super::fields::Fields;
use super::run::Hit;
use super::source::{Begin, Kind, Source, directive_of};

/// A pattern that needs a whole regular expression engine.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    regex: Regex,
    /// The groups that are parts of the date, in the pattern's order.
    fields: Vec<(usize, Directive)>,
}

impl Engine {
    pub(super) fn new(source: &Source, offset: usize) -> Result<Self, DateError> {
        let regex =
            Regex::new(&expression(source)).map_err(|error| DateError { offset, message: reason(&error) })?;
        let names = regex.group_info().pattern_names(regex_automata::PatternID::ZERO);
        let fields = names
            .enumerate()
            .filter_map(|(index, name)| Some((index, Directive::of_group(name?)?)))
            .collect();
        Ok(Self { regex, fields })
    }

    pub(super) fn search(&self, text: &str, from: usize, fields: &mut Fields) -> Option<Hit> {
        let mut captures = self.regex.create_captures();
        let input = Input::new(text).range(from..).anchored(Anchored::No);
        self.regex.search_captures(&input, &mut captures);
        self.hit(text, &captures, fields)
    }

    fn hit(&self, text: &str, captures: &Captures, fields: &mut Fields) -> Option<Hit> {
        let all = captures.get_match()?;
        let date = captures.get_group(1).map_or((0, 0), |span| (span.start, span.end));
        *fields = Fields::NONE;
        for (group, directive) in &self.fields {
            if let Some(span) = captures.get_group(*group) {
                directive.read(text[span].as_bytes(), fields);
            }
        }
        Some(Hit { start: all.start(), end: all.end(), date, ascii: false })
    }
}

fn reason(error: &regex_automata::meta::BuildError) -> String {
    match error.syntax_error() {
        Some(error) => format!("not a regular expression: {error}"),
        None => format!("not a regular expression: {error}"),
    }
}

/// The pattern as a regular expression.
pub(super) fn expression(source: &Source) -> String {
    let mut text = String::new();
    if source.flags.ignore_case {
        text.push_str("(?i)");
    }
    text.push_str(match (source.begin, source.kind) {
        (_, Kind::BuiltinEpoch) => r"(?:^|(?<=^\[)|(?<=\baudit\())",
        (Begin::Anywhere, _) => "",
        (Begin::Word, _) => r"(?=^|\b|\W)",
        (Begin::Line, _) => r"^(?:\W{0,2})?",
    });
    for char in source.body.chars() {
        match directive_of(char) {
            Some(directive) => text.push_str(&directive.expression()),
            None => text.push(char),
        }
    }
    if source.end_word {
        text.push_str(r"(?=\b|\W|$)");
    }
    text
}
