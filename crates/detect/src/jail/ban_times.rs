use std::time::Duration;

use super::formula::{Formula, FormulaError, Names, Value};
use crate::BanTimeSpec;

/// How long a jail bans, by how often it has banned before.
#[derive(Clone, Debug)]
pub struct BanTimes {
    base: Option<Duration>,
    growth: Option<Growth>,
}

#[derive(Clone, Debug)]
struct Growth {
    factor: Value,
    curve: Curve,
    maxtime: Option<Duration>,
    rndtime: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Curve {
    /// `ban.Time * (1 << min(ban.Count, 20)) * banFactor`
    Doubling,
    Multipliers(Vec<f64>),
    Formula(Formula),
}

/// No ban that ends at all is longer; keeps the arithmetic of times far from its limits.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);

impl BanTimes {
    /// Checks the formula, also by evaluating it for a second ban.
    pub fn compile(spec: &BanTimeSpec) -> Result<Self, FormulaError> {
        let multipliers = spec.multipliers.clone().filter(|multipliers| !multipliers.is_empty());
        let curve = match (multipliers, &spec.formula) {
            (Some(multipliers), _) => Curve::Multipliers(multipliers),
            (None, Some(text)) => Curve::Formula(Formula::compile(text)?),
            (None, None) => Curve::Doubling,
        };
        let growth = Growth {
            factor: spec.factor.map_or(Value::Int(1), number),
            curve,
            maxtime: spec.maxtime,
            rndtime: spec.rndtime,
        };
        if let Some(base) = spec.base {
            growth.seconds(base, 1)?;
        }
        Ok(Self { base: spec.base, growth: spec.increment.then_some(growth) })
    }

    /// The length of a first ban; `None` is for ever.
    pub fn base(&self) -> Option<Duration> {
        self.base
    }

    /// Whether earlier bans make the next one longer.
    pub fn grows(&self) -> bool {
        self.growth.is_some()
    }

