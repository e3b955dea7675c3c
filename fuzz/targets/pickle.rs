//! Any bytes as what a client or a server sends; what is read is written and read back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pickle::{Trust, read, write};

fuzz_target!(|bytes: &[u8]| {
    let command = read(bytes, Trust::Command);
    let reply = read(bytes, Trust::Reply);
    if let Ok(value) = command {
        assert_eq!(reply.as_ref().map(|value| value.repr()), Ok(value.repr()), "trust only adds");
    }
    if let Ok(value) = reply {
        let again = read(&write(&value), Trust::Reply).map(|value| value.repr());
        assert_eq!(again, Ok(value.repr()));
    }
});
