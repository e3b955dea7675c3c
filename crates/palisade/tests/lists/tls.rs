//! Through TLS: only a certificate that this host trusts, for the name that was asked.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::isolated::isolated;
use crate::server::{list, ok};
use crate::{Place, said};

/// OpenSSL's own server, with a certificate of its own for this name.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(folder: &Path, name: &str) -> Option<Self> {
        fs::create_dir(folder).unwrap();
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ])
            .args(["-subj", "/CN=test", "-addext", "basicConstraints=critical,CA:FALSE", "-addext"])
            .args([&format!("subjectAltName={name}"), "-keyout", "key.pem", "-out", "cert.pem"])
            .current_dir(folder)
            .stderr(Stdio::null())
            .status();
        if !made.ok()?.success() {
            return None;
        }
        fs::write(folder.join("ips"), ok(&list(&[], &["185.7.0.0/16"]))).unwrap();
        let mut process = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-key", "key.pem", "-cert", "cert.pem", "-HTTP"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        // It says `ACCEPT 127.0.0.1:PORT` when it is ready.
        let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port =
            lines.filter_map(|line| line.strip_prefix("ACCEPT ")?.rsplit(':').next()?.parse().ok()).next();
        Some(Self { process, port: port.expect("the server listens") })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn only_who_is_trusted_for_the_name_is_believed() {
    isolated("tls::only_who_is_trusted_for_the_name_is_believed", || {
        let place = Place::new("");
        let [right, wrong, named] = ["right", "wrong", "named"].map(|name| place.path().join(name));
        let Some(server) = Server::start(&right, "IP:127.0.0.1") else {
            return eprintln!("SKIPPED: openssl is not installed");
        };
        let other = Server::start(&wrong, "DNS:elsewhere.example").unwrap();
        let looked_up = Server::start(&named, "DNS:localhost").unwrap();
        let ask_at = |host: &str, server: &Server, trusted: &Path| {
            let port = server.port;
            place.write(&format!("[lists]\ncloudflare = \"https://{host}:{port}/ips\"\n"));
            let mut command = place.firewall("list refresh");
            let output = command.env("SSL_CERT_FILE", trusted.join("cert.pem")).output().unwrap();
            (output.status.success(), said(&output))
        };
        let ask = |server: &Server, trusted: &Path| ask_at("127.0.0.1", server, trusted);
        let (done, why) = ask(&server, &wrong);
        assert!(!done && why.contains("certificate"), "{why}");
        let (done, why) = ask(&other, &wrong);
        assert!(!done && why.contains("certificate"), "{why}");
        assert_eq!(place.networks().len(), 22);
        let (done, why) = ask(&looked_up, &named);
        assert!(!done && why.contains("certificate"), "{why}");
        let (done, why) = ask_at("localhost", &looked_up, &named);
        assert!(done, "a name is looked up: {why}");
        fs::remove_dir_all(place.path().join("state")).unwrap();
        let (done, why) = ask(&server, &right);
        assert!(done, "{why}");
        assert_eq!(place.networks().len(), 23);
    });
}
