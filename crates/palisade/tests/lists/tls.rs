//! Through TLS: only a certificate that this host trusts, for the name that was asked.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::isolated::isolated;
use crate::server::{list, ok};
use crate::{Place, said};

/// OpenSSL's own server, with a certificate of its own for this name.
pub(crate) struct Server {
    process: Child,
    folder: PathBuf,
    pub(crate) port: u16,
}

impl Server {
    /// With its files in this folder. `None`: OpenSSL is not installed.
    pub(crate) fn start(folder: &Path, name: &str) -> Option<Self> {
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
        Some(Self { process, folder: folder.to_owned(), port: port.expect("the server listens") })
    }

    /// What to trust, to trust it.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("cert.pem")
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
        let start = |folder: &str, name: &str| Server::start(&place.path().join(folder), name);
        let Some(server) = start("right", "IP:127.0.0.1") else {
            return eprintln!("SKIPPED: openssl is not installed");
        };
        let elsewhere = start("wrong", "DNS:elsewhere.example").unwrap();
        let named = start("named", "DNS:localhost").unwrap();
        let ask = |host: &str, server: &Server, trusted: &Server| {
            let port = server.port;
            place.write(&format!("[lists]\ncloudflare = \"https://{host}:{port}/ips\"\n"));
            let mut command = place.firewall("list refresh");
            let output = command.env("SSL_CERT_FILE", trusted.certificate()).output().unwrap();
            (output.status.success(), said(&output))
        };
        let address = "127.0.0.1";
        for (host, server, trusted) in [
            (address, &server, &elsewhere),
            (address, &elsewhere, &elsewhere),
            (address, &named, &named),
            ("localhost", &server, &server),
        ] {
            let (done, why) = ask(host, server, trusted);
            assert!(!done && why.contains("certificate"), "{why}");
            assert_eq!(place.networks().len(), 22);
        }
        for (host, server) in [(address, &server), ("localhost", &named)] {
            let (done, why) = ask(host, server, server);
            assert!(done, "{why}");
            assert_eq!(place.networks().len(), 23);
            fs::remove_dir_all(place.path().join("state")).unwrap();
        }
    });
}
