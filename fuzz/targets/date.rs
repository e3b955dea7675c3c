//! Any datepattern (the first line; `-` is the built-in list) over any lines.
#![no_main]

use detect::{DateDetector, Time, Zone};
use libfuzzer_sys::fuzz_target;

const NOW: Time = Time::from_secs(1_796_169_600);

fuzz_target!(|input: &str| {
    let (pattern, lines) = input.split_once('\n').unwrap_or((input, ""));
    let pattern = (pattern != "-").then_some(pattern);
    let zone = Zone::parse(Some("UTC+01:30")).expect("a zone");
    let mut detector = match DateDetector::compile(pattern, zone) {
        Ok(detector) => detector,
        Err(error) => {
            assert!(error.offset <= pattern.map_or(0, str::len), "{error:?}");
            return;
        }
    };
    for line in lines.split('\n') {
        if let Some(found) = detector.find(line, NOW) {
            assert!(line.get(found.span.clone()).is_some(), "{:?} of {line:?}", found.span);
            assert!(!found.span.is_empty() || found.time.is_none());
        }
    }
});
