use proptest::prelude::*;

use super::*;
use crate::value::{Exception, Kind, Value};

/// What Python 3.11 makes of `pickle.dumps(['set', 'sshd', 'maxretry', '5', 'sshd', 3, 300, -1, True, None, [1.5]], 5)`,
/// with one text named twice.
const FROM_PYTHON: &[u8] = b"\x80\x05\x95\x36\0\0\0\0\0\0\0]\x94(\x8c\x03set\x94\x8c\x04sshd\x94\x8c\x08maxretry\x94\x8c\x015\x94h\x02K\x03M,\x01J\xff\xff\xff\xff\x88N]\x94G?\xf8\0\0\0\0\0\0ae.";

#[test]
fn what_the_client_sends_is_read() {
    let value = read(FROM_PYTHON, Trust::Command).unwrap();
    assert_eq!(value.repr(), "['set', 'sshd', 'maxretry', '5', 'sshd', 3, 300, -1, True, None, [1.5]]");
}

#[test]
fn nothing_that_imports_or_calls_is_taken_from_a_client() {
    let calls: [&[u8]; 4] = [
        b"cos\nsystem\n(S'id'\ntR.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.",
        b"\x80\x02c__builtin__\neval\nX\x01\0\0\x001\x85R.",
        b"\x80\x04\x8c\x08builtins\x8c\tException\x93)R.",
    ];
    for call in calls {
        assert!(matches!(read(call, Trust::Command), Err(PickleError::Instruction(_))), "{call:?}");
    }
    assert_eq!(read(calls[1], Trust::Reply), Err(PickleError::Class), "nor from a server");
    assert!(read(calls[3], Trust::Reply).is_ok(), "but its exceptions are");
}

#[test]
fn depth_and_size_have_bounds() {
    let deep = [vec![op::EMPTY_LIST; 40], vec![op::APPEND; 39], vec![op::STOP]].concat();
    assert_eq!(read(&deep, Trust::Command), Err(PickleError::Bound));
    let many =
        [vec![op::EMPTY_LIST, op::MARK], vec![op::NONE; 1 << 19], vec![op::APPENDS, op::STOP]].concat();
    assert_eq!(read(&many, Trust::Command), Err(PickleError::Bound));
    // A megabyte of text, named so often that it would be gigabytes.
    let mut bomb = vec![op::EMPTY_LIST, op::MARK, op::BINUNICODE, 0, 0, 16, 0];
    bomb.resize(bomb.len() + (1 << 20), b'x');
    bomb.push(op::MEMOIZE);
    (0..4096).for_each(|_| bomb.extend([op::BINGET, 0]));
    assert_eq!(read(&bomb, Trust::Command), Err(PickleError::Bound));
}

#[test]
fn a_length_beyond_the_end_reserves_nothing() {
    let lies = b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fx.";
    assert_eq!(read(lies, Trust::Command), Err(PickleError::Short));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<i16>().prop_map(|number| Value::Int(number.into())),
        (-1e9..1e9).prop_map(Value::Float),
        ".{0,40}".prop_map(Value::Str),
        "[a-z]{250,300}".prop_map(Value::Str),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let items = || prop::collection::vec(inner.clone(), 0..6);
        prop_oneof![
            items().prop_map(Value::List),
            items().prop_map(Value::Tuple),
            prop::collection::vec((".{0,9}".prop_map(Value::Str), inner.clone()), 0..4).prop_map(Value::Dict),
            items().prop_map(|arguments| Value::Exception(Exception { kind: Kind::ValueError, arguments })),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in value()) {
        prop_assert_eq!(read(&write(&value), Trust::Reply), Ok(value));
    }

    #[test]
    fn any_bytes_are_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, Trust::Reply);
    }

    #[test]
    fn a_pickle_with_wrong_bytes_in_it_is_a_value_or_an_error(at in 0usize..100, byte: u8) {
        let mut bytes = FROM_PYTHON.to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read(&bytes, Trust::Command);
    }
}
