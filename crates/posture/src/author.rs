use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Who did something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The name that was logged in with; empty for the program itself.
    pub user: String,
    /// From where, over ssh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.user, self.from) {
            ("", _) => f.write_str("palisade"),
            (user, None) => write!(f, "{user} on a console"),
            (user, Some(from)) => write!(f, "{user} from {from}"),
        }
    }
}
