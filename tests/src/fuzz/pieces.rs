//! How bytes may arrive.

/// Cuts bytes into pieces, in the way that `seed` chooses: 0 is one piece, 1 is byte by byte.
pub(super) fn pieces(bytes: &[u8], seed: u8) -> impl Iterator<Item = &[u8]> + Clone {
    let mut rest = bytes;
    let mut random = u32::from(seed);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let length = match seed {
            0 => rest.len(),
            1 => 1,
            // Mostly a few bytes, now and then some hundred.
            _ if random >> 29 == 0 => 1 + (random >> 16) as usize % 512,
            _ => 1 + (random >> 16) as usize % 16,
        };
        let (piece, left) = rest.split_at(length.min(rest.len()));
        rest = left;
        Some(piece)
    })
}
