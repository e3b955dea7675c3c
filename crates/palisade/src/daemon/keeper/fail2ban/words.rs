use pickle::{Exception, Kind, Value};

use super::Outcome;

/// The words of a command. Numbers and the like count as what Python's `str` makes of them.
#[derive(Clone, Copy)]
pub(super) struct Words<'c>(pub(super) &'c [Value]);

impl<'c> Words<'c> {
    /// The word at this place, which must be there.
    pub(super) fn at(self, place: usize) -> Outcome<String> {
        self.get(place).ok_or_else(|| Exception::new(Kind::IndexError, "list index out of range"))
    }

    /// The word at this place, if it is there.
    pub(super) fn get(self, place: usize) -> Option<String> {
        self.0.get(place).map(Value::to_string)
    }

    /// The words from this place on.
    pub(super) fn after(self, place: usize) -> Self {
        Self(self.0.get(place..).unwrap_or_default())
    }

    pub(super) fn iter(self) -> impl Iterator<Item = String> + 'c {
        self.0.iter().map(Value::to_string)
    }
}

/// A whole number, or what Python says of one that is not.
pub(super) fn integer(text: &str) -> Outcome<i64> {
    config::integer(text).ok_or_else(|| {
        let quoted = Value::from(text).repr();
        Exception::new(Kind::ValueError, format!("invalid literal for int() with base 10: {quoted}"))
    })
}

/// A span of time in seconds, as `600`, `10m` or `1d12h`.
pub(super) fn seconds(text: &str) -> Outcome<i64> {
    let seconds = config::seconds(text).map_err(|why| match text.chars().all(char::is_alphabetic) {
        true => Exception::new(Kind::NameError, format!("name '{text}' is not defined")),
        false => Exception::new(Kind::ValueError, why),
    })?;
    Ok(seconds as i64)
}

/// `true`, `yes`, `on`, `1`; whatever else is no.
pub(super) fn flag(text: &str) -> bool {
    config::is_yes(text)
}
