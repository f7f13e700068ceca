//! p
#[derive(Clone, Debug)]
pub(crate) struct Pattern;
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect;
