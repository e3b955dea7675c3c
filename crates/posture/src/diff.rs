use similar::TextDiff;

/// Lines that stay, around those that do not.
const CONTEXT: usize = 3;

/// What differs between two texts of one file, as a unified diff; nothing if nothing does.
#[must_use]
pub fn unified(name: &str, before: &str, after: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let text = diff.unified_diff().context_radius(CONTEXT).header(name, name).to_string();
    text.lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_come_and_go_are_marked() {
        let diff = unified("palisade.toml", "a\nb\nc\n", "a\nc\nd\n");
        let wanted = ["--- palisade.toml", "+++ palisade.toml", "@@ -1,3 +1,3 @@", " a", "-b", " c", "+d"];
        assert_eq!(diff, wanted);
        assert!(unified("x", "a\n", "a\n").is_empty());
    }

    #[test]
    fn a_last_line_without_an_end_is_told() {
        let diff = unified("x", "", "a");
        assert_eq!(diff[2..], ["@@ -0,0 +1 @@", "+a", "\\ No newline at end of file"]);
    }
}
