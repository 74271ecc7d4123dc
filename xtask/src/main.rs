//! Changes.

fn main() {}
