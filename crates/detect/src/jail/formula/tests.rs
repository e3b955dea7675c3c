use proptest::prelude::*;

use super::*;

fn evaluate(text: &str) -> Result<Value, FormulaError> {
    let names = Names { time: Value::Int(600), count: Value::Int(3), factor: Value::Float(1.5) };
    Formula::compile(text)?.evaluate(&names)
}

/// Value and type as Python's `repr` shows them.
fn repr(text: &str) -> String {
    match evaluate(text) {
        Ok(Value::Int(int)) => int.to_string(),
        Ok(Value::Float(float)) => format!("{float:?}"),
        Err(error) => format!("{}: {}", error.offset, error.message),
    }
}

/// Each right side was printed by Python 3.
#[test]
fn means_what_python_means() {
    for (text, expected) in [
        ("ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor", "7200.0"),
        ("ban.Time * (1<<(ban.Count if ban.Count<20 else 20))", "4800"),
        ("ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)", "54010.27878031309"),
        ("1 + 2 * 3 - 4", "3"),
        ("7 / 2", "3.5"),
        ("-7 // 2", "-4"),
        ("7 // -2", "-4"),
        ("-7 // -2", "3"),
        ("-7 % 3", "2"),
        ("7 % -3", "-2"),
        ("-7.5 % 2", "0.5"),
        ("-7.5 // 2", "-4.0"),
        ("-2 ** 2", "-4"),
        ("2 ** -1", "0.5"),
        ("2 ** 3 ** 2", "512"),
        ("- - 3", "3"),
        ("1 << 3 + 1", "16"),
        ("1 + 2 << 3", "24"),
        ("1 < 2 < 3", "1"),
        ("3 > 2 > 2", "0"),
        ("1 == 1.0", "1"),
        ("not 0", "1"),
        ("not 1 == 2", "1"),
        ("0 or 5", "5"),
        ("0 and 5", "0"),
        ("3 and 0.0", "0.0"),
        ("1 if 0 else 2 if 0 else 3", "3"),
        ("int(2.9)", "2"),
        ("int(-2.9)", "-2"),
        ("round(2.5)", "2"),
        ("round(3.5)", "4"),
        ("round(2.675, 2)", "2.67"),
        ("min(3, 1.5, 2)", "1.5"),
        ("max(3, 3.0)", "3"),
        ("abs(-3)", "3"),
        ("abs(-3.5)", "3.5"),
        ("math.sqrt(16)", "4.0"),
        ("math.pow(2, 3)", "8.0"),
        ("pow(2, 3)", "8"),
        ("math.log(100, 10)", "2.0"),
        ("math.log(math.e)", "1.0"),
        ("math.ceil(1.1)", "2"),
        ("1_000 + .5 + 1e3 + 2.", "2002.5"),
        ("True + True", "2"),
        ("( 1 +\n 2 )", "3"),
        ("min(1, 2,)", "1"),
    ] {
        assert_eq!(repr(text), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_is_named_at_its_place() {
    for (text, expected) in [
        ("", "0: a value should stand here, but the text ends"),
        ("1 +", "3: a value should stand here, but the text ends"),
        ("(1", "2: `)` should stand here"),
        ("1 if 2", "6: `else` should stand here"),
        ("2 * 3x", "4: a number ends in letters"),
        ("1 / 0", "2: a division by zero"),
        ("1 // 0.0", "2: a division by zero"),
        ("1 % 0", "2: a division by zero"),
        ("1 << 1.0", "2: only integers can be shifted"),
        ("1 << -1", "2: a shift by a negative number"),
        ("math.exp(1000)", "0: the result is too large"),
        ("1 + math.log(0)", "4: a logarithm of zero or less"),
        ("(-1) ** 0.5", "5: this has no value among the real numbers"),
        ("min(1)", "0: `min` does not take 1 arguments"),
        ("int", "3: `(` should stand here"),
        ("7 // 2, ", "6: an operator should stand here"),
        ("1; 2", "1: ';' has no meaning here"),
        ("'a'", "0: '\\'' has no meaning here"),
    ] {
        assert_eq!(repr(text), expected, "{text}");
    }
}

#[test]
fn nothing_else_can_be_named_or_called() {
    for text in [
        "__import__('os')",
        "().__class__",
        "ban.__class__",
        "ban.Time.__class__",
        "random.random()",
        "open",
        "lambda: 1",
        "[1][0]",
        "1 if True else exec",
        "math.factorial(9)",
        "ban",
    ] {
        assert!(evaluate(text).is_err(), "{text}");
    }
}

#[test]
fn integers_beyond_the_range_go_on_as_floats() {
    assert_eq!(repr("1 << 127"), "1.7014118346046923e38");
    assert_eq!(repr("2 ** 100 * 2 ** 100"), "1.6069380442589903e60");
    assert_eq!(repr("1 << 99999999999999999999"), "2: the result is too large");
    assert_eq!(repr("-(1 << 126) - (1 << 126) >> 200"), "-1");
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = |depth| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(repr(&deep(30)), "1");
    assert_eq!(repr(&deep(40)), "32: nested too deeply");
    assert_eq!(repr(&"-".repeat(200)), "32: nested too deeply");
    assert!(repr(&format!("1{}", " ** 1".repeat(100))).ends_with("nested too deeply"));
    assert_eq!(repr(&format!("1{}", " + 1".repeat(100))), "101");
    assert_eq!(repr(&"1+".repeat(200)), "256: longer than 256 numbers, names and operators");
    assert_eq!(repr(&"1".repeat(5000)), "0: the number is too large");
}

#[test]
fn a_factor_is_an_expression_of_numbers() {
    assert_eq!(constant("2.0 / 2.885385").unwrap(), 2.0 / 2.885385);
    assert_eq!(constant("2 * ban.Count").unwrap_err().offset, 4);
}

proptest! {
    #[test]
    fn no_text_panics(text in "[-0-9.eE_ ()+*/%<>=!,a-z]{0,60}", junk in "\\PC{0,40}") {
        let _ = evaluate(&text);
        let _ = evaluate(&junk);
    }

    #[test]
    fn expressions_of_any_shape_end(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("ban.Time"), Just("ban.Count"), Just("banFactor"), Just("9"), Just("1.5"), Just("("), Just(")"),
                Just("**"), Just("<<"), Just(">>"), Just("//"), Just("%"), Just("-"), Just("if"), Just("else"),
                Just("not"), Just("and"), Just("round("), Just("math.exp("), Just(","),
            ],
            0..40,
        )
    ) {
        let _ = evaluate(&parts.join(" "));
    }
}
