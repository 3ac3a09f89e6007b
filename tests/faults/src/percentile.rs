//! Percentiles of measurements.

/// The figure that `percent` of the figures do not exceed. The figures must be ascending. There is none without
/// figures: the result is not a number. With fewer than a hundred figures, the 99th percentile is the largest figure.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index into some ten thousand figures"
)]
pub(crate) fn percentile(ascending: &[f64], percent: f64) -> f64 {
    let last = ascending.len().saturating_sub(1);
    let index = (percent / 100.0 * last as f64).ceil() as usize;
    ascending.get(index.min(last)).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_few_figures_the_99th_percentile_is_the_largest() {
        assert!(percentile(&[], 99.0).is_nan());
        assert!((percentile(&[1.0, 2.0, 9.0], 99.0) - 9.0).abs() < f64::EPSILON);
        let thousand: Vec<f64> = (1..=1_000).map(f64::from).collect();
        assert!((percentile(&thousand, 99.0) - 991.0).abs() < f64::EPSILON);
        assert!((percentile(&thousand, 50.0) - 501.0).abs() < f64::EPSILON);
    }
}
