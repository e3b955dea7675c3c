//! Any text as a message of the kernel's about a packet; what is read has only what such a message can say.
#![no_main]

use firewall::LoggedPacket;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|message: &str| {
    if let Some(packet) = LoggedPacket::read(message) {
        assert_eq!(packet.source.is_ipv4(), packet.destination.is_ipv4());
        assert!(packet.input.len() <= 15 && packet.output.len() <= 15 && packet.protocol.len() <= 7);
        assert!(message.starts_with("[PALISADE ") && message.contains(&packet.what.name().to_uppercase()));
    }
});
