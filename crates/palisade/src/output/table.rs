use std::io::{self, Write};

use super::BOLD;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Columns as wide as their widest cell, two spaces apart.
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: &[(&'static str, Align)]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// One cell a column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn write(&self, mut out: impl Write) -> io::Result<()> {
        let widths: Vec<usize> =
            self.columns.iter().enumerate().map(|(at, column)| self.width(at, column.0)).collect();
        let titles = self.columns.iter().map(|column| column.0);
        writeln!(out, "{BOLD}{}{BOLD:#}", self.line(&widths, titles))?;
        for row in &self.rows {
            writeln!(out, "{}", self.line(&widths, row.iter().map(String::as_str)))?;
        }
        Ok(())
    }

    fn width(&self, at: usize, title: &str) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        cells.chain([title.chars().count()]).max().unwrap_or(0)
    }

    fn line<'a>(&self, widths: &[usize], cells: impl Iterator<Item = &'a str>) -> String {
        let mut line = String::new();
        for ((cell, width), (_, align)) in cells.zip(widths).zip(&self.columns) {
            let gap = " ".repeat(width - cell.chars().count());
            match align {
                Align::Left => line += &format!("{cell}{gap}  "),
                Align::Right => line += &format!("{gap}{cell}  "),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_titles_and_lines_have_no_trailing_space() {
        let mut table = Table::new(&[("JAIL", Align::Left), ("BANS", Align::Right)]);
        table.row(["sshd".into(), "7".into()]);
        table.row(["nginx-http-auth".into(), "1234".into()]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        let text = anstream::adapter::strip_bytes(&out).into_vec();
        let wanted = "JAIL             BANS\nsshd                7\nnginx-http-auth  1234\n";
        assert_eq!(String::from_utf8(text).unwrap(), wanted);
    }
}
