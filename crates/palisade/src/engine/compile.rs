//! Patterns to matchers, with every fault at its place in the configuration.

use std::sync::Arc;

use config::{Diagnostic, Loaded};
use detect::Zone;
use detect::filter::Filter;

use super::place::faulty;
use crate::exit::{CommandError, Exit};

/// The filters of all jails, in their order.
pub(crate) fn filters(loaded: &Loaded, zone: &Zone) -> Result<Vec<Arc<Filter>>, Vec<Diagnostic>> {
    let mut filters = Vec::new();
    let mut faults = Vec::new();
    for jail in &loaded.jails {
        match Filter::compile(&jail.filter, zone) {
            Ok(filter) => filters.push(Arc::new(filter)),
            Err(errors) => faults.extend(errors.iter().map(|error| {
                loaded.diagnostic(jail, error.option, error.index, error.offset, &error.message)
            })),
        }
    }
    if faults.is_empty() { Ok(filters) } else { Err(faults) }
}

/// The same, where any fault in the configuration is the command's end.
pub(crate) fn all_or_nothing(loaded: &Loaded, zone: &Zone) -> Result<Vec<Arc<Filter>>, CommandError> {
    let compiled = filters(loaded, zone);
    match compiled {
        Ok(filters) if !loaded.has_errors() => Ok(filters),
        Ok(_) => Err(faulty(&loaded.diagnostics)),
        Err(faults) => Err(faulty(&[loaded.diagnostics.clone(), faults].concat())),
    }
}

/// The zone of dates that name none: `name`, or the host's own.
pub(crate) fn zone(name: Option<&str>) -> Result<Zone, CommandError> {
    Zone::parse(name).map_err(|error| CommandError::new(Exit::Usage, error))
}
