use crate::op;
use crate::value::{Exception, Value};

/// The pickle protocol that is written: every Python since 3.4 reads it, and so do other languages' readers.
const PROTOCOL: u8 = 4;

/// One value as a pickle.
#[must_use]
pub fn write(value: &Value) -> Vec<u8> {
    let mut out = vec![op::PROTO, PROTOCOL];
    put(value, &mut out);
    out.push(op::STOP);
    out
}

fn put(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::None => out.push(op::NONE),
        Value::Bool(true) => out.push(op::NEWTRUE),
        Value::Bool(false) => out.push(op::NEWFALSE),
        Value::Int(number) => int(*number, out),
        Value::Float(number) => {
            out.push(op::BINFLOAT);
            out.extend(number.to_be_bytes());
        }
        Value::Str(text) => string(text, out),
        Value::List(items) => {
            out.push(op::EMPTY_LIST);
            if !items.is_empty() {
                out.push(op::MARK);
                items.iter().for_each(|item| put(item, out));
                out.push(op::APPENDS);
            }
        }
        Value::Tuple(items) => tuple(items, out),
        Value::Dict(items) => {
            out.push(op::EMPTY_DICT);
            for (key, value) in items {
                put(key, out);
                put(value, out);
                out.push(op::SETITEM);
            }
        }
        Value::Exception(exception) => raise(exception, out),
    }
}

fn int(number: i64, out: &mut Vec<u8>) {
    if let Ok(byte) = u8::try_from(number) {
        out.extend([op::BININT1, byte]);
    } else if let Ok(small) = i32::try_from(number) {
        out.push(op::BININT);
        out.extend(small.to_le_bytes());
    } else {
        out.extend([op::LONG1, 8]);
        out.extend(number.to_le_bytes());
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    // Text of four gigabytes is no reply.
    let length = u32::try_from(text.len()).unwrap_or(0);
    match u8::try_from(length) {
        Ok(length) => out.extend([op::SHORT_BINUNICODE, length]),
        Err(_) => {
            out.push(op::BINUNICODE);
            out.extend(length.to_le_bytes());
        }
    }
    out.extend(&text.as_bytes()[..length as usize]);
}

fn tuple(items: &[Value], out: &mut Vec<u8>) {
    let short = match items.len() {
        0 => Some(op::EMPTY_TUPLE),
        1 => Some(op::TUPLE1),
        2 => Some(op::TUPLE2),
        3 => Some(op::TUPLE3),
        _ => None,
    };
    if short.is_none() {
        out.push(op::MARK);
    }
    items.iter().for_each(|item| put(item, out));
    out.push(short.unwrap_or(op::TUPLE));
}

/// The call of an exception's class.
fn raise(exception: &Exception, out: &mut Vec<u8>) {
    let (module, name) = exception.kind.class();
    string(module, out);
    string(name, out);
    out.push(op::STACK_GLOBAL);
    tuple(&exception.arguments, out);
    out.push(op::REDUCE);
}
