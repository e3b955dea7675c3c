use std::io::{self, Write};

use detect::Time;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pickle::Value;

use super::options::Options;
use super::subject::Subject;
use super::tally::{Kind, Tally};
use crate::fail2ban::dates;

/// More lines of one kind are not printed unless they are asked for. As in Fail2Ban, `--maxlines` is this bound too.
const MOST: usize = 20;

/// The report, as Fail2Ban writes it.
pub(super) fn write(
    mut out: impl Write,
    tally: &Tally,
    subject: &Subject,
    options: &Options,
) -> io::Result<()> {
    writeln!(out, "Results\n=======")?;
    if let Some(prefix) = &subject.spec.prefregex {
        writeln!(out, "\nPrefregex: {} total", tally.prefix_hits)?;
        let found = tally.prefixed.iter().map(|found| format!("    {found}"));
        list(&mut out, None, [subject.shown(prefix)].into_iter().chain(found))?;
    }
    let verbose = options.verbose > 0;
    let failures = subject
        .spec
        .failregex
        .iter()
        .zip(&tally.hits)
        .map(|(pattern, (count, found))| (pattern, *count, found.as_slice()));
    patterns(&mut out, "Failregex", failures, verbose)?;
    let ignored = subject
        .spec
        .ignoreregex
        .iter()
        .zip(&tally.ignored_by)
        .map(|(pattern, count)| (pattern, *count, [].as_slice()));
    patterns(&mut out, "Ignoreregex", ignored, verbose)?;
    writeln!(out, "\nDate template hits:")?;
    let wanted = tally.dates().filter(|(_, hits)| verbose || *hits > 0);
    let shown: Vec<String> = wanted.map(|(pattern, hits)| format!("[{hits}] {}", date(pattern))).collect();
    if !shown.is_empty() {
        list(&mut out, Some("[# of hits] date format"), shown.into_iter())?;
    }
    let Tally { lines, ignored, matched, missed, .. } = tally;
    let counts = format!("{} ignored, {} matched, {} missed", ignored.count, matched.count, missed.count);
    writeln!(out, "\nLines: {lines} lines, {counts}\n[processed in {:.2} sec]\n", tally.seconds())?;
    let most = |all: bool| if all { usize::MAX } else { options.maxlines.unwrap_or(MOST) };
    if options.all_matched {
        kind(&mut out, "Matched", matched, usize::MAX)?;
    }
    if !options.no_ignored {
        kind(&mut out, "Ignored", ignored, most(options.all_ignored))?;
    }
    if !options.no_missed {
        kind(&mut out, "Missed", missed, most(options.all_missed))?;
    }
    out.flush()
}

fn patterns<'t>(
    mut out: impl Write,
    title: &str,
    patterns: impl Iterator<Item = (&'t String, u64, &'t [(String, Time)])>,
    verbose: bool,
) -> io::Result<()> {
    let patterns: Vec<_> = patterns.collect();
    let total: u64 = patterns.iter().map(|(_, count, _)| count).sum();
    writeln!(out, "\n{title}: {total} total")?;
    let mut lines = Vec::new();
    for (at, (pattern, count, found)) in
        patterns.iter().enumerate().filter(|(_, (_, count, _))| verbose || *count > 0)
    {
        lines.push(format!("{:>2}) [{count}] {pattern}", at + 1));
        lines.extend(found.iter().map(|(id, time)| format!("    {id}  {}", ctime(*time))));
    }
    if lines.is_empty() {
        Ok(())
    } else {
        list(out, Some(" #) [# of hits] regular expression"), lines.into_iter())
    }
}

fn list(mut out: impl Write, heading: Option<&str>, lines: impl Iterator<Item = String>) -> io::Result<()> {
    if let Some(heading) = heading {
        writeln!(out, "|- {heading}")?;
    }
    for line in lines {
        writeln!(out, "|  {line}")?;
    }
    writeln!(out, "`-")
}

fn kind(mut out: impl Write, name: &str, kind: &Kind, most: usize) -> io::Result<()> {
    if kind.count == 0 {
        return Ok(());
    }
    if kind.lines.len() > most {
        let lower = name.to_lowercase();
        return writeln!(
            out,
            "{name} line(s): too many to print.  Use --print-all-{lower} to print all {} lines",
            kind.count
        );
    }
    list(out, Some(&format!("{name} line(s):")), kind.lines.iter().cloned())
}

fn date(pattern: &str) -> String {
    match dates::described(Some(pattern)) {
        Value::Tuple(parts) => parts.into_iter().nth(1).map_or(String::new(), |name| name.to_string()),
        other => other.to_string(),
    }
}

/// `Fri Nov 27 10:00:01 2026`, in local time.
fn ctime(time: Time) -> String {
    let moment = Timestamp::from_second(time.as_secs()).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned_datetime(TimeZone::system()).strftime("%a %b %d %H:%M:%S %Y").to_string()
}
