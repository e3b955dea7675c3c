//! The kernel's own log, `/dev/kmsg`: a record a read.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use detect::Time;
use firewall::LoggedPacket;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::OFlags;

use super::line::{Knock, booted};

pub(super) const PATH: &str = "/dev/kmsg";
/// The longest record.
const RECORD: usize = 8192;
/// Numbers below are of the kernel itself: nobody else can have them.
const KERNEL: u32 = 8;

/// An open log.
pub(super) struct Kmsg {
    file: File,
    booted: Time,
    follow: bool,
}

impl Kmsg {
    /// All that is there; or what comes from now on.
    pub(super) fn open(follow: bool) -> io::Result<Self> {
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let mut file = File::options().read(true).custom_flags(flags).open(Path::new(PATH))?;
        if follow {
            file.seek(SeekFrom::End(0))?;
        }
        Ok(Self { file, booted: booted(), follow })
    }

    /// Shows each packet until it is told to stop, or there are no more.
    pub(super) fn each(&mut self, show: &mut impl FnMut(Knock) -> bool) -> io::Result<()> {
        let mut record = vec![0; RECORD];
        loop {
            match self.file.read(&mut record) {
                Ok(length) => {
                    if read(&record[..length], self.booted).is_some_and(|knock| !show(knock)) {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock && !self.follow => return Ok(()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // Whatever woke it, the next read tells.
                    let _ = poll(&mut [PollFd::new(&self.file, PollFlags::IN)], None);
                }
                // Records were overwritten before they were read; the next read goes on at the oldest.
                Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::Interrupted) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// `PRIORITY,NUMBER,MICROSECONDS,FLAGS;MESSAGE` and a line break.
fn read(record: &[u8], booted: Time) -> Option<Knock> {
    let (head, rest) = std::str::from_utf8(record).ok()?.split_once(';')?;
    let mut fields = head.split(',');
    let priority: u32 = fields.next()?.parse().ok()?;
    let micros: u64 = fields.nth(1)?.parse().ok()?;
    let message = rest.lines().next().filter(|_| priority < KERNEL)?;
    Some(Knock { time: booted + Duration::from_micros(micros), packet: LoggedPacket::read(message)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "[PALISADE BLOCK] IN= OUT=v SRC=2001:0db8:0000:0000:0000:0000:0000:0001 \
        DST=2001:0db8:0000:0000:0000:0000:0000:0002 LEN=50 TC=0 HOPLIMIT=64 FLOWLBL=943459 PROTO=UDP SPT=59102 DPT=53 LEN=10 ";

    #[test]
    fn a_record_of_the_kernel_is_read_and_no_other() {
        let of =
            |priority: u32| format!("{priority},717,13621369680,-,caller=T1;{MESSAGE}\n SUBSYSTEM=net\n");
        let boot = Time::from_secs(1_700_000_000);
        let knock = read(of(4).as_bytes(), boot).unwrap();
        assert_eq!(knock.time.since(boot), Duration::from_micros(13_621_369_680));
        // A process that writes to /dev/kmsg is user, 8 and more.
        assert_eq!(read(of(12).as_bytes(), boot), None);
        assert_eq!(read(MESSAGE.as_bytes(), boot), None);
        assert_eq!(read(b"4,1,1,-;usb 1-1: new device\n", boot), None);
        assert_eq!(read(b"", boot), None);
    }
}
