//! Which lines come from which files, and when.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(unreachable_pub, reason = "shared by test programs")]
#[allow(dead_code, reason = "shared by test programs")]
mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use sources::{Files, MAX_LINE, SourceError, Start, directories_to_read};
use support::{Reader, Writer, append, spec};

#[test]
fn start_at_the_end_gives_only_what_is_added() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    append(&log, "old\nold half");
    let mut reader = Reader::new(vec![spec(&log, Start::End)]);
    append(&log, " done\nnew\n");
    assert_eq!(reader.drain().texts(), ["old half done", "new"]);
}

#[test]
fn a_file_that_appears_later_is_read_from_its_beginning() {
    let directory = tempfile::tempdir().unwrap();
    let plain = directory.path().join("plain.log");
    let glob = directory.path().join("many/*/app?.log");
    let mut reader = Reader::new(vec![spec(&plain, Start::End), spec(&glob, Start::End)]);
    append(&plain, "first\n");
    reader.read_until(1);
    fs::create_dir_all(directory.path().join("many/site")).unwrap();
    append(directory.path().join("many/site/app1.log"), "second\n");
    append(directory.path().join("many/site/other.log"), "not asked for\n");
    reader.read_until(2);
    append(directory.path().join("many/site/app2.log"), "third\n");
    reader.read_until(3);
    assert_eq!(reader.texts(), ["first", "second", "third"]);
    assert_eq!(reader.lines[1].0, [1]);
}

#[test]
fn a_file_that_appeared_while_nobody_read_is_read_from_its_beginning() {
    let directory = tempfile::tempdir().unwrap();
    let mut reader = Reader::new(vec![
        spec(directory.path().join("plain.log"), Start::End),
        spec(directory.path().join("*.txt"), Start::End),
    ]);
    append(directory.path().join("plain.log"), "plain\n");
    append(directory.path().join("one.txt"), "glob\n");
    reader.restart();
    let mut texts = reader.drain().texts();
    texts.sort();
    assert_eq!(texts, ["glob", "plain"]);
}

#[test]
fn empty_at_start_is_not_read_twice() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    append(&log, "");
    let mut reader = Reader::new(vec![spec(&log, Start::End)]);
    append(&log, "one\n");
    reader.read_until(1);
    reader.restart();
    append(&log, "two\n");
    reader.read_until(2);
    assert_eq!(reader.texts(), ["one", "two"]);
}

#[test]
fn half_a_line_waits_for_its_end_even_across_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    append(&log, "whole\nhal");
    let mut reader = Reader::all(&log);
    assert_eq!(reader.drain().texts(), ["whole"]);
    assert_eq!(reader.positions[log.to_str().unwrap()].offset(), 6);
    reader.restart();
    append(&log, "f\n");
    assert_eq!(reader.drain().texts(), ["whole", "half"]);
}

#[test]
fn a_line_of_a_megabyte_is_shortened_once_whatever_the_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    let mut reader = Reader::all(&log);
    let long = vec![b'x'; 1 << 20];
    append(&log, [&b"before\n"[..], &long[..long.len() / 2]].concat());
    reader.drain();
    assert_eq!(reader.lines.len(), 2, "its beginning is delivered without waiting for the end");
    reader.restart();
    append(&log, [&long[long.len() / 2..], &b"\nafter\n"[..]].concat());
    reader.drain();
    let lengths: Vec<usize> = reader.lines.iter().map(|(_, line)| line.len()).collect();
    assert_eq!(lengths, [7, MAX_LINE + "…".len(), 6]);
    assert_eq!((reader.total.lines, reader.total.shortened), (3, 1));
}

#[test]
fn bytes_are_delivered_as_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    append(&log, b"\xff\xfe bad\nzero\0inside\ncr\r\n\n");
    let mut reader = Reader::all(&log);
    reader.drain();
    let lines: Vec<&[u8]> = reader.lines.iter().map(|(_, line)| line.as_slice()).collect();
    assert_eq!(lines, [&b"\xff\xfe bad\n"[..], b"zero\0inside\n", b"cr\r\n", b"\n"]);
}

#[test]
fn emptied_under_a_writer_that_keeps_its_offset() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    let mut reader = Reader::all(&log);
    let file = fs::File::create(&log).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &b"a line of the old log\n".repeat(20_000), 0).unwrap();
    reader.read_until(20_000);
    file.set_len(0).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"new\n", 440_000).unwrap();
    reader.read_until(20_001);
    assert_eq!(reader.texts().last().unwrap(), "new");
}

