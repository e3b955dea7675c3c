//! `palisade import`: what other programs know, a module for each of them.
//!
//! ```text
//! files ─ufw, iptables─> firewall::import ─report─> people, programs
//!                                         └─firewall::take_over─> palisade.toml, the kernel
//! ```

mod beside;
mod fail2ban;
mod iptables;
mod report;
mod ufw;

pub(crate) use fail2ban::fail2ban;
pub(crate) use iptables::iptables;
pub(crate) use ufw::ufw;
