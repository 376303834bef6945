//! The example `simple`, run as its reader would.

use tests::{Epmd, Example, unique, unique_node};

#[test]
fn simple_tells_the_life_of_a_server() {
    let epmd = Epmd::start();
    let (node, cookie) = (unique_node("simple"), unique("cookie"));
    let environment = [("ERL_EPMD_PORT", &*epmd.port().to_string())];
    let simple = Example::start(
        "simple",
        &["--name", &node, "--cookie", &cookie],
        &environment,
    );
    let (status, output, log) = simple.wait();
    assert!(status.success(), "{status}: {log}");
    let story = "\
        init: 100\n\
        cast: \"hey\" (value 100)\n\
        cast: \"hi\" (value 101)\n\
        cast: \"hi\" (value 102)\n\
        cast: \"hi\" (value 103)\n\
        info: hello (value 104)\n\
        info: hello (value 105)\n\
        info: hello (value 106)\n\
        terminate: normal\n\
        exited\n";
    assert_eq!(output, story);
}

#[test]
fn examples_say_how_they_are_used() {
    let (status, output, log) = Example::start("kv", &["--nmae", "x"], &[]).wait();
    assert_eq!(status.code(), Some(2));
    assert_eq!(
        (output.as_str(), log.as_str()),
        (
            "",
            "no option --nmae\nusage: [--name kv@127.0.0.1] [--cookie COOKIE]\n"
        )
    );
}
