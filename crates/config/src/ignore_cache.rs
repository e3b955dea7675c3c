//! `ignorecache`: which answers of an `ignorecommand` are remembered.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::call;
use crate::text::Text;
use crate::value::{integer, seconds};

/// `key="<F-USER>@<ip-host>", max-count=100, max-time=5m`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IgnoreCache {
    /// With tags: who has the same is answered the same.
    pub key: String,
    /// So many answers are remembered.
    pub count: usize,
    /// For so long.
    pub time: Duration,
}

impl IgnoreCache {
    /// Reads one; what it leaves out is as in Fail2Ban.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let call = call::parse(&Text::plain(format!("ignorecache[{text}]")));
        let call =
            call.map_err(|_| "ignorecache is not key=\"...\", max-count=..., max-time=...".to_owned())?;
        let option = |name: &str| call.option(name).map(Text::as_str);
        let count = match option("max-count") {
            None => 100,
            Some(text) => integer(text)
                .and_then(|count| usize::try_from(count).ok())
                .ok_or_else(|| format!("max-count is no number: {text}"))?,
        };
        let time = seconds(option("max-time").unwrap_or("5m"))?;
        let time = Duration::try_from_secs_f64(time).map_err(|error| format!("max-time: {error}"))?;
        let key = option("key").ok_or("ignorecache has no key")?.to_owned();
        Ok(Self { key, count, time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_manual_shows() {
        let cache = IgnoreCache::parse("key=\"<F-USER>@<ip-host>\", max-count=7, max-time=1h").unwrap();
        let key = "<F-USER>@<ip-host>".to_owned();
        assert_eq!(cache, IgnoreCache { key, count: 7, time: Duration::from_secs(3600) });
        let cache = IgnoreCache::parse("key=<ip>").unwrap();
        assert_eq!((cache.count, cache.time), (100, Duration::from_secs(300)));
        for wrong in ["", "max-count=3", "key=<ip>, max-count=x", "key=<ip>, max-time=x"] {
            assert!(IgnoreCache::parse(wrong).is_err(), "{wrong}");
        }
    }
}
