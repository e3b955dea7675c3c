//! Answers that hold for a while, bounded in number.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::{Duration, Instant};

/// By question; the oldest answer makes room.
pub(super) struct Memory<K, V> {
    answers: HashMap<K, (Instant, V)>,
    /// As they were given; one that was given anew stands here twice until its first time has come.
    order: VecDeque<(Instant, K)>,
    count: usize,
    age: Duration,
}

impl<K: Clone + Eq + Hash, V: Clone> Memory<K, V> {
    pub(super) fn new(count: usize, age: Duration) -> Self {
        Self { answers: HashMap::new(), order: VecDeque::new(), count, age }
    }

    pub(super) fn get(&self, question: &K) -> Option<V> {
        let (given, answer) = self.answers.get(question)?;
        (given.elapsed() < self.age).then(|| answer.clone())
    }

    pub(super) fn insert(&mut self, question: K, answer: V) {
        let now = Instant::now();
        self.answers.insert(question.clone(), (now, answer));
        self.order.push_back((now, question));
        while self.order.len() > self.count
            && let Some((given, oldest)) = self.order.pop_front()
        {
            if self.answers.get(&oldest).is_some_and(|(last, _)| *last == given) {
                self.answers.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room_and_the_old_is_forgotten() {
        let mut memory = Memory::new(3, Duration::from_secs(60));
        for question in [1, 2, 1, 3, 4] {
            memory.insert(question, question * 10);
        }
        assert_eq!([1, 2, 3, 4].map(|question| memory.get(&question)), [Some(10), None, Some(30), Some(40)]);
        assert_eq!(memory.order.len(), 3);
        let mut brief = Memory::new(3, Duration::ZERO);
        brief.insert(1, 1);
        assert_eq!(brief.get(&1), None);
    }
}