    /// The length of a ban after `earlier_bans`, with `random` in `0..1` for `rndtime`; `None` is for ever.
    ///
    /// As in Fail2Ban a first ban takes `bantime` as it is, without `maxtime` and `rndtime`, and so does one whose
    /// formula fails (a division by zero, say).
    pub fn length(&self, earlier_bans: u32, random: f64) -> Option<Duration> {
        let base = self.base?;
        let Some(growth) = self.growth.as_ref().filter(|_| earlier_bans > 0) else { return Some(base) };
        let Ok(seconds) = growth.seconds(base, earlier_bans) else { return Some(base) };
        let capped = growth.maxtime.map_or(seconds, |most| seconds.min(most.as_secs_f64()));
        let spread = growth.rndtime.map_or(0.0, |most| most.as_secs_f64() * random);
        Some(duration(capped + spread))
    }
}

impl Growth {
    /// The length in seconds before `maxtime` and `rndtime`.
    fn seconds(&self, base: Duration, earlier_bans: u32) -> Result<f64, FormulaError> {
        let time = base.as_secs_f64();
        match &self.curve {
            Curve::Doubling => {
                let grown = time * f64::from(1u32 << earlier_bans.min(20)) * self.factor.as_f64();
                Ok(grown.max(time))
            }
            Curve::Multipliers(multipliers) => {
                let last = multipliers.len() - 1;
                Ok(time * self.factor.as_f64() * multipliers[last.min(earlier_bans as usize)])
            }
            Curve::Formula(formula) => {
                let count = Value::Int(earlier_bans.into());
                let names = Names { time: number(time), count, factor: self.factor };
                formula.evaluate(&names).map(|value| value.as_f64().max(time))
            }
        }
    }
}

/// An integer if it is one, so that a formula may shift it or divide it as Python does.
fn number(float: f64) -> Value {
    let whole = float as i128;
    if whole as f64 == float { Value::Int(whole) } else { Value::Float(float) }
}

/// At least nothing, at most [`LONGEST`].
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).map_or(LONGEST, |length| length.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> BanTimeSpec {
        BanTimeSpec { increment: true, ..BanTimeSpec::fixed(Some(Duration::from_secs(600))) }
    }

    fn lengths(spec: &BanTimeSpec, counts: impl IntoIterator<Item = u32>) -> Vec<f64> {
        let times = BanTimes::compile(spec).unwrap();
        counts.into_iter().map(|count| times.length(count, 0.5).unwrap().as_secs_f64()).collect()
    }

    #[test]
    fn without_increment_every_ban_is_as_long() {
        let spec = BanTimeSpec { increment: false, maxtime: Some(Duration::from_secs(5)), ..spec() };
        assert_eq!(lengths(&spec, [0, 1, 9]), [600.0; 3]);
    }

    #[test]
    fn by_default_they_double_up_to_the_twentieth() {
        assert_eq!(lengths(&spec(), [0, 1, 2, 3]), [600.0, 1200.0, 2400.0, 4800.0]);
        assert_eq!(lengths(&spec(), [20, 21, u32::MAX]), [629_145_600.0; 3]);
    }

    #[test]
    fn a_factor_multiplies_repeated_bans_only_and_never_shortens_them() {
        assert_eq!(lengths(&BanTimeSpec { factor: Some(3.0), ..spec() }, [0, 1]), [600.0, 3600.0]);
        assert_eq!(lengths(&BanTimeSpec { factor: Some(0.1), ..spec() }, [1, 5]), [600.0, 1920.0]);
    }

    #[test]
    fn multipliers_take_the_place_of_the_formula_and_the_last_goes_on() {
        let multipliers = Some(vec![1.0, 5.0, 30.0]);
        let spec = BanTimeSpec { multipliers, formula: Some("1 << 1.5".to_owned()), ..spec() };
        assert_eq!(lengths(&spec, [0, 1, 2, 3, 99]), [600.0, 3000.0, 18000.0, 18000.0, 18000.0]);
    }

    #[test]
    fn maxtime_caps_before_rndtime_adds_and_neither_touches_a_first_ban() {
        let (maxtime, rndtime) = (Some(Duration::from_secs(1000)), Some(Duration::from_secs(60)));
        let spec = BanTimeSpec { maxtime, rndtime, ..spec() };
        assert_eq!(lengths(&spec, [0, 1, 2]), [600.0, 1030.0, 1030.0]);
    }

    #[test]
    fn for_ever_stays_for_ever() {
        let times = BanTimes::compile(&BanTimeSpec { base: None, ..spec() }).unwrap();
        assert_eq!(times.length(0, 0.0), None);
        assert_eq!(times.length(7, 0.0), None);
    }

    #[test]
    fn a_formula_sees_whole_numbers_as_integers() {
        let formula = Some("(ban.Time << banFactor) + ban.Count // 2".to_owned());
        let spec = BanTimeSpec { formula, factor: Some(2.0), ..spec() };
        assert_eq!(lengths(&spec, [1, 2, 3]), [2400.0, 2401.0, 2401.0]);
    }

    #[test]
    fn a_formula_that_never_works_is_an_error_and_one_that_fails_later_bans_for_the_base() {
        let with = |text: &str| BanTimeSpec { formula: Some(text.to_owned()), ..spec() };
        assert_eq!(BanTimes::compile(&with("ban.Time << 1.5")).unwrap_err().offset, 9);
        assert_eq!(lengths(&with("ban.Time * 10 / (ban.Count - 2)"), [2, 3]), [600.0, 6000.0]);
    }

    #[test]
    fn no_length_overflows() {
        let with = |text: &str| BanTimeSpec { formula: Some(text.to_owned()), ..spec() };
        assert_eq!(lengths(&with("ban.Time * 10 ** 300"), [1]), [LONGEST.as_secs_f64()]);
        let negative = BanTimeSpec { multipliers: Some(vec![1.0, -5.0]), ..spec() };
        assert_eq!(lengths(&negative, [1]), [0.0]);
    }
}
