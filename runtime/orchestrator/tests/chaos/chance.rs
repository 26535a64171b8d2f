//! Chance that can be repeated: SplitMix64. Whoever needs chance asks for a
//! stream of its own by name, so that what one does never moves another.

/// A stream of chance.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream of this name.
    pub(crate) fn named(seed: u64, name: &str) -> Self {
        // FNV-1a: the same on every machine.
        let name = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut chance = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ name);
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to and without `end`, which is not 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True in so many of a thousand.
    pub(crate) fn permille(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// True in so many of a hundred.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of them, if there are any.
    pub(crate) fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let index = self.below(all.len().max(1) as u64) as usize;
        all.get(index)
    }

    /// Milliseconds up to `longest`, short ones as often as long ones.
    pub(crate) fn millis(&mut self, longest: u64) -> u64 {
        let bits = 64 - longest.max(1).leading_zeros();
        let most = 1_u64 << (1 + self.below(u64::from(bits)));
        1 + self.below(most.min(longest.max(1)))
    }
}
