//! From the options of a filter and its jail to the patterns.

use detect::{FilterSpec, Usedns};

use crate::definition::Definition;
use crate::diagnostic::{Fault, keep};
use crate::filter::{Filter, Origins};
use crate::journalmatch;
use crate::text::{Text, lower_case};
use crate::value::integer;

/// Gives one of the jail's own options.
pub(crate) type JailOption<'a> = &'a dyn Fn(&str) -> Option<Text>;

/// Puts together what the jail itself and its filter say. What the jail gives the filter in brackets wins; then the
/// jail's own options; then the filter's file. Patterns in brackets and in the jail stand beside each other.
pub(crate) fn combine(
    name: &str,
    jail: JailOption<'_>,
    source: Option<&Definition>,
) -> Result<Filter, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut part = |option: &str| keep(combine_option(option, jail, source), [None, None], &mut faults);
    let one = |part: [Option<Text>; 2]| part.into_iter().flatten().next().filter(|text| !text.is_empty());
    let many = |part: [Option<Text>; 2]| -> Vec<Text> {
        let lines = part.iter().flatten().flat_map(Text::lines);
        lines.filter(|line| !line.is_empty()).collect()
    };
    let origins = Origins {
        prefregex: one(part("prefregex")),
        failregex: many(part("failregex")),
        ignoreregex: many(part("ignoreregex")),
        datepattern: one(part("datepattern")),
    };
    let [lines, dns] = ["maxlines", "usedns"].map(|option| one(part(option)));
    let matches = many(part("journalmatch"));
    let spec = FilterSpec {
        name: name.to_owned(),
        prefregex: origins.prefregex.as_ref().map(string),
        failregex: origins.failregex.iter().map(string).collect(),
        ignoreregex: origins.ignoreregex.iter().map(string).collect(),
        datepattern: origins.datepattern.as_ref().map(string),
        maxlines: lines.as_ref().map_or(1, |text| keep(maxlines(text), 1, &mut faults)),
        usedns: dns.map_or(Usedns::Warn, |text| keep(usedns(&text), Usedns::No, &mut faults)),
        logtimezone: None,
        logencoding: None,
    };
    let sets_maxlines = lines.is_some();
    let journalmatch = keep(journalmatch::parse(&matches), Vec::new(), &mut faults);
    match faults.is_empty() {
        true => Ok(Filter { spec, journalmatch, origins, sets_maxlines }),
        false => Err(faults),
    }
}

/// The values of one option, in their order.
fn combine_option(
    option: &str,
    jail: JailOption<'_>,
    source: Option<&Definition>,
) -> Result<[Option<Text>; 2], Fault> {
    let own = jail(option);
    let Some(source) = source else { return Ok([own, None]) };
    let given = source.given(option);
    Ok(match (option, own) {
        // The order in which Fail2Ban sets them makes the jail win here.
        ("datepattern", Some(own)) => [Some(own), None],
        ("failregex" | "ignoreregex" | "journalmatch", own) if given => [source.option(option)?, own],
        (_, Some(own)) if !given => [Some(own), None],
        _ => [source.option(option)?, None],
    })
}

fn string(text: &Text) -> String {
    text.as_str().to_owned()
}

fn maxlines(text: &Text) -> Result<usize, Fault> {
    /// A pattern over more lines than this is a mistake, and its buffer would not be bounded.
    const MOST: i64 = 1000;
    integer(text.as_str()).filter(|lines| (1..=MOST).contains(lines)).map(|lines| lines as usize).ok_or_else(
        || {
            let message = format!("maxlines cannot be {}", text.as_str());
            Fault::error(text.place(), message).help(format!("a whole number from 1 to {MOST}"))
        },
    )
}

fn usedns(text: &Text) -> Result<Usedns, Fault> {
    match &*lower_case(text.as_str()) {
        "yes" => Ok(Usedns::Yes),
        "warn" => Ok(Usedns::Warn),
        "no" => Ok(Usedns::No),
        "raw" => Ok(Usedns::Raw),
        _ => {
            let message = format!("usedns cannot be {}", text.as_str());
            Err(Fault::error(text.place(), message).help("yes, warn, no or raw"))
        }
    }
}
