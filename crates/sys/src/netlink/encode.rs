use super::{ATTRIBUTE_HEADER, HEADER, NESTED, align};

/// An attribute grew beyond the 65,535 bytes that its length field can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a netlink attribute is longer than 65535 bytes")]
pub struct TooLong;

/// Builds messages into one buffer, ready for one send.
#[derive(Debug, Default)]
pub struct Encoder {
    bytes: Vec<u8>,
    too_long: bool,
}

impl Encoder {
    /// Empty.
    pub fn new() -> Encoder {
        Encoder::default()
    }

    /// Adds a message; `body` writes the family's header first, then attributes.
    pub fn message(&mut self, kind: u16, flags: u16, sequence: u32, body: impl FnOnce(&mut Encoder)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(&flags.to_ne_bytes());
        self.bytes.extend_from_slice(&sequence.to_ne_bytes());
        self.bytes.extend_from_slice(&[0; HEADER - 12]);
        body(self);
        match u32::try_from(self.bytes.len() - start) {
            Ok(length) => self.bytes[start..start + 4].copy_from_slice(&length.to_ne_bytes()),
            Err(_) => self.too_long = true,
        }
    }

    /// Adds flags to the message that begins at this length of the buffer.
    pub fn add_flags(&mut self, start: usize, flags: u16) {
        let [low, high] = flags.to_ne_bytes();
        if let Some([a, b]) = self.bytes.get_mut(start + 6..start + 8) {
            *a |= low;
            *b |= high;
        }
    }

    /// Bytes as they stand: the header of a family. A multiple of four bytes.
    pub fn raw(&mut self, bytes: &[u8]) {
        debug_assert_eq!(bytes.len(), align(bytes.len()));
        self.bytes.extend_from_slice(bytes);
    }

    /// An attribute with this value.
    pub fn bytes(&mut self, kind: u16, value: &[u8]) {
        let start = self.open(kind);
        self.bytes.extend_from_slice(value);
        self.close(start);
    }

    /// A string attribute, ended by NUL.
    pub fn string(&mut self, kind: u16, value: &str) {
        let start = self.open(kind);
        self.bytes.extend_from_slice(value.as_bytes());
        self.bytes.push(0);
        self.close(start);
    }

    /// A number in network order, as nf_tables has all of them.
    pub fn be32(&mut self, kind: u16, value: u32) {
        self.bytes(kind, &value.to_be_bytes());
    }

    /// A number in network order.
    pub fn be64(&mut self, kind: u16, value: u64) {
        self.bytes(kind, &value.to_be_bytes());
    }

    /// An attribute that holds attributes.
    pub fn nest(&mut self, kind: u16, body: impl FnOnce(&mut Encoder)) {
        let start = self.open(kind | NESTED);
        body(self);
        self.close(start);
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The messages, unless one could not be expressed.
    pub fn finish(self) -> Result<Vec<u8>, TooLong> {
        if self.too_long { Err(TooLong) } else { Ok(self.bytes) }
    }

    fn open(&mut self, kind: u16) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; ATTRIBUTE_HEADER - 2]);
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        start
    }

    fn close(&mut self, start: usize) {
        match u16::try_from(self.bytes.len() - start) {
            Ok(length) => self.bytes[start..start + 2].copy_from_slice(&length.to_ne_bytes()),
            Err(_) => self.too_long = true,
        }
        self.bytes.resize(align(self.bytes.len()), 0);
    }
}
