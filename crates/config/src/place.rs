//! Where something was written.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A byte of a file that was read: which file, line and column, all counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub(crate) file: u32,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// The files that were read, kept so that a message can show the line it is about.
#[derive(Clone, Debug, Default)]
pub struct Files {
    entries: Vec<File>,
}

#[derive(Clone, Debug)]
struct File {
    path: PathBuf,
    content: Arc<str>,
    /// Where each line begins, since somebody asked.
    starts: OnceLock<Vec<usize>>,
}

impl File {
    fn line(&self, number: usize) -> Option<&str> {
        let starts = self.starts.get_or_init(|| {
            let begin = self.content.as_ptr().addr();
            lines(&self.content).map(|line| line.as_ptr().addr() - begin).collect()
        });
        lines(&self.content[*starts.get(number)?..]).next()
    }
}

impl Files {
    pub(crate) fn add(&mut self, path: PathBuf, content: Arc<str>) -> u32 {
        self.entries.push(File { path, content, starts: OnceLock::new() });
        (self.entries.len() - 1) as u32
    }

    /// The paths of all files.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.entries.iter().map(|file| file.path.as_path())
    }

    /// The path of the file a place is in.
    #[must_use]
    pub fn path(&self, place: Place) -> &Path {
        self.entries.get(place.file as usize).map_or(Path::new(""), |file| &file.path)
    }

    /// The line a place is in, without its end.
    #[must_use]
    pub fn line(&self, place: Place) -> &str {
        self.entries.get(place.file as usize).and_then(|file| file.line(place.line as usize)).unwrap_or("")
    }

    /// `path:line:column`, both counted from 1, the column in characters.
    #[must_use]
    pub fn name(&self, place: Place) -> String {
        let (line, column) = self.position(place);
        format!("{}:{line}:{column}", self.path(place).display())
    }

    /// Line and column counted from 1, the column in characters.
    pub(crate) fn position(&self, place: Place) -> (usize, usize) {
        let before = self.line(place).bytes().take(place.column as usize);
        // Continuation bytes of UTF-8 start no character.
        let column = before.filter(|byte| byte & 0xC0 != 0x80).count() + 1;
        (place.line as usize + 1, column)
    }
}

/// Splits as Python's text files do: at LF, CR LF and a lone CR.
pub(crate) fn lines(content: &str) -> impl Iterator<Item = &str> {
    let mut rest = content;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        let line = &rest[..end];
        let skip = if rest[end..].starts_with("\r\n") { 2 } else { 1 };
        rest = rest.get(end + skip..).unwrap_or("");
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_every_kind_of_line_end() {
        assert_eq!(lines("a\nb\r\nc\rd\n\ne").collect::<Vec<_>>(), ["a", "b", "c", "d", "", "e"]);
    }

    #[test]
    fn columns_count_characters_from_one() {
        let mut files = Files::default();
        let file = files.add("x.conf".into(), "[ä]\nöü = %(x)s".into());
        assert_eq!(files.name(Place { file, line: 1, column: 7 }), "x.conf:2:6");
    }
}
