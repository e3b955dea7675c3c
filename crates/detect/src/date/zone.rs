/// The zone of dates that name none.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(jiff::tz::TimeZone);

/// A zone's name that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no time zone: write a name as Europe/Zurich, or UTC, UTC+0200")]
pub struct ZoneError {
    name: String,
}

impl Zone {
    /// An IANA name, `UTC`, `GMT`, `UTC+0200`, `+02:00`, or one of Fail2Ban's abbreviations (`CET`, `PDT`…: fixed offsets).
    /// `None` is the host's own zone.
    pub fn parse(name: Option<&str>) -> Result<Self, ZoneError> {
        match name {
            None => Ok(Self(jiff::tz::TimeZone::system())),
            Some(name) => {
                jiff::tz::TimeZone::get(name).map(Self).map_err(|_| ZoneError { name: name.to_owned() })
            }
        }
    }
}
