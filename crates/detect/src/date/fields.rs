/// What a pattern read from a line, before it is put together to a moment. Negative numbers stand for "not said".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) year: i16,
    pub(super) month: i8,
    pub(super) day: i8,
    pub(super) hour: u8,
    /// `hour` is of a 12-hour clock and wants `pm`.
    pub(super) twelve: bool,
    pub(super) pm: bool,
    pub(super) minute: u8,
    pub(super) second: u8,
    /// Monday is 0.
    pub(super) weekday: i8,
    /// January 1st is 1.
    pub(super) yearday: i16,
    pub(super) week: i8,
    /// `week` counts from the first Monday, not from the first Sunday.
    pub(super) week_from_monday: bool,
    pub(super) offset: Offset,
    /// The whole moment, in microseconds, for patterns that are a count since 1970.
    pub(super) epoch: Option<i64>,
}

/// The zone that stands with a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offset {
    /// None stands there.
    Unsaid,
    /// Minutes east of UTC.
    Minutes(i16),
    /// An abbreviation that nobody knows.
    Unknown,
}

impl Fields {
    pub(super) const NONE: Self = Self {
        year: -1,
        month: -1,
        day: -1,
        hour: 0,
        twelve: false,
        pm: false,
        minute: 0,
        second: 0,
        weekday: -1,
        yearday: -1,
        week: -1,
        week_from_monday: false,
        offset: Offset::Unsaid,
        epoch: None,
    };

    /// The hour of the 24-hour clock. More than 23 where the text is no hour.
    pub(super) fn hour24(&self) -> u8 {
        match (self.twelve, self.pm, self.hour) {
            (true, false, 12) => 0,
            (true, true, hour) if hour != 12 => hour + 12,
            (_, _, hour) => hour,
        }
    }
}
