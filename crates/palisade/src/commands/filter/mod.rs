//! `palisade filter`: the installed filters, and what they see in a log.

mod scan;
mod test;

use std::io::Write;
use std::sync::Arc;

use config::{LoadedFilter, Tree};
use detect::filter::{Filter, FilterError, Host};
use detect::{Time, Zone};
use serde::Serialize;

pub(crate) use scan::scan;
pub(crate) use test::test;

use super::bans::printed;
use crate::cli::{FilterList, LogClock, Place};
use crate::engine::clock::now;
use crate::engine::place::{faulty, tree};
use crate::exit::{CommandError, Outcome};
use crate::output::json;

pub(crate) fn list(place: &Place, args: &FilterList) -> Outcome {
    let names = config::filter_names(&tree(place)?);
    let mut out = anstream::stdout().lock();
    printed(match args.json {
        true => json(out, &names),
        false => names.iter().try_for_each(|name| writeln!(out, "{name}")),
    })
}

/// A filter by its name, or from its file.
fn compile(tree: &Tree, name: &str, journal: bool, zone: &Zone) -> Result<Arc<Filter>, CommandError> {
    let loaded = config::filter(tree, name, journal).map_err(|faults| faulty(&faults))?;
    let place = |loaded: &LoadedFilter, error: &FilterError| {
        loaded.diagnostic(error.option, error.index, error.offset, &error.message)
    };
    match Filter::compile(&loaded.filter.spec, zone) {
        Ok(filter) => Ok(Arc::new(filter)),
        Err(errors) => Err(faulty(&errors.iter().map(|error| place(&loaded, error)).collect::<Vec<_>>())),
    }
}

/// `--now`, or the present.
pub(super) fn present(clock: &LogClock) -> Time {
    clock.now.map_or_else(now, Time::from_secs)
}

/// Whom a failure accuses, as JSON and people see it.
#[derive(Serialize)]
#[serde(transparent)]
struct Accused(String);

impl From<Host<'_>> for Accused {
    fn from(host: Host<'_>) -> Self {
        Self(match host {
            Host::Address(address) => address.to_string(),
            Host::Net(net) => net.to_string(),
            Host::Name(name) => name.to_owned(),
        })
    }
}
