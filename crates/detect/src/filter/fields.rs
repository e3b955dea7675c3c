//! The values that a match gives to the names in its pattern.

use serde::Serialize;

use crate::pattern::Groups;

use super::tags::option_name;

/// What a failure says beside its time and host: user, port, whatever the filter names with `<F-...>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    values: Vec<(String, FieldValue)>,
}

/// The value of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// As it stands in the line.
    Text(String),
    /// `<F-TUPLE_...>`: its parts, `None` where a part took no share in the match.
    Tuple(Vec<Option<String>>),
    /// Several values, as `users` of one session.
    List(Vec<String>),
    /// A number, as `attempts`: how many lines the failure stems from.
    Number(u32),
}

impl Fields {
    /// The value under a name, if it has one.
    pub fn get(&self, name: &str) -> Option<&FieldValue> {
        self.values.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FieldValue)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub(super) fn set(&mut self, name: &str, value: FieldValue) {
        match self.values.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value,
            None => self.values.push((name.to_owned(), value)),
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.values.retain(|(key, _)| key != name);
    }

    /// Takes over every value of `newer`.
    pub(super) fn merge(&mut self, newer: Fields) {
        for (name, value) in newer.values {
            self.set(&name, value);
        }
    }

    /// About so many bytes in memory.
    pub(super) fn size(&self) -> usize {
        let value = |value: &FieldValue| match value {
            FieldValue::Text(text) => text.len(),
            FieldValue::Tuple(parts) => parts.iter().flatten().map(String::len).sum(),
            FieldValue::List(items) => items.iter().map(String::len).sum(),
            FieldValue::Number(_) => 0,
        };
        self.values
            .iter()
            .map(|(name, field)| name.len() + value(field) + size_of::<(String, FieldValue)>())
            .sum()
    }
}

/// The named groups of a pattern by what becomes of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    plain: Vec<(String, usize)>,
    /// `alt_user_1`: gives its value to `user`, if that has none.
    alternatives: Vec<(usize, String)>,
    /// `tuple_id_1`: joins its value to `id`.
    tuples: Vec<(usize, String)>,
}

impl Names {
    pub(super) fn of(groups: &[(String, usize)]) -> Names {
        let mut names = Names::default();
        names.plain.extend_from_slice(groups);
        let mut sorted = names.plain.clone();
        sorted.sort();
        for (name, index) in sorted {
            if let Some(target) = stands_in_for(&name) {
                names.alternatives.push((index, target));
            } else if let Some(target) = target(&name, "tuple_") {
                names.tuples.push((index, target));
            }
        }
        names
    }

    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.plain.iter().find(|(key, _)| key == name).map(|&(_, index)| index)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.index(name).is_some()
    }

    /// The groups that can give `name` a value, the first that has text wins; `None` if it may be a tuple.
    pub(super) fn sources(&self, name: &str) -> Option<Vec<usize>> {
        if self.tuples.iter().any(|(_, target)| target == name) {
            return None;
        }
        let alternatives = self.alternatives.iter().filter(|(_, target)| target == name);
        Some(self.index(name).into_iter().chain(alternatives.map(|&(index, _)| index)).collect())
    }

    /// The values of one match.
    pub(super) fn collect(&self, text: &str, groups: &Groups) -> Fields {
        let mut fields = Fields::default();
        for (name, index) in &self.plain {
            if let Some(value) = groups.text(text, *index) {
                fields.set(name, FieldValue::Text(value.to_owned()));
            }
        }
        for (index, name) in &self.alternatives {
            let has_value = |value: &FieldValue| !matches!(value, FieldValue::Text(text) if text.is_empty());
            match groups.text(text, *index).filter(|value| !value.is_empty()) {
                Some(value) if !fields.get(name).is_some_and(has_value) => {
                    fields.set(name, FieldValue::Text(value.to_owned()));
                }
                _ => {}
            }
        }
        for (index, name) in &self.tuples {
            let mut parts = match fields.get(name) {
                Some(FieldValue::Tuple(parts)) => parts.clone(),
                Some(FieldValue::Text(text)) => vec![Some(text.clone())],
                _ => vec![None],
            };
            parts.push(groups.text(text, *index).map(str::to_owned));
            fields.set(name, FieldValue::Tuple(parts));
        }
        fields
    }
}

/// The name to which a group of this name gives its text, if that has none: `user` for `alt_user` and `alt_user_1`.
pub fn stands_in_for(name: &str) -> Option<String> {
    target(name, "alt_")
}

/// `user` of `alt_user` and of `alt_user_1`, if the name begins with `kind`.
fn target(name: &str, kind: &str) -> Option<String> {
    let rest = name.strip_prefix(kind)?;
    let stem = rest.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = if stem.len() < rest.len() { stem.strip_suffix('_').unwrap_or(rest) } else { rest };
    Some(option_name(&stem.to_ascii_lowercase()).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{Flags, Pattern};

    fn fields(source: &str, text: &str) -> Fields {
        let pattern = Pattern::compile(source, Flags::default()).unwrap();
        let mut groups = Groups::new();
        assert!(pattern.search(text, 0, &mut groups).unwrap());
        Names::of(pattern.group_names()).collect(text, &groups)
    }

    fn text(value: &str) -> FieldValue {
        FieldValue::Text(value.to_owned())
    }

    #[test]
    fn an_alternative_stands_in_where_the_name_has_no_text() {
        let pattern = "(?P<alt_user_1>a*)(?P<alt_user_2>b*)(?P<user>c*)";
        assert_eq!(fields(pattern, "aab").get("user"), Some(&text("aa")));
        assert_eq!(fields(pattern, "b").get("user"), Some(&text("b")));
        assert_eq!(fields(pattern, "abc").get("user"), Some(&text("c")));
        assert_eq!(fields(pattern, "").get("user"), Some(&text("")));
    }

    #[test]
    fn tuple_parts_join_their_name() {
        let found = fields("(?P<fid>a)(?P<tuple_id>b)?(?P<tuple_id_1>c)", "ac");
        let parts = vec![Some("a".to_owned()), None, Some("c".to_owned())];
        assert_eq!(found.get("fid"), Some(&FieldValue::Tuple(parts)));
    }

    #[test]
    fn a_group_without_part_in_the_match_has_no_value() {
        assert_eq!(fields("(?P<user>a)|b", "b").get("user"), None);
    }
}
