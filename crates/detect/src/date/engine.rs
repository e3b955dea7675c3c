use super::DateError;
use super::directive::Directive;
use super::fields::Fields;
use super::run::Hit;
use super::source::{Begin, Kind, Source, directive_of};
use crate::pattern::{Flags, Groups, Pattern};

/// A pattern that needs a whole regular expression engine.
#[derive(Debug)]
pub(super) struct Engine {
    pattern: Pattern,
    /// The groups that are parts of the date, in the pattern's order.
    fields: Vec<(usize, Directive)>,
}

impl Engine {
    /// `offset` is where the pattern stands in the whole datepattern.
    pub(super) fn new(source: &Source, offset: usize) -> Result<Self, DateError> {
        let compiled = Pattern::compile(&expression(source), Flags::default());
        // The place in the expression is no place in what a person wrote.
        let pattern = compiled.map_err(|error| DateError { offset, message: error.message })?;
        let names = pattern.group_names().iter();
        let fields = names.filter_map(|(name, index)| Some((*index, Directive::of_group(name)?))).collect();
        Ok(Self { pattern, fields })
    }

    /// The first match from `from`. Nothing, too, when looking for it takes too long.
    pub(super) fn search(
        &self,
        text: &str,
        from: usize,
        groups: &mut Groups,
        fields: &mut Fields,
    ) -> Option<Hit> {
        if !self.pattern.search(text, from, groups).unwrap_or(false) {
            return None;
        }
        let all = groups.span(0)?;
        let date = groups.span(1).map_or((0, 0), |span| (span.start, span.end));
        *fields = Fields::NONE;
        for (group, directive) in &self.fields {
            if let Some(part) = groups.text(text, *group) {
                directive.read(part.as_bytes(), fields);
            }
        }
        Some(Hit { start: all.start, end: all.end, date, ascii: false })
    }
}

/// The pattern as a regular expression.
fn expression(source: &Source) -> String {
    let mut text = String::new();
    let ignore_case = if source.flags.ignore_case { "i" } else { "" };
    let flags = format!("{ignore_case}{}", source.flags.others);
    if !flags.is_empty() {
        text = format!("(?{flags})");
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

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::date::builtin::PATTERNS;
    use crate::date::parse::parse;
    use crate::date::program::Program;
    use crate::date::run::Stack;

    static BOTH: LazyLock<Vec<(Source, Program, Engine)>> = LazyLock::new(|| {
        let both = |source: Source| {
            let node = parse(&source.body, &source.flags).unwrap();
            let program = Program::new(&source, &node).unwrap();
            let engine = Engine::new(&source, 0).unwrap();
            (source, program, engine)
        };
        sources().into_iter().map(both).collect()
    });

    fn sources() -> Vec<Source> {
        let custom = [
            "%Y-%m-%d %H:%M:%S",
            "^%d/%b[^/]*/%y %I:%M %p",
            "%j %Exz",
            "(x|%d)+?",
            "[^ab]*%k:%M",
            "%A, %B %d",
        ];
        let unmarked = |pattern: &str| pattern.trim_start_matches("{^LN-BEG}").to_owned();
        let anchored = PATTERNS.iter().map(|(pattern, _)| format!("{{^LN-BEG}}{}", unmarked(pattern)));
        let plain = PATTERNS.iter().map(|(pattern, _)| (*pattern).to_owned());
        let all = anchored.chain(plain).chain(custom.map(str::to_owned));
        all.filter(|pattern| pattern.contains('%'))
            .map(|pattern| Source::pattern(&pattern, 0).unwrap())
            .collect()
    }

    /// Dates, with some bytes of them and around them changed.
    fn line() -> impl Strategy<Value = String> {
        let date = prop::sample::select(PATTERNS.iter().map(|(_, date)| *date).collect::<Vec<_>>());
        let part = "[ -~é€]{0,3}";
        (part, date, part, prop::collection::vec((any::<prop::sample::Index>(), "[0-9a-zA-Z :/.+_é-]"), 0..4))
            .prop_map(|(before, date, after, changes)| {
                let mut chars: Vec<char> = format!("{before}{date}{after}").chars().collect();
                for (at, new) in changes {
                    let at = at.index(chars.len());
                    chars[at] = new.chars().next().unwrap_or_default();
                }
                chars.into_iter().collect()
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn programs_find_what_the_engine_finds(line in line(), from in 0_usize..3) {
            let from = line.char_indices().map(|(at, _)| at).nth(from).unwrap_or(0);
            for (source, program, engine) in &*BOTH {
                let mut stack = Stack::new();
                let ours = program.search(&line, from, &mut stack);
                let mut fields = Fields::NONE;
                let theirs = engine.search(&line, from, &mut Groups::new(), &mut fields);
                prop_assert_eq!(ours, theirs, "{:?}", source);
                if ours.is_some() {
                    prop_assert_eq!(*stack.fields(), fields, "{:?}", source);
                }
            }
        }
    }
}
