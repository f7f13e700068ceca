//! A parsed predicate.

use crate::ast::Expr;
use crate::{Bound, Error, bind, parse};
use arrow_schema::Schema;
use std::fmt;
use std::sync::Arc;

/// A SQL expression that is true, false or unknown of a row.
#[derive(Clone, Debug)]
pub struct Predicate {
    /// What must all be true, and how it was written.
    conjuncts: Vec<(Arc<Expr>, String)>,
}

impl Predicate {
    /// Parses `sql`, one expression such as `amount > 10 AND region IN ('eu', 'us')`.
    pub fn parse(sql: &str) -> Result<Self, Error> {
        Ok(Predicate {
            conjuncts: parse::conjuncts(sql)?,
        })
    }

    /// The columns it mentions, as written, each once, in order of appearance.
    pub fn columns(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (expr, _) in &self.conjuncts {
            expr.visit_columns(&mut |column| {
                let name = &column.root().text;
                if !names.contains(name) {
                    names.push(name.clone());
                }
            });
        }
        names
    }

    /// Resolves columns and types. A name that is not quoted also matches a column
    /// that differs in case alone, if there is one such.
    pub fn bind(&self, schema: &Schema) -> Result<Bound, Error> {
        bind::predicate(self.conjuncts.iter().map(|(expr, _)| &**expr), schema)
    }

    /// The parts that must all be true; of `a AND (b OR c)` that is `a` and `b OR c`.
    pub fn conjuncts(&self) -> Vec<Predicate> {
        let part = |part: &(Arc<Expr>, String)| Predicate {
            conjuncts: vec![part.clone()],
        };
        self.conjuncts.iter().map(part).collect()
    }

    /// The rows that satisfy all of `parts` (at least one).
    pub fn all(parts: impl IntoIterator<Item = Predicate>) -> Option<Predicate> {
        let conjuncts: Vec<_> = parts.into_iter().flat_map(|part| part.conjuncts).collect();
        (!conjuncts.is_empty()).then_some(Predicate { conjuncts })
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<&str> = self
            .conjuncts
            .iter()
            .map(|(_, text)| text.as_str())
            .collect();
        f.write_str(&parts.join(" AND "))
    }
}
