//! What the operating system says of this program. Where it is not Linux, it says nothing.

use std::fs;
use std::time::Duration;

/// How much memory the program has, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Resident {
    /// All of it.
    pub(super) total: u64,
    /// What stands in files too: the program itself and its libraries.
    pub(super) code: u64,
}

/// How much memory the program has.
pub(super) fn resident() -> Option<Resident> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes = |key: &str| {
        let value = field(&status, key)?.trim_end_matches("kB").trim_end();
        Some(value.parse::<u64>().ok()? << 10)
    };
    Some(Resident {
        total: kibibytes("VmRSS")?,
        code: kibibytes("RssFile")?,
    })
}

/// How much time all threads have worked.
pub(super) fn cpu_time() -> Option<Duration> {
    /// What the kernel counts in, whatever its own clock is.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in parentheses, may be anything.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(TICK * ticks()?.saturating_add(ticks()?))
}

/// How often a thread made room for another.
pub(super) fn context_switches() -> Option<u64> {
    let threads = fs::read_dir("/proc/self/task").ok()?;
    let switches = threads.flatten().filter_map(|thread| {
        let status = fs::read_to_string(thread.path().join("status")).ok()?;
        let count = |key| field(&status, key)?.parse::<u64>().ok();
        Some(count("voluntary_ctxt_switches")? + count("nonvoluntary_ctxt_switches")?)
    });
    Some(switches.sum())
}

/// How many files and sockets the program may have open.
pub(super) fn open_limit() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// How many processors it may use.
pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// `Key:   value`
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let rest = line.strip_prefix(key)?.strip_prefix(':')?;
        Some(rest.trim())
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_what_the_program_takes() {
        let resident = resident().unwrap();
        assert!(resident.total > resident.code && resident.code > 0);
        assert!(cpu_time().is_some());
        assert!(context_switches().unwrap() > 0);
        assert!(open_limit().unwrap() > 0 && processors() > 0);
    }
}
