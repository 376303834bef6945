//! The page `dist::protocol` of the crate is complete, and what it says of tests is so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ergo::dist::DistFlags;

const PAGE: &str = include_str!("../../../ergo/src/dist/protocol.md");
const OPERATIONS: &str = include_str!("../../../ergo/src/dist/control/op.rs");
const CONTROL: &str = include_str!("../../../ergo/src/dist/control.rs");

/// The rows of the table whose head begins with these columns, as cells.
fn table(head: &str) -> Vec<Vec<&'static str>> {
    let rows = PAGE.lines().skip_while(|line| !line.starts_with(head));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect();
    let rows: Vec<Vec<&str>> = rows.map(cells).collect();
    assert!(!rows.is_empty(), "no table {head}");
    rows
}

/// The words that stand as code in a text.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_operation_has_its_row() {
    let rows = table("| op | message |");
    let listed: Vec<(u8, &str)> = rows
        .iter()
        .map(|row| (row[0].parse().unwrap(), row[1]))
        .collect();
    let constants = OPERATIONS.lines().filter_map(|line| {
        let constant = line.strip_prefix("pub(super) const ")?;
        let (name, number) = constant.split_once(": u8 = ")?;
        Some((number.trim_end_matches(';').parse().unwrap(), name))
    });
    let mut constants: Vec<(u8, &str)> = constants.collect();
    constants.sort_unstable();
    assert_eq!(listed, constants);
    // Every row says what is taken and what shows it; what is sent, too.
    for row in &rows {
        let [_, name, _, sent, taken, sending, taking] = row[..] else {
            panic!("{row:?}")
        };
        assert!(!sent.is_empty() && !taken.is_empty(), "{name}");
        assert_eq!(sending.is_empty(), sent.starts_with("never"), "{name}");
        assert!(taking.contains("::"), "{name}");
    }
}

#[test]
fn every_control_message_has_a_row() {
    let body = CONTROL.split("pub enum Control {").nth(1).unwrap();
    let variants = body
        .lines()
        .take_while(|line| *line != "}")
        .filter_map(|line| {
            let name = line
                .strip_prefix("    ")
                .filter(|name| name.starts_with(char::is_uppercase))?;
            Some(name.split([' ', '(', ',']).next().unwrap())
        });
    let variants: BTreeSet<&str> = variants.collect();
    assert!(variants.len() > 10);
    let listed = table("| op | message |");
    let listed: BTreeSet<&str> = listed.iter().flat_map(|row| code(row[2])).collect();
    assert_eq!(listed, variants);
}

#[test]
fn every_flag_has_its_row() {
    let rows = table("| bit | flag |");
    let bits: Vec<usize> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(bits, (0..39).collect::<Vec<_>>());
    let names: BTreeSet<&str> = rows.iter().map(|row| row[1]).collect();
    assert_eq!(names.len(), rows.len(), "a name stands twice");
    let ours = DistFlags::recommended();
    for (bit, row) in rows.iter().enumerate() {
        let flag = DistFlags::from_bits(1 << bit);
        // A bit without a name is shown as a number.
        let named = flag.to_string();
        if !named.starts_with("0x") {
            assert_eq!(row[1], named, "bit {bit}");
        }
        let announced = match row[2] {
            "if visible" => ours.visible(true).contains(flag) && !ours.contains(flag),
            "yes" => ours.contains(flag),
            no => no.starts_with("no: ") && !ours.visible(true).contains(flag),
        };
        assert!(announced, "bit {bit} is announced: {}", row[2]);
        let demanded = row[3].split(", ").any(|who| who == "ergo");
        assert_eq!(
            demanded,
            (ours - flag - DistFlags::MANDATORY_25_DIGEST).missing() == flag,
            "{named}"
        );
        assert!(row[5].contains("::"), "{named}");
    }
    for bit in 39..64 {
        let flag = DistFlags::from_bits(1 << bit);
        assert_eq!(
            flag.to_string(),
            format!("{:#x}", 1_u64 << bit),
            "a flag without a row"
        );
    }
}

/// The file in which a test stands: `dist::…` in the library, `rpc::…` in a directory of its own, others among the tests.
fn file(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = format!("../ergo/src/{}.rs", path.replace("::", "/"));
    [
        format!("tests/protocol/{path}.rs"),
        format!("tests/{}.rs", path.replace("::", "/")),
        library,
    ]
    .into_iter()
    .map(|file| root.join(file))
    .find(|file| file.is_file())
}

#[test]
fn every_test_that_it_names_is_there() {
    let mut sources: BTreeMap<&str, String> = BTreeMap::new();
    let mut seen = 0;
    for name in code(PAGE).filter(|name| name.contains("::") && !name.contains('…')) {
        // `crate::` stands in links, which rustdoc checks.
        if name.starts_with("crate::") {
            continue;
        }
        let (path, test) = name.rsplit_once("::").unwrap();
        let source = sources.entry(path).or_insert_with(|| {
            let file = file(path).unwrap_or_else(|| panic!("no file of {name}"));
            fs::read_to_string(file).unwrap()
        });
        let test = format!("fn {test}() {{");
        let at = source
            .find(&test)
            .unwrap_or_else(|| panic!("no test {name}"));
        let attribute = source[..at]
            .trim_end_matches("async ")
            .trim_end()
            .rsplit('\n')
            .next();
        assert!(attribute.unwrap().contains("test"), "{name} is no test");
        seen += 1;
    }
    assert!(seen > 60, "{seen}");
}
