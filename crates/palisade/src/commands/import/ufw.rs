//! `palisade import ufw`.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use firewall::import::ufw::{File, Files, changes, read};
use firewall::import::{Kind, Note};

use super::report::{Found, report};
use crate::cli::{ImportUfw, Place};
use crate::engine::posture::vocabulary_of;
use crate::exit::{CommandError, Exit, Outcome};

/// The files of the frame around people's rules, and what ufw comes with.
const FRAME: [&str; 4] = ["before.rules", "before6.rules", "after.rules", "after6.rules"];
const SHIPPED: &str = "usr/share/ufw/iptables";
/// Programs that ufw runs, if they may be run.
const HOOKS: [&str; 2] = ["before.init", "after.init"];

pub(crate) fn ufw(place: &Place, args: &ImportUfw) -> Outcome {
    let folder = args.root.join("etc/ufw");
    let [rules, rules6, conf] = ["user.rules", "user6.rules", "ufw.conf"].map(|name| folder.join(name));
    let defaults = args.root.join("etc/default/ufw");
    if !conf.exists() && !rules.exists() {
        let message =
            format_args!("ufw keeps nothing in {}: name another place with --root", folder.display());
        return Err(CommandError::new(Exit::Nothing, message));
    }
    let names = [&rules, &rules6, &defaults, &conf].map(|path| path.display().to_string());
    let texts = [text(&rules)?, text(&rules6)?, text(&defaults)?, text(&conf)?];
    let file = |at: usize| File { name: &names[at], text: &texts[at] };
    let files = Files { rules: [file(0), file(1)], defaults: file(2), conf: file(3) };
    let mut import = read(&files, &vocabulary_of(place));
    import.notes.extend(frame(&args.root, &folder)?);
    let what = format!("ufw's files in {}", folder.display());
    report(place, args.how, Found { what, command: "import ufw", import })
}

/// What of the frame is not as ufw comes.
fn frame(root: &Path, folder: &Path) -> Result<Vec<Note>, CommandError> {
    let mut notes = Vec::new();
    for name in FRAME {
        let path = folder.join(name);
        let (there, shipped) = (text(&path)?, text(&root.join(SHIPPED).join(name))?);
        if there.is_empty() || shipped.is_empty() {
            let why = "there is nothing to compare it with: what was added to it is not known";
            notes.extend((!there.is_empty()).then(|| whole(&path, Kind::Lost, why)));
            continue;
        }
        notes.extend(changes(File { name: &path.display().to_string(), text: &there }, &shipped));
    }
    for path in HOOKS.map(|name| folder.join(name)) {
        let runs = fs::metadata(&path).is_ok_and(|file| file.permissions().mode() & 0o111 != 0);
        notes.extend(runs.then(|| whole(&path, Kind::Lost, "ufw runs this program; Palisade runs none")));
    }
    let sysctl = folder.join("sysctl.conf");
    if sysctl.exists() {
        let why = "ufw sets these when it starts; without it, sysctl.d(5) is their place";
        notes.push(whole(&sysctl, Kind::Lost, why));
    }
    Ok(notes)
}

fn whole(path: &Path, kind: Kind, why: &str) -> Note {
    Note { kind, file: path.display().to_string(), line: 0, text: String::new(), why: why.to_owned() }
}

/// Nothing, if it is not there.
fn text(path: &Path) -> Result<String, CommandError> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| CommandError::io(path.display(), &error)),
    }
}
