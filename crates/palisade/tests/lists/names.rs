//! A name that only a name server knows is looked up, though whoever asks may read next to nothing.

use std::fs;
use std::net::UdpSocket;
use std::process::Command;
use std::thread;

use crate::isolated::isolated;
use crate::tls::Server;
use crate::{Place, said};

const NAME: &str = "lists.example";
const HEADER: usize = 12;
/// What stands behind the name in a question: a zero, type and class.
const BEHIND: usize = 5;
const IPV4: [u8; 2] = [0, 1];

/// Says of every name that it is 127.0.0.1, and has no IPv6 address.
fn name_server() {
    let socket = UdpSocket::bind("127.0.0.1:53").unwrap();
    thread::spawn(move || {
        let mut packet = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut packet) {
            let name = packet[HEADER..length].iter().position(|byte| *byte == 0).unwrap();
            let question = &packet[HEADER..HEADER + name + BEHIND];
            let asks_for_ipv4 = question[name + 1..name + 3] == IPV4;
            let mut answer = packet[..2].to_vec();
            answer.extend([0x81, 0x80, 0, 1, 0, u8::from(asks_for_ipv4), 0, 0, 0, 0]);
            answer.extend(question);
            if asks_for_ipv4 {
                // The name of the question, type, class, a minute, four bytes.
                answer.extend([0xc0, HEADER as u8, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
            }
            let _ = socket.send_to(&answer, client);
        }
    });
}

#[test]
fn a_name_is_asked_of_the_name_server_of_the_host() {
    isolated("names::a_name_is_asked_of_the_name_server_of_the_host", || {
        let place = Place::new("");
        let Some(server) = Server::start(&place.path().join("named"), &format!("DNS:{NAME}")) else {
            return eprintln!("SKIPPED: openssl is not installed");
        };
        name_server();
        let (resolver, switch) = (place.path().join("resolv.conf"), place.path().join("nsswitch.conf"));
        fs::write(&resolver, "nameserver 127.0.0.1\n").unwrap();
        fs::write(&switch, "hosts: files dns\n").unwrap();
        place.write(&format!("[lists]\ncloudflare = \"https://{NAME}:{}/ips\"\n", server.port));
        let command = place.firewall("list refresh");
        let script = r#"
            mount --bind "$1" /etc/resolv.conf && mount --bind "$2" /etc/nsswitch.conf || exit 1
            chmod -R a+rX "$1" "$2"; shift 2; exec "$@"
        "#;
        let mut within = Command::new("unshare");
        within.args(["-m", "sh", "-c", script, "sh"]).arg(&resolver).arg(&switch);
        within.arg(command.get_program()).args(command.get_args());
        let output = within.env("SSL_CERT_FILE", server.certificate()).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(place.networks().len(), 23);
    });
}
