use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::date::builtin::PATTERNS;
use crate::date::parse::parse;
use crate::date::run::Stack;
use crate::date::source::Source;

/// What patterns may do with the digits of a clock beside reading it.
const TRICKY: [&str; 10] = [
    "^(?:%m:)?%H:%M:%S",
    "^(?:x[12]|x|1\\d:)%H:%M:%S(?:2|[.,]%f)?(?: %ExY)?",
    "^[^\\[]*\\[(%d/%b/%Y:%H:%M:%S %z)",
    "^(?:[0-4]+ )?%b %d %k:%M:%S(?: [0-4]|)",
    "^%H:%M:%S(?:,%f| )?1?",
    "^\\d*(?::%M)?:%H:%M:%S",
    "^%Y-%m-%d %H:%M:%S(?:\\s*%z)?$",
    "^(?:%f)?:?%H:%M:%S",
    "^(?:%Y-)?%m-%d[ T]%H:%M:%S(?:\\.%f)?",
    "^%H:%M:%S(?:[.,]%f(?:x|-%H:%M:%S)?)?",
];

static PROGRAMS: LazyLock<Vec<Program>> = LazyLock::new(|| {
    let program = |source: Source| Program::new(&source, &parse(&source.body, &source.flags)?);
    let built_in = PATTERNS.iter().filter(|(pattern, _)| pattern.contains('%'));
    let anchored =
        built_in.map(|(pattern, _)| format!("{{^LN-BEG}}{}", pattern.trim_start_matches("{^LN-BEG}")));
    let all = anchored.chain(TRICKY.map(str::to_owned));
    let written = all.filter_map(|pattern| program(Source::pattern(&pattern, 0).ok()?));
    written.chain(program(Source::epoch(true, false))).collect()
});

fn line() -> impl Strategy<Value = String> {
    const MORE: [&str; 12] = [
        "2024-06-01T12:34:56.123456Z ",
        "06-01 12:34:56.123Z ",
        "12:34:56,123x12:34:57 ",
        "12:34:56.123-12:34:57Z ",
        "a [01/Jun/2024:12:34:56 +0200] x",
        "2024-06-01 12:34:56 Z",
        "2024-06-01 12:34:56.123 Got",
        "1234 Jun  1 12:34:56 3 ",
        "12:12:34:56,1234 ",
        "1717238096.1234 x",
        "x12:34:56,123 2024",
        ":12:34:56 1",
    ];
    let dates: Vec<&str> = PATTERNS.iter().map(|(_, date)| *date).chain(MORE).collect();
    (prop::sample::select(dates), "[ -~é]{0,12}").prop_map(|(date, after)| format!("{date}{after}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_shape_reads_what_the_program_reads(
        first in line(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), "[0-9]|[0-9]|[0-9 :.,+TZé-]"), 0..5),
    ) {
        let mut chars: Vec<char> = first.chars().collect();
        for (at, new) in changes {
            let at = at.index(chars.len());
            chars[at] = new.chars().next().unwrap_or_default();
        }
        let second: String = chars.into_iter().collect();
        let mut stack = Stack::new();
        for program in &*PROGRAMS {
            let Some(layout) = program.layout(&first, &mut stack) else { continue };
            let (mut fields, mut before) = (Fields::NONE, Fields::NONE);
            let again = layout.read(first.as_bytes(), &mut before).and_then(|hit| layout.again(first.as_bytes(), &hit));
            let again = again.and_then(|again| again.date_in(second.as_bytes()));
            let again = again.filter(|(_, clock)| read_clock(*clock, &mut before).is_some());
            let Some(hit) = layout.read(second.as_bytes(), &mut fields) else {
                prop_assert!(again.is_none(), "{:?} after {:?}", second, first);
                continue;
            };
            if let Some((date, _)) = again {
                prop_assert_eq!((date, &fields), (hit.date, &before), "{:?} after {:?}", second, first);
            }
            let expected = program.search(&second, 0, &mut stack);
            let place = |hit: Hit| (hit.start, hit.end, hit.date);
            prop_assert_eq!(Some(place(hit)), expected.map(place), "{:?} after {:?}", second, first);
            prop_assert_eq!(fields, *stack.fields(), "{:?} after {:?}", second, first);
        }
    }
}

#[test]
fn common_forms_have_a_shape() {
    let mut stack = Stack::new();
    for line in [
        "Jun  1 12:34:56 host sshd[1]: x",
        "Sep 11 12:34:56 host sshd[1]: x",
        "2024-06-01T12:34:56.123456+02:00 host sshd[1]: x",
        "2024-06-01T12:34:56Z host sshd[1]: x",
        "2024-06-01 12:34:56,123 fail2ban.actions",
        "[Sat Jun 01 12:34:56.123456 2024] [error] x",
        "2024/06/01 12:34:56 [error] 1#1: x",
        "1717238096.123 x                  ",
    ] {
        assert!(PROGRAMS.iter().any(|program| program.layout(line, &mut stack).is_some()), "{line}");
    }
    let source = Source::pattern("^(?:%Y-)?%m-%d[ T]%H:%M:%S(?:\\.%f)?", 0).unwrap();
    let program = Program::new(&source, &parse(&source.body, &source.flags).unwrap()).unwrap();
    let line = "2024-06-01T12:34:56.123456Z host x";
    let layout = program.layout(line, &mut stack).unwrap();
    let mut fields = Fields::NONE;
    let hit = layout.read(line.as_bytes(), &mut fields).unwrap();
    assert!(layout.again(line.as_bytes(), &hit).is_some());
}
