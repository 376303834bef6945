//! The Erlang Port Mapper Daemon: its protocol, a client, and a server that a node can embed.
