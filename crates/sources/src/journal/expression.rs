//! `journalmatch`: `_SYSTEMD_UNIT=ssh.service _COMM=sshd + _COMM=sshd-session`.

/// Which entries are wanted. Of one field any value, of several fields all, `+` between alternatives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expression {
    /// Empty: all entries.
    pub(crate) alternatives: Vec<Vec<Term>>,
}

/// `FIELD=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) text: Vec<u8>,
    field: usize,
}

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// Not `FIELD=value`.
    #[error("{0:?} is not FIELD=value with a field in capitals, digits and underscores")]
    NoTerm(String),
    /// A `+` that does not stand between two terms.
    #[error("\"+\" must stand between two matches")]
    LonePlus,
    /// A quotation mark without its partner.
    #[error("a quotation mark is not closed")]
    OpenQuote,
}

impl Expression {
    /// Reads one. Quotes may hold a value with spaces together.
    pub fn new(text: &str) -> Result<Self, ExpressionError> {
        let words = words(text)?;
        if words.is_empty() {
            return Ok(Self::default());
        }
        let groups = words.split(|word| word == "+");
        let alternatives = groups.map(|group| match group {
            [] => Err(ExpressionError::LonePlus),
            terms => terms.iter().map(|term| Term::new(term)).collect(),
        });
        Ok(Self { alternatives: alternatives.collect::<Result<_, _>>()? })
    }

    /// Whether an entry is wanted; `has` says which terms it has.
    pub(crate) fn wants(&self, has: impl Fn(&Term) -> bool) -> bool {
        let holds = |group: &Vec<Term>| {
            group.iter().all(|term| group.iter().any(|other| other.name() == term.name() && has(other)))
        };
        self.alternatives.is_empty() || self.alternatives.iter().any(holds)
    }
}

impl Term {
    fn new(text: &str) -> Result<Self, ExpressionError> {
        let wrong = || ExpressionError::NoTerm(text.to_owned());
        let field = text.find('=').filter(|field| *field > 0).ok_or_else(wrong)?;
        let named = text[..field].bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'));
        named.then(|| Self { text: text.into(), field }).ok_or_else(wrong)
    }

    fn name(&self) -> &[u8] {
        &self.text[..self.field]
    }
}

fn words(text: &str) -> Result<Vec<String>, ExpressionError> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            _ => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    match quote {
        Some(_) => Err(ExpressionError::OpenQuote),
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(expression: &str, entry: &[&str]) -> bool {
        let expression = Expression::new(expression).unwrap();
        expression.wants(|term| entry.iter().any(|field| field.as_bytes() == term.text))
    }

    #[test]
    fn fields_are_joined_by_and_their_values_by_or() {
        let expression = "A=1 A=2 B=1 + C=x";
        assert!(wants(expression, &["A=2", "B=1"]));
        assert!(wants(expression, &["C=x"]));
        assert!(!wants(expression, &["A=1"]));
        assert!(!wants(expression, &["A=1", "A=2", "C=y"]));
        assert!(wants("", &[]));
    }

    #[test]
    fn quotes_hold_spaces_together() {
        assert!(wants("'A=x y' \"B=z w\"", &["A=x y", "B=z w"]));
        assert!(wants("A=\"x y\"", &["A=x y"]));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(Expression::new("A=1 +"), Err(ExpressionError::LonePlus));
        assert_eq!(Expression::new("+ A=1"), Err(ExpressionError::LonePlus));
        assert_eq!(Expression::new("A=1 + + B=1"), Err(ExpressionError::LonePlus));
        assert_eq!(Expression::new("sshd"), Err(ExpressionError::NoTerm("sshd".into())));
        assert_eq!(Expression::new("=x"), Err(ExpressionError::NoTerm("=x".into())));
        assert_eq!(Expression::new("unit=x"), Err(ExpressionError::NoTerm("unit=x".into())));
        assert_eq!(Expression::new("A='x"), Err(ExpressionError::OpenQuote));
    }
}
