//! Links over real sockets: between two of ours, and against scripted peers.

mod handshakes;
mod harness;
mod hostile;
mod lifecycle;
mod messages;
mod outbox;
mod pressure;
mod simultaneous;
mod ticks;
