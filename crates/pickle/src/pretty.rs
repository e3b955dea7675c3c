//! Long values over several lines, as Python's `pprint` lays them out.

use crate::Value;

/// Columns of a line; what fits stands on one.
const WIDTH: usize = 1000;
/// How much deeper the items of a list stand.
const INDENT: usize = 2;

impl Value {
    /// What `pprint.pformat(value, indent=2, width=1000)` is in Python.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        lay_out(self, &mut out, 0, 0, true);
        out
    }
}

/// `after`: what closes behind the value on its last line.
fn lay_out(value: &Value, out: &mut String, indent: usize, after: usize, alone: bool) {
    let whole = value.repr();
    match value {
        _ if whole.chars().count() <= WIDTH.saturating_sub(indent + after) => out.push_str(&whole),
        Value::List(items) => {
            out.push('[');
            out.push_str(&" ".repeat(INDENT - 1));
            let (inner, end) = (indent + INDENT, after + 1);
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(",\n");
                    out.push_str(&" ".repeat(inner));
                }
                lay_out(item, out, inner, if at + 1 == items.len() { end } else { 1 }, false);
            }
            out.push(']');
        }
        Value::Str(text) => {
            // A text by itself stands in parentheses.
            let (indent, after) = if alone { (indent + 1, after + 1) } else { (indent, after) };
            let pieces = pieces(text, indent, after);
            let bracket = alone && pieces.len() > 1;
            out.push_str(if bracket { "(" } else { "" });
            out.push_str(&pieces.join(&format!("\n{}", " ".repeat(indent))));
            out.push_str(if bracket { ")" } else { "" });
        }
        _ => out.push_str(&whole),
    }
}

/// A text in literals that stand below each other: one a line of it, more where that is too long, broken behind white
/// space.
fn pieces(text: &str, indent: usize, after: usize) -> Vec<String> {
    let room = WIDTH.saturating_sub(indent);
    let mut pieces = Vec::new();
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let last = lines.peek().is_none();
        let whole = Value::from(line).repr();
        if whole.chars().count() <= if last { room.saturating_sub(after) } else { room } {
            pieces.push(whole);
            continue;
        }
        let mut piece = String::new();
        let mut words = words(line).into_iter().peekable();
        while let Some(word) = words.next() {
            let room = if last && words.peek().is_none() { room.saturating_sub(after) } else { room };
            let longer = format!("{piece}{word}");
            if Value::from(longer.as_str()).repr().chars().count() <= room {
                piece = longer;
                continue;
            }
            if !piece.is_empty() {
                pieces.push(Value::from(piece).repr());
            }
            piece = word.to_owned();
        }
        if !piece.is_empty() {
            pieces.push(Value::from(piece).repr());
        }
    }
    pieces
}

/// Words, each with the white space behind it.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let space = rest[word..].find(|c: char| !c.is_whitespace()).unwrap_or(rest.len() - word);
        let (taken, left) = rest.split_at(word + space);
        words.push(taken);
        rest = left;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stands_on_one_line() {
        let value = Value::texts(["set", "x"]);
        assert_eq!(value.pretty(), "['set', 'x']");
    }

    #[test]
    fn what_does_not_fit_stands_below_each_other() {
        let (long, words) = ("y".repeat(990), "z ".repeat(600));
        let value = Value::List(vec!["a".into(), Value::texts([long.as_str(), "b"]), words.as_str().into()]);
        let expected =
            format!("[ 'a',\n  [ '{long}',\n    'b'],\n  '{}'\n  '{}']", "z ".repeat(498), "z ".repeat(102));
        assert_eq!(value.pretty(), expected);
    }
}
