use sys::netlink::Encoder;

use super::*;
use crate::name::TABLE;
use crate::ruleset::{Chain, Expr, Hook, REGISTER_1, Rate, Rule, Set, Share};

/// Comments are read by people in `nft list`; the format is libnftnl's: type, length, value.
mod userdata {
    pub(super) const TABLE_COMMENT: u8 = 0;
    pub(super) const CHAIN_COMMENT: u8 = 0;
    pub(super) const SET_KEY_BYTE_ORDER: u8 = 0;
    pub(super) const BIG_ENDIAN: u32 = 2;
    /// nft refuses to read longer ones, its NUL included.
    pub(super) const LONGEST_COMMENT: usize = 127;
}

pub(super) fn put_table_name(message: &mut Encoder, attribute: u16) {
    message.string(attribute, TABLE);
}

/// Creates the table if it is not there, and wakes it up if it is dormant.
pub(crate) fn new_table(message: &mut Encoder) {
    put_table_name(message, TABLE_NAME);
    message.be32(TABLE_FLAGS, 0);
    message
        .bytes(TABLE_USERDATA, &comment(userdata::TABLE_COMMENT, "palisade: who is banned, and from what"));
}

/// The batch is refused if anything was changed since this moment.
pub(crate) fn if_still_at(message: &mut Encoder, generation: u32) {
    message.be32(BATCH_GENERATION, generation);
}

/// Names the table and nothing more: to ask for it, to delete it, to list what is in it.
pub(crate) fn only_table(message: &mut Encoder) {
    put_table_name(message, TABLE_NAME);
}

pub(crate) fn new_chain(message: &mut Encoder, name: &str, chain: &Chain, text: &str) {
    put_table_name(message, CHAIN_TABLE);
    message.string(CHAIN_NAME, name);
    if let Some(Hook { number, priority, policy }) = chain.hook {
        message.nest(CHAIN_HOOK, |hook| {
            hook.be32(HOOK_HOOKNUM, number);
            hook.be32(HOOK_PRIORITY, priority as u32);
        });
        message.be32(CHAIN_POLICY, policy);
        message.string(CHAIN_TYPE, "filter");
    }
    message.bytes(CHAIN_USERDATA, &comment(userdata::CHAIN_COMMENT, text));
}

pub(crate) fn delete_chain(message: &mut Encoder, name: &str) {
    put_table_name(message, CHAIN_TABLE);
    message.string(CHAIN_NAME, name);
}

/// Without a handle, the deletion of a rule is of all rules of the chain.
pub(crate) fn flush_chain(message: &mut Encoder, name: &str) {
    put_table_name(message, RULE_TABLE);
    message.string(RULE_CHAIN, name);
}

pub(crate) fn new_set(message: &mut Encoder, name: &str, set: &Set, id: u32) {
    put_table_name(message, SET_TABLE);
    message.string(SET_NAME, name);
    message.be32(SET_FLAGS, set.flags);
    message.be32(SET_KEY_TYPE, set.key_type);
    message.be32(SET_KEY_LEN, set.key_length);
    if set.size != 0 {
        message.nest(SET_DESC, |desc| desc.be32(DESC_SIZE, set.size));
    }
    message.be32(SET_ID, id);
    if set.timeout != 0 {
        message.be64(SET_TIMEOUT, set.timeout);
    }
    message.bytes(SET_USERDATA, &entry(userdata::SET_KEY_BYTE_ORDER, &userdata::BIG_ENDIAN.to_ne_bytes()));
}

pub(crate) fn delete_set(message: &mut Encoder, name: &str) {
    put_table_name(message, SET_TABLE);
    message.string(SET_NAME, name);
}

pub(crate) fn new_counter(message: &mut Encoder, name: &str) {
    delete_counter(message, name);
    message.nest(OBJ_DATA, |_| {});
}

/// To list counters only.
pub(crate) fn counters_of_table(message: &mut Encoder) {
    put_table_name(message, OBJ_TABLE);
    message.be32(OBJ_TYPE, OBJECT_COUNTER);
}

pub(crate) fn delete_counter(message: &mut Encoder, name: &str) {
    put_table_name(message, OBJ_TABLE);
    message.string(OBJ_NAME, name);
    message.be32(OBJ_TYPE, OBJECT_COUNTER);
}

pub(crate) fn delete_rule(message: &mut Encoder, chain: &str, handle: u64) {
    flush_chain(message, chain);
    message.be64(RULE_HANDLE, handle);
}

/// Before the rule of this number, if the message does not say that it comes behind; without one at an end of the chain.
pub(crate) fn new_rule(message: &mut Encoder, chain: &str, rule: &Rule, next: Option<u64>) {
    put_table_name(message, RULE_TABLE);
    message.string(RULE_CHAIN, chain);
    if let Some(next) = next {
        message.be64(RULE_POSITION, next);
    }
    message.nest(RULE_EXPRESSIONS, |list| rule.iter().for_each(|expr| put_expr(list, expr)));
}

