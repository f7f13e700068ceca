//! Names to columns.

use super::Binder;
use crate::Error;
use crate::ast::{self, Name};
use crate::bound::Column;
use crate::node::{Kind, Node};
use crate::types::plain;
use arrow_schema::{DataType, FieldRef, Fields};

impl Binder<'_> {
    pub(super) fn column(&mut self, column: &ast::Column) -> Result<Node, Error> {
        let fields = self.schema.fields();
        let root = find(fields, column.root())
            .ok_or_else(|| unknown(fields, column.root(), "", column.at))?;
        let field = &fields[root];
        let known = self
            .columns
            .iter()
            .position(|known| known.name == *field.name());
        let index = known.unwrap_or_else(|| {
            self.columns.push(Column {
                name: field.name().clone(),
                data_type: field.data_type().clone(),
            });
            self.columns.len() - 1
        });
        let mut node = Node::new(Kind::Column(index), plain(field.data_type()));
        let mut path = column.root().text.clone();
        for name in &column.path[1..] {
            node = child(node, name, &path, column.at)?;
            path = format!("{path}.{}", name.text);
        }
        Ok(node)
    }
}

fn child(parent: Node, name: &Name, path: &str, at: u64) -> Result<Node, Error> {
    let DataType::Struct(fields) = &parent.data_type else {
        return Err(Error::Type(format!(
            "column '{path}' has no fields, it is {}",
            crate::types::name(&parent.data_type)
        )));
    };
    let index = find(fields, name).ok_or_else(|| unknown(fields, name, &format!("{path}."), at))?;
    let data_type = plain(fields[index].data_type());
    Ok(Node::new(
        Kind::Field {
            parent: Box::new(parent),
            index,
        },
        data_type,
    ))
}

/// The field of that name; without quotes, also the only one that differs in case alone.
fn find(fields: &Fields, name: &Name) -> Option<usize> {
    if let Some((index, _)) = fields.find(&name.text) {
        return Some(index);
    }
    let lower = name.text.to_lowercase();
    let alike =
        |(_, field): &(usize, &FieldRef)| !name.quoted && field.name().to_lowercase() == lower;
    let mut matches = fields.iter().enumerate().filter(alike);
    match (matches.next(), matches.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    }
}

fn unknown(fields: &Fields, name: &Name, prefix: &str, at: u64) -> Error {
    let lower = name.text.to_lowercase();
    let mut near: Vec<(usize, &String)> = fields
        .iter()
        .map(|field| (distance(&field.name().to_lowercase(), &lower), field.name()))
        .collect();
    near.sort();
    let close = 1 + lower.chars().count() / 3;
    let resembling = near
        .iter()
        .filter(|(distance, _)| *distance <= close)
        .count();
    let shown = if resembling > 0 {
        resembling.min(3)
    } else {
        near.len().min(10)
    };
    Error::UnknownColumn {
        name: format!("{prefix}{}", name.text),
        column: at,
        near: near
            .into_iter()
            .take(shown)
            .map(|(_, name)| format!("{prefix}{name}"))
            .collect(),
    }
}

/// How many characters must be changed, added or removed (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
