//! Actions that are written in Python: `action.d/NAME.py`, a module with a class `Action`.

use super::script::{Module, Script};
use crate::call::Call;
use crate::reader::Reader;

/// One of them, as a jail names it.
pub(crate) struct Python {
    /// Its name in the jail.
    pub(crate) name: String,
    pub(crate) module: Module,
}

impl Python {
    /// What a call means by a file of the tree; `None`: it means something else.
    pub(crate) fn find(reader: &Reader<'_>, call: &Call) -> Option<Self> {
        let file = call.name.as_str();
        let stem = file.strip_suffix(".py")?;
        let path = reader.tree.root().join("action.d").join(file);
        if !reader.tree.exists(&path) {
            return None;
        }
        let name = call.option("actname").map_or(stem, |name| name.as_str()).to_owned();
        Some(Self { name, module: Module { file: path, options: options(call) } })
    }

    pub(super) fn script(self) -> Script {
        Script::python(&self.name, self.module)
    }
}

/// What stands in brackets, as JSON: the last value of each name.
fn options(call: &Call) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in call.names().filter(|name| *name != "actname") {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let value = |name| call.option(name).map_or("", |value| value.as_str());
    let options: Vec<String> =
        names.into_iter().map(|name| format!("{}: {}", json(name), json(value(name)))).collect();
    format!("{{{}}}", options.join(", "))
}

/// A text as JSON, in ASCII.
fn json(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            ' '..='~' => out.push(character),
            _ => {
                let mut units = [0; 2];
                character.encode_utf16(&mut units).iter().for_each(|unit| out += &format!("\\u{unit:04x}"));
            }
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::parse;
    use crate::text::Text;

    #[test]
    fn options_are_json_as_python_writes_it() {
        let call = parse(&Text::plain("a.py[b='x \"y\"', c=\u{e4}\u{1f600}, actname=d, b=2]")).unwrap();
        assert_eq!(options(&call), r#"{"b": "2", "c": "\u00e4\ud83d\ude00"}"#);
    }
}
