//! `-o`: something of each failure, a line each.

use pickle::Value;

use super::tally::Failure;

/// A field's name, or a text with fields in it.
pub(super) fn shown(wanted: &str, failure: &Failure) -> String {
    match wanted {
        "row" => {
            let fields = failure.fields.iter().map(|(name, value)| (name.as_str().into(), value.clone()));
            let time = failure.time.map_or(Value::None, |time| Value::Float(time.as_secs_f64()));
            let id = Value::from(failure.id.as_str());
            format!("[{},\t{},\t{}],", id.repr(), time.repr(), Value::Dict(fields.collect()).repr())
        }
        "msg" => failure.line.clone(),
        "id" => failure.id.clone(),
        "ip" => address(failure),
        text if text.contains('<') => filled(text, failure),
        name => field(failure, name).map_or("None".to_owned(), |value| value.to_string()),
    }
}

/// `<ip>` and `<F-USER>` replaced; what nobody knows stays, or is empty where it is a tag of the filter.
fn filled(text: &str, failure: &Failure) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let Some(end) = rest.find('>') else { break };
        let tag = &rest[1..end];
        match (value(tag, failure), tag.starts_with("F-")) {
            (Some(text), _) => out.push_str(&text),
            (None, true) => {}
            (None, false) => out.push_str(&rest[..=end]),
        }
        rest = &rest[end + 1..];
    }
    out + rest
}

fn value(tag: &str, failure: &Failure) -> Option<String> {
    match tag {
        "fid" | "id" => Some(failure.id.clone()),
        "ip" => Some(address(failure)),
        "msg" | "matches" => Some(failure.line.clone()),
        "time" => Some(Value::Float(failure.now.as_secs_f64()).repr()),
        tag => {
            let name = tag.strip_prefix("F-")?.to_lowercase();
            field(failure, &name).filter(|value| **value != Value::None).map(Value::to_string)
        }
    }
}

/// The address, which an `<F-ID>` may stand beside.
fn address(failure: &Failure) -> String {
    let known = |name| field(failure, name).filter(|value| **value != Value::None).map(Value::to_string);
    let beside = known("fid").and_then(|_| known("ip4").or_else(|| known("ip6")));
    beside.unwrap_or_else(|| failure.id.clone())
}

/// A field of the line, or else of its session.
fn field<'f>(failure: &'f Failure, name: &str) -> Option<&'f Value> {
    let named = || failure.fields.iter().chain(&failure.session).filter(|(known, _)| known == name);
    let filled = named().find(|(_, value)| *value != Value::None);
    filled.or_else(|| named().next()).map(|(_, value)| value)
}
