use super::DateError;
use super::engine::Engine;
use super::parse;
use super::program::Program;
use super::run::{Hit, Stack};
use super::source::Source;

/// One pattern of a detector, and how it has done so far.
#[derive(Clone, Debug)]
pub(super) struct Template {
    matcher: Matcher,
    pub(super) anchored: bool,
    /// The built-in patterns at the line's start are to be preferred.
    pub(super) preferred: bool,
    /// Dates taken from it.
    pub(super) hits: u64,
    /// Lines in which it matched, taken or not.
    pub(super) matches: u64,
    /// When it was taken last, in seconds.
    pub(super) last_used: i64,
    /// Where it matched when it was taken last, in characters.
    pub(super) distance: usize,
}

#[derive(Clone, Debug)]
enum Matcher {
    Program(Box<Program>),
    Engine(Box<Engine>),
}

impl Template {
    pub(super) fn new(source: &Source, preferred: bool, offset: usize) -> Result<Self, DateError> {
        let program = parse::parse(&source.body, source.flags).and_then(|node| Program::new(source, &node));
        let matcher = match program {
            Some(program) => Matcher::Program(Box::new(program)),
            None => Matcher::Engine(Box::new(Engine::new(source, offset)?)),
        };
        Ok(Self {
            matcher,
            anchored: source.anchored,
            preferred,
            hits: 0,
            matches: 0,
            last_used: 0,
            distance: usize::MAX,
        })
    }

    /// The first match in `text` from `from`.
    pub(super) fn search(&mut self, text: &str, from: usize, stack: &mut Stack) -> Option<Hit> {
        let hit = match &self.matcher {
            Matcher::Program(program) => program.search(text, from, stack),
            Matcher::Engine(engine) => engine.search(text, from),
        };
        self.matches += u64::from(hit.is_some());
        hit
    }

    /// How much it is to be preferred.
    pub(super) fn weight(&self) -> f64 {
        let factor = if self.preferred { 100.0 } else { 1.0 };
        self.hits as f64 * factor / self.distance.max(1) as f64
    }
}
