//! Reads `config/filter.d/*.samples`; `config/filter.d/README.md` describes the format.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the shipped filters stand.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/filter.d")
}

/// The samples of one filter.
pub(crate) struct Samples {
    pub(crate) filter: String,
    pub(crate) groups: Vec<Group>,
}

/// Lines that are read one after the other by a filter with these options.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) options: Vec<(String, String)>,
    pub(crate) journal: bool,
    pub(crate) lines: Vec<Sample>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Failure,
    Other,
    Forgery,
    /// With places for hostile text.
    Hostile,
}

pub(crate) struct Sample {
    /// In the file, from 1.
    pub(crate) number: usize,
    pub(crate) kind: Kind,
    /// Whom the line accuses.
    pub(crate) host: Option<String>,
    pub(crate) fields: Vec<(String, String)>,
    /// The line; places for hostile text are still marked.
    pub(crate) marked: String,
}

impl Sample {
    /// The line as a daemon writes it.
    pub(crate) fn line(&self) -> String {
        self.marked.replace(['«', '»'], "")
    }

    /// The line with these texts in its marked places, in order, as often as it takes.
    pub(crate) fn spliced(&self, texts: &[String]) -> String {
        let mut texts = texts.iter().cycle();
        let mut line = String::new();
        for (index, part) in self.marked.split(['«', '»']).enumerate() {
            let own = index % 2 == 0;
            line.push_str(if own { part } else { texts.next().map_or("", String::as_str) });
        }
        line
    }
}

impl Samples {
    /// Every filter's samples.
    pub(crate) fn all() -> Vec<Self> {
        let mut found: Vec<PathBuf> =
            fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.extension().is_some_and(|extension| extension == "samples"));
        found.sort();
        found.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let filter = path.file_stem().unwrap().to_string_lossy().into_owned();
        let mut groups = vec![Group::default()];
        for (index, line) in fs::read_to_string(path).unwrap().lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(text) = line.strip_prefix('@') {
                groups.push(Group::headed(text));
            } else {
                let sample = sample(index + 1, line)
                    .unwrap_or_else(|| panic!("{filter}.samples:{}: not a sample: {line}", index + 1));
                groups.last_mut().unwrap().lines.push(sample);
            }
        }
        Self { filter, groups }
    }
}

impl Group {
    /// What stands behind the `@`: options or the word `journal`.
    fn headed(text: &str) -> Self {
        let words = text.split_whitespace();
        let options = words.clone().filter_map(|word| word.split_once('='));
        Self {
            options: options.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            journal: words.clone().any(|word| word == "journal"),
            lines: Vec::new(),
        }
    }
}

fn sample(number: usize, line: &str) -> Option<Sample> {
    let (head, marked) = line.split_once(" | ")?;
    let mut words = head.split(' ');
    let kind = match words.next()? {
        "+" => Kind::Failure,
        "-" => Kind::Other,
        "!" => Kind::Forgery,
        "~" => Kind::Hostile,
        _ => return None,
    };
    let host = words.next().filter(|host| *host != "-").map(str::to_owned);
    let fields = words.map(|word| word.split_once('=')).collect::<Option<Vec<_>>>()?;
    if (kind == Kind::Failure) != host.is_some() && matches!(kind, Kind::Failure | Kind::Other) {
        return None;
    }
    Some(Sample {
        number,
        kind,
        host,
        fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        marked: marked.to_owned(),
    })
}
