use super::{ATTRIBUTE_HEADER, DONE, ERROR, HEADER, TYPE_MASK, align};

/// A length in a message points outside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed netlink message")]
pub struct Malformed;

/// One message, its header taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The family's type, or [`ERROR`], or [`DONE`].
    pub kind: u16,
    /// `NLM_F_*`.
    pub flags: u16,
    /// The request's number, in an answer.
    pub sequence: u32,
    /// The socket that caused it.
    pub port: u32,
    /// What follows the header.
    pub body: &'a [u8],
}

impl<'a> Message<'a> {
    /// The error number of an [`ERROR`] or [`DONE`] message, 0 for success; `None` for any other message.
    pub fn error(&self) -> Option<i32> {
        if self.kind != ERROR && self.kind != DONE {
            return None;
        }
        let code = self.body.first_chunk::<4>().map_or(0, |bytes| i32::from_ne_bytes(*bytes));
        Some(code.saturating_neg())
    }

    /// The attributes behind a family's header of that many bytes.
    pub fn attributes(&self, family_header: usize) -> Attributes<'a> {
        Attributes::new(self.body.get(align(family_header)..).unwrap_or_default())
    }
}

/// The messages in a buffer, in order. Ends after the first malformed one.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Messages<'a> {
    /// Over what was received.
    pub fn new(bytes: &'a [u8]) -> Messages<'a> {
        Messages { rest: bytes }
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let message = split_message(self.rest);
        self.rest = match message {
            Ok(message) => self.rest.get(align(HEADER + message.body.len())..).unwrap_or_default(),
            Err(Malformed) => &[],
        };
        Some(message)
    }
}

fn split_message(bytes: &[u8]) -> Result<Message<'_>, Malformed> {
    let header: &[u8; HEADER] = bytes.first_chunk().ok_or(Malformed)?;
    let word = |at: usize| u32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let half = |at: usize| u16::from_ne_bytes([header[at], header[at + 1]]);
    let length = word(0) as usize;
    let body = bytes.get(HEADER..length).ok_or(Malformed)?;
    Ok(Message { kind: half(4), flags: half(6), sequence: word(8), port: word(12), body })
}

/// Attributes in order: their type without flags, and their value. Ends at the first malformed one.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Attributes<'a> {
    /// Over a message's attributes, or over the value of one that holds attributes.
    pub fn new(bytes: &'a [u8]) -> Attributes<'a> {
        Attributes { rest: bytes }
    }

    /// The value of the first attribute of this type.
    pub fn get(mut self, kind: u16) -> Option<&'a [u8]> {
        self.find(|(found, _)| *found == kind).map(|(_, value)| value)
    }

    /// The attributes inside the first attribute of this type; none if it is not there.
    pub fn nested(self, kind: u16) -> Attributes<'a> {
        Attributes::new(self.get(kind).unwrap_or_default())
    }

    /// A string up to its NUL; `None` if it is not UTF-8 or not there.
    pub fn string(self, kind: u16) -> Option<&'a str> {
        let value = self.get(kind)?;
        let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
        std::str::from_utf8(&value[..end]).ok()
    }

    /// A 32-bit number in network order.
    pub fn be32(self, kind: u16) -> Option<u32> {
        self.get(kind)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// A 64-bit number in network order.
    pub fn be64(self, kind: u16) -> Option<u64> {
        self.get(kind)?.try_into().ok().map(u64::from_be_bytes)
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let header: &[u8; ATTRIBUTE_HEADER] = self.rest.first_chunk()?;
        let length = u16::from_ne_bytes([header[0], header[1]]) as usize;
        let kind = u16::from_ne_bytes([header[2], header[3]]) & TYPE_MASK;
        let value = self.rest.get(ATTRIBUTE_HEADER..length)?;
        self.rest = self.rest.get(align(length)..).unwrap_or_default();
        Some((kind, value))
    }
}
