//! Passing messages on without decoding them.
