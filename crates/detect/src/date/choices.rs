//! Which lengths of text a directive takes, most preferred first.

use super::directive::Shape;
use super::word;

const MOST: usize = 20;

/// Lengths, most preferred first. No directive has more than twenty at one place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Choices {
    lengths: [u8; MOST],
    count: u8,
}

impl Choices {
    fn push(&mut self, length: usize) {
        if let (Some(slot), Ok(length)) =
            (self.lengths.get_mut(usize::from(self.count)), u8::try_from(length))
        {
            *slot = length;
            self.count += 1;
        }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.lengths[..usize::from(self.count)]
    }
}

pub(super) fn one(length: Option<usize>) -> Choices {
    let mut choices = Choices::default();
    length.into_iter().for_each(|length| choices.push(length));
    choices
}

pub(super) fn shapes(shapes: &[Shape], text: &[u8]) -> Choices {
    let mut choices = Choices::default();
    for shape in shapes {
        let fits = |text: &[u8]| shape.iter().zip(text).all(|((from, to), byte)| (from..=to).contains(&byte));
        if text.get(..shape.len()).is_some_and(fits) {
            choices.push(shape.len());
        }
    }
    choices
}

fn digits(text: &[u8], most: usize) -> usize {
    text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count()
}

fn begins(text: &[u8], word: &[u8], ignore_case: bool) -> bool {
    text.get(..word.len())
        .is_some_and(|text| if ignore_case { text.eq_ignore_ascii_case(word) } else { text == word })
}

fn letters(text: &[u8], ignore_case: bool) -> usize {
    let letter = |byte: &&u8| byte.is_ascii_uppercase() || ignore_case && byte.is_ascii_lowercase();
    text.iter().take(5).take_while(letter).count()
}

/// `+02:00`, `+0200`, `+02` and what is a beginning of it.
fn offset(text: &[u8], before: usize, choices: &mut Choices) {
    let &[b'+' | b'-', b'0' | b'1', b'0'..=b'9', ref rest @ ..] = text else { return };
    if let &[b':', b'0'..=b'9', b'0'..=b'9', ..] = rest {
        choices.push(before + 6);
    } else if digits(rest, 2) == 2 {
        choices.push(before + 5);
    }
    choices.push(before + 3);
}

pub(super) fn zone_offset(text: &[u8], ignore_case: bool) -> Choices {
    let mut choices = Choices::default();
    for word in [&b"Z"[..], b"UTC", b"GMT"] {
        if begins(text, word, ignore_case) {
            choices.push(word.len());
        }
    }
    offset(text, 0, &mut choices);
    choices
}

pub(super) fn zone_name(text: &[u8], ignore_case: bool) -> Choices {
    let mut choices = one(begins(text, b"Z", ignore_case).then_some(1));
    (3..=letters(text, ignore_case)).rev().for_each(|length| choices.push(length));
    choices
}

/// One letter, or three to five.
pub(super) fn exact_zone_name(text: &[u8], ignore_case: bool) -> Choices {
    let mut choices = Choices::default();
    let count = letters(text, ignore_case);
    (3..=count).rev().chain((count > 0).then_some(1)).for_each(|length| choices.push(length));
    choices
}

/// A name, an offset, or both.
pub(super) fn any_zone(text: &[u8], ignore_case: bool) -> Choices {
    let names = exact_zone_name(text, ignore_case);
    let mut choices = Choices::default();
    for &name in names.as_slice().iter().chain(&[0]) {
        offset(&text[usize::from(name)..], usize::from(name), &mut choices);
    }
    names.as_slice().iter().for_each(|&name| choices.push(usize::from(name)));
    choices
}

/// Ten or eleven digits that end a word, with three to six digits of a fraction where they stand.
pub(super) fn epoch(text: &[u8]) -> Choices {
    let mut choices = Choices::default();
    let count = digits(text, 11);
    if count < 10 || text.get(count..).is_some_and(word::begins_with) {
        return choices;
    }
    if text.get(count) == Some(&b'.') {
        (3..=digits(&text[count + 1..], 6)).rev().for_each(|more| choices.push(count + 1 + more));
    }
    choices.push(count);
    choices
}

