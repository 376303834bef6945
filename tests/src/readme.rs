//! The code blocks of a Markdown text, and the shell transcripts in them.

/// The text of each fenced block whose fence names `language`, in order.
///
/// ```
/// let text = "Say:\n```erlang\n1> 1 + 1.\n2\n```\n";
/// assert_eq!(tests::readme::blocks(text, "erlang"), ["1> 1 + 1.\n2\n"]);
/// ```
pub fn blocks(markdown: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(named) = line.strip_prefix("```") else {
            continue;
        };
        let block: String = lines
            .by_ref()
            .take_while(|line| *line != "```")
            .map(|line| format!("{line}\n"))
            .collect();
        if named == language {
            blocks.push(block);
        }
    }
    blocks
}

/// The documentation at the head of a Rust file, as Markdown.
///
/// ```
/// assert_eq!(tests::readme::head("//! One.\n//!\n//! Two.\n\nfn main() {}\n"), "One.\n\nTwo.\n");
/// ```
pub fn head(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
        .collect()
}

/// One expression of a transcript, and what the shell shows after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The prompt, with its blank: `1> `.
    pub prompt: String,
    /// What is typed; its further lines stand in the transcript as they are typed.
    pub input: String,
}

/// Takes a transcript apart: every line that begins with a prompt `N> ` holds an expression.
///
/// ```
/// let steps = tests::readme::transcript("1> X = 1.\n1\n2> X.\n1\n");
/// assert_eq!(steps[1].input, "X.");
/// ```
pub fn transcript(text: &str) -> Vec<Step> {
    text.lines().filter_map(step).collect()
}

fn step(line: &str) -> Option<Step> {
    let (prompt, input) = line.split_once("> ")?;
    let number = prompt
        .strip_prefix("iex(")
        .and_then(|rest| rest.strip_suffix(')'));
    let number = number
        .or_else(|| prompt.rsplit_once(')').map(|(_, number)| number))
        .unwrap_or(prompt);
    let is_prompt = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_prompt.then(|| Step {
        prompt: format!("{prompt}> "),
        input: input.to_owned(),
    })
}
