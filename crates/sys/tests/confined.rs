//! Privileges and the sandbox, each case in a process of its own, because none of it can be undone.
//!
//! Run as root, the cases run twice: as root of the host and as root of a user namespace. A case gets its arguments on
//! the command line and fails by a panic, which is exit 101; the parent looks at how the child ended.
#![allow(clippy::unwrap_used, reason = "a test, though not one of the harness")]

use std::fs;
use std::net::{IpAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use sys::privilege::{self, User, UserChange};
use sys::{interface, namespace, sandbox};

/// How a case must end.
#[derive(Clone, Copy)]
enum End {
    Well,
    /// `SIGSYS`: seccomp.
    Killed,
}

type Case = (&'static str, fn(&Path), End);

const CASES: [Case; 13] = [
    ("the_watcher_has_no_privilege_but_to_read", watcher, End::Well),
    ("the_watcher_refuses_another_parent", wrong_parent, End::Well),
    ("the_fetcher_has_no_privilege_at_all", fetcher, End::Well),
    ("the_fetcher_connects_to_its_port_and_no_other", fetch, End::Well),
    ("a_packet_socket_of_the_fetcher_kills", packet_socket, End::Killed),
    ("executing_kills_the_fetcher", execute_as_fetcher, End::Killed),
    ("the_keeper_has_its_capabilities_and_no_other", keeper, End::Well),
    ("threads_are_refused", threads, End::Well),
    ("landlock_leaves_only_the_given_directories", files, End::Well),
    ("reading_threads_and_messages_work_in_the_sandbox", work, End::Well),
    ("executing_kills", execute, End::Killed),
    ("an_internet_socket_kills", connect, End::Killed),
    ("a_namespace_of_its_own_holds_several_hosts", own_network, End::Well),
];

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, run, name, directory] = &arguments[..]
        && run == "--case"
    {
        let case = CASES.iter().find(|case| case.0 == name).unwrap();
        return (case.1)(Path::new(directory));
    }
    let failed =
        CASES.iter().filter(|case| !passes(case, &[]) | (is_root() && !passes(case, &["unshare", "-Ur"])));
    let failed = failed.count();
    println!("\ntest result: {} of {} cases failed", failed, CASES.len());
    std::process::exit(i32::from(failed > 0));
}

fn passes((name, _, end): &Case, prefix: &[&str]) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let own = std::env::current_exe().unwrap();
    let own = own.to_str().unwrap();
    let words = [prefix, &[own, "--case", name, directory.path().to_str().unwrap()]].concat();
    let status = Command::new(words[0]).args(&words[1..]).status().unwrap();
    let passed = match end {
        End::Well => status.success(),
        End::Killed => status.signal() == Some(libc::SIGSYS) || is_sigsys_of_a_child(status),
    };
    println!("test {name} {prefix:?} ... {}", if passed { "ok" } else { "FAILED" });
    passed
}

/// As a shell would say it.
fn is_sigsys_of_a_child(status: ExitStatus) -> bool {
    status.code() == Some(128 + libc::SIGSYS)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn status_field(name: &str) -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').trim().to_owned()
}

fn capability_field(name: &str) -> u64 {
    u64::from_str_radix(&status_field(name), 16).unwrap()
}

fn parent() -> u32 {
    std::os::unix::process::parent_id()
}

fn watcher(_: &Path) {
    let user = User::for_watcher().unwrap();
    let was_root = is_root();
    let held = capability_field("CapEff");
    let could_limit = held & 1 << 8 != 0;
    let change = privilege::become_watcher(&user, parent()).unwrap();
    let keep = privilege::watcher_capabilities().bits();
    assert_eq!(capability_field("CapEff"), held & keep);
    assert_eq!(capability_field("CapPrm"), held & keep);
    assert_eq!(capability_field("CapInh"), 0);
    assert_eq!(capability_field("CapAmb"), 0);
    if could_limit {
        assert_eq!(capability_field("CapBnd") & !keep, 0);
    }
    assert_eq!(status_field("NoNewPrivs"), "1");
    match change {
        UserChange::Changed => {
            let uids: Vec<_> = status_field("Uid").split_whitespace().map(str::to_owned).collect();
            assert_eq!(uids, vec![user.uid().to_string(); 4]);
            let root = rustix::process::Uid::ROOT;
            rustix::thread::set_thread_res_uid(root, root, root).unwrap_err();
        }
        UserChange::NotMapped => assert!(was_root),
        UserChange::NotRoot => assert!(!was_root),
    }
}

fn wrong_parent(_: &Path) {
    let user = User::for_watcher().unwrap();
    privilege::become_watcher(&user, parent() + 1).unwrap_err();
}

fn fetcher(_: &Path) {
    let user = User::for_watcher().unwrap().without_groups();
    let change = privilege::become_fetcher(&user, parent()).unwrap();
    for set in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
        assert_eq!(capability_field(set), 0, "{set}");
    }
    assert_eq!(status_field("NoNewPrivs"), "1");
    if change == UserChange::Changed {
        assert_eq!(status_field("Groups"), "");
        assert_eq!(status_field("Uid").split_whitespace().next(), Some(&*user.uid().to_string()));
    }
}

