//! Two hosts: ours, with the firewall, and the attacker's, in a network namespace beside it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, connect, socket, sockopt};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A network namespace that lasts as long as this value.
pub(crate) struct Host {
    holder: Child,
}

impl Host {
    pub(crate) fn new() -> Host {
        let mut holder = Command::new("unshare")
            .args(["-n", "sh", "-c", "ip link set lo up && echo ready && read -r end"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n");
        Host { holder }
    }

    /// Joins it to our host by a cable, whose ends get these addresses.
    pub(crate) fn connect(&self, cable: &str, ours: &[&str], theirs: &[&str]) {
        let pid = self.holder.id();
        run(&format!("ip link add {cable} type veth peer name peer netns {pid}"));
        configure("", cable, ours);
        configure(&format!("nsenter -t {pid} -n "), "peer", theirs);
    }

    /// A container, which our host forwards to: 10.9.0.2 and fd09::2.
    pub(crate) fn container() -> Host {
        let container = Host::new();
        container.connect("inner", &["10.9.0.1/24", "fd09::1/64"], &["10.9.0.2/24", "fd09::2/64"]);
        container.run("ip route add default via 10.9.0.1");
        container.run("ip -6 route add default via fd09::1");
        run("echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
        container
    }

    /// One whose port 80 is published on port 8080 of our host, to whom `cable` leads.
    pub(crate) fn published() -> (Host, Server) {
        let container = Self::container();
        run("nft 'table ip nat { chain pre { type nat hook prerouting priority dstnat; \
             iifname cable tcp dport 8080 dnat to 10.9.0.2:80; }; }'");
        let server = container.within(|| Server::new("10.9.0.2:80"));
        (container, server)
    }

    pub(crate) fn run(&self, command: &str) {
        run(&format!("nsenter -t {} -n {command}", self.holder.id()));
    }

    /// Works in that namespace, in a thread of its own.
    pub(crate) fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let namespace = File::open(format!("/proc/{}/ns/net", self.holder.id())).unwrap();
        std::thread::scope(|scope| {
            let entered = move || {
                let network = Some(LinkNameSpaceType::Network);
                move_into_link_name_space(std::os::fd::AsFd::as_fd(&namespace), network).unwrap();
                work()
            };
            scope.spawn(entered).join().unwrap()
        })
    }

    /// Tries to connect from this address of that host.
    pub(crate) fn tcp(&self, from: &str, to: SocketAddr) -> Result<TcpStream, i32> {
        self.within(|| tcp(from, to))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

fn configure(prefix: &str, link: &str, addresses: &[&str]) {
    for address in addresses {
        let nodad = if address.contains(':') { " nodad" } else { "" };
        run(&format!("{prefix}ip addr add {address} dev {link}{nodad}"));
    }
    run(&format!("{prefix}ip link set {link} up"));
}

pub(crate) fn run(command: &str) {
    let status = Command::new("sh").args(["-ec", command]).status().unwrap();
    assert!(status.success(), "{command}");
}

pub(crate) fn nft(commands: &str) -> String {
    let output = Command::new("nft").arg(commands).output().unwrap();
    assert!(output.status.success(), "nft {commands}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Longer than the kernel takes to repeat a packet that a new cable lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) fn tcp(from: &str, to: SocketAddr) -> Result<TcpStream, i32> {
    tcp_within(PATIENCE, from, to)
}

/// An answer that does not come in that time is given up with `EINPROGRESS`.
pub(crate) fn tcp_within(time: Duration, from: &str, to: SocketAddr) -> Result<TcpStream, i32> {
    let socket = bound(from, SocketType::STREAM);
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, Some(time)).unwrap();
    connect(&socket, &to).map_err(|errno| errno.raw_os_error())?;
    Ok(TcpStream::from(socket))
}

fn bound(from: &str, kind: SocketType) -> OwnedFd {
    let from: IpAddr = from.parse().unwrap();
    let family = if from.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket(family, kind, None).unwrap();
    bind(&socket, &SocketAddr::new(from, 0)).unwrap();
    socket
}

pub(crate) fn udp(from: &str) -> std::net::UdpSocket {
    bound(from, SocketType::DGRAM).into()
}

/// Listens until the value is dropped and echoes what each connection sends.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    _stop: Sender<()>,
}

impl Server {
    pub(crate) fn new(at: &str) -> Server {
        let listener = TcpListener::bind(at).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = channel::<()>();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected) {
                    return;
                }
                if let Ok(stream) = stream {
                    std::thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
                }
            }
        });
        Server { address, _stop: stop }
    }
}
