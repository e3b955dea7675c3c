//! What is tested: a filter by its name or file, or a pattern.

use std::io;
use std::path::{Path, PathBuf};

use config::Tree;
use detect::{FilterSpec, Usedns};
use pickle::Value;

use super::options::Options;
use crate::engine::place::render;
use crate::fail2ban::dates;
use crate::fail2ban::expand::{accuses, compile, expand, has_group};

const CONFIG: &str = "/etc/fail2ban";

/// The filter that is tested.
pub(super) struct Subject {
    pub(super) spec: FilterSpec,
}

impl Subject {
    /// Says what it found on the way, as Fail2Ban does.
    pub(super) fn read(options: &Options, say: &dyn Fn(&str) -> io::Result<()>) -> Result<Self, String> {
        let told = |text: String| say(&text).map_err(|error| error.to_string());
        let (regex, ignore) = (&options.words[1], options.words.get(2));
        if let Some(maxlines) = options.maxlines {
            told(format!("Use         maxlines : {maxlines}"))?;
        }
        if let Some(pattern) = &options.datepattern {
            told(date_line(pattern))?;
        }
        let root = options.config.clone().unwrap_or_else(|| CONFIG.into());
        let mut spec = match named(regex, &root) {
            Some((name, folder)) => filter(regex, &name, &folder, options, &told)?,
            None => {
                told(format!("Use   failregex line : {}", super::short(regex)))?;
                FilterSpec { failregex: vec![regex.clone()], maxlines: 1, ..FilterSpec::default() }
            }
        };
        if let Some(ignore) = ignore {
            told(format!("Use ignoreregex line : {}", super::short(ignore)))?;
            spec.ignoreregex = vec![ignore.clone()];
        }
        apply(&mut spec, options);
        check(&spec)?;
        Ok(Self { spec })
    }

    /// A pattern as Python sees it.
    pub(super) fn shown(&self, pattern: &str) -> String {
        expand(pattern, self.spec.usedns)
    }
}

/// The filter that `text` names, if there is one: its name, and the folder around its `filter.d`.
fn named(text: &str, root: &Path) -> Option<(String, PathBuf)> {
    let name = text.split('[').next()?.trim();
    let path = Path::new(name);
    if name.contains('/') && path.is_file() {
        let folder = path.parent()?;
        let root = if folder.file_name()? == "filter.d" { folder.parent()? } else { folder };
        return Some((path.file_stem()?.to_str()?.to_owned(), root.to_owned()));
    }
    let there = |extension: &str| root.join("filter.d").join(format!("{name}.{extension}")).is_file();
    let word = !name.is_empty() && !name.contains(['/', ' ', '<']);
    (word && (there("conf") || there("local"))).then(|| (name.to_owned(), root.to_owned()))
}

fn filter(
    text: &str,
    name: &str,
    folder: &Path,
    options: &Options,
    told: &dyn Fn(String) -> Result<(), String>,
) -> Result<FilterSpec, String> {
    told(format!("Use   failregex filter file : {name}, basedir: {}", folder.display()))?;
    let given = given(text);
    if !given.is_empty() {
        told(format!("Use   filter options : {}", Value::Dict(given).repr()))?;
    }
    let loaded = config::filter(&Tree::Dir(folder.to_owned()), text, false)
        .map_err(|faults| anstream::adapter::strip_str(render(&faults).trim_end()).to_string())?;
    let spec = loaded.filter.spec;
    if options.maxlines.is_none() && loaded.filter.sets_maxlines {
        told(format!("Use         maxlines : {}", spec.maxlines.max(1)))?;
    }
    if options.datepattern.is_none()
        && let Some(pattern) = &spec.datepattern
    {
        told(date_line(pattern))?;
    }
    Ok(spec)
}

/// `[mode=aggressive, x="y"]` as pairs.
fn given(text: &str) -> Vec<(Value, Value)> {
    let Some((_, inside)) = text.split_once('[') else { return Vec::new() };
    let pairs = inside.trim_end().trim_end_matches(']').split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim().into(), value.trim().trim_matches(['"', '\'']).into())).collect()
}

fn date_line(pattern: &str) -> String {
    let name = match dates::described(Some(pattern)) {
        Value::Tuple(parts) => parts.into_iter().nth(1).unwrap_or(Value::None),
        other => other,
    };
    format!("Use      datepattern : {pattern} : {name}")
}

fn apply(spec: &mut FilterSpec, options: &Options) {
    if let Some(pattern) = &options.datepattern {
        spec.datepattern = Some(pattern.clone()).filter(|pattern| !pattern.is_empty());
    }
    if let Some(maxlines) = options.maxlines {
        spec.maxlines = maxlines;
    }
    if options.timezone.is_some() {
        spec.logtimezone.clone_from(&options.timezone);
    }
    spec.logencoding = options.encoding.clone().filter(|name| name.to_lowercase() != "auto");
    match options.usedns.as_deref() {
        Some("raw") => spec.usedns = Usedns::Raw,
        Some("yes") => spec.usedns = Usedns::Yes,
        Some("no") => spec.usedns = Usedns::No,
        _ => {}
    }
}

fn check(spec: &FilterSpec) -> Result<(), String> {
    let prefix = spec.prefregex.as_ref().map_or(String::new(), |prefix| expand(prefix, spec.usedns));
    for pattern in &spec.failregex {
        let shown = expand(pattern, spec.usedns);
        if !accuses(&shown)
            && !accuses(&prefix)
            && !has_group(&prefix, "mlfid")
            && compile(pattern, spec.usedns, false).is_ok()
        {
            return Err(format!("No failure-id group in '{shown}'"));
        }
    }
    Ok(())
}
