//! The cookie in the user's home, shared with all Erlang nodes of that user.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::dist::{Cookie, CookieError};

/// The name of the file.
const FILE: &str = ".erlang.cookie";

/// How many letters a new cookie has.
const LETTERS: usize = 20;

/// More than any cookie file has.
const MAX_FILE: u64 = 64 << 10;

/// Why there is no cookie in the user's home.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CookieFileError {
    /// Nothing says where it would be.
    #[error(
        "the environment variable HOME is not set, so there is no place for a cookie; set it, or give the node a cookie"
    )]
    NoHome,
    /// Others could read it.
    #[error("the cookie file {} must be accessible by its owner only; run `chmod 400` on it", .path.display())]
    Permissions {
        /// The file.
        path: PathBuf,
    },
    /// There is a directory, or something stranger, in its place.
    #[error("the cookie file {} is not a regular file; remove it, and the next node makes a new one", .path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// A cookie is one line of visible ASCII.
    #[error("the cookie file {} has bad characters; write one line of printable ASCII into it", .path.display())]
    Characters {
        /// The file.
        path: PathBuf,
    },
    /// It is empty or too long.
    #[error("the cookie in {} cannot be used", .path.display())]
    Cookie {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: CookieError,
    },
    /// The system does not let us.
    #[error("the cookie file {} cannot be read; check its owner", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system does not let us.
    #[error("there is no cookie file, and {} cannot be made; give the node a cookie, or a HOME that it may write to", .path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Where the cookie of a user may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieFiles {
    home: PathBuf,
    config: PathBuf,
}

impl CookieFiles {
    /// The files that the environment names: `$HOME/.erlang.cookie` first, then
    /// `$XDG_CONFIG_HOME/erlang/.erlang.cookie`.
    ///
    /// # Errors
    ///
    /// When there is no `HOME`.
    pub fn from_env() -> Result<CookieFiles, CookieFileError> {
        let variable = |name| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let home = variable(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
        Ok(CookieFiles::at(
            &home.ok_or(CookieFileError::NoHome)?,
            variable("XDG_CONFIG_HOME").as_deref(),
        ))
    }

    /// The files below a home, and below a directory for configuration or its usual place in that home.
    pub fn at(home: &Path, config: Option<&Path>) -> CookieFiles {
        let usual = if cfg!(target_os = "macos") {
            "Library/Application Support"
        } else {
            ".config"
        };
        let config = config.map_or_else(|| home.join(usual), Path::to_path_buf);
        CookieFiles {
            home: home.join(FILE),
            config: config.join("erlang").join(FILE),
        }
    }

    /// The cookie of the first file that exists; if none does, a new cookie is made in the home.
    ///
    /// A line end after the cookie is not part of it. A new cookie is 20 random letters in a file that only its owner
    /// may read, so that every node of this user has the same cookie from then on, Erlang's too.
    ///
    /// In Erlang: what `erl` does without `-setcookie`; the manual's chapter "Distributed Erlang", section "Security".
    ///
    /// # Errors
    ///
    /// When a file cannot be used, for the reasons that `erl` has, or none can be made.
    pub fn read_or_create(&self) -> Result<Cookie, CookieFileError> {
        for path in [&self.home, &self.config] {
            if let Some(cookie) = read(path)? {
                return Ok(cookie);
            }
        }
        let failed = |source| CookieFileError::Create {
            path: self.home.clone(),
            source,
        };
        create(&self.home).map_err(failed)?;
        read(&self.home)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
    }
}

/// The cookie of a file, if there is one.
fn read(path: &Path) -> Result<Option<Cookie>, CookieFileError> {
    let path = || path.to_path_buf();
    let failed = |source| CookieFileError::Read {
        path: path(),
        source,
    };
    // A directory may be opened on one system and not on another, so it is asked for before.
    let metadata = match fs::metadata(path()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        result => result.map_err(failed)?,
    };
    if !metadata.is_file() {
        return Err(CookieFileError::NotAFile { path: path() });
    }
    if open_to_others(&metadata) {
        return Err(CookieFileError::Permissions { path: path() });
    }
    let mut text = Vec::new();
    File::open(path())
        .and_then(|file| file.take(MAX_FILE).read_to_end(&mut text))
        .map_err(failed)?;
    let cookie = trim(&text).ok_or_else(|| CookieFileError::Characters { path: path() })?;
    let cookie = Cookie::from_bytes(cookie).map_err(|source| CookieFileError::Cookie {
        path: path(),
        source,
    })?;
    Ok(Some(cookie))
}

#[cfg(unix)]
fn open_to_others(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn open_to_others(_: &fs::Metadata) -> bool {
    false
}

/// The first line, if nothing but line ends and spaces follows it; spaces at its own ends belong to the cookie.
fn trim(text: &[u8]) -> Option<&[u8]> {
    let end = text
        .iter()
        .position(|byte| !matches!(byte, b' '..=b'~'))
        .unwrap_or(text.len());
    let (cookie, rest) = text.split_at(end);
    rest.iter()
        .all(|byte| b"\n\r ".contains(byte))
        .then_some(cookie)
}

/// Makes the file, unless another node has just done so.
///
/// It appears with all its content at once, so that a node which starts at the same time never reads half a cookie.
fn create(path: &Path) -> io::Result<()> {
    let draft = path.with_extension(format!("cookie.{:016x}", getrandom::u64()?));
    let written = write(&draft).and_then(|()| match fs::hard_link(&draft, path) {
        // Whoever came first has made the cookie of both.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // Some file systems have no links.
        Err(_) => fs::rename(&draft, path),
        Ok(()) => Ok(()),
    });
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => written.and(Err(error)),
        _ => written,
    }
}

fn write(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o400);
    options.open(path)?.write_all(&letters()?)
}

