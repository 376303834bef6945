//! What the two-node, real-BEAM and compile tests share.
