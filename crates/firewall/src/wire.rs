//! nf_tables on the wire.
//!
//! The encoding is our own, on `sys::netlink`. `netlink-packet-netfilter` 0.4 was looked at: it has tables, chains,
//! sets and elements, but no `reject`, `objref`, comments or batches, which would stand as raw attributes anyway, and
//! it builds a tree of heap nodes for every element, on the path that must take 100,000 of them in a moment.

mod decode;
mod element;
mod encode;

pub(crate) use decode::{
    belongs_to_table, read_chain, read_counter, read_foreign_dropping_chain, read_generation,
    read_numbered_rule, read_rule, read_set, read_table_is_dormant,
};
pub(crate) use element::{
    Element, Key, Timeout, elements_of, only_set, put_bounds, put_elements, put_keys, read_keys,
    read_remaining, set_of_elements,
};
pub(crate) use encode::{
    counters_of_table, delete_chain, delete_counter, delete_rule, delete_set, flush_chain, if_still_at,
    new_chain, new_counter, new_rule, new_set, new_table, only_table,
};

/// `nf_tables_msg_types`.
pub(crate) mod kind {
    pub(crate) const NEW_TABLE: u8 = 0;
    pub(crate) const GET_TABLE: u8 = 1;
    pub(crate) const DEL_TABLE: u8 = 2;
    pub(crate) const NEW_CHAIN: u8 = 3;
    pub(crate) const GET_CHAIN: u8 = 4;
    pub(crate) const DEL_CHAIN: u8 = 5;
    pub(crate) const NEW_RULE: u8 = 6;
    pub(crate) const GET_RULE: u8 = 7;
    pub(crate) const DEL_RULE: u8 = 8;
    pub(crate) const NEW_SET: u8 = 9;
    pub(crate) const GET_SET: u8 = 10;
    pub(crate) const DEL_SET: u8 = 11;
    pub(crate) const NEW_ELEMENT: u8 = 12;
    pub(crate) const GET_ELEMENT: u8 = 13;
    pub(crate) const DEL_ELEMENT: u8 = 14;
    pub(crate) const GET_GENERATION: u8 = 16;
    pub(crate) const NEW_OBJECT: u8 = 18;
    pub(crate) const GET_OBJECT: u8 = 19;
    pub(crate) const DEL_OBJECT: u8 = 20;
    pub(crate) const DESTROY_ELEMENT: u8 = 30;
}

/// Bytes of `struct nfgenmsg`.
pub(crate) const FAMILY_HEADER: usize = 4;
pub(crate) const INET: u8 = 1;
/// nf_tables among netfilter's subsystems.
const SUBSYSTEM: u8 = 10;
/// The begin and the end of a batch; their resource is the subsystem.
pub(crate) const BATCH_BEGIN: u16 = 0x10;
pub(crate) const BATCH_END: u16 = 0x11;
pub(crate) const BATCH_HEADER: [u8; FAMILY_HEADER] = [0, 0, 0, SUBSYSTEM];
pub(crate) const INET_HEADER: [u8; FAMILY_HEADER] = [INET, 0, 0, 0];
/// No family, which in a listing means all of them.
pub(crate) const ANY_HEADER: [u8; FAMILY_HEADER] = [0; FAMILY_HEADER];

/// A message type of nf_tables.
pub(crate) const fn message_type(kind: u8) -> u16 {
    (SUBSYSTEM as u16) << 8 | kind as u16
}

/// The `kind` in a message type, if it is nf_tables'.
pub(crate) fn kind_of(message_type: u16) -> Option<u8> {
    let [subsystem, kind] = message_type.to_be_bytes();
    (subsystem == SUBSYSTEM).then_some(kind)
}

