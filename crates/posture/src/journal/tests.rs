use super::*;
use crate::unified;

const MINUTE: Duration = Duration::from_secs(60);

struct Host {
    folder: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn journal(&self) -> Journal {
        Journal::of(self.folder.path())
    }

    fn held(&self) -> Held {
        self.journal().hold(Duration::ZERO).unwrap()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("palisade.toml")
    }

    /// As a command does: written down, then made.
    fn change(&self, plan: &Plan, text: &str) -> Change {
        let held = self.held();
        let before = Snapshot::take(&self.file()).unwrap();
        let diff = unified("palisade.toml", before.text(), text);
        let by = Author { user: "alice".into(), from: "192.0.2.9".parse().ok() };
        let step = Step { at: Timestamp::now(), command: format!("write {text:?}"), by, diff };
        let after = before.with_text(text.to_owned());
        let mut change = held.begin(plan, step, before).unwrap();
        after.restore().unwrap();
        held.in_force(&mut change).unwrap();
        change
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap_or_default()
    }
}

fn wait(after: Duration) -> Plan {
    Plan { after, keep: None }
}

fn keep() -> Plan {
    Plan { after: MINUTE, keep: Some("made on a console".into()) }
}

#[test]
fn what_waits_is_found_again_and_taken_back_to_the_oldest_snapshot() {
    let host = Host::new();
    host.change(&keep(), "one\n");
    host.change(&wait(MINUTE), "two\n");
    host.change(&keep(), "three\n");
    let mut change = host.journal().open().unwrap().unwrap();
    assert_eq!((change.id, change.steps.len(), change.before[0].text()), (2, 2, "one\n"));
    assert_eq!(change.steps[1].diff[3..], ["-two", "+three"]);
    assert!(change.left(&Moment::now()).unwrap() > MINUTE / 2 && change.overdue(&Moment::now()).is_none());
    let held = host.held();
    held.roll_back(&mut change, "a test").unwrap();
    assert_eq!(host.text(), "one\n");
    assert_eq!(host.journal().open().unwrap(), Some(change.clone()), "it is not settled yet");
    held.rolled_back(&mut change, None).unwrap();
    assert_eq!(host.journal().open().unwrap(), None);
    assert_eq!(change.undone[0].text(), "three\n");
    let states: Vec<_> = held.list().unwrap().changes.iter().map(|change| change.state.name()).collect();
    assert_eq!(states, ["kept", "rolled back"]);
}

#[test]
fn the_time_begins_anew_with_each_step() {
    let host = Host::new();
    host.change(&wait(Duration::ZERO), "one\n");
    let now = Moment::now();
    assert!(host.journal().open().unwrap().unwrap().overdue(&now).unwrap().contains("in time"));
    host.change(&wait(MINUTE), "two\n");
    assert_eq!(host.journal().open().unwrap().unwrap().overdue(&now), None);
    let later = Moment { boot: "another".into(), ..now };
    assert!(host.journal().open().unwrap().unwrap().overdue(&later).unwrap().contains("started anew"));
}

#[test]
fn a_step_that_was_not_made_leaves_those_before_it_waiting() {
    let host = Host::new();
    let first = host.change(&wait(MINUTE), "one\n");
    let second = host.change(&wait(MINUTE), "two\n");
    host.held().withdraw(second, "the kernel says no").unwrap();
    let waiting = host.journal().open().unwrap().unwrap();
    assert_eq!(waiting.steps, first.steps);
    host.held().withdraw(waiting, "the kernel says no").unwrap();
    assert_eq!(host.journal().open().unwrap(), None);
}

#[test]
fn what_is_confirmed_is_settled() {
    let host = Host::new();
    let mut change = host.change(&wait(MINUTE), "one\n");
    host.held().confirm(&mut change, Author::default()).unwrap();
    assert_eq!(host.journal().open().unwrap(), None);
    assert_eq!(host.change(&wait(MINUTE), "two\n").id, 2);
}

#[test]
fn a_file_torn_at_any_byte_is_never_half_read() {
    let host = Host::new();
    let kept = host.change(&keep(), "one\n");
    let waiting = host.change(&wait(MINUTE), "two\n");
    let path = host.journal().file(2);
    let whole = fs::read(&path).unwrap();
    // The last byte is the end of the line.
    for length in 0..whole.len() - 1 {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(host.journal().newest().unwrap().as_ref(), Some(&kept), "{length}");
        assert_eq!(host.journal().list().unwrap().unreadable, std::slice::from_ref(&path));
    }
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(host.journal().newest().unwrap(), Some(waiting));
    fs::write(&path, vec![0; whole.len()]).unwrap();
    assert_eq!(host.journal().newest().unwrap(), Some(kept));
    assert_eq!(host.change(&keep(), "three\n").id, 3, "a damaged one keeps its number");
}

#[test]
fn what_can_be_put_back_is_though_another_file_cannot() {
    let host = Host::new();
    let held = host.held();
    let lost = host.folder.path().join("folder/sshd_config");
    let step = |command: &str| Step {
        at: Timestamp::now(),
        command: command.into(),
        by: Author::default(),
        diff: Vec::new(),
    };
    let before = Snapshot::take(&lost).unwrap().with_text("Port 22\n".into());
    held.begin(&wait(MINUTE), step("first"), before).unwrap();
    let before = Snapshot::take(&host.file()).unwrap();
    let mut change = held.begin(&wait(MINUTE), step("second"), before.clone()).unwrap();
    before.with_text("new\n".into()).restore().unwrap();
    // Where its folder was, there is a file.
    fs::write(lost.parent().unwrap(), "").unwrap();
    assert!(held.roll_back(&mut change, "a test").is_err());
    assert!(before.is_so().unwrap());
    assert!(held.open().unwrap().unwrap().overdue(&Moment::now()).is_some(), "it is still to be done");
}

#[test]
fn only_so_many_are_kept() {
    let host = Host::new();
    for text in 0..KEPT + 3 {
        host.change(&keep(), &format!("{text}\n"));
    }
    let changes = host.journal().list().unwrap().changes;
    assert_eq!((changes.len(), changes[0].id, changes[KEPT - 1].id), (KEPT, 4, KEPT as u64 + 3));
}

#[test]
fn one_writes_at_a_time() {
    let host = Host::new();
    let held = host.held();
    assert!(matches!(host.journal().hold(PAUSE * 2), Err(JournalError::Busy)));
    drop(held);
    host.held();
}
