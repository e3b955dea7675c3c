//! What must be known of a jail before its filter can be read.

use std::rc::Rc;

use super::Draft;
use crate::call::{self, Call};
use crate::diagnostic::keep;
use crate::filter;
use crate::interpolate::Scope;
use crate::layers::Config;
use crate::options::{Options, Values};
use crate::source::Backend;
use crate::text::Text;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Enabled {
    Yes,
    No,
    /// If there is something to read.
    Auto,
}

/// The filter that a jail names.
pub(super) enum Named {
    /// None: the jail has patterns of its own.
    Nothing,
    File(Call, Rc<Config>),
    /// It was reported; the name is there if it could be read.
    Unreadable(Option<Call>),
}

/// What must be known before the filter can be read.
pub(super) struct Head {
    pub(super) enabled: Enabled,
    pub(super) backend: Backend,
    pub(super) filter: Named,
    /// The options that say so.
    pub(super) vars: Values,
}

impl Draft<'_, '_> {
    /// `None` for a jail that is switched off.
    pub(super) fn head(&mut self) -> Option<Head> {
        let scope = Scope::new(self.context.config, self.name);
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
        let says =
            options.get("filter").is_some() || options.failed("filter") || scope.raw("failregex").is_some();
        let own_name = || Text::written(self.name, self.context.config.header(self.name));
        let named = if says { options.filled("filter") } else { Some(own_name()) };
        Some(Head {
            enabled,
            backend: keep(backend, Backend::Auto, &mut self.faults),
            filter: match named {
                Some(name) => self.named(&name),
                None if options.failed("filter") => Named::Unreadable(None),
                None => Named::Nothing,
            },
            vars: options.values(),
        })
    }

    fn named(&mut self, name: &Text) -> Named {
        let Some(call) = keep(call::parse(name).map(Some), None, &mut self.faults) else {
            return Named::Unreadable(None);
        };
        match filter::file(self.reader, &call.name) {
            Ok(file) => Named::File(call, file),
            Err(fault) => {
                self.faults.push(fault);
                Named::Unreadable(Some(call))
            }
        }
    }
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
