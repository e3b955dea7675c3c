//! Where in a line a [`Program`] may match.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::layout::Layout;
use super::program::{Begins, Program};
use super::run::{AUDIT, Hit, Runner, Stack, Stuck};

/// Work that a search may take, more of it in a longer line.
fn budget(text: &[u8]) -> usize {
    100_000 + text.len() * 4
}

static AUDITS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(AUDIT));

impl Program {
    /// The first match in `text` that starts at `from` or later. Nothing, too, when looking for it takes too long.
    pub(super) fn search(&self, text: &str, from: usize, stack: &mut Stack) -> Option<Hit> {
        let text = text.as_bytes();
        u32::try_from(text.len()).ok()?;
        stack.budget = budget(text);
        match self.begins {
            Begins::AtStart if from > 0 => None,
            Begins::AtStart => self.run(text, 0, stack),
            Begins::With(byte) => {
                let places = memchr::memchr_iter(byte, &text[from..]).map(|at| from + at);
                self.first_of(places, text, stack)
            }
            Begins::Epoch => {
                let audits = AUDITS.find_iter(text).map(|at| at + AUDIT.len());
                let bracket = text.starts_with(b"[").then_some(1);
                let places = [0].into_iter().chain(bracket).chain(audits).filter(|at| *at >= from);
                self.first_of(places, text, stack)
            }
            Begins::Anywhere => self.scan(text, from, stack),
        }
    }

    fn scan(&self, text: &[u8], from: usize, stack: &mut Stack) -> Option<Hit> {
        let first = &self.peeks[0];
        let begins = |at: &usize| {
            let next = text.get(*at);
            first.allows(next) && next.is_none_or(|byte| byte & 0xC0 != 0x80)
        };
        self.first_of((from..=text.len()).filter(begins), text, stack)
    }

    /// The match at the first of these places.
    #[inline]
    fn first_of(&self, places: impl Iterator<Item = usize>, text: &[u8], stack: &mut Stack) -> Option<Hit> {
        for at in places {
            let hit = self.run(text, at, stack);
            if hit.is_some() || stack.budget == 0 {
                return hit;
            }
        }
        None
    }

    /// Matches at `start`.
    fn run(&self, text: &[u8], start: usize, stack: &mut Stack) -> Option<Hit> {
        stack.start();
        let mut run = Runner { program: self, text, stack, taken: None };
        let (mut pc, mut pos) = (0, start);
        loop {
            match run.straight(pc, pos) {
                Ok(end) => return Some(run.hit(start, end)),
                Err(Stuck) => (pc, pos) = run.back()?,
            }
        }
    }

    /// The shape of the date at the line's start, by which others like it are read in one look. `None` if there is none,
    /// or if it is not sure that others take the same steps.
    pub(super) fn layout(&self, text: &str, stack: &mut Stack) -> Option<Layout> {
        let text = text.as_bytes();
        stack.start();
        stack.budget = budget(text);
        let mut taken = Vec::new();
        let mut run = Runner { program: self, text, stack, taken: Some(&mut taken) };
        let (mut pc, mut pos) = (0, 0);
        let end = loop {
            match run.straight(pc, pos) {
                Ok(end) => break end,
                Err(Stuck) => (pc, pos) = run.back_to_split()?,
            }
        };
        let hit = run.hit(0, end);
        Layout::learn(self, text, &taken, &hit, stack.fields())
    }
}
