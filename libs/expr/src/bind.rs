//! b
use crate::{Bound, Error, ast::Expr};
use arrow_schema::Schema;
pub(crate) fn predicate<'a>(_p: impl Iterator<Item = &'a Expr>, _s: &Schema) -> Result<Bound, Error> { Err(Error::Type("not bound".into())) }
