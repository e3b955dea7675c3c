//! `palisade import iptables`.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use firewall::import::iptables::read;
use firewall::import::ufw::File;

use super::report::{Found, report};
use crate::cli::{ImportIptables, Place};
use crate::engine::posture::vocabulary_of;
use crate::exit::{CommandError, Exit, Outcome};

/// What prints the rules that are in force.
const PROGRAMS: [&str; 2] = ["iptables-save", "ip6tables-save"];

pub(crate) fn iptables(place: &Place, args: &ImportIptables) -> Outcome {
    let texts = match args.files.as_slice() {
        [] => PROGRAMS.into_iter().map(ask).collect::<Result<Vec<_>, _>>()?,
        files => files.iter().map(text).collect::<Result<Vec<_>, _>>()?,
    };
    let files: Vec<File<'_>> = texts.iter().map(|(name, text)| File { name, text }).collect();
    let names: Vec<&str> = files.iter().map(|file| file.name).collect();
    let import = read(&files, &vocabulary_of(place));
    report(place, args.how, Found { what: names.join(" and "), command: "import iptables", import })
}

/// The rules that are in force.
fn ask(program: &str) -> Result<(String, String), CommandError> {
    let output = Command::new(program).output();
    let output = output.map_err(|error| CommandError::io(program, &error))?;
    match output.status.success() {
        true => Ok((program.to_owned(), String::from_utf8_lossy(&output.stdout).into_owned())),
        false => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(CommandError::new(Exit::Unavailable, format_args!("{program}: {said}")))
        }
    }
}

fn text(path: &PathBuf) -> Result<(String, String), CommandError> {
    let mut bytes = Vec::new();
    let read = match path.as_path() == Path::new("-") {
        true => io::stdin().lock().read_to_end(&mut bytes).map(|_| ()),
        false => fs::read(path).map(|read| bytes = read),
    };
    read.map_err(|error| CommandError::io(path.display(), &error))?;
    let name = if path.as_path() == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    Ok((name, String::from_utf8_lossy(&bytes).into_owned()))
}
