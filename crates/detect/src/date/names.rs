//! English month and weekday names, in any case. The host's locale is not asked.

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The three lower-cased letters at the start of `text`, as one number.
fn letters(text: &[u8]) -> Option<u32> {
    let &[a, b, c, ..] = text else { return None };
    Some(u32::from_be_bytes([0, a | 0x20, b | 0x20, c | 0x20]))
}

const fn key(name: &[u8; 3]) -> u32 {
    u32::from_be_bytes([0, name[0], name[1], name[2]])
}

const JAN: u32 = key(b"jan");
const FEB: u32 = key(b"feb");
const MAR: u32 = key(b"mar");
const APR: u32 = key(b"apr");
const MAY: u32 = key(b"may");
const JUN: u32 = key(b"jun");
const JUL: u32 = key(b"jul");
const AUG: u32 = key(b"aug");
const SEP: u32 = key(b"sep");
const OCT: u32 = key(b"oct");
const NOV: u32 = key(b"nov");
const DEC: u32 = key(b"dec");
const MON: u32 = key(b"mon");
const TUE: u32 = key(b"tue");
const WED: u32 = key(b"wed");
const THU: u32 = key(b"thu");
const FRI: u32 = key(b"fri");
const SAT: u32 = key(b"sat");
const SUN: u32 = key(b"sun");

/// An abbreviated month at the start of `text`, from 1.
pub(super) fn month(text: &[u8]) -> Option<i8> {
    Some(match letters(text)? {
        JAN => 1,
        FEB => 2,
        MAR => 3,
        APR => 4,
        MAY => 5,
        JUN => 6,
        JUL => 7,
        AUG => 8,
        SEP => 9,
        OCT => 10,
        NOV => 11,
        DEC => 12,
        _ => return None,
    })
}

/// An abbreviated weekday at the start of `text`; Monday is 0.
pub(super) fn weekday(text: &[u8]) -> Option<i8> {
    Some(match letters(text)? {
        MON => 0,
        TUE => 1,
        WED => 2,
        THU => 3,
        FRI => 4,
        SAT => 5,
        SUN => 6,
        _ => return None,
    })
}

/// A whole month name: its length and number, from 1.
pub(super) fn full_month(text: &[u8]) -> Option<(usize, i8)> {
    full(&MONTHS, text).map(|(length, index)| (length, index + 1))
}

/// A whole weekday name: its length and number; Monday is 0.
pub(super) fn full_weekday(text: &[u8]) -> Option<(usize, i8)> {
    full(&WEEKDAYS, text)
}

/// `am` is 0, `pm` is 1.
pub(super) fn am_pm(text: &[u8]) -> Option<i8> {
    match (text.first()? | 0x20, text.get(1)? | 0x20) {
        (b'a', b'm') => Some(0),
        (b'p', b'm') => Some(1),
        _ => None,
    }
}

fn full(names: &[&str], text: &[u8]) -> Option<(usize, i8)> {
    let begins =
        |name: &&str| text.get(..name.len()).is_some_and(|text| text.eq_ignore_ascii_case(name.as_bytes()));
    (0..).zip(names).find(|(_, name)| begins(name)).map(|(index, name)| (name.len(), index))
}

/// All names of a kind, for writing a pattern out as a regular expression.
pub(super) fn alternatives(full: bool, months: bool) -> Vec<&'static str> {
    let names: &[&'static str] = if months { &MONTHS } else { &WEEKDAYS };
    names.iter().map(|name| if full { name } else { &name[..3] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case() {
        for (number, name) in (1..).zip(MONTHS) {
            assert_eq!(month(name[..3].to_uppercase().as_bytes()), Some(number));
            assert_eq!(full_month(name.to_uppercase().as_bytes()), Some((name.len(), number)));
        }
        for (number, name) in (0..).zip(WEEKDAYS) {
            assert_eq!(weekday(name.as_bytes()), Some(number));
            assert_eq!(full_weekday(name.as_bytes()), Some((name.len(), number)));
        }
        assert_eq!((am_pm(b"AM"), am_pm(b"pm")), (Some(0), Some(1)));
    }

    #[test]
    fn bytes_that_only_differ_in_the_case_bit_from_letters_are_no_names() {
        for text in [&b"J\n"[..], b"\x0aan", b"j", b"", b"jan"] {
            assert_eq!(month(text).is_some(), text == b"jan", "{text:?}");
        }
    }
}
