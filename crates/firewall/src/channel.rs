//! Requests to nf_tables and their answers. The kernel works a request off while it is sent, so nothing here waits.

use std::io;

use sys::netlink::{DONE, ERROR, Encoder, Family, Message, Messages, Socket, flag};

use crate::FirewallError;
use crate::wire::{self, BATCH_BEGIN, BATCH_END, BATCH_HEADER, FAMILY_HEADER, INET_HEADER, message_type};

/// For the answers to a batch.
const RECEIVE_BUFFER: usize = 4 << 20;
/// A batch is sent in one piece; ten thousand rules take a fraction of it.
const SEND_BUFFER: usize = 64 << 20;
/// A dump is started anew when the ruleset changed under it, on a busy host perhaps more than once.
const DUMP_ATTEMPTS: usize = 20;
/// The dump is not of one moment (`NLM_F_DUMP_INTR`).
const DUMP_INTERRUPTED: u16 = 0x10;
const EINTR: i32 = 4;
/// A batch that begins below it does not wrap around.
const LAST_SEQUENCE: u32 = u32::MAX - (1 << 24);

pub(crate) struct Channel {
    socket: Socket,
    sequence: u32,
    received: Vec<u8>,
}

/// Messages that take effect together or not at all.
pub(crate) struct Batch {
    encoder: Encoder,
    sequence: u32,
    /// Where the newest message begins.
    newest: usize,
    /// Whether the kernel tells what it made of new rules.
    is_echoed: bool,
}

impl Channel {
    pub(crate) fn open() -> Result<Channel, FirewallError> {
        let socket = Socket::open(Family::Netfilter, 0).map_err(|_| FirewallError::NoNfTables)?;
        socket
            .set_buffers(SEND_BUFFER, RECEIVE_BUFFER)
            .map_err(|e| FirewallError::kernel("sizing the netlink socket", e))?;
        Ok(Channel { socket, sequence: 0, received: Vec::new() })
    }

    /// What this socket causes carries this number.
    pub(crate) fn port(&self) -> u32 {
        self.socket.port()
    }

    pub(crate) fn batch(&mut self) -> Batch {
        self.batch_at(None, false)
    }

    /// A batch that is refused if anything was changed since this moment, if there is one. `is_echoed`: of new rules the
    /// kernel tells what it made of them.
    pub(crate) fn batch_at(&mut self, generation: Option<u32>, is_echoed: bool) -> Batch {
        let mut encoder = Encoder::new();
        self.sequence = if self.sequence < LAST_SEQUENCE { self.sequence + 1 } else { 1 };
        encoder.message(BATCH_BEGIN, flag::REQUEST, self.sequence, |m| {
            m.raw(&BATCH_HEADER);
            generation.into_iter().for_each(|generation| wire::if_still_at(m, generation));
        });
        Batch { encoder, sequence: self.sequence, newest: 0, is_echoed }
    }

    /// Sends the batch and learns whether it took effect.
    pub(crate) fn commit(&mut self, doing: &'static str, batch: Batch) -> Result<(), FirewallError> {
        self.commit_echoed(doing, batch, |_| {})
    }

