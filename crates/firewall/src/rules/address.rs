//! What stands behind `from` and `to`.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Which addresses are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Address {
    /// Every address of the rule's families.
    #[default]
    Any,
    /// A network, or one address as a network of full length. Bits behind an IPv6 prefix are kept as they were written,
    /// as ufw keeps them, and mean nothing.
    Net(IpNet),
    /// An IPv4 mask with holes, as `10.0.0.0/255.0.255.0`; the address has no bits outside of the mask.
    Masked(Ipv4Addr, Ipv4Addr),
    /// A named list of addresses of both families, as `cloudflare`.
    List(String),
}

impl Address {
    /// The families that have such addresses.
    #[must_use]
    pub fn families(&self) -> super::Families {
        use super::Families;
        match self {
            Self::Any | Self::List(_) => Families::Both,
            Self::Net(IpNet::V4(_)) | Self::Masked(..) => Families::V4,
            Self::Net(IpNet::V6(_)) => Families::V6,
        }
    }
}

/// As in ufw's canonical commands; `any` for [`Address::Any`].
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Net(net) if net.prefix_len() == net.max_prefix_len() => net.addr().fmt(f),
            Self::Net(net) => net.fmt(f),
            Self::Masked(address, mask) => write!(f, "{address}/{mask}"),
            Self::List(name) => f.write_str(name),
        }
    }
}
