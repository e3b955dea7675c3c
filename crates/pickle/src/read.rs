use std::collections::HashMap;

use thiserror::Error;

use crate::op;
use crate::value::{Exception, Kind, Value};

/// Deeper nesting is refused.
const DEPTH: u32 = 16;
/// So many values at most, and so many bytes of text.
const VALUES: usize = 1 << 18;
const TEXT: usize = 16 << 20;

/// Who wrote the pickle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// A client: plain values alone.
    Command,
    /// The server: exceptions too.
    Reply,
}

/// Why bytes are not taken.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PickleError {
    /// They end in the middle.
    #[error("the pickle ends before its end")]
    Short,
    /// An instruction that builds no plain value.
    #[error("the pickle has the instruction {0:#04x}, which no command needs")]
    Instruction(u8),
    /// A class that is none of the known exceptions.
    #[error("the pickle names a class that no reply needs")]
    Class,
    /// An instruction without what it works on.
    #[error("the pickle takes from the stack what is not there")]
    Stack,
    /// Text that is no UTF-8.
    #[error("the pickle holds text that is not UTF-8")]
    Text,
    /// More than is ever needed.
    #[error("the pickle is too deep or too large")]
    Bound,
}

/// Reads one pickle, to its STOP; what follows is not looked at.
///
/// # Errors
/// Anything but plain values, and more of them than any command has.
pub fn read(bytes: &[u8], trust: Trust) -> Result<Value, PickleError> {
    let machine = Machine {
        rest: bytes,
        trust,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        noted: 0,
        values: 0,
        text: 0,
    };
    machine.run()
}

struct Machine<'b> {
    rest: &'b [u8],
    trust: Trust,
    stack: Vec<Item>,
    marks: Vec<usize>,
    /// Text alone can be named again: a list within itself, or many times, is no command.
    memo: HashMap<u32, Item>,
    noted: u32,
    values: usize,
    text: usize,
}

#[derive(Clone)]
enum Item {
    Value(Value, u32),
    Class(Kind),
}

