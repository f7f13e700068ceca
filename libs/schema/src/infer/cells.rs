//! Inference over the cells of CSV: text that may mean more.

use super::numbers::Number;
use super::shape::Shape;
use crate::{Field, Kind, TableSchema};

/// Collects what each column holds.
#[derive(Debug)]
pub struct CellInference {
    columns: Vec<(String, Shape)>,
    missing: Vec<String>,
}

impl CellInference {
    /// For columns of these names; a cell equal to one of `missing` is null.
    pub fn new(names: &[String], missing: &[String]) -> Self {
        let columns = names
            .iter()
            .map(|name| (name.clone(), Shape::default()))
            .collect();
        CellInference {
            columns,
            missing: missing.to_owned(),
        }
    }

    /// Looks at a cell; cells beyond the last column are the decoder's to refuse.
    pub fn cell(&mut self, column: usize, cell: &[u8]) {
        let Some((_, shape)) = self.columns.get_mut(column) else {
            return;
        };
        if self
            .missing
            .iter()
            .any(|missing| missing.as_bytes() == cell)
        {
            return;
        }
        match cell {
            b"true" | b"True" | b"TRUE" | b"false" | b"False" | b"FALSE" => shape.see_boolean(),
            _ => match number(cell) {
                Some(number) => shape.see_number(&number),
                None => shape.see_text(cell),
            },
        }
    }

    /// The narrowest schema that holds every cell seen.
    pub fn schema(&self) -> TableSchema {
        let field = |(name, shape): &(String, Shape)| -> Field { shape.field(name, Kind::String) };
        TableSchema::of(self.columns.iter().map(field).collect())
    }
}

/// JSON's grammar for numbers: leading zeros mean a code (`007`), not a number.
fn number(cell: &[u8]) -> Option<Number<'_>> {
    Number::read(cell).filter(|number| number.len() == cell.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(cells: &[&str]) -> Kind {
        let mut inference = CellInference::new(&["c".to_owned()], &[String::new()]);
        cells
            .iter()
            .for_each(|cell| inference.cell(0, cell.as_bytes()));
        inference.schema().fields[0].kind.clone()
    }

    #[test]
    fn cells_take_the_narrowest_type() {
        assert_eq!(types(&["1", "", "-2"]), Kind::Integer);
        assert_eq!(types(&["1", "2.5"]), Kind::Number);
        assert_eq!(
            types(&["1.25", "2.50"]),
            Kind::Decimal {
                precision: 18,
                scale: 2
            }
        );
        assert_eq!(types(&["007", "1"]), Kind::String);
        assert_eq!(types(&["true", "FALSE"]), Kind::Boolean);
        assert_eq!(types(&["true", "1"]), Kind::String);
        assert_eq!(types(&["2026-03-17"]), Kind::Date);
        assert_eq!(types(&["05:00:00"]), Kind::Time);
        assert_eq!(types(&["", ""]), Kind::String);
        assert_eq!(types(&["1e3"]), Kind::Number);
    }
}
