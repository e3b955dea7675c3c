//! What is known of a line that a rule matched, as places in the line.

use std::num::NonZero;

use crate::Address;

use super::host::{Host, Ids};
use super::span::Span;
use super::text::Text;

/// A match, as far as detection itself needs it; the rest is captured when somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Which `failregex`.
    pub(super) rule: u32,
    /// The way through it, as the fast route counts them.
    pub(super) way: Option<Way>,
    /// The part of the subject that the rule read.
    pub(super) content: Span,
    pub(super) marks: Marks,
    /// Where the ids stand in the subject, in the order of [`super::rule::IDS`].
    pub(super) ids: [Option<Span>; 5],
    /// The fast route has read whom the ids accuse: [`Caches::address`](super::fast::Caches::address).
    pub(super) has_address: bool,
    /// The session, by the text of `<F-MLFID>`.
    pub(super) session: Option<Span>,
    /// It may name a user: [`Filter::user`](super::compile::Filter::user) looks for him.
    pub(super) names_user: bool,
}

/// A way through a rule, as the fast route counts them; it counts from 1 here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way(NonZero<u16>);

impl Way {
    #[inline]
    pub(super) fn new(index: u16) -> Way {
        Way(NonZero::<u16>::MIN.saturating_add(index))
    }

    pub(super) fn index(self) -> usize {
        usize::from(self.0.get()) - 1
    }
}

/// What the match says beside whom it accuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// `<F-NOFAIL>`: no failure by itself.
    pub(super) nofail: bool,
    /// `<F-MLFFORGET>`: the session ends.
    pub(super) forget: bool,
    /// `<F-MLFGAINED>`: somebody got in.
    pub(super) gained: bool,
}

impl Marks {
    /// Not a failure by itself.
    pub(super) fn blameless(self) -> bool {
        self.nofail || self.gained
    }
}

/// Who the match says tried to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum User {
    /// Nobody, or an empty name.
    Nobody,
    /// The name stands here in the subject.
    At(Span),
    /// A name put together from several groups.
    Joined(String),
}

impl Hit {
    /// Whom the line accuses by itself; `address` is whom its ids accuse, where that is known already.
    #[inline]
    pub(super) fn host<'t>(&self, address: Option<Address>, subject: Text<'t>) -> Option<Host<'t>> {
        match address {
            Some(address) => Some(Host::Address(address)),
            None => self.ids(subject.as_str()).host(),
        }
    }

    pub(super) fn ids<'t>(&self, subject: &'t str) -> Ids<'t> {
        let at = |index: usize| self.ids[index].map(|span| span.of(subject));
        Ids { fid: at(0), ip4: at(1), ip6: at(2), dns: at(3), cidr: at(4) }
    }
}
