//! From a journal entry's fields to the line that filters expect.

use crate::lines::{MAX_LINE, MORE};

/// The fields of one entry that make its line. Used again for the next, to keep its memory.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    host: Vec<u8>,
    identifier: Vec<u8>,
    command: Vec<u8>,
    logged_pid: Vec<u8>,
    pid: Vec<u8>,
    message: Vec<u8>,
    messages: usize,
    /// Microseconds since the epoch, by the clock of the program that logged.
    pub(crate) source_time: Option<u64>,
    source_since_boot: Option<u64>,
}

impl Entry {
    pub(crate) fn clear(&mut self) {
        let texts = [
            &mut self.host,
            &mut self.identifier,
            &mut self.command,
            &mut self.logged_pid,
            &mut self.pid,
            &mut self.message,
        ];
        texts.into_iter().for_each(Vec::clear);
        (self.messages, self.source_time, self.source_since_boot) = (0, None, None);
    }

    /// Takes one `FIELD=value`.
    pub(crate) fn take(&mut self, field: &[u8]) {
        let Some(equals) = memchr::memchr(b'=', field) else { return };
        let (name, value) = (&field[..equals], &field[equals + 1..]);
        let text = match name {
            b"MESSAGE" => return self.take_message(value),
            b"_SOURCE_REALTIME_TIMESTAMP" => return self.source_time = number(value),
            b"_SOURCE_MONOTONIC_TIMESTAMP" => return self.source_since_boot = number(value),
            b"_HOSTNAME" => &mut self.host,
            b"SYSLOG_IDENTIFIER" => &mut self.identifier,
            b"_COMM" => &mut self.command,
            b"SYSLOG_PID" => &mut self.logged_pid,
            b"_PID" => &mut self.pid,
            _ => return,
        };
        text.clear();
        text.extend_from_slice(&value[..value.len().min(MAX_LINE)]);
    }

    fn take_message(&mut self, value: &[u8]) {
        if self.messages > 0 {
            self.message.push(b' ');
        }
        self.messages += 1;
        // One byte beyond the bound says that there is more.
        let room = (MAX_LINE + 1).saturating_sub(self.message.len());
        self.message.extend_from_slice(&value[..value.len().min(room)]);
    }

    /// `host program[pid]: message`, in one line.
    pub(crate) fn format(&self, since_boot: impl FnOnce() -> u64, line: &mut Vec<u8>) {
        line.clear();
        append(line, &self.host);
        let program = if self.identifier.is_empty() { &self.command } else { &self.identifier };
        if !program.is_empty() {
            separate(line);
            append(line, program);
            // Whoever logs may write anything there; only a number is one.
            let logged = !self.logged_pid.is_empty() && self.logged_pid.iter().all(u8::is_ascii_digit);
            let pid = if logged { &self.logged_pid } else { &self.pid };
            if !pid.is_empty() {
                line.push(b'[');
                append(line, pid);
                line.push(b']');
            }
            line.push(b':');
            if pid.is_empty() && program == b"kernel" {
                let micros = self.source_since_boot.unwrap_or_else(since_boot);
                let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
                line.extend_from_slice(format!(" [{seconds:>5}.{micros:06}]").as_bytes());
            }
        }
        separate(line);
        append(line, &self.message);
        if line.len() > MAX_LINE {
            line.truncate(MAX_LINE);
            line.extend_from_slice(MORE.as_bytes());
        }
    }
}

fn separate(line: &mut Vec<u8>) {
    if !line.is_empty() {
        line.push(b' ');
    }
}

/// A line break within is shown as `\n`.
fn append(line: &mut Vec<u8>, text: &[u8]) {
    let mut parts = text.split(|byte| *byte == b'\n');
    line.extend_from_slice(parts.next().unwrap_or_default());
    for part in parts {
        line.extend_from_slice(b"\\n");
        line.extend_from_slice(part);
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(fields: &[&str]) -> String {
        let (mut entry, mut line) = (Entry::default(), b"old".to_vec());
        fields.iter().for_each(|field| entry.take(field.as_bytes()));
        entry.format(|| 12_345_678, &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn a_line_is_host_program_pid_and_message() {
        let fields = ["_HOSTNAME=vps", "_COMM=sshd", "_PID=7", "MESSAGE=Failed = yes"];
        assert_eq!(line(&fields), "vps sshd[7]: Failed = yes");
        let fields =
            ["_HOSTNAME=vps", "SYSLOG_IDENTIFIER=a b", "_COMM=x", "SYSLOG_PID=5", "_PID=7", "MESSAGE=m"];
        assert_eq!(line(&fields), "vps a b[5]: m");
        assert_eq!(line(&["_HOSTNAME=vps", "SYSLOG_IDENTIFIER=cron", "MESSAGE="]), "vps cron: ");
        assert_eq!(line(&["_PID=7", "MESSAGE=m"]), "m");
    }

    #[test]
    fn what_a_program_says_cannot_break_the_line() {
        let fields = ["SYSLOG_IDENTIFIER=x", "SYSLOG_PID=1]: Failed", "_PID=9", "MESSAGE=one\ntwo"];
        assert_eq!(line(&fields), "x[9]: one\\ntwo");
        let long = format!("MESSAGE={}", "\n".repeat(MAX_LINE));
        assert_eq!(line(&[&long, &long]).len(), MAX_LINE + MORE.len());
        let (whole, long) = ("x".repeat(MAX_LINE), "x".repeat(MAX_LINE + 1));
        assert_eq!(line(&[&format!("MESSAGE={whole}")]), whole);
        assert_eq!(line(&[&format!("MESSAGE={long}")]), whole + MORE);
    }

    #[test]
    fn kernel_lines_carry_the_time_since_boot() {
        let fields = ["_HOSTNAME=vps", "SYSLOG_IDENTIFIER=kernel", "MESSAGE=usb"];
        assert_eq!(line(&fields), "vps kernel: [   12.345678] usb");
        let fields = [&fields[..], &["_SOURCE_MONOTONIC_TIMESTAMP=1000001"]].concat();
        assert_eq!(line(&fields), "vps kernel: [    1.000001] usb");
    }

    #[test]
    fn several_messages_are_one() {
        assert_eq!(line(&["MESSAGE=a", "MESSAGE=b"]), "a b");
    }
}
