//! Links to other nodes: listener, connector, reader and writer of one link, ticks.
