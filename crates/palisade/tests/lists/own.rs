//! Lists that are not built in, but named in `palisade.toml`.

use std::net::SocketAddr;

use crate::isolated::isolated;
use crate::network::nft;
use crate::refused::bytes;
use crate::server::{ok, serve};
use crate::{Place, said};

fn posture(source: SocketAddr) -> String {
    format!(
        "[firewall]\nenabled = true\nrules = [\"allow from office to any port 80\"]\n\
         [lists.office]\nurl = \"http://{source}/office.txt\"\n"
    )
}

/// The rules that let somebody in.
fn accepting() -> usize {
    nft("list chain inet palisade rules.in").matches("accept").count()
}

#[test]
fn nobody_is_on_a_list_until_it_is_asked_for_and_then_it_is_in_force() {
    isolated("own::nobody_is_on_a_list_until_it_is_asked_for_and_then_it_is_in_force", || {
        let text = "# offices\n192.0.2.0/24\n2001:db8:5::/48 ; far away\n";
        let place = Place::new(&posture(serve(bytes(ok(text)))));
        place.done("reload");
        assert_eq!(accepting(), 0);
        let shown = place.done("list");
        assert!(shown.contains("never") && shown.contains("not asked for yet"), "{shown}");
        let refreshed = place.done("list refresh office");
        assert_eq!(refreshed, "office: 1 IPv4 and 1 IPv6 networks\n  + 192.0.2.0/24\n  + 2001:db8:5::/48\n");
        assert_eq!(accepting(), 2);
        assert_eq!(place.done("list office"), "192.0.2.0/24\n2001:db8:5::/48\n");

        place.done("deny from office to any port 443 proto tcp");
        assert!(place.done("status").contains("office"), "{}", place.done("status"));
        let unknown = place.firewall("allow from offices").output().unwrap();
        assert!(said(&unknown).contains("Bad source address"), "{}", said(&unknown));
    });
}

#[test]
fn what_is_no_list_of_networks_leaves_it_as_it_is() {
    isolated("own::what_is_no_list_of_networks_leaves_it_as_it_is", || {
        let place = Place::new(&posture(serve(bytes(ok("192.0.2.1\n192.0.2.2\n")))));
        place.done("list refresh office");
        let kept = place.done("list office");
        let many: String = (10..20).map(|number| format!("192.0.2.{number}\n")).collect();
        for (answer, why) in [
            ("<html>", "line 1 is no network and no address"),
            ("", "it is empty"),
            ("0.0.0.0/0\n", "0.0.0.0/0 is not between /8 and /32"),
            (&many, "2 of 2 IPv4 networks gone and 10 new, where 3 of each are believed"),
        ] {
            place.write(&posture(serve(bytes(ok(answer)))));
            let output = place.firewall("list refresh office").output().unwrap();
            assert_eq!(output.status.code(), Some(69), "{why}: {}", said(&output));
            assert!(said(&output).contains(why), "{why}: {}", said(&output));
            assert_eq!(place.done("list office"), kept);
        }
        place.write(&(posture(serve(bytes(ok(&many)))) + "any-change = true\n"));
        place.done("list refresh office");
        assert_eq!(place.done("list office").lines().count(), 10);
    });
}
