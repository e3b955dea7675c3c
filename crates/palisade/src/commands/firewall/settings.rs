//! What is not a rule: on and off, default policies, logging.

use std::fs;

use firewall::rules::command::Way;
use firewall::rules::{Logging, Stance};

use super::ask;
use super::session::Session;
use crate::control;
use crate::exit::CommandError;

type Said = Result<String, CommandError>;

pub(super) fn enable(mut session: Session) -> Said {
    let over_ssh = control::session::address().is_some();
    if over_ssh && !session.force() && !session.agrees("Command may disrupt existing ssh connections. ")? {
        return Ok(ask::ABORTED.to_owned());
    }
    session.posture.set_enabled(true);
    session.save()?;
    Ok("Firewall is active and enabled on system startup\n".to_owned())
}

pub(super) fn disable(mut session: Session) -> Said {
    session.posture.set_enabled(false);
    session.save()?;
    Ok("Firewall stopped and disabled on system startup\n".to_owned())
}

pub(super) fn reload(session: &Session) -> Said {
    if !session.policy().enabled {
        return Ok("Firewall not enabled (skipping reload)\n".to_owned());
    }
    if session.is_in_force() {
        session.reload()?;
    }
    Ok("Firewall reloaded\n".to_owned())
}

pub(super) fn reset(mut session: Session) -> Said {
    let over_ssh = control::session::address().is_some();
    let danger = if over_ssh { "This may disrupt existing ssh connections. " } else { "" };
    let question = format!("Resetting all rules to installed defaults. {danger}");
    if !session.force() && !session.agrees(&question)? {
        return Ok(ask::ABORTED.to_owned());
    }
    session.posture.reset_firewall();
    session.save()?;
    Ok(String::new())
}

pub(super) fn default(mut session: Session, way: Way, stance: Stance) -> Said {
    session.posture.set_default(way, stance);
    session.save()?;
    let (way, stance) = (way.name(), stance.name());
    Ok(format!("Default {way} policy changed to '{stance}'\n(be sure to update your rules accordingly)\n"))
}

pub(super) fn logging(mut session: Session, level: Option<Logging>) -> Said {
    let level = level.unwrap_or(match session.policy().logging {
        Logging::Off => Logging::Low,
        now => now,
    });
    session.posture.set_logging(level);
    session.save()?;
    Ok(format!("Logging {}\n", if level == Logging::Off { "disabled" } else { "enabled" }))
}

/// Whether this host routes at all; if not, ufw calls the policy for routed packets disabled.
pub(super) fn routes() -> bool {
    let switches = ["ipv4/ip_forward", "ipv6/conf/default/forwarding", "ipv6/conf/all/forwarding"];
    let on = |switch: &str| {
        fs::read_to_string(format!("/proc/sys/net/{switch}")).is_ok_and(|text| text.trim() == "1")
    };
    switches.into_iter().any(on)
}
