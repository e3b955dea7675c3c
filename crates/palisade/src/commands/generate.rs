//! `palisade generate`: man pages and completions, from the same table as `--help`.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::cli::beyond::Beyond;
use crate::cli::{Cli, Generate};
use crate::exit::{CommandError, Exit, Outcome};

pub(crate) fn generate(args: &Generate) -> Outcome {
    let mut table = Cli::command();
    table.build();
    let folder = &args.folder;
    let written = fs::create_dir_all(folder).and_then(|()| match args.what.as_str() {
        "man" => {
            let mut beyond_ufw = Beyond::command();
            beyond_ufw.build();
            man_pages(&table, folder).and_then(|()| pages_below(&beyond_ufw, folder))
        }
        shell => completions(&mut table, shell, folder),
    });
    match written {
        Ok(()) => Ok(Exit::Done),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            Err(CommandError::new(Exit::Usage, error))
        }
        Err(error) => Err(CommandError::io(folder.display(), &error)),
    }
}

/// A page for the program and one for each command a person may type.
fn man_pages(command: &Command, folder: &Path) -> io::Result<()> {
    clap_mangen::Man::new(command.clone()).generate_to(folder)?;
    pages_below(command, folder)
}

fn pages_below(command: &Command, folder: &Path) -> io::Result<()> {
    command.get_subcommands().filter(|sub| !sub.is_hide_set()).try_for_each(|sub| man_pages(sub, folder))
}

fn completions(table: &mut Command, shell: &str, folder: &Path) -> io::Result<()> {
    let unknown =
        |_| io::Error::new(io::ErrorKind::InvalidInput, format!("{shell}: give man, bash, zsh or fish"));
    let shell: Shell = shell.parse().map_err(unknown)?;
    clap_complete::generate_to(shell, table, "palisade", folder).map(drop)
}
