//! Any bytes as a log that every shipped filter reads: nothing breaks, and nobody is accused whom the log does not name.
#![no_main]

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use config::Tree;
use detect::filter::{Filter, FilterSet, Host, Line};
use detect::{Time, Zone};
use libfuzzer_sys::fuzz_target;

const NOW: Time = Time::from_secs(1_796_169_600);
/// The longest text of an address: IPv6 with an IPv4 tail.
const LONGEST_ADDRESS: usize = 45;

/// Each shipped filter, as it reads log files.
static FILTERS: LazyLock<Vec<Arc<Filter>>> = LazyLock::new(|| {
    let zone = Zone::parse(Some("UTC")).expect("a zone");
    let compile = |name: &String| {
        let loaded = config::filter(&Tree::Shipped, name, false).expect("a shipped filter loads");
        Arc::new(Filter::compile(&loaded.filter.spec, &zone).expect("a shipped filter compiles"))
    };
    config::filter_names(&Tree::Shipped).iter().map(compile).collect()
});

fuzz_target!(|log: &[u8]| {
    let mut filters = FilterSet::new(FILTERS.clone());
    let mut read = 0;
    for line in log.split(|byte| *byte == b'\n') {
        read += line.len() + 1;
        // A line may complete what an earlier one of its session began.
        let so_far = &log[..read.min(log.len())];
        filters.read(Line { text: line, time: None, ascii: false }, NOW, &mut |_, failure| {
            match failure.host {
                Host::Address(address) => {
                    assert!(names(so_far, address.into()), "{address} is not in the log")
                }
                Host::Net(net) => {
                    assert!(net.prefix_len() > 0 || has(so_far, b"/0"), "{net} is not in the log")
                }
                Host::Name(name) => {
                    assert!(has(String::from_utf8_lossy(so_far).as_bytes(), name.as_bytes()), "{name:?}")
                }
            }
            assert!(failure.fields().iter().count() > 0);
        });
    }
});

/// Whether the address stands in the text, in any of its forms.
fn names(text: &[u8], address: IpAddr) -> bool {
    let part_of_address = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
    text.split(|byte| !part_of_address(byte)).any(|run| {
        let run = std::str::from_utf8(run).unwrap_or_default();
        let starts = 0..run.len();
        let mut parts = starts
            .flat_map(|from| (from..run.len().min(from + LONGEST_ADDRESS)).map(move |to| &run[from..=to]));
        parts.any(|part| part.parse::<IpAddr>().is_ok_and(|found| found.to_canonical() == address))
    })
}

fn has(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}