fn fetch(directory: &Path) {
    namespace::enter().unwrap();
    let [asked, other] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let secret = directory.join("secret");
    fs::write(&secret, "text").unwrap();
    let port = asked.local_addr().unwrap().port();
    let (restriction, _) = sandbox::restrict_files_and_ports(&["/etc/hosts".into()], &[port]).unwrap();
    sandbox::forbid_hostile_calls().unwrap();
    TcpStream::connect(asked.local_addr().unwrap()).unwrap();
    // A name is looked up, in a thread of its own.
    let looked_up =
        std::thread::spawn(|| std::net::ToSocketAddrs::to_socket_addrs(&("127.0.0.1", 53)).unwrap());
    assert_eq!(looked_up.join().unwrap().count(), 1);
    if restriction == sandbox::FileRestriction::None {
        return println!("this kernel has no landlock: skipped");
    }
    fs::read_to_string(secret).unwrap_err();
    if restriction == sandbox::FileRestriction::Full {
        TcpStream::connect(other.local_addr().unwrap()).unwrap_err();
    }
}

fn packet_socket(_: &Path) {
    sandbox::forbid_hostile_calls().unwrap();
    let result =
        rustix::net::socket(rustix::net::AddressFamily::PACKET, rustix::net::SocketType::DGRAM, None);
    panic!("still here: {result:?}");
}

fn execute_as_fetcher(_: &Path) {
    sandbox::forbid_hostile_calls().unwrap();
    let error = std::os::unix::process::CommandExt::exec(&mut Command::new("/bin/true"));
    panic!("still here: {error}");
}

fn keeper(_: &Path) {
    let held = capability_field("CapEff");
    privilege::become_keeper().unwrap();
    assert_eq!(capability_field("CapEff"), held & privilege::keeper_capabilities().bits());
    assert_eq!(status_field("NoNewPrivs"), "1");
}

fn threads(_: &Path) {
    let (stop, wait) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || wait.recv());
    privilege::become_keeper().unwrap_err();
    drop(stop);
    other.join().unwrap().unwrap_err();
}

fn files(directory: &Path) {
    let (open, closed) = (directory.join("open"), directory.join("closed"));
    for path in [&open, &closed] {
        fs::create_dir(path).unwrap();
        fs::write(path.join("log"), "text").unwrap();
    }
    let absent = directory.join("absent");
    let paths: [PathBuf; 2] = [open.clone(), absent.clone()];
    let (restriction, missing) = sandbox::restrict_files(&paths).unwrap();
    assert_eq!(missing, [absent]);
    if restriction == sandbox::FileRestriction::None {
        return println!("this kernel has no landlock: skipped");
    }
    assert_eq!(fs::read_to_string(open.join("log")).unwrap(), "text");
    assert_eq!(fs::read_dir(&open).unwrap().count(), 1);
    fs::read_to_string(closed.join("log")).unwrap_err();
    fs::read_to_string("/etc/passwd").unwrap_err();
    fs::write(open.join("log"), "forged").unwrap_err();
    fs::write(open.join("new"), "").unwrap_err();
}

fn work(directory: &Path) {
    let log = directory.join("log");
    fs::write(&log, "text").unwrap();
    let (mut here, there) = UnixStream::pair().unwrap();
    sandbox::restrict_calls().unwrap();
    let reader = std::thread::spawn(move || fs::read(log).unwrap());
    assert_eq!(reader.join().unwrap(), b"text");
    std::io::Write::write_all(&mut here, b"x").unwrap();
    let mut byte = [0];
    std::io::Read::read_exact(&mut &there, &mut byte).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1));
    // Not hostile, but not needed either.
    assert_eq!(UnixStream::connect(directory.join("none")).unwrap_err().raw_os_error(), Some(libc::EPERM));
    assert_eq!(fs::remove_file(directory.join("log")).unwrap_err().raw_os_error(), Some(libc::EPERM));
}

fn execute(_: &Path) {
    sandbox::restrict_calls().unwrap();
    let error = std::os::unix::process::CommandExt::exec(&mut Command::new("/bin/true"));
    panic!("still here: {error}");
}

fn connect(_: &Path) {
    sandbox::restrict_calls().unwrap();
    let result = UdpSocket::bind("127.0.0.1:0");
    panic!("still here: {result:?}");
}

fn own_network(_: &Path) {
    let before = fs::read_link("/proc/self/ns/net").unwrap();
    namespace::enter().unwrap();
    assert_ne!(fs::read_link("/proc/self/ns/net").unwrap(), before);
    for address in ["192.0.2.7", "2001:db8::7"] {
        let address: IpAddr = address.parse().unwrap();
        interface::add_loopback_address(address).unwrap();
        assert!(interface::addresses().unwrap().contains(&address));
        let listener = TcpListener::bind((address, 0)).unwrap();
        TcpStream::connect(listener.local_addr().unwrap()).unwrap_or_else(|e| panic!("{address}: {e}"));
    }
}
