//! Any bytes as the answer to what a list has: what is believed is within all bounds, and a change of it is bounded. Any
//! text as whom to ask.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lists::{BUILT_IN, Change, Source, check, read};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(networks) = read(bytes) {
        assert_eq!(check(&networks), Ok(()));
        let v4 = networks.iter().filter(|net| net.addr().is_ipv4()).count();
        assert!((8..=64).contains(&v4) && (4..=64).contains(&(networks.len() - v4)));
        assert!(networks.is_sorted() && networks.windows(2).all(|pair| !pair[0].contains(&pair[1])));
        let before = BUILT_IN[0].networks();
        let change = Change::between(&before, &networks);
        if change.check_size(&before, 0).is_ok() {
            assert!(change.gone.len() <= 5 + 2 && change.came.len() <= 5 + 2);
        }
        let own = "198.51.100.7".parse().unwrap();
        assert_eq!(change.check_own(&[own]).is_ok(), !networks.iter().any(|net| net.contains(&own)));
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(source) = Source::parse(text)
    {
        assert!(source.is_tls() || text.starts_with("http://127.") || text.starts_with("http://["));
        assert!(source.port() > 0 && text.is_ascii());
    }
});