// Attribute types, named as in linux/netfilter/nf_tables.h without NFTA_.
const BATCH_GENERATION: u16 = 1;
const GENERATION_ID: u16 = 1;
const TABLE_NAME: u16 = 1;
const TABLE_FLAGS: u16 = 2;
const TABLE_USERDATA: u16 = 6;
const CHAIN_TABLE: u16 = 1;
const CHAIN_NAME: u16 = 3;
const CHAIN_HOOK: u16 = 4;
const CHAIN_POLICY: u16 = 5;
const CHAIN_TYPE: u16 = 7;
const CHAIN_USERDATA: u16 = 12;
const HOOK_HOOKNUM: u16 = 1;
const HOOK_PRIORITY: u16 = 2;
const RULE_TABLE: u16 = 1;
const RULE_CHAIN: u16 = 2;
const RULE_HANDLE: u16 = 3;
const RULE_EXPRESSIONS: u16 = 4;
const RULE_POSITION: u16 = 6;
const SET_TABLE: u16 = 1;
const SET_NAME: u16 = 2;
const SET_FLAGS: u16 = 3;
const SET_KEY_TYPE: u16 = 4;
const SET_KEY_LEN: u16 = 5;
const SET_DESC: u16 = 9;
const SET_ID: u16 = 10;
const SET_TIMEOUT: u16 = 11;
const SET_USERDATA: u16 = 13;
const DESC_SIZE: u16 = 1;
const OBJ_TABLE: u16 = 1;
const OBJ_NAME: u16 = 2;
const OBJ_TYPE: u16 = 3;
const OBJ_DATA: u16 = 4;
const COUNTER_BYTES: u16 = 1;
const COUNTER_PACKETS: u16 = 2;
const LIST_ELEM: u16 = 1;
const EXPR_NAME: u16 = 1;
const EXPR_DATA: u16 = 2;
const META_DREG: u16 = 1;
const META_KEY: u16 = 2;
const PAYLOAD_DREG: u16 = 1;
const PAYLOAD_BASE: u16 = 2;
const PAYLOAD_OFFSET: u16 = 3;
const PAYLOAD_LEN: u16 = 4;
const BITWISE_SREG: u16 = 1;
const BITWISE_DREG: u16 = 2;
const BITWISE_LEN: u16 = 3;
const BITWISE_MASK: u16 = 4;
const BITWISE_XOR: u16 = 5;
const CMP_SREG: u16 = 1;
const CMP_OP: u16 = 2;
const CMP_DATA: u16 = 3;
const LOOKUP_SET: u16 = 1;
const LOOKUP_SREG: u16 = 2;
const LOOKUP_FLAGS: u16 = 5;
const CT_DREG: u16 = 1;
const CT_KEY: u16 = 2;
const CT_DIRECTION: u16 = 3;
const LIMIT_RATE: u16 = 1;
const LIMIT_UNIT: u16 = 2;
const LIMIT_BURST: u16 = 3;
const LIMIT_FLAGS: u16 = 5;
const CONNLIMIT_COUNT: u16 = 1;
const CONNLIMIT_FLAGS: u16 = 2;
const DYNSET_SET_NAME: u16 = 1;
const DYNSET_OP: u16 = 3;
const DYNSET_SREG_KEY: u16 = 4;
const DYNSET_EXPR: u16 = 7;
const LOG_PREFIX: u16 = 2;
const LOG_LEVEL: u16 = 5;
const OBJREF_IMM_TYPE: u16 = 1;
const OBJREF_IMM_NAME: u16 = 2;
const IMMEDIATE_DREG: u16 = 1;
const IMMEDIATE_DATA: u16 = 2;
const DATA_VALUE: u16 = 1;
const DATA_VERDICT: u16 = 2;
const VERDICT_CODE: u16 = 1;
const VERDICT_CHAIN: u16 = 2;
const REJECT_TYPE: u16 = 1;
const REJECT_ICMP_CODE: u16 = 2;
const ELEMENT_LIST_TABLE: u16 = 1;
const ELEMENT_LIST_SET: u16 = 2;
const ELEMENT_LIST_ELEMENTS: u16 = 3;
const ELEMENT_KEY: u16 = 1;
const ELEMENT_FLAGS: u16 = 3;
const ELEMENT_TIMEOUT: u16 = 4;
const ELEMENT_EXPIRATION: u16 = 5;

const TABLE_DORMANT: u32 = 1;
const OBJECT_COUNTER: u32 = 1;
const VERDICT_REGISTER: u32 = 0;
/// The direction that opened the connection.
const DIRECTION_ORIGINAL: u8 = 0;
/// Of `limit` and `connlimit`: goes on when there is more than that.
const OVER: u32 = 1;
const LOOKUP_INVERTED: u32 = 1;
const DYNSET_ADD: u32 = 0;
const DYNSET_UPDATE: u32 = 1;
const LOG_LEVEL_WARNING: u32 = 4;
const ELEMENT_ENDS_INTERVAL: u32 = 1;
const VERDICT_ACCEPT: u32 = 1;
const VERDICT_DROP: u32 = 0;
const VERDICT_JUMP: u32 = -3_i32 as u32;
const VERDICT_GOTO: u32 = -4_i32 as u32;
const REJECT_WITH_TCP_RST: u32 = 1;
const REJECT_WITH_ICMPX: u32 = 2;
const ICMPX_PORT_UNREACH: u8 = 1;

#[cfg(test)]
mod tests;
