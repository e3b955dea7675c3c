//! A refreshed list is in force for packets, and a refresh is no gap.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::Place;
use crate::isolated::isolated;
use crate::network::{Host, PATIENCE, Server, run, tcp_within};
use crate::server::{list, ok, serve};

/// Long for an answer through a cable.
const WAIT: Duration = Duration::from_millis(400);

/// In the list before and after; only before; only after; never.
const V4: [&str; 4] = ["104.16.0.9", "131.0.72.9", "185.7.0.9", "203.0.113.9"];
const V6: [&str; 4] = ["2606:4700::9", "2405:8100::9", "2a0a:1::9", "2001:db8::9"];
const GONE: [&str; 2] = ["131.0.72.0/22", "2405:8100::/32"];
const CAME: [&str; 2] = ["185.7.0.0/16", "2a0a:1::/32"];

/// Under fire, at the least.
const REFRESHES: usize = 20;
const ATTEMPTS: usize = 2000;

const POSTURE: &str =
    "[firewall]\nenabled = true\nrules = [\"allow from cloudflare to any port 80,8080 proto tcp\"]\n";

/// Ours has ports 80 and, in a container, 8080; everybody is behind one cable.
fn world() -> (Host, Host, [Server; 2]) {
    let world = Host::new();
    let theirs: Vec<String> =
        V4.iter().map(|a| format!("{a}/32")).chain(V6.iter().map(|a| format!("{a}/128"))).collect();
    let theirs: Vec<&str> = theirs.iter().map(String::as_str).chain(["192.0.2.2/24", "fd00::2/64"]).collect();
    world.connect("cable", &["192.0.2.1/24", "fd00::1/64"], &theirs);
    run("ip route add default via 192.0.2.2 && ip -6 route add default via fd00::2");
    let (container, published) = Host::published();
    let servers = [Server::new("[::]:80"), published];
    (world, container, servers)
}

/// Sees that these of them get in, at each port, and nobody else.
fn only(world: &Host, wanted: [bool; 4]) {
    for (from, to) in [(V4, "192.0.2.1:80"), (V4, "192.0.2.1:8080"), (V6, "[fd00::1]:80")] {
        let to: SocketAddr = to.parse().unwrap();
        for (from, wanted) in from.into_iter().zip(wanted) {
            let patience = if wanted { PATIENCE } else { WAIT };
            let came_in = world.within(|| tcp_within(patience, from, to)).is_ok();
            assert_eq!(came_in, wanted, "{from} to {to}");
        }
    }
}

#[test]
fn a_refreshed_list_is_in_force_at_once_for_ports_of_the_host_and_of_containers() {
    let name = "packets::a_refreshed_list_is_in_force_at_once_for_ports_of_the_host_and_of_containers";
    isolated(name, || {
        let (world, _container, _servers) = world();
        let answer = Arc::new(Mutex::new(ok(&list(&GONE, &CAME))));
        let answers = Arc::clone(&answer);
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let source = serve(move |stream| {
            counter.fetch_add(1, Ordering::Relaxed);
            let _ = stream.write_all(&answers.lock().unwrap());
        });
        let place = Place::new(&format!("{POSTURE}[lists]\ncloudflare = \"http://{source}/ips\"\n"));
        place.done("reload");
        only(&world, [true, true, false, false]);
        let mut standing = world.tcp("131.0.72.9", "192.0.2.1:80".parse().unwrap()).unwrap();
        place.done("list refresh");
        only(&world, [true, false, true, false]);
        // What stands is not asked again.
        standing.write_all(b"x").unwrap();
        standing.read_exact(&mut [0]).unwrap();
        *answer.lock().unwrap() = ok("<html>");
        assert!(!place.firewall("list refresh").status().unwrap().success());
        only(&world, [true, false, true, false]);
        // And when it is read from disk again.
        place.done("reload");
        only(&world, [true, false, true, false]);
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn while_lists_are_refreshed_nobody_slips_in_and_nobody_is_turned_away() {
    isolated("packets::while_lists_are_refreshed_nobody_slips_in_and_nobody_is_turned_away", || {
        let (world, _container, _servers) = world();
        let turn = Arc::new(AtomicUsize::new(0));
        let turns = Arc::clone(&turn);
        let source = serve(move |stream| {
            let changes: [&[&str]; 2] = match turns.fetch_add(1, Ordering::Relaxed) % 2 {
                0 => [&GONE, &CAME],
                _ => [&[], &[]],
            };
            let _ = stream.write_all(&ok(&list(changes[0], changes[1])));
        });
        // Whoever is turned away is told so at once.
        let posture = POSTURE.replace("rules", "defaults = { incoming = \"reject\" }\nrules");
        let place = Place::new(&format!("{posture}[lists]\ncloudflare = \"http://{source}/ips\"\n"));
        place.done("reload");
        let is_over = AtomicBool::new(false);
        let attempts = AtomicUsize::new(0);
        let knock = |from: &str, to: &str, comes_in: bool| {
            let to: SocketAddr = to.parse().unwrap();
            world.within(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let answer = tcp_within(PATIENCE, from, to);
                    assert_eq!(answer.is_ok(), comes_in, "{from} to {to}: {answer:?}");
                    attempts.fetch_add(1, Ordering::Relaxed);
                }
            });
        };
        std::thread::scope(|scope| {
            let knocking = [
                scope.spawn(|| knock(V4[0], "192.0.2.1:80", true)),
                scope.spawn(|| knock(V4[0], "192.0.2.1:8080", true)),
                scope.spawn(|| knock(V4[3], "192.0.2.1:80", false)),
                scope.spawn(|| knock(V4[3], "192.0.2.1:8080", false)),
                scope.spawn(|| knock(V6[0], "[fd00::1]:80", true)),
                scope.spawn(|| knock(V6[3], "[fd00::1]:80", false)),
            ];
            let mut refreshes = 0;
            while knocking.iter().all(|thread| !thread.is_finished())
                && (refreshes < REFRESHES || attempts.load(Ordering::Relaxed) < ATTEMPTS)
            {
                place.done("list refresh");
                refreshes += 1;
            }
            is_over.store(true, Ordering::Relaxed);
        });
        assert!(turn.load(Ordering::Relaxed) >= REFRESHES);
    });
}
