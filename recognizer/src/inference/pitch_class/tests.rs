//! Tests of refused weights.

use super::*;
use crate::models;

#[test]
fn what_does_not_fit_is_refused() {
    let live = WeightsFile::read(models::LIVE).unwrap();
    let error = PitchClassModel::windowed(&live).err().unwrap();
    assert!(matches!(error, ModelError::Kind(_)), "{error}");
    let mut other = WeightsFile::read(models::LIVE).unwrap();
    let Architecture::PitchClass(config) = &mut other.architecture else {
        unreachable!()
    };
    config.extensions = false;
    let error = PitchClassModel::causal(&other).err().unwrap();
    assert!(error.to_string().contains("tensors"), "{error}");
}
