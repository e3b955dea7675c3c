//! Values by name, in the order in which the names came.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::text::Text;

/// So many names are looked through; more are found by their hashes.
const FEW: usize = 48;

/// Values by name, in the order in which the names came.
#[derive(Clone, Debug)]
pub(crate) struct Named<V> {
    entries: Vec<Entry<V>>,
    /// Where each is, once they are more than a few.
    index: HashMap<Text, usize, RandomState>,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    mark: u32,
    name: Text,
    value: V,
}

/// Tells most names apart at a glance: by their lengths and the letters at their ends.
const fn mark(name: &str) -> u32 {
    match name.as_bytes() {
        bytes @ [first, .., last] => (bytes.len() as u32) << 16 | (*first as u32) << 8 | *last as u32,
        [only] => *only as u32,
        [] => 0,
    }
}

impl<V> Named<V> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity), ..Self::default() }
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.entries.shrink_to_fit();
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of a name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        if self.entries.len() > FEW {
            return self.index.get(name).copied();
        }
        let mark = mark(name);
        self.entries.iter().position(|entry| entry.mark == mark && entry.name.is(name))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        self.find(name).map(|at| &self.entries[at].value)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The name and the value of this number.
    pub(crate) fn at(&self, number: usize) -> (&Text, &V) {
        let Entry { name, value, .. } = &self.entries[number];
        (name, value)
    }

    pub(crate) fn at_mut(&mut self, number: usize) -> &mut V {
        &mut self.entries[number].value
    }

    /// Gives a name another value, in its old place; what was there before comes back.
    pub(crate) fn insert(&mut self, name: Text, value: V) -> Option<(Text, V)> {
        match self.find(name.as_str()) {
            Some(at) => {
                let entry = &mut self.entries[at];
                Some((std::mem::replace(&mut entry.name, name), std::mem::replace(&mut entry.value, value)))
            }
            None => {
                self.push(name, value);
                None
            }
        }
    }

    /// The number of a name, which gets a value if it had none.
    pub(crate) fn or_insert_with(&mut self, name: Text, value: impl FnOnce() -> V) -> usize {
        self.find(name.as_str()).unwrap_or_else(|| self.push(name, value()))
    }

    /// Takes in a name that is not there yet; gives its number.
    pub(crate) fn push(&mut self, name: Text, value: V) -> usize {
        let number = self.entries.len();
        if number == FEW {
            self.index = self.entries.iter().map(|entry| entry.name.clone()).zip(0..).collect();
        }
        if number >= FEW {
            self.index.insert(name.clone(), number);
        }
        self.entries.push(Entry { mark: mark(name.as_str()), name, value });
        number
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Text, &V)> {
        self.entries.iter().map(|entry| (&entry.name, &entry.value))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }
}

impl<V> Default for Named<V> {
    fn default() -> Self {
        Self { entries: Vec::new(), index: HashMap::default() }
    }
}

impl<V> Extend<(Text, V)> for Named<V> {
    fn extend<I: IntoIterator<Item = (Text, V)>>(&mut self, more: I) {
        more.into_iter().for_each(|(name, value)| drop(self.insert(name, value)));
    }
}

impl<V> FromIterator<(Text, V)> for Named<V> {
    fn from_iter<I: IntoIterator<Item = (Text, V)>>(all: I) -> Self {
        let mut named = Self::default();
        named.extend(all);
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_names_are_found_in_their_order() {
        for count in [1, FEW, FEW + 1, 5 * FEW] {
            let name = |number: usize| Text::plain(format!("name{number}"));
            let mut named: Named<usize> = (0..count).map(|number| (name(number), number)).collect();
            assert_eq!(named.insert(name(0), 7).map(|(_, before)| before), Some(0));
            assert_eq!(named.or_insert_with(name(0), || 9), 0);
            assert_eq!((named.get("name0"), named.get("other")), (Some(&7), None));
            assert!((1..count).all(|number| named.get(name(number).as_str()) == Some(&number)));
            assert!(named.names().map(str::to_owned).eq((0..count).map(|number| format!("name{number}"))));
        }
    }
}
