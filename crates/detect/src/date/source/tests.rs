use super::*;

fn pattern(text: &str) -> Source {
    Source::pattern(text, 0).unwrap()
}

#[test]
fn boundaries_are_added_unless_the_text_says_where_it_stands() {
    for (text, begin, end_word, line) in [
        ("x", Begin::Word, true, false),
        ("^x", Begin::Anywhere, true, true),
        ("(^x)", Begin::Anywhere, true, true),
        ("(?:^x)", Begin::Anywhere, true, false),
        ("(?:^|b)x", Begin::Anywhere, true, false),
        ("**x", Begin::Anywhere, true, false),
        ("(**x)", Begin::Anywhere, true, false),
        ("x**", Begin::Word, false, false),
        ("(x**)", Begin::Word, false, false),
        (r"x\**", Begin::Word, true, false),
        (r"x\s", Begin::Word, false, false),
        (r"x\b", Begin::Word, false, false),
        ("(x)$", Begin::Word, false, true),
        (r"x\$", Begin::Word, true, false),
        ("{UNB}x", Begin::Anywhere, false, false),
        ("{^LN-BEG}x", Begin::Line, true, true),
        ("{^LN-BEG}^x", Begin::Anywhere, true, true),
        ("(?iu)^x", Begin::Anywhere, true, true),
    ] {
        let source = pattern(text);
        assert_eq!((source.begin, source.end_word, source.anchored), (begin, end_word, line), "{text}");
    }
}

#[test]
fn a_group_is_put_around_the_date_where_there_is_none() {
    for (text, body) in [
        ("x", "(x)"),
        ("^x$", "^(x)$"),
        ("(x)y", "(x)y"),
        ("(?:x)y", "((?:x)y)"),
        (r"\(x", r"(\(x)"),
        ("**x**", "(x)"),
        ("(**x)", "(x)"),
        ("^WARN:()**", "^WARN:()"),
        ("{UNB}^", "^()"),
        ("(?i)^x", "^(x)"),
        ("100%%", "(100%)"),
    ] {
        assert_eq!(pattern(text).body, body, "{text}");
    }
}

#[test]
fn names_are_read_in_any_case() {
    for (text, any_case) in [("%b", true), ("%%b", false), ("%d", false), ("(?i)%d", true), ("%Exz", false)] {
        assert_eq!(pattern(text).flags.ignore_case, any_case, "{text}");
    }
}

#[test]
fn what_is_no_directive_is_named_with_its_place() {
    for (text, offset) in [("a%q", 1), ("%Y %", 3), ("{^LN-BEG}%d %%%Q", 14), ("%é", 0)] {
        assert_eq!(Source::pattern(text, 0).unwrap_err().offset, offset, "{text}");
    }
}
