//! `journalmatch = A=b C=d + E=f`: groups of fields, the fields of a group all needed, one group of them enough.

use crate::diagnostic::Fault;
use crate::text::Text;

/// Reads the lines of the option; each adds its groups to those before.
pub(crate) fn parse(lines: &[Text]) -> Result<Vec<Vec<String>>, Fault> {
    let mut groups = Vec::new();
    for line in lines {
        let mut group = Vec::new();
        for word in words(line)? {
            match word.as_str() {
                "+" => groups.push(std::mem::take(&mut group)),
                _ if word.find('=').is_some_and(|at| at > 0) => group.push(word),
                _ => return Err(Fault::error(line.place(), format!("{word} matches nothing")).help(HELP)),
            }
        }
        groups.push(group);
    }
    groups.retain(|group: &Vec<String>| !group.is_empty());
    Ok(groups)
}

/// Groups as one line that reads back the same.
pub(crate) fn show(groups: &[Vec<String>]) -> String {
    let group = |group: &Vec<String>| group.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    groups.iter().map(group).collect::<Vec<_>>().join(" + ")
}

const HELP: &str = "write FIELD=value, groups of them separated by +";

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_=.@-/:,%".contains(c);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\"'\"'")),
    }
}

/// Splits as a shell does: quotes and backslashes, nothing else.
pub(crate) fn words(line: &Text) -> Result<Vec<String>, Fault> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<(char, usize)> = None;
    let mut chars = line.as_str().char_indices();
    while let Some((at, c)) = chars.next() {
        match (c, quote) {
            ('\\', None) | ('\\', Some(('"', _))) => {
                let Some((_, next)) = chars.next() else {
                    return Err(Fault::error(line.place_at(at), "nothing after the backslash").help(HELP));
                };
                let word = word.get_or_insert_default();
                // Inside double quotes a backslash stands for itself, but before these.
                if quote.is_some() && !"\"\\".contains(next) {
                    word.push(c);
                }
                word.push(next);
            }
            (_, Some((open, _))) if c == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some((c, at));
                word.get_or_insert_default();
            }
            (_, None) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match quote {
        Some((_, at)) => Err(Fault::error(line.place_at(at), "the quote is not closed").help(HELP)),
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Vec<Vec<String>> {
        parse(&lines.iter().map(|line| Text::plain(*line)).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn groups_are_separated_by_plus_and_by_lines() {
        let groups = read(&["A=b 'C=d e' + E=f", "G=h"]);
        assert_eq!(groups, [vec!["A=b", "C=d e"], vec!["E=f"], vec!["G=h"]]);
        assert_eq!(read(&[&show(&groups)]), groups);
    }

    #[test]
    fn what_is_no_field_is_an_error() {
        for line in ["sshd", "=x", "A=\"b", "A=b\\"] {
            assert!(parse(&[Text::plain(line)]).is_err(), "{line}");
        }
    }
}
