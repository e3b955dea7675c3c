//! One jail being read: its section, its filter, its actions.

use std::rc::Rc;

use detect::JailSpec;

use crate::action::{self, About, Action, Closed};
use crate::call::{self, Call};
use crate::combine::combine;
use crate::definition::Definition;
use crate::diagnostic::{Fault, Severity, keep};
use crate::filter::{self, Filter};
use crate::host::Host;
use crate::ignore_cache::IgnoreCache;
use crate::interpolate::{Scope, Vars};
use crate::jail::{Jail, Unfinished};
use crate::layers::{Config, Reader};
use crate::options::{self, Options};
use crate::ports::{self, Verdict};
use crate::source::{self, Backend, Found, Journal, Search, Source};
use crate::spec;
use crate::text::Text;

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
        _ if broken => Outcome::Broken(filter.map(|Filter { spec, origins, .. }| {
            Box::new(Unfinished {
                name: name.to_owned(),
                filter: spec,
                origins,
                place: context.config.header(name),
            })
        })),
        Some(jail) => Outcome::Jail(Box::new(jail)),
        None => Outcome::Off(idle),
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
    let known = draft.filter_source(&head, head.vars.clone(), journal);
    let options = draft.options(known.as_ref());
    let filter = known.and_then(|_| draft.filter_source(&head, options.vars(), journal));
    let failed = head.filter.filter(|_| filter.is_none());
    Some(Written { options, filter, failed, faults: draft.faults })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Enabled {
    Yes,
    No,
    /// If there is something to read.
    Auto,
}

/// What must be known before the filter can be read.
struct Head {
    enabled: Enabled,
    backend: Backend,
    filter: Option<Call>,
    /// It names a filter, but not in a way that can be read.
    unreadable: bool,
    vars: Vars,
}

struct Draft<'a, 'tree> {
    reader: &'a mut Reader<'tree>,
    context: &'a Context<'a>,
    name: &'a str,
    faults: Vec<Fault>,
    /// What it looks for, as soon as that is known.
    filter: Option<Filter>,
    /// Why it has nothing to read, where that is no error.
    idle: Option<String>,
}

impl Draft<'_, '_> {
    fn jail(&mut self) -> Option<Jail> {
        let head = self.head()?;
        let journal = head.backend.is_journal();
        let known = self.filter_source(&head, head.vars.clone(), journal);
        let mut options = self.options(known.as_ref());
        // A filter that cannot be read was reported once; the rest is looked at all the same.
        let readable = !head.unreadable && head.filter.is_some() == known.is_some();
        let mut filter = readable.then(|| self.filter(&head, &options, journal)).flatten();
        let matches = filter.as_ref().map(|filter| filter.journalmatch.clone()).unwrap_or_default();
        let source = self.source(&head, &mut options, matches);
        if filter.is_some() && !journal && matches!(source, Some(Source::Journal(_))) {
            // Lines from the journal carry no date, and the filter may be another one for them.
            filter = self.filter(&head, &options, true);
        }
        self.filter.clone_from(&filter);
        let spec = spec::jail(self.name, &mut options, self.context.host);
        let (actions, closed) = self.actions(&mut options);
        let parts =
            filter.zip(source).map(|(filter, source)| Parts { spec, filter, source, actions, closed });
        let jail = parts.map(|parts| self.assemble(parts, &mut options));
        self.faults.append(&mut options.faults);
        jail
    }

    /// `None` for a jail that is switched off.
    fn head(&mut self) -> Option<Head> {
        let none = Vars::default();
        let scope = Scope::new(self.context.config, self.name, &none);
        let mut options = Options::read(&scope, ["enabled"]);
        let enabled = if self.context.forced { Enabled::Yes } else { enabled(&mut options) };
        self.faults.append(&mut options.faults);
        if enabled == Enabled::No {
            return None;
        }
        let mut options = Options::read(&scope, ["enabled", "backend", "filter"]);
        self.faults.append(&mut options.faults);
        let backend =
            options.filled("backend").map_or(Ok(Backend::Auto), |text| Backend::read(&call::parse(&text)?));
        // A jail that says nothing of a filter, and has no patterns of its own, means the one that is called as it is.
        let named = match options.get("filter").is_some()
            || options.failed("filter")
            || scope.raw("failregex").is_some()
        {
            true => options.filled("filter"),
            false => Some(Rc::new(self.own_name())),
        };
        let filter = named.map(|text| call::parse(&text)).transpose();
        let unreadable = filter.is_err() || options.failed("filter");
        Some(Head {
            enabled,
            backend: keep(backend, Backend::Auto, &mut self.faults),
            filter: keep(filter, None, &mut self.faults),
            unreadable,
            vars: options.vars(),
        })
    }

    fn own_name(&self) -> Text {
        let mut text = Text::default();
        text.push(self.name, self.context.config.header(self.name));
        text
    }

    fn filter_source(&mut self, head: &Head, vars: Vars, journal: bool) -> Option<Definition> {
        let call = head.filter.as_ref()?;
        let source = filter::read(self.reader, call, vars, journal);
        keep(source.map(Some), None, &mut self.faults)
    }

