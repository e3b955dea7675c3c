//! What is known of a line that a rule matched, as places in the line.

use std::ops::Range;

use super::host::Ids;

/// A match, as far as detection itself needs it; the rest is captured when somebody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Which `failregex`.
    pub(super) rule: usize,
    /// The way through it, as the fast route counts them.
    pub(super) way: Option<usize>,
    /// The part of the subject that the rule read.
    pub(super) content: Range<usize>,
    pub(super) marks: Marks,
    /// Where the ids stand in the subject, in the order of [`super::rule::IDS`].
    pub(super) ids: [Option<Range<usize>>; 5],
    /// The session, by the text of `<F-MLFID>`.
    pub(super) session: Option<Range<usize>>,
    pub(super) user: User,
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

/// Who the match says tried to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum User {
    /// Nobody, or an empty name.
    Nobody,
    /// The name stands here in the subject.
    At(Range<usize>),
    /// A name put together from several groups.
    Joined(String),
    /// Not looked for yet.
    Unknown,
}

impl Hit {
    pub(super) fn ids<'t>(&self, subject: &'t str) -> Ids<'t> {
        let at = |index: usize| self.ids[index].clone().and_then(|span| subject.get(span));
        Ids { fid: at(0), ip4: at(1), ip6: at(2), dns: at(3), cidr: at(4) }
    }
}
