//! One jail being read: its section, its filter, its actions.

mod acts;
mod head;
mod watch;

use std::cell::OnceCell;

use detect::JailSpec;

use self::head::{Head, Named};
use crate::action::{Action, Closed};
use crate::call::Call;
use crate::combine::combine;
use crate::definition::Definition;
use crate::diagnostic::{Fault, Severity, keep};
use crate::filter::{self, Filter};
use crate::host::Host;
use crate::ignore_cache::IgnoreCache;
use crate::interpolate::Scope;
use crate::jail::{Jail, Unfinished};
use crate::layers::Config;
use crate::options::{Asked, Options};
use crate::reader::Reader;
use crate::source::Source;
use crate::spec;

/// What came of a section.
pub(crate) enum Outcome {
    Jail(Box<Jail>),
    /// Not enabled, or nothing to read and that is no error: then with the reason.
    Off(Option<String>),
    /// The reader holds the reasons. Of what was to be looked for, more may be wrong.
    Broken(Option<Box<Unfinished>>),
}

/// What reading a jail needs beside its section.
pub(crate) struct Context<'a> {
    pub(crate) config: &'a Config,
    /// Of all jails.
    pub(crate) asked: &'a Asked<'a>,
    pub(crate) host: &'a dyn Host,
    /// Runs whatever `enabled` says.
    pub(crate) forced: bool,
    /// Lines come from elsewhere: nobody asks whether the logs are there.
    pub(crate) assume_logs: bool,
}

/// Reads one jail and reports what is wrong with it.
pub(crate) fn read(reader: &mut Reader<'_>, context: &Context<'_>, name: &str) -> Outcome {
    let mut draft = Draft { reader, context, name, faults: Vec::new(), filter: None, idle: None };
    let jail = draft.jail();
    let Draft { faults, filter, idle, .. } = draft;
    let broken = faults.iter().any(|fault| fault.severity == Severity::Error);
    for fault in faults {
        reader.report(fault.or_at(context.config.header(name)));
    }
    match jail {
        Some(jail) if !broken => Outcome::Jail(Box::new(jail)),
        None if !broken => Outcome::Off(idle),
        jail => {
            let known = jail.map(|jail| (jail.filter, jail.origins));
            let known = known.or_else(|| filter.map(|filter| (filter.spec, filter.origins)));
            let place = context.config.header(name);
            let unfinished = |(filter, origins)| Unfinished { name: name.to_owned(), filter, origins, place };
            Outcome::Broken(known.map(unfinished).map(Box::new))
        }
    }
}

/// A jail as it is written: its options and its filter's, before their values mean anything.
pub(crate) struct Written {
    pub(crate) options: Options,
    pub(crate) filter: Option<Definition>,
    /// The filter that cannot be read.
    pub(crate) failed: Option<Call>,
    pub(crate) faults: Vec<Fault>,
}

/// `None` for a jail that is switched off.
pub(crate) fn written(reader: &mut Reader<'_>, context: &Context<'_>, name: &str) -> Option<Written> {
    let mut draft = Draft { reader, context, name, faults: Vec::new(), filter: None, idle: None };
    let head = draft.head()?;
    let journal = head.backend.is_journal();
    let options = draft.options(&head, journal);
    let filter = draft.definition(&head, &options, journal);
    let failed = match head.filter {
        Named::Nothing => None,
        Named::File(call, _) => filter.is_none().then_some(call),
        Named::Unreadable(call) => call,
    };
    Some(Written { options, filter, failed, faults: draft.faults })
}

struct Draft<'a, 'tree> {
    reader: &'a mut Reader<'tree>,
    context: &'a Context<'a>,
    name: &'a str,
    faults: Vec<Fault>,
    /// What a jail that cannot run looks for.
    filter: Option<Filter>,
    /// Why it has nothing to read, where that is no error.
    idle: Option<String>,
}