#[test]
fn truncated_to_nothing_and_written_anew() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    append(&log, "one\ntwo\n");
    let mut reader = Reader::all(&log);
    reader.drain();
    fs::write(&log, "").unwrap();
    reader.drain();
    append(&log, "three\n");
    assert_eq!(reader.drain().texts(), ["one", "two", "three"]);
}

#[test]
fn a_crashed_file_system_does_not_bring_lines_back() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    let text: String = (0..500).map(|number| format!("{number} some line of the log\n")).collect();
    append(&log, &text);
    let mut reader = Reader::all(&log);
    reader.drain();
    // Its last block never reached the disk, then it goes on.
    let hole = text.len() - 4000;
    fs::write(&log, [&text.as_bytes()[..hole], &[0; 4000], b"after\n"].concat()).unwrap();
    reader.restart();
    assert_eq!(reader.drain().lines.len(), 501);
    // It is shorter than what was read of it.
    fs::write(&log, &text.as_bytes()[..hole / 2]).unwrap();
    reader.restart();
    reader.drain();
    append(&log, "\nagain\n");
    assert_eq!(reader.drain().texts().last().unwrap(), "again");
    assert!(reader.lines.len() <= 503, "{} lines", reader.lines.len());
}

#[test]
fn a_file_that_several_patterns_match_is_read_once_for_all() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("a.log");
    append(&log, "line\n");
    symlink(&log, directory.path().join("z.log")).unwrap();
    let patterns = [directory.path().join("*.log"), log, directory.path().join("z.*")];
    let mut reader = Reader::new(patterns.iter().map(|path| spec(path, Start::Beginning)).collect());
    reader.drain();
    assert_eq!(reader.lines, [(vec![0, 1, 2], b"line\n".to_vec())]);
}

#[test]
fn a_link_is_followed_when_it_is_pointed_elsewhere_and_when_its_target_rotates() {
    let (logs, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let link = logs.path().join("app.log");
    let target = |name: &str| data.path().join(name);
    append(target("one"), "1\n");
    symlink(target("one"), &link).unwrap();
    let mut reader = Reader::all(&link);
    reader.read_until(1);
    fs::rename(target("one"), target("one.1")).unwrap();
    append(target("one.1"), "2\n");
    append(target("one"), "3\n");
    reader.read_until(3);
    append(target("two"), "4\n");
    symlink(target("two"), logs.path().join("new")).unwrap();
    fs::rename(logs.path().join("new"), &link).unwrap();
    reader.read_until(4);
    assert_eq!(reader.texts(), ["1", "2", "3", "4"]);
}

#[test]
fn a_directory_that_vanishes_and_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let logs = directory.path().join("logs");
    let mut reader = Reader::all(logs.join("app.log"));
    for round in 1..4 {
        fs::create_dir(&logs).unwrap();
        append(logs.join("app.log"), format!("{round}\n"));
        reader.read_until(round);
        fs::remove_dir_all(&logs).unwrap();
        reader.drain();
    }
    assert_eq!(reader.texts(), ["1", "2", "3"]);
}

#[test]
fn an_editor_that_writes_the_log_anew_brings_no_line_back() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    append(&log, "1\n2\n");
    let mut reader = Reader::all(&log);
    reader.drain();
    fs::copy(&log, directory.path().join("new")).unwrap();
    fs::rename(directory.path().join("new"), &log).unwrap();
    append(&log, "3\n");
    reader.read_until(3);
    assert_eq!(reader.texts(), ["1", "2", "3"]);
}

#[test]
fn many_files_share_the_budget() {
    let directory = tempfile::tempdir().unwrap();
    let names: Vec<_> = (0..50).map(|index| directory.path().join(format!("{index}.log"))).collect();
    append(&names[0], "long\n".repeat(1_000_000));
    names[1..].iter().for_each(|name| append(name, "short\n"));
    let mut reader = Reader::all(directory.path().join("*.log"));
    reader.step(1 << 18);
    let short = reader.texts().iter().filter(|text| *text == "short").count();
    assert_eq!(short, 49, "the long one does not keep the others waiting");
    reader.drain();
    assert_eq!(reader.lines.len(), 1_000_049);
}

