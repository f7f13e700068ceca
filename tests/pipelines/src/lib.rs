//! Tests of what crosses tools; everything is in `tests/`.