    /// All options of the jail, which may refer to those of its filter.
    fn options(&mut self, filter: Option<&Definition>) -> Options {
        let none = Vars::default();
        let known = |option: &str| filter.map_or(Ok(None), |filter| filter.known(option));
        let scope = Scope::new(self.context.config, self.name, &none).with_known(&known);
        Options::read(&scope, options::JAIL.into_iter().chain(filter::OPTIONS))
    }

    fn filter(&mut self, head: &Head, options: &Options, journal: bool) -> Option<Filter> {
        let source = self.filter_source(head, options.vars(), journal);
        let given = options.text("filter.name");
        let name =
            head.filter.as_ref().map(|call| call.name.as_str()).or(given.as_deref()).unwrap_or(self.name);
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

    /// What there is to read; `None` if that is nothing.
    fn source(&mut self, head: &Head, options: &mut Options, matches: Vec<Vec<String>>) -> Option<Source> {
        if options.failed("logpath") {
            return None;
        }
        let logpath = options.filled("logpath");
        let patterns = logpath.as_deref().map_or(Ok(Vec::new()), source::patterns);
        let patterns = keep(patterns.map(Some), None, &mut self.faults)?;
        let skip = options.flag("skip_if_nologs", false);
        let search = Search {
            patterns,
            matches,
            to_journal: options.flag("systemd_if_nologs", true),
            host: (!self.context.assume_logs).then_some(self.context.host),
        };
        let place = logpath.as_ref().and_then(|text| text.place());
        let auto = head.enabled == Enabled::Auto;
        match search.find(&head.backend) {
            Found::There(Source::Journal(journal)) if auto && !self.may_be_written(&journal) => {
                let matches: Vec<String> = journal.matches.iter().map(|group| group.join(" ")).collect();
                self.idle = Some(format!("nothing here writes {} to the journal", matches.join(" or ")));
                None
            }
            Found::There(source) => Some(source),
            _ if auto => {
                self.idle = Some(format!("there is {}", head.backend.missing(logpath.as_deref())));
                None
            }
            Found::MayCome(source) if !skip => {
                let message = format!("jail {}: no file matches yet", self.name);
                self.faults.push(Fault::warning(place, message).help("one is watched as soon as it appears"));
                Some(source)
            }
            _ => {
                let missing = format!(
                    "jail {} has nothing to watch: {}",
                    self.name,
                    head.backend.missing(logpath.as_deref())
                );
                self.faults.push(match skip {
                    true => Fault::warning(place, missing).help("it is left out, as skip_if_nologs says"),
                    false => Fault::error(place, missing)
                        .help("correct logpath or backend, or set skip_if_nologs = true or enabled = auto"),
                });
                None
            }
        }
    }

    fn may_be_written(&self, journal: &Journal) -> bool {
        self.context.assume_logs || journal.may_be_written(self.context.host)
    }

    /// The jail's actions, and what its bans close if any of them bans.
    fn actions(&mut self, options: &mut Options) -> (Vec<Action>, Option<Closed>) {
        let text = options.filled("action").unwrap_or_default();
        let about = About { jail: self.name, options: options.fail2ban_vars(), host: self.context.host };
        let (actions, closed) = action::read(self.reader, &text, &about, &mut options.faults);
        let verdict = match options.filled("block") {
            Some(block) => keep(verdict(&block), Verdict::Reject, &mut options.faults),
            // A jail that says nothing of actions is there to ban; only one that names others, or none, is not.
            None if options.get("action").is_none() => Verdict::Reject,
            None => return (actions, closed),
        };
        // What is said of the block itself wins over the actions, and they over what the jail calls its ports.
        let acted = match closed {
            Some(closed) => closed,
            None => self.closed(options, "port", "protocol", Closed::everything()),
        };
        let closed = self.closed(options, "block.port", "block.protocol", acted);
        (actions, Some(Closed { verdict, ..closed }))
    }

    /// What these two options close, or `otherwise`.
    fn closed(&self, options: &mut Options, port: &str, protocol: &str, otherwise: Closed) -> Closed {
        let ports = options.filled(port).map(|text| ports::ports(&text, self.context.host)).transpose();
        let protocol = options.filled(protocol).map(|text| ports::protocol(&text)).transpose();
        Closed {
            ports: keep(ports, None, &mut options.faults).unwrap_or(otherwise.ports),
            protocol: keep(protocol, None, &mut options.faults).unwrap_or(otherwise.protocol),
            verdict: otherwise.verdict,
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
        filter.logencoding = options.text("logencoding").filter(|name| name.to_lowercase() != "auto");
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
            options: options.iter().map(|(name, text)| (name, (**text).clone())).collect(),
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

fn enabled(options: &mut Options) -> Enabled {
    if options.filled("enabled").is_some_and(|text| text.as_str().eq_ignore_ascii_case("auto")) {
        return Enabled::Auto;
    }
    match options.flag("enabled", false) {
        true => Enabled::Yes,
        false => Enabled::No,
    }
}

fn verdict(text: &Text) -> Result<Verdict, Fault> {
    match text.as_str().to_lowercase().as_str() {
        "reject" => Ok(Verdict::Reject),
        "drop" => Ok(Verdict::Drop),
        other => Err(Fault::error(text.place(), format!("block cannot be {other}")).help("reject or drop")),
    }
}
