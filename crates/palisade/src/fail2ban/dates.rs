//! Date patterns as Fail2Ban describes them.

use pickle::Value;

/// What each directive is called.
const DIRECTIVES: [(char, &str); 21] = [
    ('a', "DAY"),
    ('A', "DAYNAME"),
    ('b', "MON"),
    ('B', "MONTH"),
    ('d', "Day"),
    ('H', "24hour"),
    ('I', "12hour"),
    ('j', "Yearday"),
    ('m', "Month"),
    ('M', "Minute"),
    ('p', "AMPM"),
    ('S', "Second"),
    ('U', "Yearweek"),
    ('w', "Weekday"),
    ('W', "Yearweek"),
    ('y', "Year2"),
    ('Y', "Year"),
    ('%', "%"),
    ('z', "Zone offset"),
    ('f', "Microseconds"),
    ('Z', "Zone name"),
];

/// The built-in list of patterns, alone or beside others.
const DEFAULT: &str = "Default Detectors";

/// The pattern, if it is one, and its description.
pub(crate) fn described(pattern: Option<&str>) -> Value {
    let pattern = pattern.map(str::trim).filter(|pattern| !pattern.is_empty());
    let tuple = |pattern: Value, name: String| Value::Tuple(vec![pattern, name.into()]);
    let Some(pattern) = pattern.filter(|pattern| !pattern.lines().any(is_list)) else {
        return tuple(Value::None, DEFAULT.into());
    };
    let pattern = pattern.lines().next().unwrap_or_default();
    if let Some(name) = fixed(pattern) {
        return tuple(Value::None, name);
    }
    match pattern {
        "{NONE}" => tuple("{UNB}^".into(), "^".into()),
        pattern => tuple(pattern.into(), directives(pattern)),
    }
}

/// Stands for more than one pattern.
fn is_list(pattern: &str) -> bool {
    pattern.contains("{DATE}") || pattern.trim() == "{^LN-BEG}"
}

/// Templates that are no patterns.
fn fixed(pattern: &str) -> Option<String> {
    let (place, name) = match pattern.strip_prefix("{^LN-BEG}").or_else(|| pattern.strip_prefix('^')) {
        Some(name) => ("{^LN-BEG}", name),
        None => ("", pattern),
    };
    let name = match name.to_uppercase().as_str() {
        "EPOCH" => "Epoch",
        "LEPOCH" => "LongEpoch",
        "TAI64N" => "TAI64N",
        _ => return None,
    };
    Some(format!("{place}{name}"))
}

fn directives(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // `%ExY` is a strict `%Y`.
        let (strict, letter) = match rest.strip_prefix("%Ex") {
            Some(letter) => ("Ex", letter),
            None => ("", &rest[1..]),
        };
        let known = DIRECTIVES.iter().find(|(directive, _)| letter.starts_with(*directive));
        match known {
            Some((directive, name)) => {
                out.push_str(strict);
                out.push_str(name);
                rest = &letter[directive.len_utf8()..];
            }
            None => {
                out.push('%');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_described_as_fail2ban_does() {
        let shown = |pattern: &str| described(Some(pattern)).repr();
        assert_eq!(described(None).repr(), "(None, 'Default Detectors')");
        assert_eq!(shown("%Y-%m-%d"), "('%Y-%m-%d', 'Year-Month-Day')");
        assert_eq!(shown("{^LN-BEG}%Y"), "('{^LN-BEG}%Y', '{^LN-BEG}Year')");
        assert_eq!(shown("^EPOCH"), "(None, '{^LN-BEG}Epoch')");
        assert_eq!(shown("{NONE}"), "('{UNB}^', '^')");
        assert_eq!(shown("x%ExY%k%"), "('x%ExY%k%', 'xExYear%k%')");
    }
}
