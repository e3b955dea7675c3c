use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use sys::netlink::{Attributes, Encoder, Message};

use super::encode::put_table_name;
use super::*;
use crate::name::Prefix;
use crate::policy::Remaining;
use crate::ruleset::Bound;

/// A network's address, as a set holds it: 4 or 16 bytes, and nothing behind the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(IpAddr);

impl Key {
    pub(crate) fn of(net: &IpNet) -> Key {
        Key(net.network())
    }

    /// The network that a key of that prefix's set stands for.
    pub(crate) fn net(self, prefix: Prefix) -> Option<IpNet> {
        let (Prefix::V4(length) | Prefix::V6(length)) = prefix;
        IpNet::new(self.0, length).ok()
    }

    fn read(element: Attributes<'_>) -> Option<Key> {
        let bytes = element.nested(ELEMENT_KEY).get(DATA_VALUE)?;
        let v4 = || <[u8; 4]>::try_from(bytes).map(IpAddr::from).ok();
        let v6 = || <[u8; 16]>::try_from(bytes).map(IpAddr::from).ok();
        v4().or_else(v6).map(Key)
    }

    fn put(self, element: &mut Encoder) {
        element.nest(ELEMENT_KEY, |key| match self.0 {
            IpAddr::V4(address) => key.bytes(DATA_VALUE, &address.octets()),
            IpAddr::V6(address) => key.bytes(DATA_VALUE, &address.octets()),
        });
    }
}

/// When an element goes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timeout {
    Never,
    /// So many milliseconds, at least one: the kernel takes zero for never.
    In(u64),
    /// It is not to be there.
    Over,
}

pub(crate) type Element = (Key, Timeout);

/// Elements that are to be looked up or deleted.
pub(crate) fn put_keys(message: &mut Encoder, set: &str, keys: impl Iterator<Item = Key>) {
    put_list(message, set, |list| keys.for_each(|key| list.nest(LIST_ELEM, |element| key.put(element))));
}

/// Elements that are to be there.
pub(crate) fn put_elements<'a>(
    message: &mut Encoder,
    set: &str,
    elements: impl Iterator<Item = &'a Element>,
) {
    put_list(message, set, |list| {
        for (key, timeout) in elements {
            list.nest(LIST_ELEM, |element| {
                key.put(element);
                if let Timeout::In(milliseconds) = timeout {
                    element.be64(ELEMENT_TIMEOUT, *milliseconds);
                }
            });
        }
    });
}

/// Elements of a set of the rules: keys and, where intervals end, the key behind each.
pub(crate) fn put_bounds(message: &mut Encoder, set: &str, bounds: &[Bound]) {
    put_list(message, set, |list| {
        for Bound { key, ends } in bounds {
            list.nest(LIST_ELEM, |element| {
                element.nest(ELEMENT_KEY, |data| data.bytes(DATA_VALUE, key));
                if *ends {
                    element.be32(ELEMENT_FLAGS, ELEMENT_ENDS_INTERVAL);
                }
            });
        }
    });
}

/// Names a set, whose elements are asked for.
pub(crate) fn only_set(message: &mut Encoder, set: &str) {
    put_table_name(message, ELEMENT_LIST_TABLE);
    message.string(ELEMENT_LIST_SET, set);
}

fn put_list(message: &mut Encoder, set: &str, elements: impl FnOnce(&mut Encoder)) {
    only_set(message, set);
    message.nest(ELEMENT_LIST_ELEMENTS, elements);
}

/// The name of the set that a message about elements is about.
pub(crate) fn set_of_elements<'a>(message: &Message<'a>) -> Option<&'a str> {
    message.attributes(FAMILY_HEADER).string(ELEMENT_LIST_SET)
}

/// The keys in a message about elements, whatever they are.
pub(crate) fn read_keys(message: &Message<'_>) -> Option<Vec<Vec<u8>>> {
    let elements = message.attributes(FAMILY_HEADER).nested(ELEMENT_LIST_ELEMENTS);
    let key = |element| Attributes::new(element).nested(ELEMENT_KEY).get(DATA_VALUE).map(<[u8]>::to_vec);
    Some(elements.filter_map(|(_, element)| key(element)).collect())
}

/// The set's name and the keys in a message about elements.
pub(crate) fn elements_of<'a>(
    message: &Message<'a>,
) -> Option<(&'a str, impl Iterator<Item = Key> + use<'a>)> {
    let attributes = message.attributes(FAMILY_HEADER);
    let elements = attributes.nested(ELEMENT_LIST_ELEMENTS);
    Some((
        attributes.string(ELEMENT_LIST_SET)?,
        elements.filter_map(|(_, element)| Key::read(Attributes::new(element))),
    ))
}

/// How long the first element in a message will stay.
pub(crate) fn read_remaining(message: &Message<'_>) -> Option<Remaining> {
    let elements = message.attributes(FAMILY_HEADER).nested(ELEMENT_LIST_ELEMENTS);
    let element = elements.nested(LIST_ELEM);
    element.get(ELEMENT_KEY)?;
    Some(match element.be64(ELEMENT_EXPIRATION) {
        Some(milliseconds) => Remaining::For(Duration::from_millis(milliseconds)),
        None => Remaining::Forever,
    })
}
