//! Whether filters compile, without what only a search needs.

use std::collections::HashMap;

use crate::FilterSpec;
use crate::date::DateDetector;

use super::compile::{FilterError, Rules, read_date};
use super::text::Encoding;

/// Checks one filter after the other. What filters have in common is looked at once.
#[derive(Default)]
pub struct Checker {
    /// By `datepattern` and `logtimezone`: what is wrong with them.
    dates: HashMap<(Option<String>, Option<String>), Vec<FilterError>>,
}

impl Checker {
    /// The errors that [`super::Filter::compile`] would report; none if the filter compiles.
    pub fn check(&mut self, spec: &FilterSpec) -> Vec<FilterError> {
        let mut errors = Vec::new();
        Rules::read(spec, &mut errors, |written| written.check(), |identifies| *identifies);
        let key = (spec.datepattern.clone(), spec.logtimezone.clone());
        let dates = self.dates.entry(key).or_insert_with(|| {
            let mut errors = Vec::new();
            read_date(spec, |pattern, _| DateDetector::check(pattern), &mut errors);
            errors
        });
        errors.extend(dates.iter().cloned());
        errors.extend(Encoding::parse(spec.logencoding.as_deref()).err());
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::super::Filter;
    use super::*;
    use crate::date::Zone;

    #[test]
    fn what_it_finds_is_what_compiling_reports() {
        let host = Zone::parse(Some("UTC")).unwrap();
        let mut checker = Checker::default();
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        for failregex in
            [texts(&["^x <HOST>$"]), texts(&["^(<HOST>", "a", "[<HOST>"]), texts(&["", "<HOST>"])]
        {
            for prefregex in [None, Some("^p(<F-CONTENT>.*</F-CONTENT>$".to_owned())] {
                for datepattern in [None, Some("%Y-%".to_owned()), Some("{^LN-BEG}".to_owned())] {
                    for logtimezone in [None, Some("Nowhere/At-all".to_owned())] {
                        for logencoding in [None, Some("none-such".to_owned())] {
                            let spec = FilterSpec {
                                failregex: failregex.clone(),
                                prefregex: prefregex.clone(),
                                datepattern: datepattern.clone(),
                                logtimezone: logtimezone.clone(),
                                logencoding: logencoding.clone(),
                                ..FilterSpec::default()
                            };
                            let expected = Filter::compile(&spec, &host).err().unwrap_or_default();
                            assert_eq!(checker.check(&spec), expected, "{spec:?}");
                        }
                    }
                }
            }
        }
    }
}
