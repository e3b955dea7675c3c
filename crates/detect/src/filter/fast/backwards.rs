//! Matches read from the end of the line, where a daemon writes what follows the host. However many places before look
//! like the host's, only the one there can be it.

use std::ops::Range;

use super::ascii::Ascii;
use super::check::Check;
use super::follow::host_bytes;
use super::literal::Literal;

/// How to find the literal before the host, or before the rest where there is no host.
#[derive(Debug)]
pub(super) struct Backwards {
    /// What is between the host, or the stretch, and the line's end; from there.
    steps: Vec<Step>,
    /// The literal before the host, and its last byte, which is in no host.
    host: Option<(Literal, u8)>,
    /// There is no other way to read the line.
    only: bool,
    /// So many bytes are known to end it.
    ending: usize,
}

/// A literal and, behind it, a run that cannot begin earlier.
#[derive(Debug)]
struct Step {
    literal: Literal,
    run: Option<(Ascii, usize)>,
    optional: bool,
}

/// A line that is read to where its stretch ends.
pub(super) struct Read {
    pub(super) stretch_end: usize,
    pub(super) host: Option<Range<usize>>,
}

impl Backwards {
    /// `literal` stands before the host, if there is `host`, and `checks` take what follows up to the line's end, which is
    /// `ending` in all texts.
    pub(super) fn new(literal: &[u8], host: bool, checks: &[Check], ending: &Literal) -> Option<Backwards> {
        let last = *literal.last()?;
        let only = !checks.iter().any(|check| matches!(check, Check::Optional(..)));
        if host && (!only || host_bytes().contains(last)) {
            return None;
        }
        let before = if host { Vec::new() } else { vec![Step::new(literal)] };
        let mut steps = steps(before, checks)?;
        let known = |step: &mut Step| {
            step.run.is_none() && ending.text().strip_suffix(b"\n") == Some(step.literal.text())
        };
        let ending = steps.pop_if(known).map_or(0, |step| step.literal.len());
        steps.reverse();
        Some(Backwards { steps, host: host.then(|| (Literal::new(literal), last)), only, ending })
    }

    pub(super) fn is_only(&self) -> bool {
        self.only
    }

    #[inline]
    pub(super) fn read(&self, text: &[u8]) -> Option<Read> {
        let mut end = text.len().checked_sub(self.ending + 1)?;
        for step in &self.steps {
            match step.begin(text, end) {
                Some(begin) => end = begin,
                None if step.optional => {}
                None => return None,
            }
        }
        let Some((literal, last)) = &self.host else { return Some(Read { stretch_end: end, host: None }) };
        let start = memchr::memrchr(*last, &text[..end])? + 1;
        let stands = literal.ends(&text[..start]);
        stands.then(|| Read { stretch_end: start - literal.len(), host: Some(start..end) })
    }
}

impl Step {
    fn new(literal: &[u8]) -> Step {
        Step { literal: Literal::new(literal), run: None, optional: false }
    }

    /// Where it begins, if it ends at `end`.
    #[inline]
    fn begin(&self, text: &[u8], end: usize) -> Option<usize> {
        let before = match self.run {
            Some((set, min)) => {
                let begin = set.run_back(&text[..end]);
                (end - begin >= min).then_some(&text[..begin])?
            }
            None => &text[..end],
        };
        self.literal.ends(before).then(|| before.len() - self.literal.len())
    }
}

/// The steps that checks make behind some others.
fn steps(mut steps: Vec<Step>, checks: &[Check]) -> Option<Vec<Step>> {
    for check in checks {
        match check {
            Check::Literal(literal) => steps.push(Step::new(literal.text())),
            Check::Run { set, min, max: usize::MAX } => {
                let step = steps.last_mut().filter(|step| step.run.is_none() && !step.optional)?;
                if set.contains(*step.literal.text().last()?) {
                    return None;
                }
                step.run = Some((*set, *min));
            }
            Check::Optional(_, checks) => {
                let [step] = <[Step; 1]>::try_from(self::steps(Vec::new(), checks)?).ok()?;
                steps.push(Step { optional: true, ..step });
            }
            _ => return None,
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_the_one_before_the_lines_end_with_its_literal_before_it() {
        let number = Check::Run { set: Ascii::of_bytes(b"0123456789"), min: 1, max: usize::MAX };
        let literal = |text: &[u8]| Check::Literal(Literal::new(text));
        let checks = [literal(b" port "), number, literal(b" ssh2")];
        let back = Backwards::new(b" from ", true, &checks, &Literal::new(b" ssh2\n")).unwrap();
        let host = |line: &'static str| Some(&line[back.read(line.as_bytes())?.host?]);
        assert_eq!(host("x from 192.0.2.1 port 1 ssh2 from 192.0.2.7 port 22 ssh2\n"), Some("192.0.2.7"));
        assert_eq!(host("x from 192.0.2.1 port 1 ssh2 by 192.0.2.7 port 22 ssh2\n"), None);
        assert_eq!(host("x from 192.0.2.7 port ssh2\n"), None);
        assert_eq!(host(" ssh2\n"), None);
    }
}
