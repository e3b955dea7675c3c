use proptest::prelude::*;

use super::*;

/// A tree of attributes, as families nest them.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Value(u16, Vec<u8>),
    Nest(u16, Vec<Node>),
}

fn node() -> impl Strategy<Value = Node> {
    let kind = 0..=TYPE_MASK;
    let leaf =
        (kind.clone(), proptest::collection::vec(any::<u8>(), 0..20)).prop_map(|(k, v)| Node::Value(k, v));
    leaf.prop_recursive(4, 40, 6, move |inner| {
        (kind.clone(), proptest::collection::vec(inner, 0..6)).prop_map(|(k, nodes)| Node::Nest(k, nodes))
    })
}

fn write(encoder: &mut Encoder, node: &Node) {
    match node {
        Node::Value(kind, value) => encoder.bytes(*kind, value),
        Node::Nest(kind, nodes) => encoder.nest(*kind, |e| nodes.iter().for_each(|n| write(e, n))),
    }
}

/// Reads back by the shape of what was written: the wire does not say what is a nest.
fn same(read: (u16, &[u8]), node: &Node) -> bool {
    match node {
        Node::Value(kind, value) => read == (*kind, value.as_slice()),
        Node::Nest(kind, nodes) => {
            let inner: Vec<_> = Attributes::new(read.1).collect();
            read.0 == *kind && inner.len() == nodes.len() && inner.iter().zip(nodes).all(|(r, n)| same(*r, n))
        }
    }
}

proptest! {
    #[test]
    fn messages_read_back_as_they_were_written(
        messages in proptest::collection::vec((any::<u16>(), any::<u16>(), any::<u32>(),
            proptest::collection::vec(node(), 0..5)), 0..5)
    ) {
        let mut encoder = Encoder::new();
        for (kind, flags, sequence, nodes) in &messages {
            encoder.message(*kind, *flags, *sequence, |e| {
                e.raw(&[1, 2, 3, 4]);
                nodes.iter().for_each(|n| write(e, n));
            });
        }
        let bytes = encoder.finish().unwrap();
        let read: Vec<_> = Messages::new(&bytes).map(Result::unwrap).collect();
        prop_assert_eq!(read.len(), messages.len());
        for (read, (kind, flags, sequence, nodes)) in read.iter().zip(&messages) {
            prop_assert_eq!((read.kind, read.flags, read.sequence), (*kind, *flags, *sequence));
            let attributes: Vec<_> = read.attributes(4).collect();
            prop_assert_eq!(attributes.len(), nodes.len());
            prop_assert!(attributes.iter().zip(nodes).all(|(a, n)| same(*a, n)));
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic_and_in_bounded_time(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let read = Messages::new(&bytes).filter_map(Result::ok).map(|m| m.attributes(4).count()).sum::<usize>();
        prop_assert!(read <= bytes.len());
        prop_assert!(Attributes::new(&bytes).count() <= bytes.len() / ATTRIBUTE_HEADER);
    }
}

#[test]
fn an_attribute_that_is_too_long_is_refused_and_not_cut() {
    let mut encoder = Encoder::new();
    encoder.message(1, 0, 0, |e| e.bytes(1, &vec![0; 70_000]));
    assert_eq!(encoder.finish(), Err(TooLong));
}

#[test]
fn a_length_beyond_the_buffer_is_malformed() {
    let mut encoder = Encoder::new();
    encoder.message(1, 0, 0, |e| e.raw(&[0; 4]));
    let mut bytes = encoder.finish().unwrap();
    bytes[0] = 200;
    assert_eq!(Messages::new(&bytes).collect::<Vec<_>>(), vec![Err(Malformed)]);
}
