use std::time::Duration;

use crate::value::seconds;

/// What `palisade.toml` says under `[rollback]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// How long a change waits to be confirmed.
    pub after: Duration,
    /// Whether those that are made over ssh wait.
    pub ssh: bool,
}

impl Default for Rollback {
    fn default() -> Self {
        Self { after: Duration::from_secs(60), ssh: true }
    }
}

impl Rollback {
    /// Time to log in anew, at the least.
    const SHORTEST: f64 = 1.0;
    /// Who was shut out waits so long for the way in.
    const LONGEST: f64 = 86_400.0;

    /// How long a change may wait: a length of time as in `jail.conf`, within bounds.
    ///
    /// # Errors
    /// It is none, or out of bounds.
    pub fn length(text: &str) -> Result<Duration, String> {
        match seconds(text)? {
            length @ Self::SHORTEST..=Self::LONGEST => Ok(Duration::from_secs_f64(length)),
            _ => Err("a change waits for one second at the least, and for one day at the most".to_owned()),
        }
    }
}
