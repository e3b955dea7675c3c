//! Python's regular expressions, as filters use them: `re` of CPython 3.11 on `str`.
//!
//! A pattern becomes a syntax tree ([`Ast`]), and the tree a program for a backtracking machine that follows Python's
//! order of trying to the letter: the same matches, the same groups. What keeps an attacker from using that order
//! against us: choices that the next byte rules out are never taken, places from which the rest is known to fail are
//! remembered once a search gets long, and each search has a budget of steps, after which it ends with [`Overrun`].
//!
//! For automata over many patterns at once there is [`Pattern::superset`].

pub mod ast;
mod backtrack;
mod error;
mod flags;
mod groups;
mod parse;
#[cfg(test)]
#[path = "../../tests/random_pattern/mod.rs"]
mod random_pattern;
mod set;
mod superset;
#[cfg(test)]
mod tests;
mod unicode;

pub use self::ast::Ast;
pub use self::error::{Overrun, PatternError};
pub use self::flags::Flags;
pub use self::groups::Groups;
pub(crate) use self::set::Set;

use std::sync::OnceLock;

use self::backtrack::Program;

/// A compiled pattern. The first search makes its program, which most patterns never need: others answer for them. After
/// that searching needs no lock and allocates nothing that a [`Groups`] does not keep.
#[derive(Debug)]
pub struct Pattern {
    source: String,
    flags: Flags,
    names: Vec<(String, usize)>,
    group_count: usize,
    program: OnceLock<Program>,
}

impl Pattern {
    /// Read and compile a pattern; what Python would refuse, or cannot be honoured, is an error.
    pub fn compile(source: &str, flags: Flags) -> Result<Pattern, PatternError> {
        let ast = parse::parse(source, flags)?;
        Program::check(&ast)?;
        Ok(Pattern {
            source: source.to_owned(),
            flags,
            names: ast.names(),
            group_count: ast.groups.len() - 1,
            program: OnceLock::new(),
        })
    }

    /// The errors of [`Pattern::compile`]; else the named groups with their indices.
    pub(crate) fn check(source: &str, flags: Flags) -> Result<Vec<(String, usize)>, PatternError> {
        let ast = parse::parse(source, flags)?;
        Program::check(&ast)?;
        Ok(ast.names())
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Named groups with their indices, in the order in which they stand.
    pub fn group_names(&self) -> &[(String, usize)] {
        &self.names
    }

    /// How many groups there are beside group 0, which is the whole match.
    pub fn group_count(&self) -> usize {
        self.group_count
    }

    /// Find the first match at or after byte `from` of `text` (`re.search`), and where its groups lie. What stands
    /// before `from` is seen by look-behind, and `^` does not match at `from`.
    ///
    /// After `false` or an error `groups` is empty. `from` must lie on a character.
    pub fn search(&self, text: &str, from: usize, groups: &mut Groups) -> Result<bool, Overrun> {
        self.program.get_or_init(|| self.program()).search(text, from, groups)
    }

    fn program(&self) -> Program {
        // It was checked before.
        Program::new(&self.ast()).unwrap_or_else(|error| unreachable!("{error}"))
    }

    /// Whether it matches anywhere in `text`.
    pub fn is_match(&self, text: &str) -> Result<bool, Overrun> {
        self.search(text, 0, &mut Groups::new())
    }

    /// The syntax tree. It is read again each time: it is wanted once or twice, and is large.
    pub fn ast(&self) -> Ast {
        // It parsed before.
        parse::parse(&self.source, self.flags).unwrap_or_else(|error| unreachable!("{error}"))
    }

    /// A regular language that holds every text in which the pattern matches, over UTF-8: look-around is dropped,
    /// back-references are any text, conditionals both branches, and all that Unicode says about characters beyond
    /// ASCII is "may be". Anchors are kept. Without capture groups.
    pub fn superset(&self) -> regex_syntax::hir::Hir {
        superset::superset(&self.ast())
    }
}
