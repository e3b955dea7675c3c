//! How a pattern is to be read.

/// `re.MULTILINE`, `re.IGNORECASE` and `re.DOTALL`; none is set by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    /// `^` and `$` also match at newlines within the text.
    pub multiline: bool,
    /// Letters match in any case.
    pub ignorecase: bool,
    /// `.` matches a newline too.
    pub dotall: bool,
}
