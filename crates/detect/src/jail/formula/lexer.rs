use super::FormulaError;
use super::value::Value;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'t> {
    Number(Value),
    /// A name with its dots, as `ban.Time`.
    Name(&'t str),
    /// An operator, bracket or comma.
    Symbol(&'static str),
    End,
}

/// Longer ones first.
const SYMBOLS: [&str; 18] =
    ["**", "//", "<<", ">>", "<=", ">=", "==", "!=", "+", "-", "*", "/", "%", "<", ">", "(", ")", ","];

/// More are refused: this bounds the depth of the tree, and so the stack that it takes to walk it.
const MAX_TOKENS: usize = 256;

/// Splits `text` into tokens with their offsets; the last one is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, FormulaError> {
    let mut found = Vec::new();
    let mut offset = 0;
    loop {
        offset += text[offset..].len() - text[offset..].trim_start().len();
        let rest = &text[offset..];
        let Some(first) = rest.chars().next() else { break };
        let (token, length) = if first.is_ascii_digit() || starts_fraction(rest) {
            number(rest).map_err(|message| FormulaError::new(offset, message))?
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
            (Token::Name(&rest[..length]), length)
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            (Token::Symbol(symbol), symbol.len())
        } else {
            return Err(FormulaError::new(offset, format!("{first:?} has no meaning here")));
        };
        if found.len() == MAX_TOKENS {
            return Err(FormulaError::new(
                offset,
                format!("longer than {MAX_TOKENS} numbers, names and operators"),
            ));
        }
        found.push((offset, token));
        offset += length;
    }
    found.push((text.len(), Token::End));
    Ok(found)
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.')
}

fn starts_fraction(text: &str) -> bool {
    text.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// A decimal integer or float, with `_` between digits as Python allows.
fn number(text: &str) -> Result<(Token<'static>, usize), String> {
    let mut length = digits(text, 0);
    let mut integer = true;
    if text[length..].starts_with('.') {
        integer = false;
        length = digits(text, length + 1);
    }
    if let Some(exponent) = exponent(&text[length..]) {
        integer = false;
        length = digits(text, length + exponent);
    }
    if text[length..].starts_with(is_name) {
        return Err("a number ends in letters".to_owned());
    }
    let plain: String = text[..length].chars().filter(|c| *c != '_').collect();
    let value = match plain.parse() {
        Ok(int) if integer => Value::Int(int),
        _ => Value::Float(
            plain.parse().ok().filter(|float: &f64| float.is_finite()).ok_or("the number is too large")?,
        ),
    };
    Ok((Token::Number(value), length))
}

/// The end of the digits that start at `from`.
fn digits(text: &str, from: usize) -> usize {
    text[from..].find(|c: char| !c.is_ascii_digit() && c != '_').map_or(text.len(), |length| from + length)
}

/// The length of `e`, `e+` or `e-` when digits follow.
fn exponent(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(['e', 'E'])?;
    let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    rest.starts_with(|c: char| c.is_ascii_digit()).then(|| text.len() - rest.len())
}
