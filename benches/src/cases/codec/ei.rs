//! OTP's own C codec: a program of ours around libei, compiled here and now with the headers that are installed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::Mutex;

use super::files::Files;
use super::lists;
use crate::case::{Missing, Turns};
use crate::peers::otp;
use crate::peers::program::Program;

const SOURCE: &str = include_str!("../../../c/codec.c");

/// The program at this kind of work. It checks for itself that what it decodes is encoded to the same bytes.
pub(super) async fn open(work: &'static str) -> Result<Turns, Missing> {
    let files = Files::new();
    let mut command = Command::new(compile(&files).await?);
    command.arg(files.items());
    let program = Program::start(command).expect("what was compiled starts");
    let program = Arc::new(Mutex::new((program, files)));
    Ok(Turns::new(move |operations| {
        let program = Arc::clone(&program);
        async move {
            let command = format!("{work} {}", lists(operations));
            let answer = program.lock().await.0.ask(&command).await;
            Duration::from_nanos(answer.parse().expect("nanoseconds"))
        }
    }))
}

async fn compile(files: &Files) -> Result<PathBuf, Missing> {
    let ask = "io:put_chars(code:lib_dir(erl_interface)), halt().";
    let mut erl = Command::new(otp::erl());
    let asked = erl.args(["-noshell", "-eval", ask]).output().await;
    let asked =
        asked.map_err(|error| Missing(format!("{} does not start: {error}", otp::erl())))?;
    let directory = String::from_utf8_lossy(&asked.stdout).into_owned();
    let directory = Path::new(&directory);
    let header = directory.join("include/ei.h");
    if !header.exists() {
        let header = header.display();
        return Err(Missing(format!(
            "no {header}: `apt-get install erlang-dev`"
        )));
    }
    let (source, program) = (files.path().join("codec.c"), files.path().join("codec"));
    std::fs::write(&source, SOURCE).expect("a temporary file");
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-D_POSIX_C_SOURCE=199309L", "-O3"])
        .arg(source);
    cc.arg("-I").arg(directory.join("include"));
    cc.arg("-L").arg(directory.join("lib"));
    cc.args(["-lei", "-lpthread", "-o"]).arg(&program);
    let compiled = cc.output().await;
    let compiled = compiled.map_err(|error| Missing(format!("cc does not start: {error}")))?;
    match compiled.status.success() {
        true => Ok(program),
        false => Err(Missing(format!(
            "cc: {}",
            String::from_utf8_lossy(&compiled.stderr)
        ))),
    }
}
