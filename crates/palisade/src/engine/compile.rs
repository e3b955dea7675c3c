//! Patterns to matchers, with every fault at its place in the configuration.

use std::sync::Arc;

use config::{Diagnostic, Loaded, Severity};
use detect::filter::{Checker, Filter, FilterError};
use detect::{FilterSpec, Zone};

use super::place::faulty;
use crate::exit::{CommandError, Exit};

/// The filters of all jails, in their order. With any error in the configuration, everything that is to be said of it:
/// the loader's faults and those of patterns together, by their places.
pub(crate) fn filters(loaded: &Loaded, zone: &Zone) -> Result<Vec<Arc<Filter>>, Vec<Diagnostic>> {
    each(loaded, |spec| Filter::compile(spec, zone).map(Arc::new))
}

/// The same faults, without filters to search with, which takes a fraction of the time.
pub(crate) fn check(loaded: &Loaded) -> Result<(), Vec<Diagnostic>> {
    let mut checker = Checker::default();
    let check = |spec: &FilterSpec| match checker.check(spec) {
        errors if errors.is_empty() => Ok(()),
        errors => Err(errors),
    };
    each(loaded, check).map(drop)
}

/// What is made of each jail's filter, or everything that is wrong.
fn each<T>(
    loaded: &Loaded,
    mut make: impl FnMut(&FilterSpec) -> Result<T, Vec<FilterError>>,
) -> Result<Vec<T>, Vec<Diagnostic>> {
    let mut made = Vec::new();
    let mut all = loaded.diagnostics.clone();
    for jail in &loaded.jails {
        match make(&jail.filter) {
            Ok(filter) => made.push(filter),
            Err(errors) => all.extend(errors.iter().map(|error| {
                loaded.diagnostic(jail, error.option, error.index, error.offset, &error.message)
            })),
        }
    }
    for jail in &loaded.unfinished {
        let errors = make(&jail.filter).err().unwrap_or_default();
        all.extend(errors.iter().map(|error| {
            loaded.diagnostic_of_unfinished(jail, error.option, error.index, error.offset, &error.message)
        }));
    }
    if all.iter().all(|diagnostic| diagnostic.severity != Severity::Error) {
        return Ok(made);
    }
    all.sort_by(Diagnostic::by_place);
    Err(all)
}

/// The same, where any fault in the configuration is the command's end.
pub(crate) fn all_or_nothing(loaded: &Loaded, zone: &Zone) -> Result<Vec<Arc<Filter>>, CommandError> {
    filters(loaded, zone).map_err(|all| faulty(&all))
}

/// The zone of dates that name none: `name`, or the host's own.
pub(crate) fn zone(name: Option<&str>) -> Result<Zone, CommandError> {
    Zone::parse(name).map_err(|error| CommandError::new(Exit::Usage, error))
}

#[cfg(test)]
mod tests {
    use config::Tree;

    use super::*;

    #[test]
    fn a_pattern_is_shown_with_whatever_else_is_wrong_with_its_jail_and_with_others() {
        let jails = "[a]\nenabled = true\nbackend = polling\nlogpath = /nowhere/a.log\nfailregex = ^(<HOST>\n\
                     [b]\nenabled = true\nlogpath = /nowhere/*\nfailregex = ^[<HOST>\n";
        let loaded = config::load(&Tree::Memory(vec![("jail.conf".into(), jails.into())]));
        let all = filters(&loaded, &zone(None).unwrap()).unwrap_err();
        let errors = all.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        let places: Vec<_> = errors.map(|error| (error.line, error.column, error.message.as_str())).collect();
        assert!(
            matches!(
                places[..],
                [(4, 11, "jail a has nothing to watch: no file /nowhere/a.log"), (5, 14, ..), (9, 15, ..),]
            ),
            "{places:?}"
        );
    }
}
