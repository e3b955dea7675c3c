//! Some filters of a set.

/// Filters by index, of which those from [`Members::MOST`] on are in no set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Members(u128);

impl Members {
    pub(super) const MOST: usize = u128::BITS as usize;

    pub(super) fn insert(&mut self, index: usize) {
        if index < Members::MOST {
            self.0 |= 1 << index;
        }
    }

    pub(super) fn remove(&mut self, index: usize) {
        if index < Members::MOST {
            self.0 &= !(1 << index);
        }
    }

    pub(super) fn add(&mut self, others: Members) {
        self.0 |= others.0;
    }

    /// Those that are among others too.
    pub(super) fn among(self, others: Members) -> Members {
        Members(self.0 & others.0)
    }

    /// Whether all others are among these.
    pub(super) fn hold(self, others: Members) -> bool {
        others.0 & !self.0 == 0
    }

    /// In order.
    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let first = (rest != 0).then(|| rest.trailing_zeros() as usize);
            rest &= rest.wrapping_sub(1);
            first
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_told_in_order_up_to_the_bound() {
        let mut members = Members::default();
        for index in [127, 3, 5, 64, 128, 3] {
            members.insert(index);
        }
        for index in [5, 6, 128] {
            members.remove(index);
        }
        assert_eq!(members.iter().collect::<Vec<_>>(), [3, 64, 127]);
        assert_eq!(Members::default().iter().next(), None);
    }
}
