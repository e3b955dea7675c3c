//! What is answered: in the official form of Cloudflare's networks, or in lines of text.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

use crate::bounds::{Bounds, Unbelievable, V4, V6, check, check_own};

/// The longest answer that is read, in bytes; Cloudflare's has 600.
pub const ANSWER_LIMIT: usize = 64 << 10;
/// Characters of a wrong word that are repeated.
const SHOWN: usize = 40;

/// Members that are not named here are let pass: the answer has more, and may get others.
#[derive(Deserialize)]
struct Answer {
    success: bool,
    result: Option<Networks>,
}

#[derive(Deserialize)]
struct Networks {
    ipv4_cidrs: Vec<String>,
    ipv6_cidrs: Vec<String>,
}

/// Reads `{"success":true,"result":{"ipv4_cidrs":[…],"ipv6_cidrs":[…]}}`, sorted.
///
/// # Errors
/// It is not of this form, or no list of Cloudflare's networks: see [`check`].
pub fn read(answer: &[u8]) -> Result<Vec<IpNet>, Unbelievable> {
    if answer.len() > ANSWER_LIMIT {
        return Err(Unbelievable::TooLong);
    }
    let not_the_form =
        |error: serde_json::Error| Unbelievable::NotTheForm { line: error.line(), column: error.column() };
    let answer: Answer = serde_json::from_slice(answer).map_err(not_the_form)?;
    let result = answer.result.filter(|_| answer.success).ok_or(Unbelievable::NoSuccess)?;
    let v4 = result.ipv4_cidrs.iter().map(|word| network(word, &V4));
    let v6 = result.ipv6_cidrs.iter().map(|word| network(word, &V6));
    let mut networks = v4.chain(v6).collect::<Result<Vec<IpNet>, _>>()?;
    check(&networks)?;
    networks.sort();
    Ok(networks)
}

/// Reads a list of the host's own, sorted: a network or an address a line, a comment behind `#` or `;`.
///
/// # Errors
/// Another line, or no such list: see [`check_own`].
pub fn read_lines(answer: &[u8]) -> Result<Vec<IpNet>, Unbelievable> {
    if answer.len() > ANSWER_LIMIT {
        return Err(Unbelievable::TooLong);
    }
    let line = |(number, line): (usize, &[u8])| {
        let words = line.split(|byte| b"#;".contains(byte)).next().unwrap_or_default().trim_ascii();
        let wrong =
            || Unbelievable::NotALine { line: number + 1, word: shown(&String::from_utf8_lossy(words)) };
        let network = |word: &str| parse(word).or_else(|| word.parse::<IpAddr>().ok().map(IpNet::from));
        let read = std::str::from_utf8(words).ok().and_then(network);
        (!words.is_empty()).then(|| read.ok_or_else(wrong))
    };
    let lines = answer.split(|byte| *byte == b'\n').enumerate();
    let mut networks = lines.filter_map(line).collect::<Result<Vec<IpNet>, _>>()?;
    check_own(&networks)?;
    networks.sort();
    networks.dedup();
    Ok(networks)
}

/// A word, harmless and short.
fn shown(word: &str) -> String {
    format!("{:?}", word.chars().take(SHOWN).collect::<String>())
}

fn network(word: &str, bounds: &Bounds) -> Result<IpNet, Unbelievable> {
    parse(word)
        .filter(|net| bounds.is_about(net))
        .ok_or_else(|| Unbelievable::NoNetwork { word: shown(word), family: bounds.family })
}

