//! Data that copies share until one of them changes it.

use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    ops::{Bound, Deref, DerefMut},
    sync::Arc,
};

/// A value that is cheap to copy: what is behind it is copied when it is changed first. A world consists of such
/// parts, so that a run begins with a few counters instead of a few hundred strings.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    /// Shares a value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<'a, T> IntoIterator for &'a Shared<T>
where
    &'a T: IntoIterator,
{
    type Item = <&'a T as IntoIterator>::Item;
    type IntoIter = <&'a T as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.as_ref().into_iter()
    }
}

/// The entries whose keys begin so, in their order.
pub(crate) fn beginning<'a, V>(
    map: &'a BTreeMap<Arc<str>, V>,
    prefix: &str,
) -> impl Iterator<Item = (&'a Arc<str>, &'a V)> {
    let from = (Bound::Included(prefix), Bound::Unbounded);
    map.range::<str, _>(from).take_while(move |(key, _)| key.starts_with(prefix))
}