/// Random upper-case letters, each as likely as the others.
fn letters() -> io::Result<[u8; LETTERS]> {
    let mut letters = [0; LETTERS];
    for letter in &mut letters {
        *letter = loop {
            let mut byte = [0];
            getrandom::fill(&mut byte)?;
            // 234 is the greatest multiple of 26 in a byte.
            if byte[0] < 234 {
                break b'A' + byte[0] % 26;
            }
        };
    }
    Ok(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of its own for a test.
    struct Home(PathBuf);

    impl Home {
        fn new() -> Home {
            let home =
                env::temp_dir().join(format!("ergo-cookie-{:016x}", getrandom::u64().unwrap()));
            fs::create_dir(&home).unwrap();
            Home(home)
        }

        fn put(&self, path: &str, text: impl AsRef<[u8]>, mode: u32) {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        }

        fn read(&self) -> Result<Cookie, CookieFileError> {
            CookieFiles::at(&self.0, None).read_or_create()
        }
    }

    impl Drop for Home {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn cookie(text: &str) -> Cookie {
        Cookie::new(text).unwrap()
    }

    #[test]
    fn the_home_comes_first_and_the_configuration_second() {
        let home = Home::new();
        home.put(".config/erlang/.erlang.cookie", "USUAL", 0o400);
        assert_eq!(home.read().unwrap(), cookie("USUAL"));
        home.put("xdg/erlang/.erlang.cookie", "XDG", 0o400);
        let files = CookieFiles::at(&home.0, Some(&home.0.join("xdg")));
        assert_eq!(files.read_or_create().unwrap(), cookie("XDG"));
        home.put(".erlang.cookie", "HOME\n", 0o400);
        assert_eq!(home.read().unwrap(), cookie("HOME"));
        assert_eq!(files.read_or_create().unwrap(), cookie("HOME"));
    }

    #[test]
    fn a_missing_cookie_is_made_once() {
        let home = Home::new();
        let made = home.read().unwrap();
        assert_eq!(home.read().unwrap(), made);
        let text = fs::read(home.0.join(FILE)).unwrap();
        assert_eq!(text.len(), 20);
        assert!(text.iter().all(u8::is_ascii_uppercase));
        assert_eq!(
            fs::read_dir(&home.0).unwrap().count(),
            1,
            "the draft is gone"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(home.0.join(FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o400);
        }
        assert_ne!(Home::new().read().unwrap(), made);
    }

    #[test]
    fn nodes_that_start_together_make_one_cookie() {
        let home = Home::new();
        let cookies: Vec<Cookie> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| home.read().unwrap()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(cookies.iter().all(|cookie| *cookie == cookies[0]));
    }

    #[test]
    fn line_ends_are_not_part_of_it() {
        for (text, expected) in [
            ("ABC", "ABC"),
            ("ABC\n", "ABC"),
            ("ABC\r\n\n ", "ABC"),
            ("ABC \r\n", "ABC "),
            (" A B\n", " A B"),
        ] {
            let home = Home::new();
            home.put(FILE, text, 0o400);
            assert_eq!(home.read().unwrap(), cookie(expected), "{text:?}");
        }
    }

    #[test]
    fn what_erl_refuses_is_refused() {
        for text in ["AB\x01C", "AB\nCD", "\u{e4}"] {
            let home = Home::new();
            home.put(FILE, text, 0o400);
            assert!(
                matches!(home.read(), Err(CookieFileError::Characters { .. })),
                "{text:?}"
            );
        }
        for (text, error) in [
            (String::new(), CookieError::Empty),
            ("\n".to_owned(), CookieError::Empty),
            ("A".repeat(256), CookieError::TooLong(256)),
        ] {
            let home = Home::new();
            home.put(FILE, &text, 0o400);
            let result = home.read();
            assert!(
                matches!(result, Err(CookieFileError::Cookie { source, .. }) if source == error),
                "{text:?}"
            );
        }
        let home = Home::new();
        fs::create_dir(home.0.join(FILE)).unwrap();
        assert!(matches!(home.read(), Err(CookieFileError::NotAFile { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_it() {
        for (mode, good) in [
            (0o400, true),
            (0o600, true),
            (0o700, true),
            (0o440, false),
            (0o604, false),
        ] {
            let home = Home::new();
            home.put(FILE, "ABC", mode);
            match home.read() {
                Ok(read) => assert!(good && read == cookie("ABC"), "{mode:o}"),
                Err(error) => {
                    assert!(!good, "{mode:o}: {error}");
                    assert!(
                        error.to_string().ends_with("run `chmod 400` on it"),
                        "{error}"
                    );
                }
            }
        }
    }
}
