use std::cmp::Ordering;

/// A number as Python knows them; `bool` is an integer there too.
#[derive(Clone, Copy, Debug)]
pub(in crate::jail) enum Value {
    Int(i128),
    Float(f64),
}

/// What Python would raise.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault(pub(super) &'static str);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    ShiftLeft,
    ShiftRight,
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            _ => self.as_f64().partial_cmp(&other.as_f64()),
        }
    }
}

impl Value {
    pub(in crate::jail) fn as_f64(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Float(float) => float,
        }
    }

    pub(super) fn is_true(self) -> bool {
        self != Self::Int(0)
    }

    pub(super) fn negated(self) -> Self {
        match self {
            Self::Int(int) => int.checked_neg().map_or(Self::Float(-(int as f64)), Self::Int),
            Self::Float(float) => Self::Float(-float),
        }
    }
}

/// A float that came from finite ones: beyond their range Python raises.
pub(super) fn finite(result: f64) -> Result<Value, Fault> {
    match result {
        result if result.is_nan() => Err(Fault("this has no value among the real numbers")),
        result if result.is_infinite() => Err(Fault("the result is too large")),
        result => Ok(Value::Float(result)),
    }
}

pub(super) fn binary(operator: Binary, a: Value, b: Value) -> Result<Value, Fault> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => integers(operator, a, b),
        _ => floats(operator, a.as_f64(), b.as_f64()),
    }
}

fn integers(operator: Binary, a: i128, b: i128) -> Result<Value, Fault> {
    // Whatever does not fit goes on as a float, where Python has longer integers.
    let exact = match operator {
        Binary::Add => a.checked_add(b),
        Binary::Subtract => a.checked_sub(b),
        Binary::Multiply => a.checked_mul(b),
        Binary::Divide => None,
        Binary::FloorDivide if b != 0 => {
            a.checked_div_euclid(b).map(|q| if b < 0 && a.rem_euclid(b) != 0 { q - 1 } else { q })
        }
        Binary::Modulo if b != 0 => a.checked_rem_euclid(b).map(|r| if b < 0 && r != 0 { r + b } else { r }),
        Binary::FloorDivide | Binary::Modulo => None,
        Binary::Power => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        Binary::ShiftLeft | Binary::ShiftRight => return shift(operator, a, b),
    };
    exact.map_or_else(|| floats(operator, a as f64, b as f64), |int| Ok(Value::Int(int)))
}

fn shift(operator: Binary, a: i128, by: i128) -> Result<Value, Fault> {
    let by = u32::try_from(by.min(1 << 20)).map_err(|_| Fault("a shift by a negative number"))?;
    match operator {
        Binary::ShiftRight => Ok(Value::Int(a >> by.min(127))),
        _ if a == 0 => Ok(Value::Int(0)),
        _ => match 1i128.checked_shl(by).filter(|_| by < 127).and_then(|power| a.checked_mul(power)) {
            Some(int) => Ok(Value::Int(int)),
            None => finite(a as f64 * f64::exp2(f64::from(by))),
        },
    }
}

fn floats(operator: Binary, a: f64, b: f64) -> Result<Value, Fault> {
    let divides = matches!(operator, Binary::Divide | Binary::FloorDivide | Binary::Modulo);
    if b == 0.0 && divides {
        return Err(Fault("a division by zero"));
    }
    match operator {
        Binary::Add => Ok(Value::Float(a + b)),
        Binary::Subtract => Ok(Value::Float(a - b)),
        Binary::Multiply => Ok(Value::Float(a * b)),
        Binary::Divide => Ok(Value::Float(a / b)),
        Binary::FloorDivide => Ok(Value::Float(((a - modulo(a, b)) / b).round())),
        Binary::Modulo => Ok(Value::Float(modulo(a, b))),
        Binary::Power if a == 0.0 && b < 0.0 => Err(Fault("a division by zero")),
        Binary::Power => finite(a.powf(b)),
        Binary::ShiftLeft | Binary::ShiftRight => Err(Fault("only integers can be shifted")),
    }
}

/// With the sign of the divisor.
fn modulo(a: f64, b: f64) -> f64 {
    let remainder = a % b;
    if remainder != 0.0 && (remainder < 0.0) != (b < 0.0) { remainder + b } else { remainder }
}
