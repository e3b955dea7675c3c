//! A command with the values of its tags, as a script and arguments for a shell.
//!
//! A value that means something to a shell never becomes part of the script: the script reads it from a variable, and
//! the variable gets it from an argument, `v=$0`. A shell does not parse the contents of a variable as commands, whether
//! the author of the action quoted it or not.

/// For `sh -c SCRIPT ARGUMENTS...`, the first argument being `$0`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Prepared {
    pub(super) script: String,
    pub(super) arguments: Vec<String>,
}

/// Replaces the tags that `value` knows; others stay as they are. Values are not looked at for further tags.
pub(super) fn prepare(command: &str, value: &dyn Fn(&str) -> Option<String>) -> Prepared {
    let mut out = String::with_capacity(command.len());
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut rest = command;
    while let Some((before, tag, after)) = next_tag(rest) {
        out.push_str(before);
        match value(tag) {
            None => out.push_str(&rest[before.len()..rest.len() - after.len()]),
            Some(value) if is_harmless(&value) => out.push_str(&value),
            Some(value) => {
                let name = variable(tag);
                out.push('$');
                out.push_str(&name);
                if variables.iter().all(|(known, _)| *known != name) {
                    // No argument can hold a NUL.
                    variables.push((name, value.replace('\0', "")));
                }
            }
        }
        rest = after;
    }
    out.push_str(rest);
    if variables.is_empty() {
        return Prepared { script: out, arguments: Vec::new() };
    }
    let assign = |(number, (name, _)): (usize, &(String, String))| match number {
        0..=9 => format!("{name}=${number} "),
        _ => format!("{name}=${{{number}}} "),
    };
    let assignments: String = variables.iter().enumerate().map(assign).collect();
    Prepared {
        script: format!("{assignments}\n{out}"),
        arguments: variables.into_iter().map(|(_, value)| value).collect(),
    }
}

/// The same as plain text, which no shell may see.
pub(super) fn fill(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, tag, after)) = next_tag(rest) {
        let known = value(tag);
        let whole = &rest[before.len()..rest.len() - after.len()];
        out.extend([before, known.as_deref().unwrap_or(whole)]);
        rest = after;
    }
    out + rest
}

/// What stands before the next `<tag>`, its name, and what stands behind it.
fn next_tag(text: &str) -> Option<(&str, &str, &str)> {
    let mut open = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, open) {
            (b'<', _) => open = Some(at),
            (b' ', _) => open = None,
            (b'>', Some(start)) if at > start + 1 => {
                return Some((&text[..start], &text[start + 1..at], &text[at + 1..]));
            }
            (b'>', _) => open = None,
            _ => {}
        }
    }
    None
}

/// Whether a shell takes every character for itself.
fn is_harmless(value: &str) -> bool {
    !value.contains(|c: char| c.is_control() || "\\#&;`|*?~<>^()[]{}$'\"".contains(c))
}

/// `F-USER` is in the variable `f2bV_F_user`.
fn variable(tag: &str) -> String {
    let tag = match tag.strip_prefix("F-") {
        Some(field) => format!("F_{}", field.to_lowercase()),
        None => tag.to_owned(),
    };
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("f2bV_{}", tag.chars().map(word).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    fn prepared(command: &str, tag: &str, value: &str) -> Prepared {
        prepare(command, &|name| (name == tag).then(|| value.to_owned()))
    }

    #[test]
    fn plain_values_stand_in_the_script_and_others_in_variables() {
        assert_eq!(prepared("ban <ip> <x> <", "ip", "2001:db8::1/64").script, "ban 2001:db8::1/64 <x> <");
        let made = prepared("m <F-X_Y> \"<F-X_Y>\"", "F-X_Y", "a;b");
        assert_eq!(made.script, "f2bV_F_x_y=$0 \nm $f2bV_F_x_y \"$f2bV_F_x_y\"");
        assert_eq!(made.arguments, ["a;b"]);
    }

    #[test]
    fn text_is_filled_without_a_shell_in_mind() {
        let value = |name: &str| (name == "F-USER").then(|| "a;<ip>".to_owned());
        assert_eq!(fill("<F-USER>@<ip> <", &value), "a;<ip>@<ip> <");
    }

    #[test]
    fn a_value_is_not_looked_at_for_tags() {
        let made = prepare("<a> <<b>>", &|name| Some(if name == "a" { "<b>".into() } else { "v".into() }));
        assert_eq!(made.script, "f2bV_a=$0 \n$f2bV_a <v>");
    }

    #[test]
    fn more_than_ten_variables_keep_their_values() {
        let command: String = (0..12).map(|n| format!("printf %s, \"<v{n}>\";")).collect();
        let made = prepare(&command, &|name| Some(format!("#{name}")));
        assert_eq!(run(&made), "#v0,#v1,#v2,#v3,#v4,#v5,#v6,#v7,#v8,#v9,#v10,#v11,");
    }

    fn run(made: &Prepared) -> String {
        let output =
            Command::new("/bin/sh").arg("-c").arg(&made.script).args(&made.arguments).output().unwrap();
        assert!(output.stderr.is_empty(), "{made:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Quoted in double quotes, as stock actions do, it comes out as it went in.
    fn comes_through(value: &str) {
        let made = prepared("printf %s \"<matches>\"; printf %s x<matches>x >/dev/null", "matches", value);
        assert_eq!(run(&made), value.replace('\0', ""));
    }

    #[test]
    fn what_attackers_write_is_never_executed() {
        let folder = tempfile::tempdir().unwrap();
        let trap = folder.path().join("trap");
        let touch = format!("touch {}", trap.display());
        for form in [
            "$(T)",
            "`T`",
            "; T;",
            "\nT\n",
            "'; T; '",
            "\"; T; \"",
            "&& T",
            "| T",
            "${x:-$(T)}",
            "\\\"; T #",
            "%s $(T)",
        ] {
            comes_through(&form.replace('T', &touch));
        }
        assert!(!trap.exists());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_value_comes_through_as_it_is(value in "[ -~\\n\\r\\t\u{0}\u{e4}\u{1b}]{0,40}") {
            comes_through(&value);
        }
    }
}
