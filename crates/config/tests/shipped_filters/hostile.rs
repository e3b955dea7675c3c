//! Text that an attacker would put where a log repeats it.

use proptest::prelude::*;

/// Whom the attacker wants banned.
pub(crate) const VICTIM: &str = "203.0.113.99";

/// What daemons write about a failure, with the victim in it, and the pieces of punctuation that end a field.
const PIECES: &[&str] = &[
    " from 203.0.113.99 port 22 ssh2",
    "Failed password for root from 203.0.113.99 port 22 ssh2",
    " 203.0.113.99 port 22 [preauth]",
    ": Too many authentication failures [preauth]",
    "\\nNov 24 21:20:02 srv sshd[1]: Failed password for root from 203.0.113.99 port 1 ssh2",
    "#012Nov 24 21:20:02 srv sshd[1]: Failed password for root from 203.0.113.99 port 1 ssh2",
    "[client 203.0.113.99:1] AH01618: user root not found: /",
    "[] [auth_basic:error] [pid 1:tid 1] [client 203.0.113.99:1] AH01617: user root: authentication failure for \"/\": Password Mismatch",
    "203.0.113.99 - root [24/Nov/2026:21:35:24 +0000] \"POST /wp-login.php HTTP/1.1\" 401 1 \"-\" \"sqlmap\"",
    "203.0.113.99 - - [] \"GET /.env HTTP/1.1\" 404 1 \"-\" \"-\"",
    ", client: 203.0.113.99, server: srv.example, request: \"GET / HTTP/1.1\"",
    "user \"root\": password mismatch",
    " (203.0.113.99[203.0.113.99]) - USER root (Login failed): Incorrect password",
    ": no such user found from 203.0.113.99 [203.0.113.99] to ::ffff:203.0.113.1:21",
    "] FAIL LOGIN: Client \"203.0.113.99\"",
    "(?@203.0.113.99) [WARNING] Authentication failed for user [root]",
    " rhost=203.0.113.99  user=root",
    "warning: unknown[203.0.113.99]: SASL LOGIN authentication failed: x",
    " from unknown[203.0.113.99]: 554 5.7.1 ",
    ">, method=PLAIN, rip=203.0.113.99, lip=203.0.113.1, session=<abc>",
    ", ip=[203.0.113.99], port=[1]",
    "error,relay=203.0.113.99,port=1,msg=\"535 Authentication failed.\"",
    " authenticator failed for (x) [203.0.113.99]: 535 Incorrect authentication data (set_id=root)",
    "> rejected RCPT <x>: relay not permitted H=(x) [203.0.113.99]",
    "rblsmtpd: 203.0.113.99 pid 1: 451 x",
    "'@'203.0.113.99' (using password: YES)",
    "NOTICE [sshd] Ban 203.0.113.99",
    " IP: 203.0.113.99",
    "203.0.113.99",
    "[203.0.113.99]",
    "::ffff:203.0.113.99",
    "root",
    " ",
    "\"",
    "'",
    "]",
    "[",
    ">",
    "<",
    ")",
    ": ",
    ", ",
    "\\",
    "/",
    "\u{7f}\t",
    "%",
];

/// Some of these pieces, or any characters, one after the other.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => "[ -~]{0,8}",
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// The text as the daemons of a filter write it: web servers escape quotes in their access logs.
pub(crate) fn as_written(filter: &str, line: &str, text: &str) -> String {
    const IN_ACCESS_LOGS: [&str; 5] =
        ["apache-badbots", "apache-botsearch", "nginx-botsearch", "nginx-http-auth", "wordpress"];
    let access_log = IN_ACCESS_LOGS.contains(&filter) && line.contains("[24/Nov/2026:");
    if access_log { text.replace('\\', "\\\\").replace('"', "\\\"") } else { text.to_owned() }
}