/// Stricter than [`IpNet`]'s own: no zeros in front, which some take for octal.
fn parse(word: &str) -> Option<IpNet> {
    let (address, length) = word.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let prefix = length.parse().ok().filter(|prefix: &u8| prefix.to_string() == length)?;
    IpNet::new(address, prefix).ok()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::BUILT_IN;

    fn quoted(networks: &[IpNet], v4: bool) -> String {
        let of_family = networks.iter().filter(|net| net.addr().is_ipv4() == v4);
        of_family.map(|net| format!("\"{net}\"")).collect::<Vec<_>>().join(",")
    }

    fn answer(v4: &str, v6: &str) -> String {
        format!(
            "{{\"result\":{{\"ipv4_cidrs\":[{v4}],\"ipv6_cidrs\":[{v6}],\"etag\":\"38f79d\"}},\
             \"success\":true,\"errors\":[],\"messages\":[]}}"
        )
    }

    fn built_in() -> String {
        let networks = BUILT_IN[0].networks();
        answer(&quoted(&networks, true), &quoted(&networks, false))
    }

    #[test]
    fn the_official_answer_is_read() {
        let mut networks = BUILT_IN[0].networks();
        networks.sort();
        assert_eq!(read(built_in().as_bytes()), Ok(networks));
    }

    #[test]
    fn what_is_no_such_answer_is_not_believed() {
        let good = built_in();
        let form = |text: &str| matches!(read(text.as_bytes()), Err(Unbelievable::NotTheForm { .. }));
        for bad in [
            "",
            "<!DOCTYPE html><html><body>Just a moment...</body></html>",
            "null",
            "[]",
            "{}",
            &good[..good.len() / 2],
            &good[..good.len() - 1],
            &format!("{good}{good}"),
            &good.replace("true", "\"true\""),
            &good.replace("true", "1"),
            &good.replace("\"success\"", "\"Success\""),
            &good.replace("\"success\":true", "\"success\":true,\"success\":true"),
            &good.replace("ipv6_cidrs", "ipv4_cidrs"),
            &good.replace("ipv6_cidrs", "ipv6"),
            &answer("12, 13", ""),
            &answer("[\"104.16.0.0/13\"]", ""),
            &good.replace("\"104.16.0.0/13\"", "null"),
            &"[".repeat(60_000),
        ] {
            assert!(form(bad), "{bad}");
        }
        assert_eq!(read(good.replace("true", "false").as_bytes()), Err(Unbelievable::NoSuccess));
        assert_eq!(read(b"{\"success\":true,\"result\":null}"), Err(Unbelievable::NoSuccess));
        let empty = Unbelievable::Number { found: 0, family: "IPv4", wanted: 8..=64 };
        assert_eq!(read(answer("", "").as_bytes()), Err(empty));
        assert_eq!(read(&[good.as_bytes(), &b" ".repeat(ANSWER_LIMIT)].concat()), Err(Unbelievable::TooLong));
        let mut invalid = good.into_bytes();
        invalid[20] = 0xff;
        assert!(matches!(read(&invalid), Err(Unbelievable::NotTheForm { .. })));
    }

    #[test]
    fn a_word_that_is_no_network_is_shown_harmless_and_short() {
        for word in [
            "104.16.0.0",
            "104.16.0.0/13 ",
            "104.16.0.0/33",
            "104.016.0.0/13",
            "104.16.0.0/+13",
            "104.16.0.0/013",
            "2606:4700::/32",
            "x",
        ] {
            let text = built_in().replace("104.16.0.0/13", word);
            let wanted = format!("{word:?} is no IPv4 network");
            assert_eq!(read(text.as_bytes()).unwrap_err().to_string(), wanted);
        }
        let hostile = format!("\\u001b[2J{}", "x".repeat(1000));
        let said = read(built_in().replace("104.16.0.0/13", &hostile).as_bytes()).unwrap_err().to_string();
        assert!(said.starts_with("\"\\u{1b}[2Jxxx") && said.len() < 80, "{said}");
    }

    #[test]
    fn lines_are_read_with_their_comments() {
        let text =
            "# offices\n192.0.2.7\r\n  10.1.0.0/16 ; headquarters\n\n2001:db8:5::/48 # far away\n192.0.2.7\n";
        let wanted = ["10.1.0.0/16", "192.0.2.7/32", "2001:db8:5::/48"].map(|net| net.parse().unwrap());
        assert_eq!(read_lines(text.as_bytes()), Ok(wanted.to_vec()));
    }

    #[test]
    fn what_is_no_list_of_lines_is_not_believed() {
        for (text, why) in [
            ("<!DOCTYPE html>\n", "line 1 is no network and no address: \"<!DOCTYPE html>\""),
            ("192.0.2.1\nexample.org\n", "line 2 is no network and no address: \"example.org\""),
            ("192.0.2.1 192.0.2.2", "line 1 is no network and no address: \"192.0.2.1 192.0.2.2\""),
            ("192.0.2.1/033", "line 1 is no network and no address: \"192.0.2.1/033\""),
            ("", "it is empty"),
            ("# nothing\n", "it is empty"),
            ("0.0.0.0/0", "0.0.0.0/0 is not between /8 and /32"),
            ("11.0.0.0/7", "11.0.0.0/7 has bits behind its prefix"),
            ("::/0", "::/0 is not between /19 and /128"),
            ("127.0.0.1", "127.0.0.1/32 is nobody's"),
            ("0.0.0.0/8", "0.0.0.0/8 is nobody's"),
            ("ff02::1", "ff02::1/128 is nobody's"),
            ("::1", "::1/128 is nobody's"),
        ] {
            assert_eq!(read_lines(text.as_bytes()).unwrap_err().to_string(), why, "{text}");
        }
        assert!(read_lines(b"192.0.2.1\n\xff\n").is_err());
        assert_eq!(read_lines(&[b'\n'; ANSWER_LIMIT + 1]), Err(Unbelievable::TooLong));
    }

    /// Networks like Cloudflare's, and some that are not.
    fn word() -> impl Strategy<Value = String> {
        let v4 = (any::<u32>(), 0..=33u8).prop_map(|(address, prefix)| {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            format!("{}/{prefix}", std::net::Ipv4Addr::from(address & mask))
        });
        let v6 = (any::<u32>(), 24..=50u8)
            .prop_map(|(high, prefix)| format!("2{:03x}:{:x}::/{prefix}", high >> 20, high & 0xfffc));
        prop_oneof![8 => v4, 8 => v6, 1 => any::<String>()]
    }

    proptest! {
        #[test]
        fn bytes_are_read_or_refused(bytes: Vec<u8>) {
            prop_assert!(read(&bytes).is_err());
            if let Ok(networks) = read_lines(&bytes) {
                prop_assert_eq!(check_own(&networks), Ok(()));
            }
        }

        #[test]
        fn what_is_believed_is_within_all_bounds(v4 in vec(word(), 0..20), v6 in vec(word(), 0..20), seed: bool) {
            // From nothing, too few answers would be believed for this to mean something.
            let networks = if seed { BUILT_IN[0].networks() } else { Vec::new() };
            let more = |words: &[String], v4| {
                let quoted_more: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
                [quoted(&networks, v4), quoted_more.join(",")].into_iter().filter(|part| !part.is_empty())
                    .collect::<Vec<_>>().join(",")
            };
            if let Ok(networks) = read(answer(&more(&v4, true), &more(&v6, false)).as_bytes()) {
                prop_assert_eq!(check(&networks), Ok(()));
                prop_assert!(networks.iter().all(|net| net.trunc() == *net));
            }
        }
    }
}
