//! What operators ask of a node, from real nodes, beside what a BEAM answers.

#[path = "operators/asked.rs"]
mod asked;
#[path = "operators/bad_input.rs"]
mod bad_input;
#[path = "operators/printed.rs"]
mod printed;
#[path = "operators/stage.rs"]
mod stage;
