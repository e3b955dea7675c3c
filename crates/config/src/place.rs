//! Where something was written.

use std::cell::OnceCell;
use std::path::Path;
use std::rc::Rc;

use crate::text::Text;

/// A byte of a file that was read: which file, which byte of it. Lines are counted when somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub(crate) file: u32,
    pub(crate) offset: u32,
}

/// The files that were read, kept so that a message can show the line it is about.
#[derive(Clone, Debug, Default)]
pub struct Files {
    entries: Vec<File>,
}

#[derive(Clone, Debug)]
struct File {
    path: Rc<Path>,
    content: Text,
    /// Where each line begins, since somebody asked.
    starts: OnceCell<Vec<usize>>,
}

impl File {
    /// The number of the line that has this byte, and where the line begins.
    fn line_at(&self, offset: usize) -> (usize, usize) {
        let starts = self.starts.get_or_init(|| {
            let content = self.content.as_str();
            // Behind the last line's end, an empty line begins.
            let last = content.ends_with(['\n', '\r']).then_some(content.len());
            lines(content).map(|(start, _)| start).chain(last).collect()
        });
        let number = starts.partition_point(|start| *start <= offset).saturating_sub(1);
        (number, starts.get(number).copied().unwrap_or(0))
    }
}

impl Files {
    /// Takes a file's content in; gives it as text that knows where it was written.
    pub(crate) fn add(&mut self, path: impl Into<Rc<Path>>, content: impl Into<String>) -> Text {
        let content = Text::file(self.entries.len() as u32, content.into());
        self.entries.push(File { path: path.into(), content: content.clone(), starts: OnceCell::new() });
        content
    }

    /// The paths of all files.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.entries.iter().map(|file| &*file.path)
    }

    /// The path of the file a place is in.
    #[must_use]
    pub fn path(&self, place: Place) -> &Path {
        self.file(place).map_or(Path::new(""), |file| &file.path)
    }

    /// The line a place is in, without its end.
    #[must_use]
    pub fn line(&self, place: Place) -> &str {
        let Some(file) = self.file(place) else { return "" };
        let (_, start) = file.line_at(place.offset as usize);
        lines(&file.content.as_str()[start..]).next().map_or("", |(_, line)| line)
    }

    /// `path:line:column`, both counted from 1, the column in characters.
    #[must_use]
    pub fn name(&self, place: Place) -> String {
        let (line, column) = self.position(place);
        format!("{}:{line}:{column}", self.path(place).display())
    }

    /// Line and column counted from 1, the column in characters.
    pub(crate) fn position(&self, place: Place) -> (usize, usize) {
        let Some(file) = self.file(place) else { return (1, 1) };
        let (line, start) = file.line_at(place.offset as usize);
        let before = file.content.as_str().as_bytes()[start..].iter().take(place.offset as usize - start);
        // Continuation bytes of UTF-8 start no character.
        let column = before.filter(|byte| **byte & 0xC0 != 0x80).count();
        (line + 1, column + 1)
    }

    fn file(&self, place: Place) -> Option<&File> {
        self.entries.get(place.file as usize)
    }
}

/// Splits as Python's text files do: at LF, CR LF and a lone CR. Gives where each line begins, and the line.
pub(crate) fn lines(content: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = content.get(start..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        let line = (start, &rest[..end]);
        start += end + if rest[end..].starts_with("\r\n") { 2 } else { 1 };
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_every_kind_of_line_end() {
        assert_eq!(
            lines("a\nb\r\nc\rd\n\ne").collect::<Vec<_>>(),
            [(0, "a"), (2, "b"), (5, "c"), (7, "d"), (9, ""), (10, "e")]
        );
    }

    #[test]
    fn columns_count_characters_from_one() {
        let mut files = Files::default();
        files.add(Path::new("x.conf"), "[ä]\nöü = %(x)s");
        assert_eq!(files.name(Place { file: 0, offset: 12 }), "x.conf:2:6");
        assert_eq!(files.line(Place { file: 0, offset: 12 }), "öü = %(x)s");
    }
}
