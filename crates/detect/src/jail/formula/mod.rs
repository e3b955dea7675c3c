//! The part of Python's expressions that people write in `bantime.formula` and `bantime.factor`.
//!
//! Numbers, `ban.Time`, `ban.Count`, `banFactor`, arithmetic, shifts, comparisons, `and`/`or`/`not`, `a if c else b`,
//! `min max int float abs round bool` and `math.*`. Integers and floats mean what they mean in Python, except that an
//! integer beyond 127 bits becomes a float. Nothing else can be named or called, and depth and length are bounded.

mod call;
mod lexer;
mod parser;
mod value;

use call::Function;
pub(super) use value::Value;
use value::{Binary, Fault};

/// Why an expression cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FormulaError {
    /// Where in the text, in bytes.
    pub offset: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl FormulaError {
    fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}

/// What the names in a formula stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    /// `ban.Time`: the jail's `bantime` in seconds.
    pub(super) time: Value,
    /// `ban.Count`: earlier bans.
    pub(super) count: Value,
    /// `banFactor`: `bantime.factor`.
    pub(super) factor: Value,
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub(super) struct Formula(Expr);

impl Formula {
    /// Reads `text`.
    pub(super) fn compile(text: &str) -> Result<Self, FormulaError> {
        parser::parse(text).map(Self)
    }

    /// Its value; an error is one that Python would raise, like a division by zero.
    pub(super) fn evaluate(&self, names: &Names) -> Result<Value, FormulaError> {
        self.0.evaluate(names)
    }
}

/// The value of an expression without names, as `bantime.factor = 2.0 / 2.885385` has it.
pub fn constant(text: &str) -> Result<f64, FormulaError> {
    let formula = Formula::compile(text)?;
    if let Some(offset) = formula.0.first_name() {
        return Err(FormulaError::new(offset, "only numbers may stand here"));
    }
    let none = Value::Int(0);
    formula.evaluate(&Names { time: none, count: none, factor: none }).map(Value::as_f64)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Time,
    Count,
    Factor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
}

impl Compare {
    fn holds(self, a: Value, b: Value) -> bool {
        match self {
            Self::Less => a < b,
            Self::LessEqual => a <= b,
            Self::Greater => a > b,
            Self::GreaterEqual => a >= b,
            Self::Equal => a == b,
            Self::NotEqual => a != b,
        }
    }
}

/// A syntax tree. Nodes that can fail carry their place.
#[derive(Clone, Debug)]
enum Expr {
    Constant(Value),
    Name(Name, usize),
    Negate(Box<Expr>),
    Plus(Box<Expr>),
    Not(Box<Expr>),
    Binary(Binary, usize, Box<Expr>, Box<Expr>),
    /// `a < b <= c`: every neighbour compared.
    Compare(Box<Expr>, Vec<(Compare, Expr)>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    If {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    Call(Function, usize, Vec<Expr>),
}

impl Expr {
    fn evaluate(&self, names: &Names) -> Result<Value, FormulaError> {
        Ok(match self {
            Self::Constant(value) => *value,
            Self::Name(Name::Time, _) => names.time,
            Self::Name(Name::Count, _) => names.count,
            Self::Name(Name::Factor, _) => names.factor,
            Self::Negate(operand) => operand.evaluate(names)?.negated(),
            Self::Plus(operand) => operand.evaluate(names)?,
            Self::Not(operand) => Value::from(!operand.evaluate(names)?.is_true()),
            Self::Binary(operator, offset, a, b) => {
                let (a, b) = (a.evaluate(names)?, b.evaluate(names)?);
                value::binary(*operator, a, b).map_err(at(*offset))?
            }
            Self::Compare(first, rest) => Value::from(compare(first, rest, names)?),
            Self::And(a, b) => match a.evaluate(names)? {
                value if value.is_true() => b.evaluate(names)?,
                value => value,
            },
            Self::Or(a, b) => match a.evaluate(names)? {
                value if value.is_true() => value,
                _ => b.evaluate(names)?,
            },
            Self::If { condition, then, otherwise } => {
                let chosen = if condition.evaluate(names)?.is_true() { then } else { otherwise };
                chosen.evaluate(names)?
            }
            Self::Call(function, offset, arguments) => {
                let values: Vec<_> = arguments.iter().map(|a| a.evaluate(names)).collect::<Result<_, _>>()?;
                function.call(&values).map_err(at(*offset))?
            }
        })
    }

    /// Where the first name stands.
    fn first_name(&self) -> Option<usize> {
        match self {
            Self::Constant(_) => None,
            Self::Name(_, offset) => Some(*offset),
            Self::Negate(a) | Self::Plus(a) | Self::Not(a) => a.first_name(),
            Self::Binary(_, _, a, b) | Self::And(a, b) | Self::Or(a, b) => {
                a.first_name().or_else(|| b.first_name())
            }
            Self::Compare(a, rest) => {
                a.first_name().or_else(|| rest.iter().find_map(|(_, b)| b.first_name()))
            }
            Self::If { condition, then, otherwise } => {
                [then, condition, otherwise].into_iter().find_map(|part| part.first_name())
            }
            Self::Call(_, _, arguments) => arguments.iter().find_map(Self::first_name),
        }
    }
}

fn compare(first: &Expr, rest: &[(Compare, Expr)], names: &Names) -> Result<bool, FormulaError> {
    let mut left = first.evaluate(names)?;
    for (operator, right) in rest {
        let right = right.evaluate(names)?;
        if !operator.holds(left, right) {
            return Ok(false);
        }
        left = right;
    }
    Ok(true)
}

fn at(offset: usize) -> impl Fn(Fault) -> FormulaError {
    move |fault| FormulaError::new(offset, fault.0)
}

#[cfg(test)]
mod tests;
