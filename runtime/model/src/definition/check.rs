//! Everything wrong with a definition, at once.

use super::{Pipeline, Problem};
use crate::action_type::Catalogue;

/// All problems of a definition, in order of their place in it.
#[must_use]
pub fn check(_pipeline: &Pipeline, _catalogue: &Catalogue) -> Vec<Problem> {
    vec![]
}
