//! `fail2ban-client -i`: one command after the other.

use std::io::{self, BufRead, Write};

use super::{Client, Failure, Result, help, log, say};
use crate::fail2ban::Name;

pub(super) fn run(client: &Client<'_>) -> Result {
    say(&help::heading());
    let mut lines = io::stdin().lock().lines();
    loop {
        let _ = write!(io::stdout(), "fail2ban> ").and_then(|()| io::stdout().flush());
        let Some(Ok(line)) = lines.next() else {
            say("");
            return Err(Failure::new("EOF when reading a line"));
        };
        let words = words(&line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            [] => {}
            ["exit" | "quit" | "q"] => return Ok(()),
            ["help"] => say(&help::usage(Name::Client)),
            // What went wrong was told; the next command may be right.
            _ => {
                if let Err(Failure(messages)) = client.perform(&words) {
                    messages.iter().for_each(|message| log("ERROR", message));
                }
            }
        }
    }
}

/// A line's words; quotes hold several together, a backslash takes the next character as it is.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote) = (None::<String>, None);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(characters.next()),
            (character, Some(open)) if character == open => quote = None,
            (character, Some(_)) => word.get_or_insert_default().push(character),
            ('"' | '\'', None) => {
                word.get_or_insert_default();
                quote = Some(character);
            }
            (character, None) if character.is_whitespace() => words.extend(word.take()),
            (character, None) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(words(r#" set x "a b" '' c\ d "e\"f" "#), ["set", "x", "a b", "", "c d", "e\"f"]);
        assert!(words("  ").is_empty());
    }
}
