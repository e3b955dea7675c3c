use std::sync::Arc;

use super::DateError;
use super::engine::Engine;
use super::layout::{Again, Layout};
use super::needs::Needs;
use super::parse;
use super::program::Program;
use super::run::{Hit, Stack};
use super::source::Source;
use crate::Time;

/// One pattern of a detector, and how it has done so far.
#[derive(Clone, Debug)]
pub(super) struct Template {
    /// As it is written.
    pub(super) pattern: Arc<str>,
    matcher: Matcher,
    shape: Shape,
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

/// The shape of the last dates, and when to learn a new one: not with each line where dates of many shapes take turns.
#[derive(Clone, Debug, Default)]
struct Shape {
    layout: Option<Layout>,
    /// Lines to pass before the next is learnt.
    pause: u32,
    passed: u32,
}

const LONGEST_PAUSE: u32 = 1 << 10;

impl Shape {
    #[inline]
    fn read(&mut self, text: &[u8], stack: &mut Stack) -> Option<Hit> {
        let hit = self.layout.as_ref()?.read(text, stack.fields())?;
        self.pause = 0;
        Some(hit)
    }

    fn is_to_be_learnt(&mut self) -> bool {
        self.passed += 1;
        let learn = self.passed > self.pause;
        if learn {
            self.passed = 0;
            self.pause = (self.pause * 2 + 1).min(LONGEST_PAUSE);
        }
        learn
    }
}

/// Finds a pattern's matches. Shared: it does not change.
#[derive(Clone, Debug)]
pub(super) enum Matcher {
    Program(Arc<Program>),
    Engine(Arc<Engine>),
}

impl Matcher {
    /// `offset` is where the pattern stands in the datepattern.
    pub(super) fn new(source: &Source, offset: usize) -> Result<Self, DateError> {
        let program = parse::parse(&source.body, &source.flags).and_then(|node| Program::new(source, &node));
        Ok(match program {
            Some(program) => Self::Program(Arc::new(program)),
            None => Self::Engine(Arc::new(Engine::new(source, offset)?)),
        })
    }

    /// The errors of [`Matcher::new`].
    pub(super) fn check(source: &Source, offset: usize) -> Result<(), DateError> {
        let node = parse::parse(&source.body, &source.flags);
        match node.and_then(|node| Program::written(source, &node)) {
            Some(_) => Ok(()),
            None => Engine::new(source, offset).map(drop),
        }
    }
}

impl Template {
    pub(super) fn new(pattern: Arc<str>, matcher: Matcher, anchored: bool, preferred: bool) -> Self {
        let (shape, distance) = (Shape::default(), usize::MAX);
        Self { pattern, matcher, shape, anchored, preferred, hits: 0, matches: 0, last_used: 0, distance }
    }

    /// The same for all templates that match alike.
    #[inline]
    pub(super) fn address(&self) -> usize {
        match &self.matcher {
            Matcher::Program(program) => Arc::as_ptr(program).addr(),
            Matcher::Engine(engine) => Arc::as_ptr(engine).addr(),
        }
    }

    /// What every line shows in which it matches.
    pub(super) fn needs(&self) -> &Needs {
        static NOTHING: Needs = Needs::NOTHING;
        match &self.matcher {
            Matcher::Program(program) => &program.needs,
            Matcher::Engine(_) => &NOTHING,
        }
    }

    /// The first match in `text` from `from`.
    pub(super) fn search(&mut self, text: &str, from: usize, stack: &mut Stack) -> Option<Hit> {
        let hit = match &self.matcher {
            Matcher::Program(program) => program.search(text, from, stack),
            Matcher::Engine(engine) => {
                let (groups, fields) = stack.of_engine();
                engine.search(text, from, groups, fields)
            }
        };
        self.matches += u64::from(hit.is_some());
        hit
    }

    /// As [`Layout::again`].
    pub(super) fn again(&self, text: &[u8], hit: &Hit) -> Option<Again> {
        self.shape.layout.as_ref()?.again(text, hit)
    }

    /// Dates were taken from it, the last so many characters from the line's start.
    #[inline]
    pub(super) fn take(&mut self, dates: u64, distance: usize, now: Time) {
        self.hits += dates;
        self.last_used = now.as_secs();
        self.distance = distance;
    }

    /// As [`Template::take`], where they were known without a search.
    #[inline]
    pub(super) fn take_known(&mut self, dates: u64, distance: usize, now: Time) {
        self.shape.pause = 0;
        self.matches += dates;
        self.take(dates, distance, now);
    }

    /// The match in a line whose date has the shape of earlier ones; patterns that match at the line's start only have one.
    #[inline]
    pub(super) fn read_shape(&mut self, text: &[u8], stack: &mut Stack) -> Option<Hit> {
        let hit = self.shape.read(text, stack)?;
        self.matches += 1;
        Some(hit)
    }

    /// As [`Template::search`], for patterns that match at the line's start only. May learn the shape.
    pub(super) fn search_start(&mut self, text: &str, stack: &mut Stack) -> Option<Hit> {
        let hit = self.search(text, 0, stack)?;
        if let Matcher::Program(program) = &self.matcher
            && self.shape.is_to_be_learnt()
        {
            let fields = *stack.fields();
            self.shape.layout = program.layout(text, stack);
            *stack.fields() = fields;
        }
        Some(hit)
    }

    /// How much it is to be preferred.
    pub(super) fn weight(&self) -> f64 {
        let factor = if self.preferred { 100.0 } else { 1.0 };
        self.hits as f64 * factor / self.distance.max(1) as f64
    }
}
