//! `name[option=value, other="a, b"][more='c']`: how jails name filters, actions and backends with their options.

use std::ops::Range;

use crate::diagnostic::Fault;
use crate::text::{Text, trimmed};

/// A name and its options in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Call {
    pub(crate) name: Text,
    pub(crate) options: Vec<(Text, Text)>,
}

impl Call {
    /// The names of its options.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.options.iter().map(|(name, _)| name.as_str())
    }

    /// The last value given for an option.
    pub(crate) fn option(&self, name: &str) -> Option<&Text> {
        self.options.iter().rev().find(|(have, _)| have.as_str() == name).map(|(_, value)| value)
    }
}

/// Reads one call.
pub(crate) fn parse(text: &Text) -> Result<Call, Fault> {
    let text = text.trimmed();
    let string = text.as_str();
    let open = string.find('[').unwrap_or(string.len());
    let name = text.slice(trimmed(&string[..open]));
    if name.as_str().is_empty() {
        return Err(Fault::error(text.place(), "a name is missing").help(HELP));
    }
    let mut cursor = Cursor::new(&text, open);
    let mut options = Vec::new();
    while cursor.eat('[') {
        cursor.group(&mut options)?;
        cursor.skip_space();
    }
    match cursor.rest().is_empty() {
        true => Ok(Call { name, options }),
        false => Err(cursor.fault("unexpected text after the options")),
    }
}

/// Reads a list of calls: they stand on lines of their own or are separated by white space; white space inside `[...]`
/// and quotes belongs to the call. Gives each as it is written, and read.
pub(crate) fn all(text: &Text) -> Vec<(Text, Result<Call, Fault>)> {
    let mut cursor = Cursor::new(text, 0);
    let mut calls = Vec::new();
    loop {
        cursor.skip_space();
        if cursor.rest().is_empty() {
            return calls;
        }
        calls.push(cursor.call());
    }
}

const HELP: &str = "write name[option=value, other=\"value, with comma\"]";