    /// The same; `echo` sees what the kernel tells of new things.
    pub(crate) fn commit_echoed(
        &mut self,
        doing: &'static str,
        mut batch: Batch,
        mut echo: impl FnMut(&Message<'_>),
    ) -> Result<(), FirewallError> {
        let first = self.sequence;
        let last = batch.sequence;
        if first == last {
            return Ok(());
        }
        self.sequence = last + 1;
        // Errors come of their own accord, in the order of the messages.
        batch.encoder.add_flags(batch.newest, flag::ACK);
        batch.encoder.message(BATCH_END, flag::REQUEST, self.sequence, |m| m.raw(&BATCH_HEADER));
        self.send(doing, batch.encoder)?;
        let mut result = Ok(());
        let mut answered = false;
        self.receive(doing, |message| {
            let ours = (first..=last).contains(&message.sequence);
            match message.error() {
                None if ours => {
                    echo(message);
                    return true;
                }
                Some(0) if ours => {}
                Some(errno) if ours && result.is_ok() => result = Err(FirewallError::errno(doing, errno)),
                _ => return true,
            }
            // An error of the commit itself is reported on the first message, and then nothing else is.
            answered = message.sequence == last || message.sequence == first;
            !answered
        })?;
        if answered || result.is_err() { result } else { Err(unanswered(doing)) }
    }

    /// A request with one answer: passes it to `read`, or gives the error number.
    pub(crate) fn get<T>(
        &mut self,
        doing: &'static str,
        kind: u8,
        body: impl FnOnce(&mut Encoder),
        read: impl Fn(&Message<'_>) -> Option<T>,
    ) -> Result<T, FirewallError> {
        let sequence = self.request(&INET_HEADER, doing, kind, flag::REQUEST, body)?;
        let mut result = None;
        self.receive(doing, |message| {
            if message.sequence == sequence {
                result = match message.error() {
                    Some(errno) => Some(Err(FirewallError::errno(doing, errno))),
                    None => read(message).map(Ok),
                };
            }
            result.is_none()
        })?;
        result.unwrap_or_else(|| Err(unanswered(doing)))
    }

    /// Lists what the inet family has; `read` sees each message of one complete listing.
    pub(crate) fn dump<T>(
        &mut self,
        doing: &'static str,
        kind: u8,
        body: impl Fn(&mut Encoder),
        read: impl Fn(&Message<'_>) -> Option<T>,
    ) -> Result<Vec<T>, FirewallError> {
        self.dump_of(&INET_HEADER, doing, kind, body, read)
    }

    /// The same of the family in the header; of every family, if it is [`wire::ANY_HEADER`].
    pub(crate) fn dump_of<T>(
        &mut self,
        header: &[u8; FAMILY_HEADER],
        doing: &'static str,
        kind: u8,
        body: impl Fn(&mut Encoder),
        read: impl Fn(&Message<'_>) -> Option<T>,
    ) -> Result<Vec<T>, FirewallError> {
        for _ in 0..DUMP_ATTEMPTS {
            let sequence = self.request(header, doing, kind, flag::REQUEST | flag::DUMP, &body)?;
            if let Some(list) = self.listing(sequence, doing, &read)? {
                return Ok(list);
            }
        }
        Err(FirewallError::errno(doing, EINTR))
    }

    /// The answers to a listing that was asked for. `None`: something was changed meanwhile.
    fn listing<T>(
        &mut self,
        sequence: u32,
        doing: &'static str,
        read: impl Fn(&Message<'_>) -> Option<T>,
    ) -> Result<Option<Vec<T>>, FirewallError> {
        let mut list = Vec::new();
        let mut end = None;
        let mut interrupted = false;
        self.receive(doing, |message| {
            if message.sequence != sequence {
                return true;
            }
            interrupted |= message.flags & DUMP_INTERRUPTED != 0;
            match message.kind {
                DONE | ERROR => end = message.error(),
                _ => list.extend(read(message)),
            }
            end.is_none()
        })?;
        match end {
            Some(0) => Ok((!interrupted).then_some(list)),
            Some(EINTR) => Ok(None),
            Some(errno) => Err(FirewallError::errno(doing, errno)),
            None => Err(unanswered(doing)),
        }
    }

    fn request(
        &mut self,
        header: &[u8; FAMILY_HEADER],
        doing: &'static str,
        kind: u8,
        flags: u16,
        body: impl FnOnce(&mut Encoder),
    ) -> Result<u32, FirewallError> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut encoder = Encoder::new();
        encoder.message(message_type(kind), flags, self.sequence, |message| {
            message.raw(header);
            body(message);
        });
        self.send(doing, encoder)?;
        Ok(self.sequence)
    }

    fn send(&mut self, doing: &'static str, encoder: Encoder) -> Result<(), FirewallError> {
        let bytes = encoder.finish().map_err(|e| FirewallError::kernel(doing, io::Error::other(e)))?;
        self.socket.send(&bytes).map_err(|e| FirewallError::kernel(doing, e))
    }

    /// Hands over what waits, until `wants_more` is false or nothing waits.
    fn receive(
        &mut self,
        doing: &'static str,
        mut wants_more: impl FnMut(&Message<'_>) -> bool,
    ) -> Result<(), FirewallError> {
        let failed = |e| FirewallError::kernel(doing, e);
        while let Some(bytes) = self.socket.receive(&mut self.received).map_err(failed)? {
            for message in Messages::new(bytes) {
                if !wants_more(&message.map_err(|e| failed(io::Error::other(e)))?) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

impl Batch {
    /// A request about something in the inet family.
    pub(crate) fn add(&mut self, kind: u8, flags: u16, body: impl FnOnce(&mut Encoder)) {
        self.sequence += 1;
        self.newest = self.encoder.len();
        self.encoder.message(message_type(kind), flag::REQUEST | flags, self.sequence, |message| {
            message.raw(&INET_HEADER);
            body(message);
        });
    }

    /// The flag of messages that are to be echoed.
    pub(crate) const fn echo(&self) -> u16 {
        if self.is_echoed { flag::ECHO } else { 0 }
    }

    /// Creates unless it exists.
    pub(crate) fn create(&mut self, kind: u8, body: impl FnOnce(&mut Encoder)) {
        self.add(kind, flag::CREATE, body);
    }
}

fn unanswered(doing: &'static str) -> FirewallError {
    FirewallError::kernel(doing, io::Error::other("the kernel did not answer"))
}

/// The number of the moment; an error if nf_tables does not answer at all.
pub(crate) fn generation(channel: &mut Channel) -> Result<u32, FirewallError> {
    let kind = wire::kind::GET_GENERATION;
    match channel.get("asking for the generation", kind, |_| {}, wire::read_generation) {
        Err(FirewallError::Kernel { .. }) => Err(FirewallError::NoNfTables),
        other => other,
    }
}