/// Seconds, milliseconds with or without a fraction, or microseconds.
pub(super) fn long_epoch(text: &[u8]) -> Choices {
    let mut choices = Choices::default();
    let count = digits(text, 17);
    for base in (10..=count.min(11)).rev() {
        if count >= base + 3 {
            let rest = &text[base + 3..];
            if rest.first() == Some(&b'.') {
                (1..=digits(&rest[1..], 6)).rev().for_each(|more| choices.push(base + 4 + more));
            } else if digits(rest, 3) == 3 {
                choices.push(base + 6);
            }
            choices.push(base + 3);
        }
        choices.push(base);
    }
    choices
}

/// Microseconds of a text that [`epoch`] or [`long_epoch`] took. The unit of a long one follows from its length.
pub(super) fn epoch_micros(text: &[u8], long: bool) -> Option<i64> {
    let point = text.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = text.split_at(point.unwrap_or(text.len()));
    let unit_digits = match text.len() {
        length if !long || length < 13 => 6,
        16.. if fraction.is_empty() => 0,
        _ => 3,
    };
    // As many digits of the fraction as make microseconds; where it has fewer, zeros.
    let below = fraction.iter().skip(1).chain(std::iter::repeat(&b'0')).take(unit_digits);
    whole.iter().chain(below).try_fold(0_i64, |sum, byte| {
        sum.checked_mul(10)?.checked_add(i64::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?))
    })
}

/// `@` and 24 lower-case hexadecimal digits.
pub(super) fn tai64n(text: &[u8]) -> Option<usize> {
    let hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.first() == Some(&b'@') && text.get(1..25)?.iter().all(hex)).then_some(25)
}

/// Fail2Ban reads fifteen of the sixteen digits of seconds and does not correct for leap seconds.
pub(super) fn tai64n_micros(text: &[u8]) -> Option<i64> {
    i64::from_str_radix(str::from_utf8(text.get(2..17)?).ok()?, 16)
        .ok()
        .map(|seconds| seconds.saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_in_the_order_of_preference() {
        assert_eq!(zone_offset(b"+02:00", false).as_slice(), [6, 3]);
        assert_eq!(zone_offset(b"+0200", false).as_slice(), [5, 3]);
        assert_eq!(zone_offset(b"+02:0", false).as_slice(), [3]);
        assert_eq!(zone_offset(b"utc", false).as_slice(), [0; 0]);
        assert_eq!(zone_offset(b"utc", true).as_slice(), [3]);
        assert_eq!(zone_name(b"ZULUX", false).as_slice(), [1, 5, 4, 3]);
        assert_eq!(any_zone(b"UTC+02", false).as_slice(), [6, 3, 1]);
        assert_eq!(any_zone(b"CE", false).as_slice(), [1]);
    }

    #[test]
    fn epochs() {
        assert_eq!(epoch(b"1234567890").as_slice(), [10]);
        assert_eq!(epoch(b"1234567890.12345 ").as_slice(), [16, 15, 14, 10]);
        assert_eq!(epoch(b"123456789012").as_slice(), [0; 0]);
        assert_eq!(epoch(b"1234567890x").as_slice(), [0; 0]);
        assert_eq!(long_epoch(b"1234567890123").as_slice(), [11, 13, 10]);
        assert_eq!(long_epoch(b"1234567890123.4").as_slice(), [11, 15, 13, 10]);
        assert!(long_epoch(b"12345678901234567890").as_slice().len() < MOST);
    }

    #[test]
    fn units_of_long_epochs() {
        assert_eq!(epoch_micros(b"1138042459", true), Some(1_138_042_459_000_000));
        assert_eq!(epoch_micros(b"1138042459123", true), Some(1_138_042_459_123_000));
        assert_eq!(epoch_micros(b"1138042459123.456", true), Some(1_138_042_459_123_456));
        assert_eq!(epoch_micros(b"1138042459123456", true), Some(1_138_042_459_123_456));
        assert_eq!(epoch_micros(b"1138042459.5", false), Some(1_138_042_459_500_000));
        assert_eq!(tai64n_micros(b"@4000000050d506482457537c"), Some(1_356_138_056_000_000));
    }
}
