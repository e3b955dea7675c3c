//! The road from configuration and lines to decisions that the daemon, `palisade replay` and `palisade filter` share.

pub(crate) mod clock;
pub(crate) mod compile;
pub(crate) mod input;
pub(crate) mod jails;
pub(crate) mod lists;
pub(crate) mod networks;
pub(crate) mod never_ban;
pub(crate) mod permit;
pub(crate) mod place;
pub(crate) mod posture;