fn put_expr(list: &mut Encoder, expr: &Expr) {
    let mut put = |name: &str, body: &dyn Fn(&mut Encoder)| {
        list.nest(LIST_ELEM, |element| put_named(element, name, body));
    };
    match expr {
        Expr::LoadMeta(key) => put("meta", &|e| {
            e.be32(META_KEY, *key);
            e.be32(META_DREG, REGISTER_1);
        }),
        Expr::LoadPayload { base, offset, length, register } => put("payload", &|e| {
            e.be32(PAYLOAD_DREG, *register);
            e.be32(PAYLOAD_BASE, *base);
            e.be32(PAYLOAD_OFFSET, *offset);
            e.be32(PAYLOAD_LEN, *length);
        }),
        Expr::LoadCt { key, directed, register } => put("ct", &|e| {
            e.be32(CT_KEY, *key);
            e.be32(CT_DREG, *register);
            if *directed {
                e.bytes(CT_DIRECTION, &[DIRECTION_ORIGINAL]);
            }
        }),
        Expr::Mask(mask) => put("bitwise", &|e| {
            e.be32(BITWISE_SREG, REGISTER_1);
            e.be32(BITWISE_DREG, REGISTER_1);
            e.be32(BITWISE_LEN, mask.len() as u32);
            e.nest(BITWISE_MASK, |data| data.bytes(DATA_VALUE, mask));
            e.nest(BITWISE_XOR, |data| data.bytes(DATA_VALUE, &vec![0; mask.len()]));
        }),
        Expr::Compare { operation, value } => put("cmp", &|e| {
            e.be32(CMP_SREG, REGISTER_1);
            e.be32(CMP_OP, *operation);
            e.nest(CMP_DATA, |data| data.bytes(DATA_VALUE, value));
        }),
        Expr::InSet(set) => put("lookup", &|e| {
            e.string(LOOKUP_SET, set);
            e.be32(LOOKUP_SREG, REGISTER_1);
        }),
        Expr::NotInSet(set) => put("lookup", &|e| {
            e.string(LOOKUP_SET, set);
            e.be32(LOOKUP_SREG, REGISTER_1);
            e.be32(LOOKUP_FLAGS, LOOKUP_INVERTED);
        }),
        Expr::Put { set, refresh } => put("dynset", &|e| put_dynset(e, set, *refresh)),
        Expr::Count(counter) => put("objref", &|e| {
            e.be32(OBJREF_IMM_TYPE, OBJECT_COUNTER);
            e.string(OBJREF_IMM_NAME, counter);
        }),
        Expr::Within(rate) => put("limit", &|e| put_rate(e, *rate, 0)),
        Expr::Exceeds { set, share } => put("dynset", &|e| {
            put_dynset(e, set, matches!(share, Share::Rate(_)));
            e.nest(DYNSET_EXPR, |account| put_share(account, *share));
        }),
        Expr::Log(prefix) => put("log", &|e| {
            e.string(LOG_PREFIX, prefix);
            e.be32(LOG_LEVEL, LOG_LEVEL_WARNING);
        }),
        Expr::Accept => put("immediate", &|e| put_verdict(e, VERDICT_ACCEPT, None)),
        Expr::Drop => put("immediate", &|e| put_verdict(e, VERDICT_DROP, None)),
        Expr::Jump(chain) => put("immediate", &|e| put_verdict(e, VERDICT_JUMP, Some(chain))),
        Expr::Goto(chain) => put("immediate", &|e| put_verdict(e, VERDICT_GOTO, Some(chain))),
        Expr::RejectTcpReset => put("reject", &|e| e.be32(REJECT_TYPE, REJECT_WITH_TCP_RST)),
        Expr::RejectPortUnreachable => put("reject", &|e| {
            e.be32(REJECT_TYPE, REJECT_WITH_ICMPX);
            e.bytes(REJECT_ICMP_CODE, &[ICMPX_PORT_UNREACH]);
        }),
        Expr::Foreign(name) => put(name, &|_| {}),
    }
}

fn put_dynset(expr: &mut Encoder, set: &str, refresh: bool) {
    expr.string(DYNSET_SET_NAME, set);
    expr.be32(DYNSET_OP, if refresh { DYNSET_UPDATE } else { DYNSET_ADD });
    expr.be32(DYNSET_SREG_KEY, REGISTER_1);
}

fn put_named(element: &mut Encoder, name: &str, body: &dyn Fn(&mut Encoder)) {
    element.string(EXPR_NAME, name);
    element.nest(EXPR_DATA, body);
}

fn put_share(account: &mut Encoder, share: Share) {
    match share {
        Share::Rate(rate) => put_named(account, "limit", &|e| put_rate(e, rate, OVER)),
        Share::Connections(count) => put_named(account, "connlimit", &|e| {
            e.be32(CONNLIMIT_COUNT, count);
            e.be32(CONNLIMIT_FLAGS, OVER);
        }),
    }
}

fn put_rate(expr: &mut Encoder, rate: Rate, flags: u32) {
    expr.be64(LIMIT_RATE, rate.count);
    expr.be64(LIMIT_UNIT, rate.seconds);
    expr.be32(LIMIT_BURST, rate.burst);
    expr.be32(LIMIT_FLAGS, flags);
}

fn put_verdict(expr: &mut Encoder, code: u32, chain: Option<&str>) {
    expr.be32(IMMEDIATE_DREG, VERDICT_REGISTER);
    expr.nest(IMMEDIATE_DATA, |data| {
        data.nest(DATA_VERDICT, |verdict| {
            verdict.be32(VERDICT_CODE, code);
            if let Some(chain) = chain {
                verdict.string(VERDICT_CHAIN, chain);
            }
        });
    });
}

/// A comment without what would disturb a terminal or nft's own quoting.
fn comment(kind: u8, text: &str) -> Vec<u8> {
    let mut clean: String = text.chars().map(|c| if c.is_control() || c == '"' { '?' } else { c }).collect();
    while clean.len() > userdata::LONGEST_COMMENT {
        clean.pop();
    }
    entry(kind, &[clean.as_bytes(), &[0]].concat())
}

fn entry(kind: u8, value: &[u8]) -> Vec<u8> {
    [&[kind, value.len() as u8], value].concat()
}
