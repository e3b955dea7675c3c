use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, bind, getsockname, recv, sendto,
    socket_with, sockopt,
};

/// The kernel makes no larger ones: its dumps come in pieces of at most 32 KiB.
const LARGEST_DATAGRAM: usize = 64 * 1024;

/// Which part of the kernel a socket talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// nf_tables.
    Netfilter,
    /// Interfaces and addresses.
    Route,
}

/// A netlink socket. It never blocks: requests are worked off while they are sent, so their answers are there when
/// [`Socket::send`] returns.
#[derive(Debug)]
pub struct Socket {
    fd: OwnedFd,
    port: u32,
}

impl Socket {
    /// Opens and binds. `groups` is the bit mask of multicast groups to listen to (group n is bit n-1), 0 for none.
    pub fn open(family: Family, groups: u32) -> io::Result<Socket> {
        let protocol: Option<Protocol> = match family {
            Family::Netfilter => Some(netlink::NETFILTER),
            Family::Route => None,
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let fd = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, protocol)?;
        // The kernel then leaves out the request in an error, and needs less room for it.
        set_option(&fd, libc::SOL_NETLINK, libc::NETLINK_CAP_ACK, &1_i32)?;
        bind(&fd, &SocketAddrNetlink::new(0, groups))?;
        let port = SocketAddrNetlink::try_from(getsockname(&fd)?)?.pid();
        Ok(Socket { fd, port })
    }

    /// The socket's address; messages that it causes carry it.
    pub fn port(&self) -> u32 {
        self.port
    }

    /// Room in bytes for what is sent in one piece and for what waits to be received. Beyond the system's limit if the
    /// process has CAP_NET_ADMIN there, else up to it.
    pub fn set_buffers(&self, send: usize, receive: usize) -> io::Result<()> {
        sockopt::set_socket_send_buffer_size_force(&self.fd, send)
            .or_else(|_| sockopt::set_socket_send_buffer_size(&self.fd, send))?;
        sockopt::set_socket_recv_buffer_size_force(&self.fd, receive)
            .or_else(|_| sockopt::set_socket_recv_buffer_size(&self.fd, receive))?;
        Ok(())
    }

    /// From now on the kernel drops datagrams whose first message was caused by the socket at `port`.
    pub fn ignore_sender(&self, port: u32) -> io::Result<()> {
        const LOAD_WORD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
        const JUMP_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
        const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
        const PORT_OFFSET: u32 = 12;
        let instruction = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
        let mut program = [
            instruction(LOAD_WORD, 0, 0, PORT_OFFSET),
            // The load takes the bytes as network order, the header has them in the machine's.
            instruction(JUMP_EQUAL, 0, 1, port.to_be()),
            instruction(RETURN, 0, 0, 0),
            instruction(RETURN, 0, 0, u32::MAX),
        ];
        let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
        set_option(&self.fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &filter)
    }

    /// Sends messages to the kernel as one datagram. Fails with `EMSGSIZE` beyond the send buffer.
    pub fn send(&self, messages: &[u8]) -> io::Result<()> {
        let kernel = SocketAddrNetlink::new(0, 0);
        retry(|| sendto(&self.fd, messages, SendFlags::empty(), &kernel))?;
        Ok(())
    }

    /// The next datagram, if one waits, read into `buffer`. `ENOBUFS` says that some were lost.
    pub fn receive<'b>(&self, buffer: &'b mut Vec<u8>) -> io::Result<Option<&'b [u8]>> {
        buffer.resize(LARGEST_DATAGRAM, 0);
        match retry(|| recv(&self.fd, &mut buffer[..], RecvFlags::TRUNC)) {
            Ok((_, size)) if size > LARGEST_DATAGRAM => Err(Errno::NOBUFS.into()),
            Ok((_, size)) => Ok(Some(&buffer[..size])),
            Err(Errno::AGAIN) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn retry<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}

fn set_option<T>(fd: &OwnedFd, level: libc::c_int, name: libc::c_int, value: &T) -> io::Result<()> {
    let size = size_of::<T>() as libc::socklen_t;
    // SAFETY: the descriptor is open, `value` lives through the call and `size` is its size; the kernel only reads it,
    // and what a `sock_fprog` points to lives in our caller.
    let failed =
        unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, std::ptr::from_ref(value).cast(), size) } != 0;
    if failed { Err(io::Error::last_os_error()) } else { Ok(()) }
}
