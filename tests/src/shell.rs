//! An interactive shell, and what a person sees in it.

use std::io::Write;
use std::process::{ChildStdin, Command, Stdio};

use crate::child::{DEADLINE, Group, Output, redirected};
use crate::readme::Step;

/// A running `erl` or `iex` that takes lines as a person types them; dropping it kills it.
///
/// Its standard input is a pipe, so it prints prompts and results but no echo of what is typed.
#[derive(Debug)]
pub struct Shell {
    input: ChildStdin,
    output: Output,
    /// How much of the output has been seen, up to the end of the last prompt.
    seen: usize,
    _group: Group,
}

impl Shell {
    /// Starts `command` and waits for its first prompt.
    pub(crate) fn start(command: Command) -> Shell {
        // One pipe for both, as a terminal shows both.
        let mut command = redirected(&command, "2>&1");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .env("TERM", "dumb");
        let mut group = Group::spawn(command);
        let child = group.child();
        let input = child.stdin.take().expect("piped");
        let output = Output::default();
        output.read_bytes(child.stdout.take().expect("piped"));
        let mut shell = Shell {
            input,
            output,
            seen: 0,
            _group: group,
        };
        shell.until_prompt("the first prompt");
        shell
    }

    /// Types `text` and returns what stands on the screen before the next prompt, without the last line break.
    ///
    /// `text` must be a whole expression, or the shell gives no new prompt.
    pub fn line(&mut self, text: &str) -> String {
        self.input
            .write_all(format!("{text}\n").as_bytes())
            .expect("the shell reads no more");
        self.until_prompt(text)
    }

    /// Types every expression of a transcript, and returns the transcript as it came out.
    ///
    /// ```no_run
    /// use tests::{Erl, readme::transcript};
    ///
    /// let written = "1> 1 + 1.\n2\n";
    /// assert_eq!(Erl::options().shell().replay(&transcript(written)), written);
    /// ```
    pub fn replay(&mut self, steps: &[Step]) -> String {
        let mut text = String::new();
        for step in steps {
            text.push_str(&format!("{}{}\n", step.prompt, step.input));
            let output = self.line(&step.input);
            if !output.is_empty() {
                text.push_str(&output);
                text.push('\n');
            }
        }
        text
    }

    fn until_prompt(&mut self, after: &str) -> String {
        let seen = self.seen;
        let found = self.output.wait_for(DEADLINE, |text| {
            let text = &text[seen..];
            let line = text.rfind('\n').map_or(0, |end| end + 1);
            is_prompt(&text[line..]).then(|| (text[..line].to_owned(), seen + text.len()))
        });
        let (text, seen) = found.unwrap_or_else(|text| {
            panic!("no prompt within {DEADLINE:?} after {after}; the shell shows:\n{text}")
        });
        self.seen = seen;
        text.trim_end_matches('\n').to_owned()
    }
}

/// `1> `, `(a@b)1> `, `iex(1)> `, `iex(a@b)1> `.
fn is_prompt(line: &str) -> bool {
    let Some(line) = line.strip_suffix("> ") else {
        return false;
    };
    let line = line.strip_prefix("iex").unwrap_or(line);
    let (node, number) = match line
        .strip_prefix('(')
        .and_then(|rest| rest.rsplit_once(')'))
    {
        Some((number, "")) => ("", number),
        Some(parts) => parts,
        None => ("", line),
    };
    !node.contains('\n') && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_prompts() {
        for prompt in ["1> ", "23> ", "(a@127.0.0.1)4> ", "iex(5)> ", "iex(a@b)6> "] {
            assert!(is_prompt(prompt), "{prompt}");
        }
        for other in ["", "> ", "1>", "a> ", "(a@b)> ", "<<1>> ", "iex> "] {
            assert!(!is_prompt(other), "{other}");
        }
    }
}
