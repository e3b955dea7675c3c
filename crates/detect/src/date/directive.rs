//! The `%` directives: which texts each takes, in which order of preference, and what it says with them.
//!
//! A directive may take several texts at one place (`%d` before `12` takes `12`, else `1`), and the first with which the
//! rest of the pattern matches is taken. Digits and letters are ASCII.

use super::choices::{self, Choices};
use super::fields::{Fields, Slot};
use super::program::TwoDigits;
use super::{names, offsets};

macro_rules! directives {
    ($($name:ident,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(super) enum Directive {
            $($name,)*
        }

        /// Every directive.
        pub(super) const ALL: &[Directive] = &[$(Directive::$name,)*];
    };
}

directives! {
    Year,
    ExactYear,
    ShortYear,
    Month,
    ExactMonth,
    Day,
    ExactDay,
    Hour,
    ExactHour,
    SpacedHour,
    ExactSpacedHour,
    Hour12,
    SpacedHour12,
    ExactSpacedHour12,
    Minute,
    ExactMinute,
    Second,
    ExactSecond,
    Fraction,
    MonthName,
    FullMonthName,
    WeekdayName,
    FullWeekdayName,
    WeekdayNumber,
    Yearday,
    WeekFromSunday,
    WeekFromMonday,
    AmPm,
    ZoneOffset,
    ZoneName,
    AnyZone,
    ExactZoneName,
    IsoYear,
    IsoWeekday,
    IsoWeek,
    Epoch,
    LongEpoch,
    Tai64n,
}

use Directive::*;

/// How a pattern writes each, without the `%`. Three have no letter: patterns name them in words.
const SPELLINGS: &[(&str, Directive)] = &[
    ("Y", Year),
    ("ExY", ExactYear),
    ("y", ShortYear),
    ("Exy", ShortYear),
    ("m", Month),
    ("Exm", ExactMonth),
    ("d", Day),
    ("Exd", ExactDay),
    ("H", Hour),
    ("ExH", ExactHour),
    ("k", SpacedHour),
    ("Exk", ExactSpacedHour),
    ("I", Hour12),
    ("l", SpacedHour12),
    ("Exl", ExactSpacedHour12),
    ("M", Minute),
    ("ExM", ExactMinute),
    ("S", Second),
    ("ExS", ExactSecond),
    ("f", Fraction),
    ("b", MonthName),
    ("B", FullMonthName),
    ("a", WeekdayName),
    ("A", FullWeekdayName),
    ("w", WeekdayNumber),
    ("j", Yearday),
    ("U", WeekFromSunday),
    ("W", WeekFromMonday),
    ("p", AmPm),
    ("z", ZoneOffset),
    ("Z", ZoneName),
    ("Exz", AnyZone),
    ("ExZ", ExactZoneName),
    ("G", IsoYear),
    ("u", IsoWeekday),
    ("V", IsoWeek),
];

/// The directive that `text` begins with, after its `%`, and its length.
pub(super) fn spelled(text: &str) -> Option<(Directive, usize)> {
    SPELLINGS
        .iter()
        .find(|(name, _)| text.starts_with(name))
        .map(|(name, directive)| (*directive, name.len()))
}

/// Texts of a fixed length: a range of bytes for each place.
pub(super) type Shape = &'static [(u8, u8)];

const D: (u8, u8) = (b'0', b'9');
const SPACE: (u8, u8) = (b' ', b' ');

impl Directive {
    /// The texts of a directive that is a number, most preferred first.
    pub(super) fn shapes(self) -> Option<&'static [Shape]> {
        Some(match self {
            Year | IsoYear => &[&[D, D, D, D]],
            // Decades that a log can be of: Fail2Ban's end with that of its start and three years.
            ExactYear => &[&[(b'2', b'2'), (b'0', b'0'), (b'0', b'3'), D]],
            ShortYear => &[&[D, D]],
            Month => &[&[(b'0', b'0'), (b'1', b'9')], &[(b'1', b'9')], &[(b'1', b'1'), (b'0', b'2')]],
            ExactMonth => &[&[(b'0', b'0'), (b'1', b'9')], &[(b'1', b'1'), (b'0', b'2')]],
            Day => &[
                &[(b'1', b'2'), D],
                &[(b'0', b'0'), (b'1', b'9')],
                &[SPACE, (b'1', b'9')],
                &[(b'1', b'9')],
                &[(b'3', b'3'), (b'0', b'1')],
            ],
            ExactDay => &[&[(b'1', b'2'), D], &[(b'0', b'0'), (b'1', b'9')], &[(b'3', b'3'), (b'0', b'1')]],
            Hour => &[&[(b'0', b'1'), D], &[D], &[(b'2', b'2'), (b'0', b'3')]],
            ExactHour => &[&[(b'0', b'1'), D], &[(b'2', b'2'), (b'0', b'3')]],
            SpacedHour => &[&[SPACE, (b'0', b'2'), D], &[SPACE, D], &[(b'0', b'2'), D], &[D]],
            ExactSpacedHour => &[
                &[SPACE, (b'0', b'1'), D],
                &[SPACE, D],
                &[SPACE, (b'2', b'2'), (b'0', b'3')],
                &[(b'0', b'1'), D],
                &[D],
                &[(b'2', b'2'), (b'0', b'3')],
            ],
            Hour12 => &[&[(b'1', b'1'), (b'0', b'2')], &[(b'0', b'0'), (b'1', b'9')], &[(b'1', b'9')]],
            SpacedHour12 => &[&[SPACE, (b'1', b'1'), D], &[SPACE, D], &[(b'1', b'1'), D], &[D]],
            ExactSpacedHour12 => {
                &[&[SPACE, (b'1', b'1'), (b'0', b'2')], &[SPACE, D], &[(b'1', b'1'), (b'0', b'2')], &[D]]
            }
            Minute => &[&[(b'0', b'5'), D], &[D]],
            ExactMinute => &[&[(b'0', b'5'), D]],
            Second => &[&[(b'0', b'5'), D], &[D], &[(b'6', b'6'), (b'0', b'1')]],
            ExactSecond => &[&[(b'0', b'5'), D], &[(b'6', b'6'), (b'0', b'1')]],
            Fraction => &[&[D, D, D, D, D, D], &[D, D, D, D, D], &[D, D, D, D], &[D, D, D], &[D, D], &[D]],
            WeekdayNumber => &[&[(b'0', b'6')]],
            IsoWeekday => &[&[(b'1', b'7')]],
            Yearday => &[
                &[(b'3', b'3'), (b'6', b'6'), (b'0', b'6')],
                &[(b'3', b'3'), (b'0', b'5'), D],
                &[(b'1', b'2'), D, D],
                &[(b'0', b'0'), (b'1', b'9'), D],
                &[(b'0', b'0'), (b'0', b'0'), (b'1', b'9')],
                &[(b'1', b'9'), D],
                &[(b'0', b'0'), (b'1', b'9')],
                &[(b'1', b'9')],
            ],
            WeekFromSunday | WeekFromMonday => &[&[(b'5', b'5'), (b'0', b'3')], &[(b'0', b'4'), D], &[D]],
            IsoWeek => {
                &[&[(b'5', b'5'), (b'0', b'3')], &[(b'0', b'0'), (b'1', b'9')], &[(b'1', b'4'), D], &[D]]
            }
            _ => return None,
        })
    }

    /// Lengths of the texts that the directive takes at the start of `text`, most preferred first.
    pub(super) fn choices(self, text: &[u8], ignore_case: bool) -> Choices {
        if let Some(shapes) = self.shapes() {
            return choices::shapes(shapes, text);
        }
        match self {
            MonthName | WeekdayName | FullMonthName | FullWeekdayName | AmPm => {
                choices::one(self.name(text).map(|(length, _)| length))
            }
            ZoneOffset => choices::zone_offset(text, ignore_case),
            ZoneName => choices::zone_name(text, ignore_case),
            AnyZone => choices::any_zone(text, ignore_case),
            ExactZoneName => choices::exact_zone_name(text, ignore_case),
            Epoch => choices::epoch(text),
            LongEpoch => choices::long_epoch(text),
            Tai64n => choices::one(choices::tai64n(text)),
            _ => Choices::default(),
        }
    }

    /// The name at the start of `text`: its length and number.
    fn name(self, text: &[u8]) -> Option<(usize, i8)> {
        match self {
            MonthName => names::month(text).map(|number| (3, number)),
            WeekdayName => names::weekday(text).map(|number| (3, number)),
            FullMonthName => names::full_month(text),
            FullWeekdayName => names::full_weekday(text),
            AmPm => names::am_pm(text).map(|number| (2, number)),
            _ => None,
        }
    }

    /// Whether one of the directive's texts may begin with `byte`. May say yes too often.
    pub(super) fn may_begin(self, byte: u8) -> bool {
        let letter = byte.to_ascii_lowercase();
        match self {
            MonthName | FullMonthName => b"jfmasond".contains(&letter),
            WeekdayName | FullWeekdayName => b"mtwfs".contains(&letter),
            AmPm => b"ap".contains(&letter),
            ZoneOffset => b"zug+-".contains(&letter),
            ZoneName | ExactZoneName => byte.is_ascii_alphabetic(),
            AnyZone => byte.is_ascii_alphabetic() || matches!(byte, b'+' | b'-'),
            Tai64n => byte == b'@',
            Epoch | LongEpoch => byte.is_ascii_digit(),
            _ => self
                .shapes()
                .is_some_and(|shapes| shapes.iter().any(|shape| (shape[0].0..=shape[0].1).contains(&byte))),
        }
    }

    /// Takes one text at a place, whatever comes after it.
    pub(super) fn is_plain(self) -> bool {
        matches!(self, Year | ExactYear | ShortYear | MonthName | WeekdayName)
    }

    pub(super) fn is_hour(self) -> bool {
        matches!(self, Hour | ExactHour | SpacedHour | ExactSpacedHour)
    }

    /// The texts of two digits, where no other text of the directive can be meant when no digit follows.
    pub(super) fn two_digits(self) -> Option<TwoDigits> {
        let (slot, least, most) = match self {
            Month | ExactMonth => (Slot::Month, 1, 12),
            Day | ExactDay => (Slot::Day, 1, 31),
            Minute | ExactMinute => (Slot::Minute, 0, 59),
            // 60 and 61 come after their first digit alone.
            Second | ExactSecond => (Slot::Second, 0, 59),
            _ => return None,
        };
        Some(TwoDigits { slot, least, most, blank: self == Day })
    }

    /// Writes down what `text` says, one of this directive's texts. The last word counts.
    pub(super) fn read(self, text: &[u8], fields: &mut Fields) {
        let number = || number(text);
        let mut set = |slot, value: i16| fields.set(slot, i8::try_from(value).unwrap_or(-1));
        match self {
            Month | ExactMonth => set(Slot::Month, number()),
            Day | ExactDay => set(Slot::Day, number()),
            Hour | ExactHour | SpacedHour | ExactSpacedHour => {
                set(Slot::Hour, number());
                set(Slot::Twelve, 0);
            }
            Hour12 | SpacedHour12 | ExactSpacedHour12 => {
                set(Slot::Hour, number());
                set(Slot::Twelve, 1);
            }
            Minute | ExactMinute => set(Slot::Minute, number()),
            Second | ExactSecond => set(Slot::Second, number()),
            MonthName | FullMonthName => set(Slot::Month, self.name_number(text)),
            WeekdayName | FullWeekdayName => set(Slot::Weekday, self.name_number(text)),
            AmPm => set(Slot::Afternoon, self.name_number(text)),
            WeekdayNumber => set(Slot::Weekday, (number() + 6) % 7),
            WeekFromSunday | WeekFromMonday => {
                set(Slot::Week, number());
                set(Slot::WeekFromMonday, i16::from(self == WeekFromMonday));
            }
            Year | ExactYear => fields.year = number(),
            ShortYear => fields.year = 2000 + number(),
            Yearday => fields.yearday = number(),
            ZoneOffset | ZoneName | AnyZone | ExactZoneName => fields.offset = offsets::parse(text),
            Epoch => fields.epoch = choices::epoch_micros(text, false),
            LongEpoch => fields.epoch = choices::epoch_micros(text, true),
            Tai64n => fields.epoch = choices::tai64n_micros(text),
            // Fail2Ban looks at these and takes no notice of them.
            Fraction | IsoYear | IsoWeekday | IsoWeek => {}
        }
    }

    fn name_number(self, text: &[u8]) -> i16 {
        self.name(text).map_or(-1, |(_, number)| number.into())
    }
}

/// Up to four digits, with blanks before them.
fn number(text: &[u8]) -> i16 {
    text.iter()
        .filter(|byte| byte.is_ascii_digit())
        .take(4)
        .fold(0, |sum, byte| sum * 10 + i16::from(byte - b'0'))
}