impl Machine<'_> {
    fn run(mut self) -> Result<Value, PickleError> {
        loop {
            let instruction = self.byte()?;
            if instruction == op::STOP {
                return Ok(self.pop()?.0);
            }
            self.step(instruction)?;
        }
    }

    fn step(&mut self, instruction: u8) -> Result<(), PickleError> {
        match instruction {
            op::PROTO => self.take(1).map(drop),
            op::FRAME => self.take(8).map(drop),
            op::MARK => {
                self.marks.push(self.stack.len());
                self.count(1)
            }
            op::NONE => self.push(Value::None),
            op::NEWTRUE => self.push(Value::Bool(true)),
            op::NEWFALSE => self.push(Value::Bool(false)),
            op::BININT | op::BININT1 | op::BININT2 | op::LONG1 | op::BINFLOAT => self.number(instruction),
            op::SHORT_BINUNICODE | op::SHORT_BINSTRING => {
                let length = self.byte()?;
                self.string(length.into())
            }
            op::BINUNICODE | op::BINSTRING => {
                let length = u32::from_le_bytes(self.array()?);
                self.string(length.into())
            }
            op::BINUNICODE8 => {
                let length = u64::from_le_bytes(self.array()?);
                self.string(length)
            }
            op::EMPTY_LIST => self.push(Value::List(Vec::new())),
            op::EMPTY_TUPLE => self.push(Value::Tuple(Vec::new())),
            op::EMPTY_DICT => self.push(Value::Dict(Vec::new())),
            op::TUPLE1 => self.tuple(1),
            op::TUPLE2 => self.tuple(2),
            op::TUPLE3 => self.tuple(3),
            op::TUPLE | op::LIST => {
                let (items, depth) = self.marked()?;
                let whole = if instruction == op::LIST { Value::List(items) } else { Value::Tuple(items) };
                self.push_deep(whole, depth + 1)
            }
            op::APPEND => {
                let (item, depth) = self.pop()?;
                self.append(vec![item], depth)
            }
            op::APPENDS => {
                let (items, depth) = self.marked()?;
                self.append(items, depth)
            }
            op::SETITEM => {
                let (value, deep) = self.pop()?;
                let (key, depth) = self.pop()?;
                self.set(vec![key, value], depth.max(deep))
            }
            op::SETITEMS => {
                let (items, depth) = self.marked()?;
                self.set(items, depth)
            }
            op::MEMOIZE => self.note(self.noted),
            op::BINPUT => {
                let at = self.byte()?;
                self.note(at.into())
            }
            op::LONG_BINPUT => {
                let at = u32::from_le_bytes(self.array()?);
                self.note(at)
            }
            op::BINGET => {
                let at = self.byte()?;
                self.recall(at.into())
            }
            op::LONG_BINGET => {
                let at = u32::from_le_bytes(self.array()?);
                self.recall(at)
            }
            op::GLOBAL | op::STACK_GLOBAL | op::REDUCE if self.trust == Trust::Reply => {
                self.exception(instruction)
            }
            other => Err(PickleError::Instruction(other)),
        }
    }

    fn number(&mut self, instruction: u8) -> Result<(), PickleError> {
        let value = match instruction {
            op::BININT => Value::Int(i32::from_le_bytes(self.array()?).into()),
            op::BININT1 => Value::Int(self.byte()?.into()),
            op::BININT2 => Value::Int(u16::from_le_bytes(self.array()?).into()),
            op::BINFLOAT => Value::Float(f64::from_be_bytes(self.array()?)),
            _ => {
                let length = self.byte()?;
                Value::Int(long(self.take(length.into())?)?)
            }
        };
        self.push(value)
    }

    fn string(&mut self, length: u64) -> Result<(), PickleError> {
        let bytes = self.take(usize::try_from(length).map_err(|_| PickleError::Bound)?)?;
        let text = std::str::from_utf8(bytes).map_err(|_| PickleError::Text)?.to_owned();
        self.push(Value::Str(text))
    }

    fn tuple(&mut self, length: usize) -> Result<(), PickleError> {
        let start = self.stack.len().checked_sub(length).ok_or(PickleError::Stack)?;
        let (items, depth) = self.from(start)?;
        self.push_deep(Value::Tuple(items), depth + 1)
    }

    fn append(&mut self, more: Vec<Value>, depth: u32) -> Result<(), PickleError> {
        match self.stack.last_mut() {
            Some(Item::Value(Value::List(items), deep)) => {
                items.extend(more);
                *deep = deeper(*deep, depth)?;
                Ok(())
            }
            _ => Err(PickleError::Stack),
        }
    }

    fn set(&mut self, pairs: Vec<Value>, depth: u32) -> Result<(), PickleError> {
        match self.stack.last_mut() {
            Some(Item::Value(Value::Dict(items), deep)) if pairs.len().is_multiple_of(2) => {
                let mut pairs = pairs.into_iter();
                while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
                    items.push((key, value));
                }
                *deep = deeper(*deep, depth)?;
                Ok(())
            }
            _ => Err(PickleError::Stack),
        }
    }

    fn note(&mut self, at: u32) -> Result<(), PickleError> {
        self.count(1)?;
        self.noted = self.noted.saturating_add(1);
        match self.stack.last() {
            Some(item @ (Item::Value(Value::Str(_), _) | Item::Class(_))) => {
                self.memo.insert(at, item.clone());
                Ok(())
            }
            Some(_) => Ok(()),
            None => Err(PickleError::Stack),
        }
    }

    fn recall(&mut self, at: u32) -> Result<(), PickleError> {
        match self.memo.get(&at).cloned() {
            Some(Item::Value(value, _)) => self.push(value),
            Some(class) => {
                self.stack.push(class);
                self.count(1)
            }
            None => Err(PickleError::Stack),
        }
    }

    /// The name of an exception's class, and its call.
    fn exception(&mut self, instruction: u8) -> Result<(), PickleError> {
        let class = |module: &str, name: &str| Kind::of_class(module, name).ok_or(PickleError::Class);
        let item = match instruction {
            op::GLOBAL => {
                let module = self.line()?;
                let name = self.line()?;
                Item::Class(class(&module, &name)?)
            }
            op::STACK_GLOBAL => match (self.pop()?.0, self.pop()?.0) {
                (Value::Str(name), Value::Str(module)) => Item::Class(class(&module, &name)?),
                _ => return Err(PickleError::Class),
            },
            _ => match (self.pop()?, self.stack.pop()) {
                ((Value::Tuple(arguments), depth), Some(Item::Class(kind))) => {
                    Item::Value(Value::Exception(Exception { kind, arguments }), deeper(0, depth)?)
                }
                _ => return Err(PickleError::Stack),
            },
        };
        self.stack.push(item);
        self.count(1)
    }

    fn line(&mut self) -> Result<String, PickleError> {
        let end = self.rest.iter().position(|byte| *byte == b'\n').ok_or(PickleError::Short)?;
        let line = self.take(end + 1)?;
        String::from_utf8(line[..end].to_vec()).map_err(|_| PickleError::Text)
    }

    fn push(&mut self, value: Value) -> Result<(), PickleError> {
        self.push_deep(value, 1)
    }

    fn push_deep(&mut self, value: Value, depth: u32) -> Result<(), PickleError> {
        if depth > DEPTH {
            return Err(PickleError::Bound);
        }
        if let Value::Str(text) = &value {
            self.text += text.len();
        }
        self.stack.push(Item::Value(value, depth));
        self.count(1)
    }

    fn count(&mut self, more: usize) -> Result<(), PickleError> {
        self.values += more;
        if self.values > VALUES || self.text > TEXT { Err(PickleError::Bound) } else { Ok(()) }
    }

    fn pop(&mut self) -> Result<(Value, u32), PickleError> {
        match self.stack.pop() {
            Some(Item::Value(value, depth))
                if self.marks.last().is_none_or(|mark| *mark <= self.stack.len()) =>
            {
                Ok((value, depth))
            }
            _ => Err(PickleError::Stack),
        }
    }

    /// What was put on the stack since the last mark.
    fn marked(&mut self) -> Result<(Vec<Value>, u32), PickleError> {
        let mark = self.marks.pop().ok_or(PickleError::Stack)?;
        self.from(mark)
    }

    fn from(&mut self, start: usize) -> Result<(Vec<Value>, u32), PickleError> {
        if start > self.stack.len() || self.marks.last().is_some_and(|mark| *mark > start) {
            return Err(PickleError::Stack);
        }
        let mut items = Vec::with_capacity(self.stack.len() - start);
        let mut deepest = 0;
        for item in self.stack.drain(start..) {
            let Item::Value(value, depth) = item else { return Err(PickleError::Stack) };
            items.push(value);
            deepest = deepest.max(depth);
        }
        Ok((items, deepest))
    }

    fn byte(&mut self) -> Result<u8, PickleError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(PickleError::Short)?;
        self.rest = rest;
        Ok(*array)
    }

    fn take(&mut self, length: usize) -> Result<&[u8], PickleError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(PickleError::Short)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn deeper(before: u32, inside: u32) -> Result<u32, PickleError> {
    let depth = before.max(inside + 1);
    if depth > DEPTH { Err(PickleError::Bound) } else { Ok(depth) }
}

/// A number in two's complement, of as many bytes as it takes.
fn long(bytes: &[u8]) -> Result<i64, PickleError> {
    let negative = bytes.last().is_some_and(|byte| *byte >= 0x80);
    let mut whole = [if negative { 0xff } else { 0 }; 8];
    whole.get_mut(..bytes.len()).ok_or(PickleError::Bound)?.copy_from_slice(bytes);
    Ok(i64::from_le_bytes(whole))
}
