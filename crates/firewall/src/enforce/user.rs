//! What people wrote, rule by rule.

use super::group::{Group, groups};
use super::matching::{End, Matcher, came_by, family, leaves_by};
use super::{limit, log};
use crate::FirewallError;
use crate::rules::{Action, Address, Direction, Families, Logging, Policy, Rule as Said, Traffic};
use crate::ruleset::{Expr, Rule};

/// Where a packet goes that is refused with an answer.
pub(super) const REFUSE: &str = "rules.refuse";
/// Where a packet goes that exceeds a limit.
pub(super) const LIMITED: &str = "rules.limited";

/// The rules of one direction.
pub(super) fn rules(
    matcher: &mut Matcher<'_>,
    policy: &Policy,
    direction: Direction,
) -> Result<Vec<Rule>, FirewallError> {
    let mut rules = Vec::new();
    for group in groups(&policy.rules, direction) {
        for family in families(group.rule) {
            let Some(ends) = addresses(matcher, &group, family)? else { continue };
            for traffic in group.rule.traffic() {
                let fits = fits(matcher, &group, family, &ends, &traffic);
                rules.extend(outcome(matcher, policy.logging, group.rule, family, &traffic, fits));
            }
        }
    }
    Ok(rules)
}

/// The families that need a rule each: where there is an address or an account, they differ.
fn families(rule: &Said) -> Vec<Families> {
    let list = |address: &Address| matches!(address, Address::List(_));
    let differs = list(&rule.from.address) || list(&rule.to.address);
    match differs || matches!(rule.action, Action::Limit(_)) {
        true => rule.families.each().collect(),
        false => vec![rule.families],
    }
}

fn addresses(
    matcher: &mut Matcher<'_>,
    group: &Group<'_>,
    family: Families,
) -> Result<Option<Vec<Expr>>, FirewallError> {
    let mut exprs = Vec::new();
    for (end, address) in [(End::From, &group.rule.from.address), (End::To, &group.rule.to.address)] {
        if group.network() != Some(end) {
            let Some(one) = matcher.address(end, address, family)? else { return Ok(None) };
            exprs.extend(one);
        }
    }
    Ok(Some(exprs))
}

fn fits(
    matcher: &mut Matcher<'_>,
    group: &Group<'_>,
    of: Families,
    ends: &[Expr],
    traffic: &Traffic<'_>,
) -> Vec<Expr> {
    let rule = group.rule;
    let with_ports = !traffic.from.is_empty() || !traffic.to.is_empty();
    let interfaces = rule.input.iter().flat_map(|name| came_by(name));
    let mut fits = family(of);
    fits.extend(interfaces.chain(rule.output.iter().flat_map(|name| leaves_by(name))));
    fits.extend_from_slice(ends);
    fits.extend(matcher.protocol(traffic.protocol, with_ports));
    fits.extend(matcher.ports(End::From, traffic.from));
    if !group.ports() {
        fits.extend(matcher.ports(End::To, traffic.to));
    }
    fits.extend(group.one_of.iter().flat_map(|one_of| matcher.one_of(one_of)));
    fits
}

fn outcome(
    matcher: &mut Matcher<'_>,
    level: Logging,
    rule: &Said,
    family: Families,
    traffic: &Traffic<'_>,
    fits: Vec<Expr>,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    rules.extend(log::asked(level, rule.log, rule.action).map(|log| [fits.clone(), log].concat()));
    let end = match rule.action {
        Action::Allow => Expr::Accept,
        Action::Deny => Expr::Drop,
        Action::Reject => Expr::Goto(REFUSE.to_owned()),
        Action::Limit(limit) => {
            let (v6, with_port) = (family == Families::V6, !traffic.to.is_empty());
            rules.extend(limit::rules(matcher, rule, limit, &fits, v6, with_port));
            return rules;
        }
    };
    rules.push([fits, vec![end]].concat());
    rules
}
