//! Values as Fail2Ban's commands and replies hold them: Python's plain ones, and the exceptions that say no.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An `int`, as far as it fits.
    Int(i64),
    /// A `float`.
    Float(f64),
    /// A `str`.
    Str(String),
    /// A `list`.
    List(Vec<Value>),
    /// A `tuple`; programs that are not Python tell it from a list.
    Tuple(Vec<Value>),
    /// A `dict`, in its order.
    Dict(Vec<(Value, Value)>),
    /// An exception, which a reply of status 1 carries.
    Exception(Exception),
}

/// Why a command was not carried out, as the class and the arguments of a Python exception.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exception {
    /// What kind of no.
    pub kind: Kind,
    /// What it says.
    pub arguments: Vec<Value>,
}

/// The classes of exceptions that Fail2Ban's server replies with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are Python's")]
pub enum Kind {
    Exception,
    FileNotFoundError,
    IndexError,
    KeyError,
    LookupError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
    AttributeError,
    DuplicateJail,
    UnknownJail,
    Regex,
}

impl Kind {
    const ALL: [Self; 13] = [
        Self::Exception,
        Self::FileNotFoundError,
        Self::IndexError,
        Self::KeyError,
        Self::LookupError,
        Self::NameError,
        Self::RuntimeError,
        Self::TypeError,
        Self::ValueError,
        Self::AttributeError,
        Self::DuplicateJail,
        Self::UnknownJail,
        Self::Regex,
    ];

    /// Module and name of the class.
    pub const fn class(self) -> (&'static str, &'static str) {
        match self {
            Self::Exception => ("builtins", "Exception"),
            Self::FileNotFoundError => ("builtins", "FileNotFoundError"),
            Self::IndexError => ("builtins", "IndexError"),
            Self::KeyError => ("builtins", "KeyError"),
            Self::LookupError => ("builtins", "LookupError"),
            Self::NameError => ("builtins", "NameError"),
            Self::RuntimeError => ("builtins", "RuntimeError"),
            Self::TypeError => ("builtins", "TypeError"),
            Self::ValueError => ("builtins", "ValueError"),
            Self::AttributeError => ("builtins", "AttributeError"),
            Self::DuplicateJail => ("fail2ban.exceptions", "DuplicateJailException"),
            Self::UnknownJail => ("fail2ban.exceptions", "UnknownJailException"),
            Self::Regex => ("fail2ban.server.failregex", "RegexException"),
        }
    }

    /// The class of this name in this module, if it is a known one.
    pub fn of_class(module: &str, name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.class() == (module, name))
    }
}

impl Exception {
    /// The usual exception: one message.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, arguments: vec![Value::Str(message.into())] }
    }

    /// What `str(exception)` is in Python.
    pub fn text(&self) -> String {
        match (self.kind, &self.arguments[..]) {
            (Kind::KeyError, [only]) => only.repr(),
            (Kind::FileNotFoundError, [number, Value::Str(text)]) => format!("[Errno {number}] {text}"),
            (Kind::FileNotFoundError, [number, Value::Str(text), path]) => {
                format!("[Errno {number}] {text}: {}", path.repr())
            }
            (_, [only]) => only.to_string(),
            (_, arguments) => Value::Tuple(arguments.to_vec()).to_string(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(text)
    }
}

impl Value {
    /// A list of texts.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(|text| Self::Str(text.into())).collect())
    }

    /// A number, which no count here exceeds.
    pub fn count(number: impl TryInto<i64>) -> Self {
        Self::Int(number.try_into().unwrap_or(i64::MAX))
    }

    /// What `repr(value)` is in Python.
    pub fn repr(&self) -> String {
        let mut text = String::new();
        self.write_repr(&mut text);
        text
    }

    fn write_repr(&self, out: &mut String) {
        match self {
            Self::None => out.push_str("None"),
            Self::Bool(true) => out.push_str("True"),
            Self::Bool(false) => out.push_str("False"),
            Self::Int(number) => out.push_str(&number.to_string()),
            Self::Float(number) => out.push_str(&format!("{number:?}")),
            Self::Str(text) => quote(text, out),
            Self::List(items) => enclose(out, ['[', ']'], items, |item, out| item.write_repr(out)),
            Self::Tuple(items) => {
                enclose(out, ['(', ')'], items, |item, out| item.write_repr(out));
                if items.len() == 1 {
                    out.insert(out.len() - 1, ',');
                }
            }
            Self::Dict(items) => enclose(out, ['{', '}'], items, |(key, value), out| {
                key.write_repr(out);
                out.push_str(": ");
                value.write_repr(out);
            }),
            Self::Exception(exception) => {
                out.push_str(exception.kind.class().1);
                enclose(out, ['(', ')'], &exception.arguments, |item, out| item.write_repr(out));
            }
        }
    }
}

/// What `str(value)` is in Python.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str(text) => f.write_str(text),
            Self::Exception(exception) => f.write_str(&exception.text()),
            other => f.write_str(&other.repr()),
        }
    }
}

fn enclose<T>(out: &mut String, brackets: [char; 2], items: &[T], mut write: impl FnMut(&T, &mut String)) {
    out.push(brackets[0]);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write(item, out);
    }
    out.push(brackets[1]);
}

/// In single quotes, or in double ones where that saves a backslash.
fn quote(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            character if character == quote => out.extend(['\\', character]),
            character if character.is_control() && (character as u32) < 0x100 => {
                out.push_str(&format!("\\x{:02x}", character as u32));
            }
            character => out.push(character),
        }
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_look_as_in_python() {
        let value = Value::List(vec![
            Value::Dict(vec![("a".into(), Value::Tuple(vec![Value::Int(1)]))]),
            Value::Tuple(vec![Value::None, Value::Bool(true), Value::Float(0.5)]),
            "it's".into(),
            "a\\'\"\n\u{1b}ü".into(),
        ]);
        assert_eq!(value.repr(), r#"[{'a': (1,)}, (None, True, 0.5), "it's", 'a\\\'"\n\x1bü']"#);
    }

    #[test]
    fn exceptions_say_what_python_says() {
        assert_eq!(Exception::new(Kind::ValueError, "no").text(), "no");
        assert_eq!(Exception::new(Kind::KeyError, "no").text(), "'no'");
        let missing = Exception {
            kind: Kind::FileNotFoundError,
            arguments: vec![Value::Int(2), "gone".into(), "/a".into()],
        };
        assert_eq!(missing.text(), "[Errno 2] gone: '/a'");
    }
}
