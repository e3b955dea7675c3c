use super::call::Function;
use super::lexer::{Token, tokens};
use super::value::{Binary, Value};
use super::{Compare, Expr, FormulaError, Name};

/// Deeper nesting is refused, so that no text can exhaust the stack.
const MAX_DEPTH: usize = 32;

/// Reads a whole text as one expression.
pub(super) fn parse(text: &str) -> Result<Expr, FormulaError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
    let expr = parser.conditional()?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.error("an operator should stand here")),
    }
}

struct Parser<'t> {
    tokens: &'t [(usize, Token<'t>)],
    at: usize,
    depth: usize,
}

/// Python's binary operators that group to the left, loosest first.
const LEVELS: [&[(&str, Binary)]; 3] = [
    &[("<<", Binary::ShiftLeft), (">>", Binary::ShiftRight)],
    &[("+", Binary::Add), ("-", Binary::Subtract)],
    &[("*", Binary::Multiply), ("/", Binary::Divide), ("//", Binary::FloorDivide), ("%", Binary::Modulo)],
];

const COMPARISONS: [(&str, Compare); 6] = [
    ("<", Compare::Less),
    ("<=", Compare::LessEqual),
    (">", Compare::Greater),
    (">=", Compare::GreaterEqual),
    ("==", Compare::Equal),
    ("!=", Compare::NotEqual),
];

impl<'t> Parser<'t> {
    fn peek(&self) -> &'t Token<'t> {
        &self.tokens[self.at].1
    }

    fn offset(&self) -> usize {
        self.tokens[self.at].0
    }

    /// Past this token; `End` is never passed.
    fn advance(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    fn error(&self, message: &str) -> FormulaError {
        FormulaError::new(self.offset(), message)
    }

    fn take(&mut self, token: &Token<'_>) -> bool {
        let found = self.peek() == token;
        if found {
            self.advance();
        }
        found
    }

    /// The entry of `table` that stands here, with its offset.
    fn take_one_of<T: Copy>(&mut self, table: &[(&str, T)]) -> Option<(T, usize)> {
        let Token::Symbol(here) = self.peek() else { return None };
        let (_, found) = table.iter().find(|(symbol, _)| symbol == here)?;
        let offset = self.offset();
        self.advance();
        Some((*found, offset))
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, FormulaError>,
    ) -> Result<T, FormulaError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn conditional(&mut self) -> Result<Expr, FormulaError> {
        self.deeper(|this| {
            let then = this.or()?;
            if !this.take(&Token::Name("if")) {
                return Ok(then);
            }
            let condition = this.or()?;
            if !this.take(&Token::Name("else")) {
                return Err(this.error("`else` should stand here"));
            }
            let otherwise = this.conditional()?;
            let (condition, then, otherwise) = (condition.into(), then.into(), otherwise.into());
            Ok(Expr::If { condition, then, otherwise })
        })
    }

    fn or(&mut self) -> Result<Expr, FormulaError> {
        let mut left = self.and()?;
        while self.take(&Token::Name("or")) {
            left = Expr::Or(left.into(), self.and()?.into());
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, FormulaError> {
        let mut left = self.not()?;
        while self.take(&Token::Name("and")) {
            left = Expr::And(left.into(), self.not()?.into());
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expr, FormulaError> {
        if self.take(&Token::Name("not")) {
            return self.deeper(|this| Ok(Expr::Not(this.not()?.into())));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr, FormulaError> {
        let first = self.binary(&LEVELS)?;
        let mut rest = Vec::new();
        while let Some((operator, _)) = self.take_one_of(&COMPARISONS) {
            rest.push((operator, self.binary(&LEVELS)?));
        }
        Ok(if rest.is_empty() { first } else { Expr::Compare(first.into(), rest) })
    }

    fn binary(&mut self, levels: &[&[(&str, Binary)]]) -> Result<Expr, FormulaError> {
        let Some((level, tighter)) = levels.split_first() else { return self.unary() };
        let mut left = self.binary(tighter)?;
        while let Some((operator, offset)) = self.take_one_of(level) {
            left = Expr::Binary(operator, offset, left.into(), self.binary(tighter)?.into());
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, FormulaError> {
        if self.take(&Token::Symbol("-")) {
            return self.deeper(|this| Ok(Expr::Negate(this.unary()?.into())));
        }
        if self.take(&Token::Symbol("+")) {
            return self.deeper(|this| Ok(Expr::Plus(this.unary()?.into())));
        }
        self.power()
    }

    /// `**` binds tighter than a sign on its left, and less than one on its right.
    fn power(&mut self) -> Result<Expr, FormulaError> {
        let base = self.atom()?;
        let offset = self.offset();
        if !self.take(&Token::Symbol("**")) {
            return Ok(base);
        }
        let exponent = self.deeper(Self::unary)?;
        Ok(Expr::Binary(Binary::Power, offset, base.into(), exponent.into()))
    }

    fn atom(&mut self) -> Result<Expr, FormulaError> {
        let offset = self.offset();
        match self.peek() {
            Token::Number(value) => {
                self.advance();
                Ok(Expr::Constant(*value))
            }
            Token::Symbol("(") => {
                self.advance();
                let inner = self.conditional()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Name(name) => {
                let name = *name;
                let expr = self.named(name, offset)?;
                Ok(expr)
            }
            Token::End => Err(self.error("a value should stand here, but the text ends")),
            Token::Symbol(_) => Err(self.error("a value should stand here")),
        }
    }

    fn named(&mut self, name: &str, offset: usize) -> Result<Expr, FormulaError> {
        if let Some(expr) = known_value(name, offset) {
            self.advance();
            return Ok(expr);
        }
        let Some(function) = Function::named(name) else {
            return Err(self.error(&format!(
                "`{name}` is not known here; ban.Time, ban.Count, banFactor, min, max, int, float, abs, round, \
                 bool and math.* are"
            )));
        };
        self.advance();
        self.expect("(")?;
        let arguments = self.arguments()?;
        match function.takes(arguments.len()) {
            true => Ok(Expr::Call(function, offset, arguments)),
            false => Err(FormulaError::new(
                offset,
                format!("`{name}` does not take {} arguments", arguments.len()),
            )),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, FormulaError> {
        let mut arguments = Vec::new();
        while !self.take(&Token::Symbol(")")) {
            arguments.push(self.conditional()?);
            if !self.take(&Token::Symbol(",")) {
                self.expect(")")?;
                break;
            }
        }
        Ok(arguments)
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), FormulaError> {
        match self.take(&Token::Symbol(symbol)) {
            true => Ok(()),
            false => Err(self.error(&format!("`{symbol}` should stand here"))),
        }
    }
}

fn known_value(name: &str, offset: usize) -> Option<Expr> {
    Some(match name {
        "ban.Time" => Expr::Name(Name::Time, offset),
        "ban.Count" => Expr::Name(Name::Count, offset),
        "banFactor" => Expr::Name(Name::Factor, offset),
        "True" => Expr::Constant(Value::Int(1)),
        "False" => Expr::Constant(Value::Int(0)),
        "math.e" => Expr::Constant(Value::Float(std::f64::consts::E)),
        "math.pi" => Expr::Constant(Value::Float(std::f64::consts::PI)),
        "math.inf" => Expr::Constant(Value::Float(f64::INFINITY)),
        _ => return None,
    })
}
