//! The filters of all jails at work, whatever their lines come from.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use detect::filter::{Filter, FilterSet, Line};
use detect::{Time, Zone};

use super::report::Report;
use crate::daemon::protocol::{FilterCounters, WatchedJail};

/// Compiled filters, and what they remember of their sources.
pub(super) struct Filters {
    compiled: Vec<Arc<Filter>>,
    /// By jail: whether its actions ask for what was found.
    wanted: Vec<bool>,
    /// By jails: what jails read together is searched together.
    sets: HashMap<Box<[usize]>, FilterSet>,
}

impl Filters {
    pub(super) fn compile(jails: &[WatchedJail]) -> io::Result<Self> {
        let zone = Zone::parse(None).map_err(io::Error::other)?;
        // The same filter in several jails is compiled once.
        let mut known: HashMap<_, Arc<Filter>> = HashMap::new();
        let mut compiled = Vec::new();
        for jail in jails {
            let filter = match known.get(&jail.filter) {
                Some(filter) => Arc::clone(filter),
                None => {
                    let failed =
                        |_| io::Error::other(format!("filter {} does not compile", jail.filter.name));
                    let filter = Arc::new(Filter::compile(&jail.filter, &zone).map_err(failed)?);
                    known.insert(&jail.filter, Arc::clone(&filter));
                    filter
                }
            };
            compiled.push(filter);
        }
        let wanted = jails.iter().map(|jail| jail.evidence).collect();
        Ok(Self { compiled, wanted, sets: HashMap::new() })
    }

    /// One line that these jails read.
    pub(super) fn read(&mut self, jails: &[usize], line: Line<'_>, now: Time, report: &mut Report) {
        self.set(jails)
            .read(line, now, &mut |at, failure| report.failure(jails[at], failure, line.trimmed()));
    }

    /// One line that was read before: only what it leaves behind matters.
    pub(super) fn warm_up(&mut self, jails: &[usize], line: Line<'_>, now: Time) {
        self.set(jails).read(line, now, &mut |_, _| {});
    }

    /// By jail, since the start.
    pub(super) fn counters(&self) -> Vec<FilterCounters> {
        let mut totals = vec![FilterCounters::default(); self.compiled.len()];
        for (jails, set) in &self.sets {
            for (jail, counted) in jails.iter().zip(set.counters()) {
                let total = &mut totals[*jail];
                total.lines += counted.lines;
                total.matched += counted.matched;
                total.undated += counted.undated;
                total.overruns += counted.overruns;
            }
        }
        totals
    }

    fn set(&mut self, jails: &[usize]) -> &mut FilterSet {
        if !self.sets.contains_key(jails) {
            let filters = jails.iter().map(|jail| Arc::clone(&self.compiled[*jail])).collect();
            let mut set = FilterSet::new(filters);
            jails
                .iter()
                .enumerate()
                .filter(|(_, jail)| self.wanted[**jail])
                .for_each(|(at, _)| set.keep_lines(at));
            self.sets.insert(jails.into(), set);
        }
        self.sets.get_mut(jails).expect("it was put in if it was not there")
    }
}
