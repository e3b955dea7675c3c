use sys::netlink::{Attributes, Message};

use super::*;
use crate::Counter;
use crate::name::TABLE;
use crate::ruleset::{Chain, Expr, Hook, REGISTER_1, Rate, Rule, Set, Share};

/// Whether it is about our table: every kind of message has the table's name in its first attribute.
pub(crate) fn belongs_to_table(message: &Message<'_>) -> bool {
    message.body.first() == Some(&INET) && attributes(message).string(TABLE_NAME) == Some(TABLE)
}

fn attributes<'a>(message: &Message<'a>) -> Attributes<'a> {
    message.attributes(FAMILY_HEADER)
}

fn ours<'a>(message: &Message<'a>) -> Option<Attributes<'a>> {
    belongs_to_table(message).then(|| attributes(message))
}

pub(crate) fn read_table_is_dormant(message: &Message<'_>) -> Option<bool> {
    Some(ours(message)?.be32(TABLE_FLAGS)? & TABLE_DORMANT != 0)
}

/// A chain without its rules.
pub(crate) fn read_chain(message: &Message<'_>) -> Option<(String, Chain)> {
    let attributes = ours(message)?;
    let name = attributes.string(CHAIN_NAME)?.to_owned();
    let hook = attributes.nested(CHAIN_HOOK);
    let hook = hook.be32(HOOK_HOOKNUM).map(|number| Hook {
        number,
        priority: hook.be32(HOOK_PRIORITY).unwrap_or(0) as i32,
        policy: attributes.be32(CHAIN_POLICY).unwrap_or(0),
    });
    Some((name, Chain { hook, rules: Vec::new() }))
}

/// A chain of another table that drops what its rules let fall through, as people write it.
pub(crate) fn read_foreign_dropping_chain(message: &Message<'_>) -> Option<String> {
    if belongs_to_table(message) {
        return None;
    }
    let attributes = attributes(message);
    attributes.nested(CHAIN_HOOK).be32(HOOK_HOOKNUM)?;
    let family = match message.body.first()? {
        1 => "inet",
        2 => "ip",
        5 => "netdev",
        7 => "bridge",
        10 => "ip6",
        _ => return None,
    };
    let (table, chain) = (attributes.string(CHAIN_TABLE)?, attributes.string(CHAIN_NAME)?);
    (attributes.be32(CHAIN_POLICY)? == VERDICT_DROP).then(|| format!("{family} {table} {chain}"))
}

/// The number of the moment, which every change of any table makes another.
pub(crate) fn read_generation(message: &Message<'_>) -> Option<u32> {
    attributes(message).be32(GENERATION_ID)
}

/// A rule with its number.
pub(crate) fn read_numbered_rule(message: &Message<'_>) -> Option<(u64, (String, Rule))> {
    Some((ours(message)?.be64(RULE_HANDLE)?, read_rule(message)?))
}

/// A rule and the name of its chain.
pub(crate) fn read_rule(message: &Message<'_>) -> Option<(String, Rule)> {
    let attributes = ours(message)?;
    let chain = attributes.string(RULE_CHAIN)?.to_owned();
    let exprs = attributes.nested(RULE_EXPRESSIONS).map(|(_, expr)| read_expr(Attributes::new(expr)));
    Some((chain, exprs.collect()))
}

pub(crate) fn read_set(message: &Message<'_>) -> Option<(String, Set)> {
    let attributes = ours(message)?;
    let set = Set {
        flags: attributes.be32(SET_FLAGS).unwrap_or(0),
        key_type: attributes.be32(SET_KEY_TYPE)?,
        key_length: attributes.be32(SET_KEY_LEN)?,
        size: attributes.nested(SET_DESC).be32(DESC_SIZE).unwrap_or(0),
        timeout: attributes.be64(SET_TIMEOUT).unwrap_or(0),
    };
    Some((attributes.string(SET_NAME)?.to_owned(), set))
}

/// Any named object's name, and what it counted if it is a counter.
pub(crate) fn read_counter(message: &Message<'_>) -> Option<(String, Counter)> {
    let attributes = ours(message)?;
    let data = attributes.nested(OBJ_DATA);
    let is_counter = attributes.be32(OBJ_TYPE) == Some(OBJECT_COUNTER);
    let counter = Counter { packets: data.be64(COUNTER_PACKETS)?, bytes: data.be64(COUNTER_BYTES)? };
    is_counter.then(|| Some((attributes.string(OBJ_NAME)?.to_owned(), counter)))?
}

fn read_expr(expr: Attributes<'_>) -> Expr {
    let name = expr.string(EXPR_NAME).unwrap_or("?");
    read_known(name, expr.nested(EXPR_DATA)).unwrap_or_else(|| Expr::Foreign(name.to_owned()))
}