impl Draft<'_, '_> {
    fn jail(&mut self) -> Option<Jail> {
        let head = self.head()?;
        let journal = head.backend.is_journal();
        let mut options = self.options(&head, journal);
        let mut filter = self.filter(&head, &options, journal);
        let matches = filter.as_ref().map(|filter| filter.journalmatch.clone()).unwrap_or_default();
        let source = self.source(&head, &mut options, matches);
        if filter.is_some() && !journal && matches!(source, Some(Source::Journal(_))) {
            // Lines from the journal carry no date, and the filter may be another one for them.
            filter = self.filter(&head, &options, true);
        }
        let spec = spec::jail(self.name, &mut options, self.context.host);
        let (actions, closed) = self.actions(&mut options);
        let jail = match (filter, source) {
            (Some(filter), Some(source)) => {
                let parts = Parts { spec, filter, source, actions, closed };
                Some(self.assemble(parts, &mut options))
            }
            (filter, _) => {
                self.filter = filter;
                None
            }
        };
        self.faults.append(&mut options.faults);
        jail
    }

    /// All options of the jail, which may refer to those of its filter.
    fn options(&mut self, head: &Head, journal: bool) -> Options {
        let filter = OnceCell::new();
        let known = |option: &str| {
            let Named::File(call, file) = &head.filter else { return Ok(None) };
            // What is wrong with it is said where the filter is read.
            let read = || filter::definition(file.clone(), call, head.vars.clone(), journal).ok();
            filter.get_or_init(read).as_ref().map_or(Ok(None), |filter| filter.known(option))
        };
        let scope = Scope::new(self.context.config, self.name).with_known(&known);
        Options::of_jail(&scope, self.context.asked)
    }

    /// What the filter's file says with the jail's options.
    fn definition(&mut self, head: &Head, options: &Options, journal: bool) -> Option<Definition> {
        let Named::File(call, file) = &head.filter else { return None };
        let definition = filter::definition(file.clone(), call, options.values(), journal);
        keep(definition.map(Some), None, &mut self.faults)
    }

    /// `None` where something is wrong with it.
    fn filter(&mut self, head: &Head, options: &Options, journal: bool) -> Option<Filter> {
        let given = options.text("filter.name");
        let (name, source) = match &head.filter {
            Named::Nothing => (given.as_deref().unwrap_or(self.name), None),
            Named::File(call, _) => (call.name.as_str(), Some(self.definition(head, options, journal)?)),
            Named::Unreadable(_) => return None,
        };
        match combine(name, &|option| options.get(option).cloned(), source.as_ref()) {
            Ok(filter) if filter.spec.failregex.is_empty() => {
                let place = options.get("filter").and_then(|text| text.place());
                let fault =
                    Fault::error(place, format!("jail {} looks for nothing: no failregex", self.name));
                self.faults.push(fault.help("name a filter, or set failregex here"));
                None
            }
            Ok(filter) => Some(filter),
            Err(faults) => {
                self.faults.extend(faults);
                None
            }
        }
    }

    fn assemble(&self, parts: Parts, options: &mut Options) -> Jail {
        let bans = parts.closed.is_some();
        let Closed { ports, protocol, verdict } = parts.closed.unwrap_or_else(Closed::everything);
        let mut filter = parts.filter.spec;
        if let Some(text) = options.filled("ignorecache")
            && let Err(why) = IgnoreCache::parse(text.as_str())
        {
            options.faults.push(Fault::error(text.place(), why));
        }
        filter.logtimezone = options.text("logtimezone");
        filter.logencoding = options.text("logencoding").filter(|name| !name.eq_ignore_ascii_case("auto"));
        Jail {
            spec: parts.spec,
            filter,
            source: parts.source,
            skip_if_nologs: options.flag("skip_if_nologs", false),
            bans,
            ports,
            protocol,
            verdict,
            actions: parts.actions,
            ignorecommand: options.text("ignorecommand"),
            ignorecache: options.text("ignorecache"),
            maxmatches: options.integer("maxmatches", 0, i64::from(u32::MAX)).map(|number| number as u32),
            origins: parts.filter.origins,
            options: options.values(),
            place: self.context.config.header(self.name),
        }
    }
}

/// What a jail is put together from.
struct Parts {
    spec: JailSpec,
    filter: Filter,
    source: Source,
    actions: Vec<Action>,
    closed: Option<Closed>,
}
