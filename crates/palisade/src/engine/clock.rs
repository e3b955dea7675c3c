//! The one place where the time is asked for.

use detect::Time;
use jiff::Timestamp;

/// The present.
pub(crate) fn now() -> Time {
    Time::from_micros(Timestamp::now().as_microsecond())
}
