//! The programs that the tests run.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const INSTALL: &str = "the interop tests run real Erlang and Elixir nodes: on Debian and Ubuntu \
    `tests/run` installs them (packages erlang-base, erlang-crypto, erlang-ssl, erlang-dev, elixir); \
    elsewhere install Erlang/OTP 25 or later and Elixir 1.14 or later and put them on PATH";

/// The `erl` to test against: `$ERGO_ERL`, or the one on `PATH`.
pub fn erl() -> PathBuf {
    find("erl", "ERGO_ERL")
}

/// The `elixir` to test against: `$ERGO_ELIXIR`, or the one on `PATH`.
pub fn elixir() -> PathBuf {
    find("elixir", "ERGO_ELIXIR")
}

/// The `iex` to test against: `$ERGO_IEX`, or the one on `PATH`.
pub fn iex() -> PathBuf {
    find("iex", "ERGO_IEX")
}

/// Erlang's own `epmd`: `$ERGO_EPMD`, or the one on `PATH`.
pub fn epmd() -> PathBuf {
    find("epmd", "ERGO_EPMD")
}

/// The `epmd` of this workspace, freshly built in the profile of the tests.
pub fn our_epmd() -> PathBuf {
    built().join("epmd")
}

/// Where the programs of this workspace are; they are brought up to date once for each test binary.
pub(crate) fn built() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        // The whole workspace, with the features that the test command gives it: so nothing is built twice.
        build.args([
            "build",
            "--quiet",
            "--workspace",
            "--bin",
            "epmd",
            "--examples",
        ]);
        if cfg!(feature = "console") {
            build.arg("--all-features");
        }
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        // What `cargo test` says about the package under test would pass for a change to the build scripts that look at it.
        for (name, _) in env::vars_os() {
            let about = ["CARGO_PKG_", "CARGO_MANIFEST_"];
            if name
                .to_str()
                .is_some_and(|name| about.iter().any(|about| name.starts_with(about)))
            {
                build.env_remove(name);
            }
        }
        let status = build
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the programs do not build");
        // target/PROFILE/deps/TEST
        let test = env::current_exe().expect("the path of the test");
        let profile = test.ancestors().nth(2);
        profile
            .expect("a test lies in target/PROFILE/deps")
            .to_owned()
    })
}

fn find(name: &str, variable: &str) -> PathBuf {
    if let Some(named) = env::var_os(variable).filter(|value| !value.is_empty()) {
        let named = PathBuf::from(named);
        assert!(
            named.is_file() || on_path(&named).is_some(),
            "{variable} names {}, which does not exist",
            named.display()
        );
        return named;
    }
    on_path(Path::new(name)).unwrap_or_else(|| panic!("no `{name}` on PATH: {INSTALL}"))
}

fn on_path(program: &Path) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}
