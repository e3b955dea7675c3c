use proptest::prelude::*;

use super::Program;
use crate::pattern::{Flags, Groups, Overrun, parse, random_pattern};

fn search(program: &Program, memo_after: usize, text: &str) -> Result<(bool, Vec<u32>), Overrun> {
    let mut groups = Groups::new();
    let found = program.search_with_memo_after(memo_after, text, 0, &mut groups)?;
    Ok((found, groups.scratch.slots))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn the_memo_changes_no_answer(
        source in random_pattern::pattern(),
        texts in prop::collection::vec("[abcé\nA]{0,12}", 6),
    ) {
        let Ok(ast) = parse::parse(&source, Flags::default()) else { return Ok(()) };
        let program = Program::new(&ast).unwrap();
        for text in texts {
            let Ok(without) = search(&program, 50_000, &text) else { continue };
            for memo_after in [0, 7] {
                let with = search(&program, memo_after, &text);
                prop_assert_eq!(with, Ok(without.clone()), "{:?} on {:?}", source, text);
            }
        }
    }
}
