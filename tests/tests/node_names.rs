//! Names and cookies as a real `erl` takes them.

use std::fs;
use std::path::PathBuf;

use ergo::dist::Cookie;
use ergo::epmd::{Server, ServerOptions};
use ergo::node::{CookieFileError, CookieFiles, NodeName};
use tests::{Erl, unique};
use tokio::process::Command;

async fn server() -> Server {
    Server::bind(ServerOptions {
        port: 0,
        ..ServerOptions::default()
    })
    .await
    .unwrap()
}

/// A home of its own, which goes with the test.
struct Home(PathBuf);

impl Home {
    fn new() -> Home {
        let home = std::env::temp_dir().join(unique("home"));
        fs::create_dir(&home).unwrap();
        Home(home)
    }

    fn put(&self, path: &str, text: &str, mode: u32) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }

    /// The cookie that `erl` has with this home.
    async fn of_erl(&self, server: &Server) -> Cookie {
        let erl = Erl::options()
            .args(&["-sname", &unique("erl"), "-start_epmd", "false"])
            .env("ERL_EPMD_PORT", &server.port().to_string())
            .env("HOME", self.0.to_str().unwrap())
            .env("XDG_CONFIG_HOME", self.0.join(".config").to_str().unwrap())
            .start()
            .await;
        let cookie = erl
            .eval_bytes("atom_to_list(erlang:get_cookie()).", &[])
            .await;
        Cookie::from_bytes(&cookie).unwrap()
    }

    fn of_ergo(&self) -> Result<Cookie, CookieFileError> {
        CookieFiles::at(&self.0, Some(&self.0.join(".config"))).read_or_create()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[tokio::test]
async fn erl_takes_the_cookie_that_ergo_made() {
    let (server, home) = (server().await, Home::new());
    let made = home.of_ergo().unwrap();
    assert_eq!(home.of_erl(&server).await, made);
}

#[tokio::test]
async fn ergo_takes_the_cookie_that_erl_made() {
    let (server, home) = (server().await, Home::new());
    let made = home.of_erl(&server).await;
    assert_eq!(home.of_ergo().unwrap(), made);
}

#[tokio::test]
async fn both_read_the_same_out_of_a_file() {
    let server = server().await;
    for text in ["ABC \r\n\n ", " A B\n"] {
        let home = Home::new();
        home.put(".erlang.cookie", text, 0o400);
        assert_eq!(
            home.of_ergo().unwrap(),
            home.of_erl(&server).await,
            "{text:?}"
        );
    }
}

#[tokio::test]
async fn both_look_into_the_configuration_after_the_home() {
    let (server, home) = (server().await, Home::new());
    if Erl::options().start().await.release() < 25 {
        // The second place is new in OTP 25.
        return;
    }
    home.put(".config/erlang/.erlang.cookie", "SECOND", 0o400);
    assert_eq!(home.of_erl(&server).await, Cookie::new("SECOND").unwrap());
    assert_eq!(home.of_ergo().unwrap(), Cookie::new("SECOND").unwrap());
    home.put(".erlang.cookie", "FIRST", 0o400);
    assert_eq!(home.of_erl(&server).await, Cookie::new("FIRST").unwrap());
    assert_eq!(home.of_ergo().unwrap(), Cookie::new("FIRST").unwrap());
}

#[tokio::test]
async fn both_refuse_a_file_that_others_may_read() {
    let (server, home) = (server().await, Home::new());
    home.put(".erlang.cookie", "ABC", 0o440);
    let mut erl = Command::new(tests::erl());
    erl.args([
        "-noinput",
        "-sname",
        &unique("erl"),
        "-start_epmd",
        "false",
        "-s",
        "init",
        "stop",
    ]);
    erl.env("ERL_EPMD_PORT", server.port().to_string())
        .env("HOME", &home.0)
        .env("ERL_CRASH_DUMP", "/dev/null");
    let output = tokio::time::timeout(tests::DEADLINE, erl.output())
        .await
        .unwrap()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    assert!(
        printed.contains("must be accessible by owner only"),
        "{printed}"
    );
    let error = home.of_ergo().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("must be accessible by its owner only"),
        "{error}"
    );
}

#[tokio::test]
async fn names_are_taken_and_refused_as_by_erl() {
    let (server, home) = (server().await, Home::new());
    home.put(".erlang.cookie", "ABC", 0o400);
    let erl = Erl::options()
        .args(&["-start_epmd", "false"])
        .env("ERL_EPMD_PORT", &server.port().to_string())
        .env("HOME", home.0.to_str().unwrap())
        .start()
        .await;
    let name = unique("a");
    for rest in [
        "",
        "@",
        "@b",
        "@localhost",
        "@b.c",
        "@127.0.0.1",
        "@::1",
        "@lo-cal_h",
        "@Host.Example",
        "@b@c",
        "@b c",
        " b@c",
        ".b@c",
        "+b@c",
        "/b@c",
        "-B_9@c",
        "@b.",
        "@[::1]",
    ] {
        let text = format!("{name}{rest}");
        for (kind, ours) in [
            ("shortnames", NodeName::short(&text)),
            ("longnames", NodeName::long(&text)),
        ] {
            let start = "case catch net_kernel:start([list_to_atom(binary_to_list(Name)), list_to_atom(binary_to_list(Kind))]) of
                    {ok, _} -> Node = node(), ok = net_kernel:stop(), atom_to_list(Node);
                    _ -> \"refused\"
                end.";
            let bindings = [("Name", text.as_bytes()), ("Kind", kind.as_bytes())];
            let theirs = erl.eval_bytes(start, &bindings).await;
            let ours = ours.map_or("refused".to_owned(), |name| name.to_string());
            assert_eq!(ours, String::from_utf8(theirs).unwrap(), "{text} {kind}");
        }
    }
}
