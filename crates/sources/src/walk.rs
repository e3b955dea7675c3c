//! From patterns to paths, and which directories to watch for more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::pattern::{Name, Pattern};
use crate::watch::plain;

/// As the kernel follows them.
const MAX_LINKS: usize = 40;

/// Paths with the patterns (by index) that match each. A pattern without wildcards gives its path whether anything is
/// there or not. `watch` is told each directory with the name that counts in it.
pub(crate) fn expand(
    patterns: &[Pattern],
    watch: &mut impl FnMut(&Path, &Name),
) -> BTreeMap<PathBuf, Vec<usize>> {
    let mut found = BTreeMap::<PathBuf, Vec<usize>>::new();
    for (index, pattern) in patterns.iter().enumerate() {
        if !pattern.base.is_dir() {
            watch_for(&pattern.base, watch);
        }
        descend(&pattern.base, &pattern.rest, watch, &mut |path| {
            let matched = found.entry(path).or_default();
            if matched.last() != Some(&index) {
                matched.push(index);
            }
        });
    }
    found
}

/// Watches the deepest directory there is for the next component of a path that does not exist.
fn watch_for(path: &Path, watch: &mut impl FnMut(&Path, &Name)) {
    let mut missing = path;
    while let (Some(parent), Some(name)) = (missing.parent(), missing.file_name()) {
        if parent.is_dir() {
            return watch(parent, &plain(name));
        }
        missing = parent;
    }
}

fn descend(
    directory: &Path,
    rest: &[Name],
    watch: &mut impl FnMut(&Path, &Name),
    found: &mut impl FnMut(PathBuf),
) {
    let Some((name, deeper)) = rest.split_first() else { return };
    watch(directory, name);
    for entry in entries(directory, name) {
        let path = directory.join(entry);
        match deeper {
            [] => {
                watch_links(&path, watch);
                found(path);
            }
            _ => descend(&path, deeper, watch, found),
        }
    }
}

fn entries(directory: &Path, name: &Name) -> Vec<OsString> {
    match name {
        Name::Plain(text) => vec![text.clone()],
        Name::Wild(_) => {
            let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
            entries.flatten().map(|entry| entry.file_name()).filter(|entry| name.matches(entry)).collect()
        }
    }
}

/// A link's target rotates in its own directory.
fn watch_links(path: &Path, watch: &mut impl FnMut(&Path, &Name)) {
    let mut path = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        let Ok(target) = fs::read_link(&path) else { return };
        path = path.parent().unwrap_or(Path::new("/")).join(target);
        if let (Some(parent), Some(name)) = (path.parent(), path.file_name()) {
            watch(parent, &plain(name));
        }
    }
}

/// The directories that must be readable for these patterns, links resolved: the deepest existing one of each pattern,
/// and those of linked files. This is what a sandbox has to allow.
pub fn directories_to_read<'p>(patterns: impl IntoIterator<Item = &'p str>) -> BTreeSet<PathBuf> {
    let patterns: Vec<Pattern> = patterns.into_iter().filter_map(Pattern::new).collect();
    let bases = patterns.iter().filter_map(|pattern| pattern.base.ancestors().find(|path| path.is_dir()));
    let mut directories: BTreeSet<PathBuf> = bases.filter_map(|base| base.canonicalize().ok()).collect();
    for path in expand(&patterns, &mut |_, _| {}).into_keys() {
        directories.extend(path.canonicalize().ok().and_then(|real| Some(real.parent()?.to_path_buf())));
    }
    directories
}
