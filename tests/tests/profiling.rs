//! What the page about profiling says is so: events and functions have the names that it gives them, and its commands work.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::readme::blocks;

const PAGE: &str = include_str!("../../ergo/src/profiling.md");

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ergo/src")
}

/// The cells of all rows of the table with this head.
fn rows(head: &str) -> Vec<Vec<&'static str>> {
    let (_, table) = PAGE.split_once(head).expect("the table is there");
    let lines = table.lines().skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// What stands between backticks.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// All of the library's source.
fn read_all(directory: &Path, text: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn the_events_are_told() {
    let mut text = String::new();
    read_all(&source(), &mut text);
    let rows = rows("| target, level | event | what it means |");
    assert!(rows.len() > 4);
    for event in rows.iter().flat_map(|row| code(row[1])) {
        assert!(
            text.contains(&format!("\"{event}")),
            "nothing tells {event:?}"
        );
    }
}

#[test]
fn the_names_in_stacks_are_those_of_functions() {
    let names = rows("| in the stack | is |");
    let names = names.iter().flat_map(|row| code(row[0]));
    let ours = names.filter_map(|name| name.trim_start_matches('<').strip_prefix("ergo::"));
    let mut count = 0;
    for name in ours {
        let (mut path, mut file) = (source(), None);
        let mut rest = name.split("::").peekable();
        while let Some(module) = rest.next_if(|name| path.join(name).with_extension("rs").exists())
        {
            path.push(module);
            file = Some(path.with_extension("rs"));
        }
        let file = fs::read_to_string(file.expect("a module")).unwrap();
        for item in rest {
            let item = item.split(['<', ' ']).next().unwrap();
            let found = ["fn ", "struct "].map(|kind| file.contains(&format!("{kind}{item}")));
            assert!(item == "…" || found.contains(&true), "no {item} for {name}");
        }
        count += 1;
    }
    assert!(count > 6);
}

#[test]
fn the_feature_is_there() {
    let manifest = fs::read_to_string(source().join("../Cargo.toml")).unwrap();
    for block in blocks(PAGE, "toml") {
        if block.contains(r#"features = ["console"]"#) {
            assert!(manifest.contains("\nconsole = "));
            return;
        }
    }
    panic!("the page does not show it");
}

/// Those of tools that need no rights and are installed, on this program itself with a short test to run.
#[test]
fn the_commands_work() {
    let directory = env::temp_dir().join(format!("ergo-profiling-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let program = env::current_exe().unwrap();
    let program = format!("{} the_feature_is_there", program.display());
    let mut seen = 0;
    for block in blocks(PAGE, "sh") {
        let tool = block.split_whitespace().next().unwrap();
        if !["valgrind", "heaptrack"].contains(&tool) {
            continue;
        }
        seen += 1;
        if Command::new(tool).arg("--version").output().is_err() {
            continue;
        }
        let commands = block.replace("target/profiling/my_node 200", &program);
        assert_ne!(commands, block);
        let mut shell = Command::new("sh");
        shell.args(["-ec", &commands]).current_dir(&directory);
        let ran = shell.output().unwrap();
        let errors = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{commands}: {errors}");
        assert!(!ran.stdout.is_empty(), "{commands}: {errors}");
    }
    assert_eq!(seen, 2);
    fs::remove_dir_all(directory).unwrap();
}
