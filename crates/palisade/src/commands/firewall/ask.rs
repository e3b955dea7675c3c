//! Questions before what is hard to undo.

use std::io::{self, BufRead as _, Write as _};

/// What ufw says when the answer is no.
pub(super) const ABORTED: &str = "Aborted\n";

/// Asks, and takes nothing but yes for a yes.
pub(super) fn agrees(question: &str) -> bool {
    let mut out = anstream::stdout();
    // Who cannot see the question cannot agree.
    if write!(out, "{question}Proceed with operation (y|n)? ").and_then(|()| out.flush()).is_err() {
        return false;
    }
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
