use super::value::{Binary, Fault, Value, binary, finite};

/// The functions a formula may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Min,
    Max,
    Int,
    Float,
    Bool,
    Abs,
    Round,
    Exp,
    Log,
    Log2,
    Log10,
    Sqrt,
    Pow,
    MathPow,
    Floor,
    Ceil,
}

const NAMES: [(&str, Function); 16] = [
    ("min", Function::Min),
    ("max", Function::Max),
    ("int", Function::Int),
    ("float", Function::Float),
    ("bool", Function::Bool),
    ("abs", Function::Abs),
    ("round", Function::Round),
    ("pow", Function::Pow),
    ("math.exp", Function::Exp),
    ("math.log", Function::Log),
    ("math.log2", Function::Log2),
    ("math.log10", Function::Log10),
    ("math.sqrt", Function::Sqrt),
    ("math.pow", Function::MathPow),
    ("math.floor", Function::Floor),
    ("math.ceil", Function::Ceil),
];

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }

    /// Whether it can be called with so many arguments.
    pub(super) fn takes(self, arguments: usize) -> bool {
        match self {
            Self::Min | Self::Max => arguments >= 2,
            Self::Pow | Self::MathPow => arguments == 2,
            Self::Round | Self::Log => matches!(arguments, 1 | 2),
            _ => arguments == 1,
        }
    }

    /// `values` are as many as it takes.
    pub(super) fn call(self, values: &[Value]) -> Result<Value, Fault> {
        let &[first, ref rest @ ..] = values else { return Err(Fault("an argument is missing")) };
        let x = first.as_f64();
        match self {
            Self::Min => {
                Ok(rest.iter().fold(first, |least, value| if *value < least { *value } else { least }))
            }
            Self::Max => Ok(rest.iter().fold(first, |most, value| if *value > most { *value } else { most })),
            Self::Float => Ok(Value::Float(x)),
            Self::Bool => Ok(first.is_true().into()),
            Self::Abs => Ok(if x < 0.0 { first.negated() } else { first }),
            Self::Int => integer(first, f64::trunc),
            Self::Floor => integer(first, f64::floor),
            Self::Ceil => integer(first, f64::ceil),
            Self::Round => round(first, rest.first()),
            Self::Exp => finite(x.exp()),
            Self::Sqrt => finite(x.sqrt()),
            Self::Log => match rest {
                [] => logarithm(x, f64::ln),
                [base, ..] => {
                    binary(Binary::Divide, logarithm(x, f64::ln)?, logarithm(base.as_f64(), f64::ln)?)
                }
            },
            Self::Log2 => logarithm(x, f64::log2),
            Self::Log10 => logarithm(x, f64::log10),
            Self::Pow => binary(Binary::Power, first, argument(rest)?),
            Self::MathPow => binary(Binary::Power, Value::Float(x), argument(rest)?),
        }
    }
}

fn argument(rest: &[Value]) -> Result<Value, Fault> {
    rest.first().copied().ok_or(Fault("an argument is missing"))
}

fn logarithm(x: f64, of: fn(f64) -> f64) -> Result<Value, Fault> {
    if x <= 0.0 { Err(Fault("a logarithm of zero or less")) } else { finite(of(x)) }
}

/// An integer made by `how`; one that would not fit stays a float.
fn integer(value: Value, how: fn(f64) -> f64) -> Result<Value, Fault> {
    let Value::Float(float) = value else { return Ok(value) };
    let whole = how(float);
    match whole.is_finite() {
        false => Err(Fault("no integer is as large as this")),
        true if whole.abs() < 1e38 => Ok(Value::Int(whole as i128)),
        true => Ok(Value::Float(whole)),
    }
}

/// To the nearest, half to even, as Python does and Rust prints.
fn round(value: Value, digits: Option<&Value>) -> Result<Value, Fault> {
    match (value, digits) {
        (_, None) => integer(value, f64::round_ties_even),
        (Value::Float(float), Some(Value::Int(digits @ 0..=30))) => {
            let digits = *digits as usize;
            Ok(Value::Float(format!("{float:.digits$}").parse().unwrap_or(float)))
        }
        (Value::Int(_), Some(Value::Int(0..=30))) => Ok(value),
        _ => Err(Fault("the second argument of round should be an integer from 0 to 30")),
    }
}