/// `None` for whatever is not exactly what we write.
fn read_known(name: &str, data: Attributes<'_>) -> Option<Expr> {
    let in_register = |attribute| (data.be32(attribute) == Some(REGISTER_1)).then_some(());
    let value = |attribute| data.nested(attribute).get(DATA_VALUE).map(<[u8]>::to_vec);
    match name {
        "meta" => {
            in_register(META_DREG)?;
            Some(Expr::LoadMeta(data.be32(META_KEY)?))
        }
        "payload" => {
            let number = |attribute| data.be32(attribute);
            let (base, offset, length) =
                (number(PAYLOAD_BASE)?, number(PAYLOAD_OFFSET)?, number(PAYLOAD_LEN)?);
            Some(Expr::LoadPayload { base, offset, length, register: number(PAYLOAD_DREG)? })
        }
        "ct" => {
            let directed = match data.get(CT_DIRECTION) {
                None => false,
                Some([DIRECTION_ORIGINAL]) => true,
                Some(_) => return None,
            };
            Some(Expr::LoadCt { key: data.be32(CT_KEY)?, directed, register: data.be32(CT_DREG)? })
        }
        "bitwise" => {
            in_register(BITWISE_SREG)?;
            in_register(BITWISE_DREG)?;
            let unchanged = value(BITWISE_XOR)?.iter().all(|byte| *byte == 0);
            unchanged.then(|| value(BITWISE_MASK).map(Expr::Mask))?
        }
        "cmp" => {
            in_register(CMP_SREG)?;
            Some(Expr::Compare { operation: data.be32(CMP_OP)?, value: value(CMP_DATA)? })
        }
        "lookup" => {
            in_register(LOOKUP_SREG)?;
            let set = data.string(LOOKUP_SET)?.to_owned();
            match data.be32(LOOKUP_FLAGS).unwrap_or(0) {
                0 => Some(Expr::InSet(set)),
                LOOKUP_INVERTED => Some(Expr::NotInSet(set)),
                _ => None,
            }
        }
        "objref" => {
            let is_counter = data.be32(OBJREF_IMM_TYPE) == Some(OBJECT_COUNTER);
            is_counter.then(|| data.string(OBJREF_IMM_NAME).map(|name| Expr::Count(name.to_owned())))?
        }
        "limit" => read_rate(data, 0).map(Expr::Within),
        "dynset" => {
            in_register(DYNSET_SREG_KEY)?;
            let set = data.string(DYNSET_SET_NAME)?.to_owned();
            if data.get(DYNSET_EXPR).is_none() {
                return Some(Expr::Put { set, refresh: data.be32(DYNSET_OP)? == DYNSET_UPDATE });
            }
            let account = data.nested(DYNSET_EXPR);
            let share = read_share(account.string(EXPR_NAME)?, account.nested(EXPR_DATA))?;
            Some(Expr::Exceeds { set, share })
        }
        "log" => data.string(LOG_PREFIX).map(|prefix| Expr::Log(prefix.to_owned())),
        "immediate" => read_verdict(data.nested(IMMEDIATE_DATA).nested(DATA_VERDICT)),
        "reject" => match (data.be32(REJECT_TYPE)?, data.get(REJECT_ICMP_CODE)) {
            (REJECT_WITH_TCP_RST, _) => Some(Expr::RejectTcpReset),
            (REJECT_WITH_ICMPX, Some([ICMPX_PORT_UNREACH])) => Some(Expr::RejectPortUnreachable),
            _ => None,
        },
        _ => None,
    }
}

fn read_share(name: &str, data: Attributes<'_>) -> Option<Share> {
    match name {
        "limit" => read_rate(data, OVER).map(Share::Rate),
        "connlimit" => {
            (data.be32(CONNLIMIT_FLAGS)? == OVER).then_some(Share::Connections(data.be32(CONNLIMIT_COUNT)?))
        }
        _ => None,
    }
}

fn read_rate(data: Attributes<'_>, flags: u32) -> Option<Rate> {
    let (count, seconds, burst) = (data.be64(LIMIT_RATE)?, data.be64(LIMIT_UNIT)?, data.be32(LIMIT_BURST)?);
    (data.be32(LIMIT_FLAGS).unwrap_or(0) == flags).then_some(Rate { count, seconds, burst })
}

fn read_verdict(verdict: Attributes<'_>) -> Option<Expr> {
    let chain = || verdict.string(VERDICT_CHAIN).map(str::to_owned);
    match verdict.be32(VERDICT_CODE)? {
        VERDICT_ACCEPT => Some(Expr::Accept),
        VERDICT_DROP => Some(Expr::Drop),
        VERDICT_JUMP => chain().map(Expr::Jump),
        VERDICT_GOTO => chain().map(Expr::Goto),
        _ => None,
    }
}
