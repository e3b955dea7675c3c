//! Replies as people and scripts read them.

use pickle::Value;

/// What a command's reply looks like.
pub(super) fn reply(words: &[&str], value: &Value) -> String {
    let plain = || value.to_string();
    match words {
        ["ping", ..] => format!("Server replied: {value}"),
        ["start", ..] => "Jail started".into(),
        ["stop"] | ["stop", "--all"] => "Shutdown successful".into(),
        ["stop", ..] => "Jail stopped".into(),
        ["add", ..] => format!("Added jail {value}"),
        ["flushlogs", ..] => format!("logs: {value}"),
        ["echo", ..] => joined(value, " "),
        ["status"] => format!("Status\n{}", tree(value, "")),
        ["status", jail, ..] => format!("Status for the jail: {jail}\n{}", tree(value, "")),
        ["get" | "set", what @ ("loglevel" | "logtarget" | "syslogsocket" | "dbfile" | "dbpurgeage"), ..] => {
            program(what, value)
        }
        ["get" | "set", jail, what, rest @ ..] => of_jail(jail, what, rest, value),
        _ => plain(),
    }
}

fn program(what: &str, value: &Value) -> String {
    match (what, value) {
        ("loglevel", _) => format!("Current logging level is {}", value.repr()),
        ("logtarget", _) => format!("Current logging target is:\n`- {value}"),
        ("syslogsocket", _) => format!("Current syslog socket is:\n`- {value}"),
        (_, Value::None) => "Database currently disabled".into(),
        ("dbfile", _) => format!("Current database file is:\n`- {value}"),
        _ => format!("Current database purge age is:\n`- {value}seconds"),
    }
}

fn of_jail(jail: &str, what: &str, rest: &[&str], value: &Value) -> String {
    let items = match value {
        Value::List(items) => items.as_slice(),
        _ => &[],
    };
    match what {
        "logpath" | "addlogpath" | "dellogpath" => {
            listed("Current monitored log file(s):", "No file is currently monitored", items)
        }
        "ignoreip" | "addignoreip" | "delignoreip" => {
            listed("These IP addresses/networks are ignored:", "No IP address/network is ignored", items)
        }
        "failregex" | "addfailregex" | "delfailregex" | "ignoreregex" | "addignoreregex"
        | "delignoreregex" => {
            let numbered: Vec<Value> =
                items.iter().enumerate().map(|(at, item)| format!("[{at}]: {item}").into()).collect();
            listed(
                "The following regular expression are defined:",
                "No regular expression is defined",
                &numbered,
            )
        }
        "logencoding" => format!("Current log encoding is set to:\n{value}"),
        "journalmatch" | "addjournalmatch" | "deljournalmatch" => match items {
            [] => "No journal match filter set".into(),
            items => {
                let groups: Vec<String> = items.iter().map(|group| joined(group, " ")).collect();
                format!("Current match filter:\n{}", groups.join(" + "))
            }
        },
        "datepattern" => match value {
            Value::Tuple(parts) => match &parts[..] {
                [Value::None, name] => format!("Current date pattern set to: {name}"),
                [pattern, name] => format!("Current date pattern set to: {pattern} ({name})"),
                _ => value.to_string(),
            },
            _ => value.to_string(),
        },
        "actions" if items.is_empty() => format!("No actions for jail {jail}"),
        "actions" => format!("The jail {jail} has the following actions:\n{}", joined(value, ", ")),
        "actionproperties" | "actionmethods" => {
            let (kind, action) = (&what["action".len()..], rest.first().unwrap_or(&""));
            let heading = format!("The jail {jail} action {action} has the following {kind}:");
            format!("{heading}\n{}", joined(value, ", "))
        }
        "banip" if matches!(value, Value::List(_)) => match rest.first() {
            Some(&"--with-time") => joined(value, "\n"),
            separator => joined(value, separator.unwrap_or(&" ")),
        },
        _ => value.to_string(),
    }
}

/// `name: value` pairs, and trees of them below a name.
fn tree(value: &Value, indent: &str) -> String {
    let Value::List(pairs) = value else { return value.to_string() };
    let mut lines = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let last = at + 1 == pairs.len();
        let Value::Tuple(pair) = pair else { continue };
        let [name, value] = &pair[..] else { continue };
        let branch = if last { "`-" } else { "|-" };
        if is_tree(value) {
            lines.push(format!("{indent}{branch} {name}"));
            let deeper = format!("{indent}{}", if last { "   " } else { "|  " });
            lines.push(tree(value, &deeper));
        } else {
            let text = match value {
                Value::List(_) => joined(value, " "),
                value => value.to_string(),
            };
            lines.push(format!("{indent}{branch} {name}:\t{text}"));
        }
    }
    lines.join("\n")
}

fn is_tree(value: &Value) -> bool {
    matches!(value, Value::List(items) if matches!(items.first(), Some(Value::Tuple(_))))
}

fn listed(heading: &str, none: &str, items: &[Value]) -> String {
    let Some((last, before)) = items.split_last() else { return none.to_owned() };
    let mut text = format!("{heading}\n");
    before.iter().for_each(|item| text += &format!("|- {item}\n"));
    text + &format!("`- {last}")
}

fn joined(value: &Value, separator: &str) -> String {
    match value {
        Value::List(items) | Value::Tuple(items) => {
            items.iter().map(Value::to_string).collect::<Vec<_>>().join(separator)
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_is_a_tree() {
        let pair = |name: &str, value: Value| Value::Tuple(vec![name.into(), value]);
        let status = Value::List(vec![
            pair(
                "Filter",
                Value::List(vec![
                    pair("Total failed", Value::Int(2)),
                    pair("File list", Value::texts(["/a", "/b"])),
                ]),
            ),
            pair("Actions", Value::List(vec![pair("Banned IP list", Value::texts(["192.0.2.1"]))])),
        ]);
        let expected = "Status for the jail: x\n|- Filter\n|  |- Total failed:\t2\n|  `- File list:\t/a /b\n\
                        `- Actions\n   `- Banned IP list:\t192.0.2.1";
        assert_eq!(reply(&["status", "x"], &status), expected);
    }

    #[test]
    fn lists_have_their_headings() {
        let none = Value::List(Vec::new());
        assert_eq!(reply(&["get", "x", "logpath"], &none), "No file is currently monitored");
        let patterns = Value::texts(["a", "b"]);
        let shown = reply(&["set", "x", "addfailregex", "b"], &patterns);
        assert_eq!(shown, "The following regular expression are defined:\n|- [0]: a\n`- [1]: b");
        assert_eq!(reply(&["get", "x", "banip", ","], &patterns), "a,b");
    }
}
