//! What a filter reports.

use crate::{Address, Time};

use super::compile::Filter;
use super::fields::{FieldValue, Fields};
use super::host::{self, Host};
use super::plain;
use super::session::{self, Session};
use super::span::Span;
use super::text::Text;

/// A failure that a line shows.
#[derive(Debug)]
pub struct Failure<'a> {
    /// When, by the line's own date; without one, that of the last line with a date if that is less than a minute old,
    /// or else now.
    pub time: Time,
    /// Who.
    pub host: Host<'a>,
    /// The line, without its date.
    pub(super) line: Text<'a>,
    pub(super) source: Source<'a>,
}

/// Where the values of a failure's fields are.
#[derive(Debug)]
pub(super) enum Source<'a> {
    /// In this line alone.
    Line {
        filter: &'a Filter,
        rule: u32,
        content: Span,
        /// What the rule read, of which the line may be the last part only.
        subject: Text<'a>,
        lines: u32,
        /// Those of a pattern for several lines, as the log has them.
        kept: &'a [String],
        /// It is the only line of a session, which it ends.
        last: bool,
    },
    /// In all lines of its session.
    Session { filter: &'a Filter, session: &'a Session },
}

impl<'a> Failure<'a> {
    /// The address that it counts for: whom it accuses or, where that is an `<F-ID>` that is no address, the address
    /// beside it.
    #[inline]
    pub fn address(&self) -> Option<Address> {
        match self.host {
            Host::Address(address) => Some(address),
            Host::Net(_) => None,
            Host::Name(_) => self.address_beside_id(),
        }
    }

    #[inline(never)]
    fn address_beside_id(&self) -> Option<Address> {
        let fields = self.fields();
        let address = |name: &str| match fields.get(name) {
            Some(FieldValue::Text(text)) => host::parse(text),
            _ => None,
        };
        fields.get("fid").and_then(|_| address("ip4").or_else(|| address("ip6")))
    }

    /// The line as text, without its date.
    pub fn text(&self) -> &'a str {
        self.line.line()
    }

    /// All lines that make it up, as the log has them, where [`super::FilterSet::keep_lines`] was called and it is not this
    /// line alone.
    pub fn lines(&self) -> &'a [String] {
        match &self.source {
            Source::Session { session, .. } => session.kept(),
            Source::Line { kept, .. } => kept,
        }
    }

    /// All values that the filter names. They are captured now: nothing is, unless somebody asks.
    pub fn fields(&self) -> Fields {
        match &self.source {
            Source::Session { filter, session } => session.fields(filter),
            Source::Line { filter, rule, content, subject, lines, last, .. } => {
                let mut fields = plain::fields(filter, *rule as usize, *content, subject.as_str());
                if *last {
                    session::drop_marks(&mut fields);
                }
                fields.set("attempts", FieldValue::Number(*lines));
                fields
            }
        }
    }
}
