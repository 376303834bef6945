//! Deterministic changes to inputs, for runs without a fuzzer.

/// Endless changed copies of some inputs, the same in every run.
#[derive(Debug)]
pub struct Mutations<'a> {
    inputs: &'a [Vec<u8>],
    state: u64,
}

/// Bytes that lengths, tags and counts like to be.
const INTERESTING: [u8; 16] = [
    0, 1, 2, 3, 4, 5, 68, 69, 70, 82, 97, 104, 108, 127, 128, 255,
];

impl<'a> Mutations<'a> {
    /// Changes these inputs, of which there is at least one.
    pub fn new(inputs: &'a [Vec<u8>]) -> Mutations<'a> {
        Mutations {
            inputs,
            state: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        // xorshift64.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 16) as usize % bound
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let place = self.below(input.len() + 1);
        match self.below(7) {
            0 => input.truncate(place),
            1 => input.insert(place, INTERESTING[self.below(INTERESTING.len())]),
            2 => {
                let other = &self.inputs[self.below(self.inputs.len())];
                let from = self.below(other.len() + 1);
                input.truncate(place);
                input.extend_from_slice(&other[from..]);
            }
            3 => {
                let end = place + self.below(input.len() + 1 - place);
                let copy = input[place..end].to_vec();
                let at = self.below(input.len() + 1);
                input.splice(at..at, copy);
            }
            4 if place < input.len() => drop(input.remove(place)),
            5 if place < input.len() => input[place] ^= 1 << self.below(8),
            _ if place < input.len() => input[place] = INTERESTING[self.below(INTERESTING.len())],
            _ => input.push(self.below(256) as u8),
        }
    }
}

impl Iterator for Mutations<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let chosen = self.below(self.inputs.len());
        let mut input = self.inputs[chosen].clone();
        for _ in 0..1 + self.below(4) {
            self.change(&mut input);
        }
        Some(input)
    }
}
