//! Directives as regular expressions, from the same tables that read them.

use std::fmt::Write as _;

use super::directive::{self, Directive, Shape};
use super::names;

impl Directive {
    /// The name of the group that holds the directive's text.
    pub(super) fn group(self) -> &'static str {
        use Directive::*;
        match self {
            Year | ExactYear => "Y",
            ShortYear => "y",
            Month | ExactMonth => "m",
            Day | ExactDay => "d",
            Hour | ExactHour | SpacedHour | ExactSpacedHour => "H",
            Hour12 | SpacedHour12 | ExactSpacedHour12 => "I",
            Minute | ExactMinute => "M",
            Second | ExactSecond => "S",
            Fraction => "f",
            MonthName => "b",
            FullMonthName => "B",
            WeekdayName => "a",
            FullWeekdayName => "A",
            WeekdayNumber => "w",
            Yearday => "j",
            WeekFromSunday => "U",
            WeekFromMonday => "W",
            AmPm => "p",
            ZoneOffset | AnyZone => "z",
            ZoneName | ExactZoneName => "Z",
            IsoYear => "G",
            IsoWeekday => "u",
            IsoWeek => "V",
            Epoch => "epoch",
            LongEpoch => "long_epoch",
            Tai64n => "tai64n",
        }
    }

    /// The directive whose text a group of this name holds.
    pub(super) fn of_group(name: &str) -> Option<Self> {
        directive::ALL.iter().copied().find(|directive| directive.group() == name)
    }

    /// A named group that matches the directive's texts, most preferred first.
    pub(super) fn expression(self) -> String {
        use Directive::*;
        let inside = match self.shapes() {
            Some(shapes) => shapes.iter().map(|shape| shape_expression(shape)).collect::<Vec<_>>().join("|"),
            None => match self {
                MonthName | FullMonthName => names::alternatives(self == FullMonthName, true).join("|"),
                WeekdayName | FullWeekdayName => {
                    names::alternatives(self == FullWeekdayName, false).join("|")
                }
                AmPm => "am|pm".to_owned(),
                ZoneOffset => format!("Z|UTC|GMT|{OFFSET}"),
                ZoneName => "Z|[A-Z]{3,5}".to_owned(),
                ExactZoneName => NAME.to_owned(),
                AnyZone => format!("(?:{NAME})?{OFFSET}|{NAME}"),
                Epoch => r"[0-9]{10,11}\b(?:\.[0-9]{3,6})?".to_owned(),
                LongEpoch => r"[0-9]{10,11}(?:[0-9]{3}(?:\.[0-9]{1,6}|[0-9]{3})?)?".to_owned(),
                _ => "@[0-9a-f]{24}".to_owned(),
            },
        };
        format!("(?P<{}>{inside})", self.group())
    }
}

const OFFSET: &str = "[+-][01][0-9](?::?[0-9]{2})?";
const NAME: &str = "[A-Z](?:[A-Z]{2,4})?";

fn shape_expression(shape: Shape) -> String {
    let mut text = String::new();
    for (from, to) in shape {
        let (from, to) = (char::from(*from), char::from(*to));
        if from == to {
            text.push(from);
        } else {
            // Writing to a string does not fail.
            let _ = write!(text, "[{from}-{to}]");
        }
    }
    text
}
