//! What a jail reads.

use super::Draft;
use super::head::{Enabled, Head};
use crate::diagnostic::{Fault, keep};
use crate::options::Options;
use crate::source::{self, Found, Journal, Search, Source};

impl Draft<'_, '_> {
    /// What there is to read; `None` if that is nothing.
    pub(super) fn source(
        &mut self,
        head: &Head,
        options: &mut Options,
        matches: Vec<Vec<String>>,
    ) -> Option<Source> {
        if options.failed("logpath") {
            return None;
        }
        let logpath = options.filled("logpath");
        let patterns = logpath.as_ref().map_or(Ok(Vec::new()), source::patterns);
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
                self.idle = Some(format!("there is {}", head.backend.missing(logpath.as_ref())));
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
                    head.backend.missing(logpath.as_ref())
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
}
