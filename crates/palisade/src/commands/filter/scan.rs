use std::io::{self, Write};

use detect::filter::{FilterSet, Line};
use serde::Serialize;

use super::{Accused, compile, present};
use crate::cli::{FilterScan, Place};
use crate::commands::bans::printed;
use crate::engine::compile::zone;
use crate::engine::input;
use crate::engine::place::tree;
use crate::exit::{CommandError, Exit, Outcome};
use crate::output::{Align, Table, count, json};

/// What one filter saw in one line, for programs.
#[derive(Serialize)]
struct Seen<'a> {
    line: u64,
    filter: &'a str,
    host: Accused,
}

pub(crate) fn scan(place: &Place, args: &FilterScan) -> Outcome {
    let tree = tree(place)?;
    let zone = zone(args.clock.timezone.as_deref())?;
    let names = config::filter_names(&tree);
    let mut broken = String::new();
    let mut known = Vec::new();
    let mut filters = Vec::new();
    for name in names {
        match compile(&tree, &name, false, &zone) {
            Ok(filter) => {
                known.push(name);
                filters.push(filter);
            }
            // The others can still look; at the end the exit status says that one could not.
            Err(error) => broken += &format!("filter {name}: {error}\n"),
        }
    }
    let now = present(&args.clock);
    let mut set = FilterSet::new(filters);
    let mut counts = vec![0u64; known.len()];
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    let (mut line, mut written) = (0, Ok(()));
    let read = sources::each_line(input::open(&args.log)?.reader, &mut |text, info| {
        line += 1;
        set.read(Line { text, time: None, ascii: info.ascii }, now, &mut |at, failure| {
            counts[at] += 1;
            if args.json && written.is_ok() {
                written = json(&mut out, &Seen { line, filter: &known[at], host: failure.host.into() });
            }
        });
    });
    read.map_err(|error| CommandError::io(args.log.display(), &error))?;
    if !args.json {
        written = table(&known, &counts, line, &mut out);
    }
    printed(written.and_then(|()| out.flush()))?;
    if broken.is_empty() { Ok(Exit::Done) } else { Err(CommandError::new(Exit::Config, broken.trim_end())) }
}

fn table(names: &[String], counts: &[u64], lines: u64, mut out: impl Write) -> io::Result<()> {
    let mut seen: Vec<_> = names.iter().zip(counts).filter(|(_, count)| **count > 0).collect();
    seen.sort_by(|a, b| b.1.cmp(a.1));
    if seen.is_empty() {
        return writeln!(
            out,
            "None of {} sees a failure in {}.",
            count(names.len(), "filter"),
            count(lines, "line")
        );
    }
    let mut table = Table::new(&[("FILTER", Align::Left), ("FAILURES", Align::Right)]);
    seen.iter().for_each(|(name, count)| table.row([(*name).clone(), count.to_string()]));
    table.write(out)
}
