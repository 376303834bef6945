//! A node: the table of processes and peers, and everything a node owns.
