//! Logs that are read once, from beginning to end.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::exit::CommandError;

/// A log that was opened, and how long it is, where that can be known.
pub(crate) struct Input {
    pub(crate) reader: Box<dyn Read>,
    pub(crate) bytes: Option<u64>,
}

/// Opens a log; `-` is standard input.
pub(crate) fn open(path: &Path) -> Result<Input, CommandError> {
    if path == Path::new("-") {
        return Ok(Input { reader: Box::new(io::stdin()), bytes: None });
    }
    let failed = |error: &io::Error| CommandError::io(path.display(), error);
    let file = File::open(path).map_err(|error| failed(&error))?;
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    if metadata.is_dir() {
        return Err(failed(&io::ErrorKind::IsADirectory.into()));
    }
    Ok(Input { reader: Box::new(file), bytes: metadata.is_file().then_some(metadata.len()) })
}
