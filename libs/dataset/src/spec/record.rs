//! The spec as `dataset.json` records it: text and the types of the path's columns.

use super::{Bound, Spec};
use arrow_schema::{DataType, Field, Fields};
use serde_json::{Value, json};

impl Bound {
    /// `{"by": "…", "columns": [{"name", "type"}], "timezone": "…"}`; UTC is left out.
    pub fn to_json(&self) -> Value {
        let column =
            |field: &Field| json!({"name": field.name(), "type": field.data_type().to_string()});
        let columns: Vec<Value> = self.fields().iter().map(|field| column(field)).collect();
        let mut value = json!({"by": self.spec().to_string(), "columns": columns});
        if let Some(zone) = &self.spec().zone {
            value["timezone"] = zone.as_str().into();
        }
        value
    }
}

/// What [`Bound::to_json`] wrote: the spec, and the path's columns as far as their types
/// are understood. None for anything else.
pub fn recorded(value: &Value) -> Option<(Spec, Fields)> {
    let mut spec = Spec::parse(value.get("by")?.as_str()?).ok()?;
    spec.zone = value
        .get("timezone")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let field = |column: &Value| {
        let data_type: DataType = column.get("type")?.as_str()?.parse().ok()?;
        Some(Field::new(column.get("name")?.as_str()?, data_type, true))
    };
    let fields = value
        .get("columns")?
        .as_array()?
        .iter()
        .filter_map(field)
        .collect();
    Some((spec, fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::{Schema, TimeUnit};
    use std::sync::Arc;

    #[test]
    fn what_is_recorded_reads_back() {
        let schema = Arc::new(Schema::new(vec![
            Field::new(
                "ts",
                DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                true,
            ),
            Field::new("price", DataType::Decimal128(10, 2), true),
        ]));
        let spec = Spec::parse("d=date(ts),h=hour(ts),price,b=bucket(8,ts)").unwrap();
        for zone in [None, Some("Europe/Berlin".to_owned())] {
            let spec = Spec {
                zone,
                ..spec.clone()
            };
            let bound = spec.bind(&schema).unwrap();
            assert_eq!(recorded(&bound.to_json()), Some((spec, bound.fields())));
        }
        assert_eq!(recorded(&json!({})), None);
        assert_eq!(recorded(&Value::Null), None);
    }
}
