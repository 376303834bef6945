//! Processes: mailboxes, signals, monitors, links, names, timers.
