//! From a line of a log to a packet and its time.

use std::time::Duration;

use detect::{DateDetector, Time, Zone};
use firewall::LoggedPacket;

use crate::engine::clock::now;
use crate::exit::{CommandError, Exit};

/// A packet that was logged, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Knock {
    pub(super) time: Time,
    pub(super) packet: LoggedPacket,
}

/// Reads lines as syslog writes them, `DATE HOST kernel: [SECONDS] MESSAGE`, and as dmesg does, `[SECONDS] MESSAGE`.
pub(super) struct Lines {
    dates: DateDetector,
    booted: Time,
}

impl Lines {
    pub(super) fn new() -> Result<Self, CommandError> {
        let zone = Zone::parse(None).map_err(|error| CommandError::new(Exit::Usage, error))?;
        let dates =
            DateDetector::compile(None, zone).map_err(|error| CommandError::new(Exit::Config, error))?;
        Ok(Self { dates, booted: booted() })
    }

    /// `None`: it is no line of the kernel's about a packet of ours. Other programs may write the words of one.
    pub(super) fn read(&mut self, line: &[u8]) -> Option<Knock> {
        let line = std::str::from_utf8(line).ok()?;
        if let Some((since_boot, message)) = after_boot(line) {
            return Some(Knock { time: self.booted + since_boot, packet: LoggedPacket::read(message)? });
        }
        // Most lines are about something else, and looking for dates costs more than this.
        line.contains("PALISADE").then_some(())?;
        let date = self.dates.find(line, now()).filter(|date| date.span.start == 0)?;
        let message = of_kernel(line[date.span.end..].strip_prefix(' ')?)?;
        Some(Knock { time: date.time?, packet: LoggedPacket::read(message)? })
    }
}

/// What `HOST kernel: ` says, with or without the time since the boot.
pub(super) fn of_kernel(line: &str) -> Option<&str> {
    let (_host, rest) = line.split_once(' ').filter(|(host, _)| !host.is_empty())?;
    let message = rest.strip_prefix("kernel: ")?;
    Some(after_boot(message).map_or(message, |(_, message)| message))
}

/// `[   12.345678] MESSAGE`.
fn after_boot(text: &str) -> Option<(Duration, &str)> {
    let (time, message) = text.strip_prefix('[')?.split_once("] ")?;
    let (seconds, micros) = time.trim_start_matches(' ').split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = digits(seconds) && digits(micros) && micros.len() == 6 && seconds.len() <= 10;
    let (seconds, micros): (u64, u64) = (seconds.parse().ok()?, micros.parse().ok()?);
    is_time.then(|| (Duration::from_micros(seconds * 1_000_000 + micros), message))
}

/// When the kernel began to count.
pub(super) fn booted() -> Time {
    let running = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now() - Duration::try_from(running).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "[PALISADE BLOCK] IN=v OUT= MAC=de:fb:d2:b8:2c:7d:4a:58:5c:35:46:41:08:00 SRC=192.0.2.2 \
        DST=192.0.2.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=7105 DF PROTO=TCP SPT=44980 DPT=22 WINDOW=64240 RES=0x00 \
        SYN URGP=0 ";

    fn time(line: &str) -> Option<Time> {
        Lines::new().unwrap().read(line.as_bytes()).map(|knock| knock.time)
    }

    #[test]
    fn lines_of_syslog_and_dmesg_are_read_with_their_time() {
        let wanted = Some(Time::from_secs(1_764_248_400));
        assert_eq!(time(&format!("2025-11-27T13:00:00.000000+00:00 vps kernel: {MESSAGE}")), wanted);
        assert_eq!(
            time(&format!("2025-11-27T14:00:00.000000+01:00 vps kernel: [  123.456789] {MESSAGE}")),
            wanted
        );
        assert!(time(&format!("Nov 27 13:00:00 vps kernel: [13620.636501] {MESSAGE}")).is_some());
        assert!(time(&format!("Nov  7 13:00:00 vps kernel: {MESSAGE}")).is_some());
        let since_boot = time(&format!("[   10.500000] {MESSAGE}")).unwrap().since(booted());
        assert!((10.0..11.0).contains(&since_boot.as_secs_f64()), "{since_boot:?}");
    }

    #[test]
    fn what_another_program_logs_is_no_packet() {
        for line in [
            format!("2025-11-27T13:00:00+00:00 vps sshd[7]: Invalid user {MESSAGE}"),
            format!("2025-11-27T13:00:00+00:00 vps sshd[7]: Invalid user x kernel: {MESSAGE}"),
            format!("2025-11-27T13:00:00+00:00 vps kernel[7]: {MESSAGE}"),
            format!("2025-11-27T13:00:00+00:00 vps kernel: usb {MESSAGE}"),
            format!(
                "2025-11-27T13:00:00+00:00 vps nginx: \"GET / 2025-11-27T13:00:00+00:00 vps kernel: {MESSAGE}"
            ),
            format!("vps kernel: {MESSAGE}"),
            format!("2025-11-27T13:00:00+00:00  kernel: {MESSAGE}"),
            format!("[1.5] {MESSAGE}"),
            MESSAGE.to_owned(),
            String::new(),
        ] {
            assert_eq!(time(&line), None, "{line}");
        }
    }
}