struct Cursor<'a> {
    text: &'a Text,
    string: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a Text, at: usize) -> Self {
        Self { text, string: text.as_str(), at }
    }

    fn rest(&self) -> &'a str {
        &self.string[self.at..]
    }

    fn fault(&self, message: &str) -> Fault {
        Fault::error(self.text.place_at(self.at), message).help(HELP)
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        self.at += if found { c.len_utf8() } else { 0 };
        found
    }

    /// Takes characters while they please; gives where they stand.
    fn take(&mut self, please: impl Fn(char) -> bool) -> Range<usize> {
        let rest = self.rest();
        let len = rest.find(|c| !please(c)).unwrap_or(rest.len());
        self.at += len;
        self.at - len..self.at
    }

    /// The options up to the closing bracket; the opening one is behind us.
    fn group(&mut self, options: &mut Vec<(Text, Text)>) -> Result<(), Fault> {
        loop {
            self.skip_space();
            if self.eat(']') {
                return Ok(());
            }
            if self.eat(',') {
                continue;
            }
            options.push(self.option()?);
            self.skip_space();
            if !self.rest().starts_with([',', ']']) {
                return Err(self.fault("expected , or ] after the option"));
            }
        }
    }

    fn option(&mut self) -> Result<(Text, Text), Fault> {
        let name = self.name()?;
        self.take(|c| c == ' ');
        if !self.eat('=') {
            return Err(self.fault("expected = after the option's name"));
        }
        let value = self.value()?;
        let value = self.text.slice(value).trimmed();
        Ok((self.text.slice(name), value))
    }

    /// An option's name; `blocktype?family=inet6` is one for one family of addresses alone.
    fn name(&mut self) -> Result<Range<usize>, Fault> {
        let word = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let mut name = self.take(word);
        if name.is_empty() {
            return Err(self.fault("expected an option"));
        }
        if self.eat('?') {
            self.take(word);
            if !self.eat('=') {
                return Err(
                    self.fault("expected = after what the option depends on, as in name?family=inet6")
                );
            }
            self.take(word);
            name.end = self.at;
        }
        Ok(name)
    }

    fn value(&mut self) -> Result<Range<usize>, Fault> {
        for quote in ['"', '\''] {
            if self.eat(quote) {
                let open = self.at - 1;
                let value = self.take(|c| c != quote);
                if !self.eat(quote) {
                    self.at = open;
                    return Err(self.fault("the quote is not closed"));
                }
                return Ok(value);
            }
        }
        Ok(self.take(|c| !",]".contains(c)))
    }

    /// One call of a list, as far as it can be told apart.
    fn call(&mut self) -> (Text, Result<Call, Fault>) {
        let name = self.take(|c| c != '[' && !c.is_whitespace());
        let (mut end, mut options) = (self.at, Vec::new());
        loop {
            self.skip_space();
            let before = options.len();
            let good = self.eat('[') && self.group(&mut options).is_ok();
            if !good {
                options.truncate(before);
                break;
            }
            end = self.at;
        }
        self.at = end;
        if name.is_empty() || self.rest().starts_with(|c: char| !c.is_whitespace()) {
            // Something is broken, and is told of when this call is read by itself.
            end = self.take(|c| !c.is_whitespace()).end;
            let text = self.text.slice(name.start..end);
            let call = parse(&text);
            return (text, call);
        }
        (self.text.slice(name.start..end), Ok(Call { name: self.text.slice(name), options }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(string: &str) -> Result<Vec<String>, String> {
        let call = parse(&Text::plain(string)).map_err(|fault| fault.message)?;
        let mut out = vec![call.name.as_str().to_owned()];
        out.extend(call.options.iter().map(|(name, value)| format!("{}={}", name.as_str(), value.as_str())));
        Ok(out)
    }

    fn parts(string: &str) -> Vec<String> {
        let calls = all(&Text::plain(string));
        // Each is what it would be by itself.
        assert!(calls.iter().all(|(text, call)| call.as_ref().ok() == parse(text).ok().as_ref()));
        calls.iter().map(|(text, _)| text.as_str().to_owned()).collect()
    }

    #[test]
    fn options_may_be_quoted_and_come_in_groups() {
        assert_eq!(read("a").unwrap(), ["a"]);
        assert_eq!(read("a[]").unwrap(), ["a"]);
        assert_eq!(
            read("a[b=1, c=\"2, 3\"][d='x]'] [e= f ,]").unwrap(),
            ["a", "b=1", "c=2, 3", "d=x]", "e=f"]
        );
        assert_eq!(read("a[b=\"1\",\n  c=2]").unwrap(), ["a", "b=1", "c=2"]);
    }

    #[test]
    fn an_option_may_be_for_one_family_alone() {
        assert_eq!(
            read("a[b=1, b?family=inet6='2', c.d?family=inet4=3]").unwrap(),
            ["a", "b=1", "b?family=inet6=2", "c.d?family=inet4=3"]
        );
        for broken in ["a[b?=c]", "a[b?family]", "a[?family=inet6=c]", "a[b?family=inet6]"] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn broken_options_are_errors() {
        for broken in ["", "[a=b]", "a[b", "a[b=c", "a[b=\"c]", "a[b=c]d", "a[=c]", "a[b=\"c\"d]"] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn lists_are_split_at_white_space_outside_of_brackets() {
        assert_eq!(
            parts("a b[c=d e]\n c[d=\"x y\",\n e=f][g=h]  d"),
            ["a", "b[c=d e]", "c[d=\"x y\",\n e=f][g=h]", "d"]
        );
        assert_eq!(parts("a [b=c] d"), ["a [b=c]", "d"]);
        assert_eq!(parts("a[b=c]x d"), ["a[b=c]x", "d"]);
        assert_eq!(parts("a[b d"), ["a[b", "d"]);
    }
}
