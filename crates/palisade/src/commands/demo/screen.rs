//! What people see: a picture redrawn in place on a terminal, a line an event anywhere else.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Color, Style};
use firewall::Remaining;
use rustix::termios::tcgetwinsize;

use super::cast::{MAXRETRY, Role};
use super::play::Service;
use super::scene::{News, Row, Scene};
use crate::output::{ALERT, BOLD, address, count, cut, plain, span};

/// The picture's size; a smaller terminal gets lines.
const WIDTH: usize = 79;
const COLUMNS: u16 = 80;
const ROWS: u16 = 24;

const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
const FAINT: Style = Style::new().dimmed();

const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";
const CLEAR_TO_END_OF_LINE: &str = "\x1b[K";

pub(super) struct Screen {
    service: Service,
    view: View,
}

enum View {
    /// So many lines of the last picture are above the cursor.
    Live {
        drawn: usize,
    },
    Lines,
}

impl Screen {
    pub(super) fn new(service: Service) -> Self {
        let stdout = io::stdout();
        let fits = tcgetwinsize(&stdout).is_ok_and(|size| size.ws_col >= COLUMNS && size.ws_row >= ROWS);
        let view = if stdout.is_terminal() && fits { View::Live { drawn: 0 } } else { View::Lines };
        Self { service, view }
    }

    /// For who reads line by line, what the picture says at its top.
    pub(super) fn begin(&self) -> io::Result<()> {
        match self.view {
            View::Live { .. } => Ok(()),
            View::Lines => writeln!(anstream::stdout(), "{}", describe(self.service)),
        }
    }

    pub(super) fn show(&mut self, scene: &mut Scene) -> io::Result<()> {
        let news = scene.news();
        match &mut self.view {
            View::Live { drawn } => redraw(&picture(scene, self.service), drawn),
            View::Lines => tell(&news, scene),
        }
    }

    /// The last words, below the last picture.
    pub(super) fn summary(&self, scene: &Scene) -> io::Result<()> {
        let mut out = anstream::stdout().lock();
        writeln!(out)?;
        summary(scene).iter().try_for_each(|line| writeln!(out, "{line}"))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let View::Live { drawn: 1.. } = self.view {
            // There is nobody to tell that the cursor stays hidden.
            let _ = io::stdout().write_all(SHOW_CURSOR.as_bytes());
        }
    }
}

/// Puts the picture where the last one is, in one write, so that nothing flickers.
fn redraw(picture: &[String], drawn: &mut usize) -> io::Result<()> {
    let mut text = String::from(HIDE_CURSOR);
    if *drawn > 0 {
        text += &format!("\r\x1b[{drawn}A");
    }
    let coloured = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    for line in picture {
        match coloured {
            true => text += line,
            false => text += &anstream::adapter::strip_str(line).to_string(),
        }
        text += CLEAR_TO_END_OF_LINE;
        text += "\n";
    }
    *drawn = picture.len();
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// The whole picture, no line wider than [`WIDTH`].
fn picture(scene: &Scene, service: Service) -> Vec<String> {
    let mut lines = vec![
        format!("{BOLD}Palisade stops an attack{BOLD:#}, in namespaces of its own, apart from this host."),
        describe(service),
        String::new(),
        format!(
            "{BOLD}{:<16} {:<17} {:>5} {:>5} {:>7}  STATE{BOLD:#}",
            "ADDRESS", "WHO", "TRIES", "WRONG", "REFUSED"
        ),
    ];
    lines.extend(scene.rows.iter().map(|row| row_line(row, scene)));
    lines.extend([String::new(), format!("{BOLD}ITS LOG{BOLD:#}")]);
    let blank = std::iter::repeat_n(String::new(), super::scene::LOG_LINES.saturating_sub(scene.log.len()));
    lines.extend(scene.log.iter().map(|line| log_line(line)).chain(blank));
    lines.push(kernel_line(scene));
    lines
}

fn describe(service: Service) -> String {
    let what = match service {
        Service::Sshd => "a real sshd",
        Service::Own => "a small login service that logs as sshd does",
    };
    format!("Attacked: {what}; {MAXRETRY} failures are a ban.")
}

fn row_line(row: &Row, scene: &Scene) -> String {
    let (style, state) = state(row, scene);
    format!(
        "{:<16} {:<17} {:>5} {:>5} {:>7}  {style}{state}{style:#}",
        row.actor.address,
        row.actor.who,
        row.tries(),
        row.failed,
        row.refused
    )
}

fn state(row: &Row, scene: &Scene) -> (Style, String) {
    match scene.ban_of(row.actor.address) {
        Some(ban) => (ALERT, format!("banned for {}", remaining(ban.left))),
        None if row.welcomed > 0 => (GOOD, format!("logged in {} times", row.welcomed)),
        None if row.tries() > 0 => (Style::new(), "trying".to_owned()),
        None => (FAINT, "not here yet".to_owned()),
    }
}

fn remaining(left: Remaining) -> String {
    match left {
        Remaining::Forever => "ever".to_owned(),
        Remaining::For(length) => span(length),
    }
}

fn log_line(line: &str) -> String {
    format!("{FAINT}{}{FAINT:#}", cut(&plain(line), WIDTH))
}

fn kernel_line(scene: &Scene) -> String {
    let (bans, packets) = (count(scene.bans.len(), "ban"), count(scene.packets, "packet"));
    format!("{BOLD}NFTABLES{BOLD:#} table inet palisade: {bans}, {packets} refused")
}

fn tell(news: &[News], scene: &Scene) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let seconds = scene.elapsed().as_secs_f32();
    for event in news {
        write!(out, "{seconds:5.1} s  ")?;
        match event {
            News::Logged(line) => writeln!(out, "log      {}", plain(line))?,
            News::Banned(net) => writeln!(out, "{ALERT}banned   {}{ALERT:#}", address(*net))?,
            News::Refused(address) => writeln!(out, "refused  {address}")?,
            News::Welcomed(address) => writeln!(out, "{GOOD}welcome  {address}{GOOD:#}")?,
        }
    }
    Ok(())
}

