/// What a pattern read from a line, before it is put together to a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) small: [i8; Slot::COUNT],
    /// -1 if it is not said.
    pub(super) year: i16,
    /// January 1st is 1; -1 if it is not said.
    pub(super) yearday: i16,
    pub(super) offset: Offset,
    /// The whole moment, in microseconds, for patterns that are a count since 1970.
    pub(super) epoch: Option<i64>,
}

/// A small number of [`Fields`]. Those that say the day are -1 if they are not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Month,
    Day,
    Hour,
    Minute,
    Second,
    /// 1: the hour is of a 12-hour clock and wants [`Slot::Afternoon`].
    Twelve,
    Afternoon,
    /// Monday is 0.
    Weekday,
    Week,
    /// 1: weeks count from the first Monday, not from the first Sunday.
    WeekFromMonday,
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

impl Slot {
    const COUNT: usize = 10;
}

impl Fields {
    pub(super) const NONE: Self = Self {
        small: [-1, -1, 0, 0, 0, 0, 0, -1, -1, 0],
        year: -1,
        yearday: -1,
        offset: Offset::Unsaid,
        epoch: None,
    };

    #[inline]
    pub(super) fn get(&self, slot: Slot) -> i8 {
        self.small[slot as usize]
    }

    #[inline]
    pub(super) fn set(&mut self, slot: Slot, value: i8) {
        self.small[slot as usize] = value;
    }

    /// Whether year, month and day are said.
    pub(super) fn say_the_day(&self) -> bool {
        self.year > 0 && self.get(Slot::Month) > 0 && self.get(Slot::Day) > 0
    }

    /// The hour of the 24-hour clock. More than 23 where the text is no hour.
    pub(super) fn hour24(&self) -> i8 {
        let hour = self.get(Slot::Hour);
        match (self.get(Slot::Twelve) == 1, self.get(Slot::Afternoon) == 1, hour) {
            (true, false, 12) => 0,
            (true, true, hour) if hour != 12 => hour + 12,
            _ => hour,
        }
    }
}
