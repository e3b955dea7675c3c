//! What is not believed: the list in force stays, whatever comes.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use crate::isolated::isolated;
use crate::server::{list, ok, serve};
use crate::{Place, said};

fn source(address: SocketAddr) -> String {
    format!("[lists]\ncloudflare = \"http://{address}/ips\"\n")
}

/// Asks, and sees that it ends in vain and for this reason, and that the list is as it was.
fn stands(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static, why: &str) {
    let place = Place::new(&source(serve(bytes(ok(&list(&["131.0.72.0/22"], &["185.7.0.0/16"]))))));
    place.done("list refresh");
    let before = place.networks();
    assert!(before.contains(&"185.7.0.0/16".to_owned()) && before.len() == 22, "{before:?}");
    place.write(&source(serve(answer)));
    let output = place.firewall("list refresh cloudflare").output().unwrap();
    assert_eq!(output.status.code(), Some(69), "{why}: {}", said(&output));
    assert!(said(&output).contains(why), "{why}: {}", said(&output));
    assert_eq!(place.networks(), before, "{why}");
    // It is told afterwards, too.
    assert!(place.done("list").contains(why), "{}", place.done("list"));
}

pub(crate) fn bytes(bytes: impl Into<Vec<u8>>) -> impl Fn(&mut TcpStream) + Send + Sync + 'static {
    let bytes = bytes.into();
    move |stream| drop(stream.write_all(&bytes))
}

#[test]
fn whatever_comes_that_is_no_list_the_old_one_stands() {
    isolated("refused::whatever_comes_that_is_no_list_the_old_one_stands", || {
        let html = "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>";
        stands(bytes(ok(html)), "it is not a list in JSON (line 1, column 1)");
        let empty = "{\"success\":true,\"result\":{\"ipv4_cidrs\":[],\"ipv6_cidrs\":[]}}";
        stands(bytes(ok(empty)), "0 IPv4 networks, where 8 to 64 are believed");
        stands(bytes(ok(&list(&[], &["0.0.0.0/0"]))), "0.0.0.0/0 is not between /12 and /24");
        stands(bytes(ok(&list(&[], &["::/0"]))), "::/0 is not between /28 and /48");
        stands(bytes(ok(&list(&[], &["127.0.0.0/16"]))), "127.0.0.0/16 belongs to nobody on the internet");
        let half = list(
            &[
                "103.21.244.0/22",
                "103.22.200.0/22",
                "103.31.4.0/22",
                "141.101.64.0/18",
                "104.16.0.0/13",
                "108.162.192.0/18",
                "190.93.240.0/20",
            ],
            &[],
        );
        stands(bytes(ok(&half)), "of 15 IPv4 networks gone and");
        let place = Place::new(&source(serve(bytes(ok(&half)))));
        assert!(!place.firewall("list refresh").output().unwrap().status.success());
        assert!(place.done("list refresh --any-change").contains("\n  - 104.16.0.0/13\n"));
        assert_eq!(place.networks().len(), 15);
        let whole = list(&[], &[]);
        stands(bytes(ok(&whole[..whole.len() / 2])), "it is not a list in JSON");
        stands(bytes(ok(&whole.replace("true", "false"))), "it says that it failed");
        stands(bytes(ok(&whole.replace("\"104.16.0.0/13\"", "104"))), "it is not a list in JSON");
        let redirect = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        stands(bytes(*redirect), "it answered with a redirect (302), which is not followed");
        stands(bytes(*b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), "it answered with status 503");
        stands(bytes(*b"220 mail ESMTP\r\n"), "");
        stands(bytes([]), "");
        // Less than it said.
        stands(bytes(&ok(&whole)[..300]), "");
    });
}

#[test]
fn a_server_that_has_no_end_is_left_in_time() {
    isolated("refused::a_server_that_has_no_end_is_left_in_time", || {
        let endless = |stream: &mut TcpStream| {
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
            let _ = stream.write_all(head);
            while stream.write_all(&[b' '; 4096]).is_ok() {}
        };
        let silent = |_: &mut TcpStream| thread::sleep(Duration::from_secs(60));
        let slow = |stream: &mut TcpStream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
            while stream.write_all(b" ").is_ok() {
                thread::sleep(Duration::from_millis(200));
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| stands(endless, ""));
            scope.spawn(|| stands(silent, "timeout"));
            scope.spawn(|| stands(slow, "timeout"));
        });
    });
}

#[test]
fn nobody_is_asked_in_the_clear_but_this_host() {
    let place =
        Place::new("[lists]\nrefresh = \"daily\"\ncloudflare = \"http://192.0.2.1/ips\"\ncloudfare = \"\"\n");
    let output = place.firewall("list refresh").output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    for error in [
        "palisade.toml:2:11: error: \"daily\" is none of them",
        "palisade.toml:3:14: error: this is not asked: without TLS, only 127.0.0.1 or [::1] is asked",
        "palisade.toml:4:1: error: cloudfare is not known",
        "did you mean cloudflare?",
    ] {
        assert!(said(&output).contains(error), "{error}: {}", said(&output));
    }
}

#[test]
fn a_kept_list_that_is_damaged_is_told_and_the_built_in_one_stands_in() {
    isolated("refused::a_kept_list_that_is_damaged_is_told_and_the_built_in_one_stands_in", || {
        let place = Place::new(&source(serve(bytes(ok(&list(&[], &["185.7.0.0/16"]))))));
        assert!(
            place
                .done("list refresh")
                .ends_with("cloudflare: 16 IPv4 and 7 IPv6 networks\n  + 185.7.0.0/16\n")
        );
        assert_eq!(place.done("list refresh"), "cloudflare: 16 IPv4 and 7 IPv6 networks, as before\n");
        let kept = place.path().join("state/lists/cloudflare.json");
        let text = std::fs::read_to_string(&kept).unwrap();
        std::fs::write(&kept, text.replace("185.7", "185.8")).unwrap();
        assert_eq!(place.networks().len(), 22);
        let shown = place.done("list");
        assert!(
            shown.contains("cloudflare.json: it is damaged; the built-in list stands in for it"),
            "{shown}"
        );
        assert!(shown.contains("built in"), "{shown}");
        place.done("list refresh");
        assert_eq!(place.networks().len(), 23);
    });
}
