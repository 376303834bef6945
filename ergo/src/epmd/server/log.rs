//! What a server tells about itself: the words of Erlang's `epmd`, as events of `tracing`.

use std::fmt;

/// How many bytes of a message are shown.
const SHOWN: usize = 1024;

/// How many bytes of a message stand in a line.
const LINE: usize = 16;

/// Tells something at a level of `tracing`; the field `d` is how many `-d` Erlang's `epmd` shows it under.
macro_rules! say {
    ($level:ident, $d:literal, $($message:tt)+) => {
        tracing::$level!(target: crate::epmd::TARGET, d = $d, $($message)+)
    };
}

pub(super) use say;

/// Bytes of a message as `epmd -d -d` prints them, a line for every sixteen.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(SHOWN)];
        write!(f, "got {} bytes", self.0.len())?;
        for (row, line) in shown.chunks(LINE).enumerate() {
            write!(f, "\n***** {:08x}", row * LINE)?;
            for column in 0..LINE {
                if column % (LINE / 2) == 0 {
                    f.write_str(" ")?;
                }
                match line.get(column) {
                    Some(byte) => write!(f, " {byte:02x}")?,
                    None => f.write_str("   ")?,
                }
            }
            f.write_str("  |")?;
            for &byte in line {
                let printable = (b' '..=b'~').contains(&byte);
                write!(f, "{}", if printable { char::from(byte) } else { '.' })?;
            }
            f.write_str("|")?;
        }
        if shown.len() < self.0.len() {
            f.write_str("\n***** ......and more")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_epmd_shows_them() {
        assert_eq!(
            Hex(b"\0\x01n").to_string(),
            "got 3 bytes\n***** 00000000  00 01 6e                                          |..n|"
        );
        let long = Hex(&[b'a'; 1025]).to_string();
        assert_eq!(long.lines().count(), 1 + 64 + 1);
        assert!(
            long.contains(
                "\n***** 00000010  61 61 61 61 61 61 61 61  61 61 61 61 61 61 61 61  |aaaaaaaaaaaaaaaa|\n"
            ),
            "{long}"
        );
        assert!(long.ends_with("|\n***** ......and more"), "{long}");
    }
}
