use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::{StoreError, private};

/// A child that a killed daemon was just starting holds its lock until it has become another program.
const PATIENCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(5);

/// Held by the one daemon of a state directory; the kernel lets go of it when the process dies, however it dies.
///
/// The file is closed on exec, but a child between fork and exec shares the lock: dropping it therefore unlocks it, where
/// closing the file would not do.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // If this fails, closing the file is what remains.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

impl Lock {
    pub(crate) fn take(path: &Path) -> Result<Self, StoreError> {
        let mut file = private().read(true).write(true).open(path).map_err(StoreError::io(path))?;
        let began = Instant::now();
        while let Err(errno) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            match errno {
                Errno::WOULDBLOCK if began.elapsed() < PATIENCE => thread::sleep(PAUSE),
                Errno::WOULDBLOCK => {
                    return Err(StoreError::InUse { path: path.to_owned(), pid: holder(&mut file) });
                }
                errno => return Err(StoreError::io(path)(errno.into())),
            }
        }
        sign(&mut file).map_err(StoreError::io(path))?;
        Ok(Self(file))
    }
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