#[test]
fn an_unreadable_file_does_not_stop_the_others_and_is_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let (closed, open) = (directory.path().join("closed.log"), directory.path().join("open.log"));
    append(&closed, "closed\n");
    append(&open, "open\n");
    fs::set_permissions(&closed, PermissionsExt::from_mode(0o0)).unwrap();
    if fs::File::open(&closed).is_ok() {
        eprintln!("SKIPPED: root may read everything");
        return;
    }
    let mut reader = Reader::all(directory.path().join("*.log"));
    assert_eq!(reader.drain().texts(), ["open"]);
    fs::set_permissions(&closed, PermissionsExt::from_mode(0o600)).unwrap();
    reader.read_until(2);
    assert_eq!(reader.texts(), ["open", "closed"]);
}

#[test]
fn what_is_no_file_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("a.log")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        directory.path().join("b.log"),
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    append(directory.path().join("c.log"), "line\n");
    assert_eq!(Reader::all(directory.path().join("*.log")).drain().texts(), ["line"]);
}

#[test]
fn an_empty_pattern_is_an_error() {
    let opened = Files::open(&[spec("/", Start::End)], &[]);
    assert!(matches!(opened, Err(SourceError::NoFile { pattern }) if pattern == "/"));
}

#[test]
fn the_stretch_before_the_position_can_be_had_again() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    append(&log, "one\ntwo\nthree\nhalf");
    let mut reader = Reader::all(&log);
    reader.drain();
    reader.restart();
    let mut again = |bytes| {
        let mut lines = Vec::new();
        reader
            .files()
            .reread(bytes, &mut |_, line| lines.push(str::from_utf8(line).unwrap().trim_end().to_owned()));
        lines
    };
    assert_eq!(again(10), ["two", "three"], "whole lines only, up to the position");
    assert_eq!(again(1000), ["one", "two", "three"]);
    append(&log, " four\n");
    assert_eq!(reader.drain().texts().last().unwrap(), "half four");
}

#[test]
fn a_finished_file_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    let mut writer = Writer::new(&log);
    writer.write(10);
    let mut reader = Reader::all(&log);
    reader.drain();
    assert_eq!(
        reader.files().watched().map(|(path, specs)| (path.to_owned(), specs.to_vec())).collect::<Vec<_>>(),
        [(log.clone(), vec![0])]
    );
    fs::remove_file(&log).unwrap();
    reader.drain();
    assert_eq!(reader.files().watched().count(), 0);
}

#[test]
fn a_sandbox_must_allow_the_directories_that_exist() {
    let (logs, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    append(data.path().join("real.log"), "");
    symlink(data.path().join("real.log"), logs.path().join("app.log")).unwrap();
    let patterns = [logs.path().join("app.log"), logs.path().join("later/x/*.log")];
    let needed = directories_to_read(patterns.iter().map(|pattern| pattern.to_str().unwrap()));
    assert_eq!(
        needed,
        [logs.path(), data.path()].into_iter().map(|path| path.canonicalize().unwrap()).collect()
    );
}

/// In a user namespace of its own, where limits can be set.
#[test]
fn without_inotify_files_are_polled() {
    const INSIDE: &str = "SOURCES_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_some() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("app.log");
        append(&log, "one\n");
        let mut reader = Reader::all(directory.path().join("*.log"));
        append(&log, "two\n");
        reader.read_until(2);
        fs::rename(&log, directory.path().join("old")).unwrap();
        append(directory.path().join("old"), "three\n");
        append(&log, "four\n");
        reader.read_until(4);
        return assert_eq!(reader.texts(), ["one", "two", "three", "four"]);
    }
    for limit in ["max_inotify_watches", "max_inotify_instances"] {
        let script = format!("echo 0 > /proc/sys/user/{limit} || exit 77; exec \"$@\"");
        let status = std::process::Command::new("unshare")
            .args(["-Ur", "--", "sh", "-c", &script, "sh"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "without_inotify_files_are_polled"])
            .env(INSIDE, "1")
            .status();
        match status.map(|status| status.code()) {
            Ok(Some(0)) => {}
            Ok(Some(101)) => panic!("failed with {limit} = 0"),
            other => eprintln!("SKIPPED {limit}: needs user namespaces ({other:?})"),
        }
    }
}
