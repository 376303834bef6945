//! Another program, which does what it is told line by line and answers with a line.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A running program. It ends when its input does, and is killed when this is dropped.
#[derive(Debug)]
pub struct Program {
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    // Dropping it kills the program.
    _child: Child,
}

impl Program {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn start(mut command: Command) -> std::io::Result<Program> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        Ok(Program {
            input: input.expect("piped"),
            output: BufReader::new(output.expect("piped")).lines(),
            _child: child,
        })
    }

    /// This program itself, told by its arguments to be a peer.
    pub fn own(arguments: &[&str]) -> Program {
        let program = std::env::current_exe().expect("the path of this program");
        let mut command = Command::new(program);
        command.args(arguments);
        Program::start(command).expect("this program starts once more")
    }

    /// The next line that it prints.
    pub async fn line(&mut self) -> String {
        let line = self.output.next_line().await.expect("what it prints");
        line.expect("the other program goes on")
    }

    /// Tells it something: what it answers.
    pub async fn ask(&mut self, command: &str) -> String {
        let line = format!("{command}\n");
        let written = self.input.write_all(line.as_bytes()).await;
        written.expect("the other program reads");
        self.line().await
    }
}

/// Waits until the input of this program ends: what started it is gone.
pub async fn until_input_ends() {
    let reading = tokio::task::spawn_blocking(|| {
        // Nobody sends anything, and an error is an end too.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    });
    reading.await.expect("the reader does not panic");
}
