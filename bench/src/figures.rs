//! What many measurements amount to.

use std::time::Duration;

/// Measurements of one thing.
pub(crate) struct Figures(Vec<f64>);

impl Figures {
    /// Of times, in milliseconds.
    pub(crate) fn of_times(times: impl IntoIterator<Item = Duration>) -> Self {
        times.into_iter().map(|time| time.as_secs_f64() * 1e3).collect()
    }

    /// The smallest figure that this share of all, in percent, does not exceed.
    pub(crate) fn at(&self, percent: usize) -> f64 {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }

    pub(crate) fn median(&self) -> f64 {
        self.at(50)
    }
}

impl FromIterator<f64> for Figures {
    fn from_iter<T: IntoIterator<Item = f64>>(figures: T) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        Self(figures)
    }
}

/// A peer's figure with how many times ours it is.
pub(crate) fn beside(what: &str, unit: &str, theirs: f64, ours: f64) {
    println!("{what:<52} {theirs:>10.2} {unit:<5} {:>10.1} x", theirs / ours);
}

/// Our own figure.
pub(crate) fn row(what: &str, unit: &str, figure: f64) {
    println!("{what:<52} {figure:>10.2} {unit}");
}