fn summary(scene: &Scene) -> Vec<String> {
    let sum = |role, count: fn(&Row) -> u32| scene.of(role).map(count).sum::<u32>();
    let (tried, wrong, refused) = (
        sum(Role::Attacker, Row::tries),
        sum(Role::Attacker, |row| row.failed),
        sum(Role::Attacker, |row| row.refused),
    );
    let (visits, welcomed) = (sum(Role::Visitor, Row::tries), sum(Role::Visitor, |row| row.welcomed));
    let attackers = scene.of(Role::Attacker).count();
    let verdict = match (scene.finished, scene.is_happy()) {
        (_, true) => "Nothing on this host was changed.".to_owned(),
        (false, _) => format!("{ALERT}Broken off before the end.{ALERT:#}"),
        (true, false) => format!("{ALERT}This is not how it should have ended.{ALERT:#}"),
    };
    vec![
        format!(
            "{attackers} attackers, {tried} connections in {:.0} s: {wrong} wrong passwords, {refused} refused.",
            scene.elapsed().as_secs_f32()
        ),
        format!("Banned, IPv4: {}", list(&scene.banned(true))),
        format!("Banned, IPv6: {}", list(&scene.banned(false))),
        format!("The visitor logged in {welcomed} of {visits} times. {verdict}"),
    ]
}

fn list(addresses: &[String]) -> String {
    if addresses.is_empty() { "none".to_owned() } else { addresses.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::super::Event;
    use super::*;

    fn crowded() -> Scene {
        let mut scene = Scene::new();
        for _ in 0..20 {
            scene.take(Event::Logged(format!("sshd[1]: Invalid user \x1b[2J{} from 1", "x".repeat(300))));
        }
        scene
    }

    #[test]
    fn the_picture_and_the_summary_fit_a_terminal_together() {
        let scene = crowded();
        for service in [Service::Sshd, Service::Own] {
            let picture = picture(&scene, service);
            // A blank line between them, and the prompt behind them.
            assert!(picture.len() + 1 + summary(&scene).len() < usize::from(ROWS));
            for line in picture.iter().chain(&summary(&scene)) {
                let shown = anstream::adapter::strip_str(line).to_string();
                assert!(shown.chars().count() <= WIDTH, "{shown}");
            }
        }
    }

    #[test]
    fn a_name_in_the_log_cannot_steer_the_terminal() {
        let lines = picture(&crowded(), Service::Own);
        assert!(lines.iter().any(|line| line.contains("\\u{1b}[2J")));
        assert!(lines.iter().all(|line| !line.contains("\x1b[2J")));
    }
}
