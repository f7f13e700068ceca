//! s
#[derive(Clone, Debug)]
pub(crate) struct Set;
