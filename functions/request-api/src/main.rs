//! Starts the request API. Wiring only: decisions live in the workflow.
fn main() {}
