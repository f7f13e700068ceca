//! A schema and rules, bound to the columns of a stream.

use crate::check::key::{Columns, ForeignKey, UniqueKey};
use crate::check::plain::plain_type;
use crate::check::{Checks, Description, Rule, column, fields};
use crate::keys::{KeySet, Spill};
use crate::reference::{self, Reference};
use arrow_schema::{DataType, Schema};
use millrace_fault::{Failure, quoted};
use millrace_schema::TableSchema;

/// What the user asks to be checked.
pub(crate) struct Request {
    pub(crate) schema: Option<TableSchema>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) references: Vec<Reference>,
    /// For all keys together.
    pub(crate) spill: Spill,
}

impl Request {
    /// Compiles all of it for a stream of this schema, and reads the references.
    pub(crate) fn bind(&self, stream: &Schema) -> Result<Checks, Failure> {
        let mut checks = Checks::default();
        if let Some(schema) = &self.schema {
            let located = fields::locate(schema, stream)?;
            let mut binding = Binding {
                schema,
                stream,
                spill: self.share(schema),
                checks: &mut checks,
            };
            binding.fields(&located)?;
            binding.keys()?;
            binding.foreign_keys(&self.references)?;
        }
        for rule in &self.rules {
            let bound = rule.bind(stream, &mut checks.descriptions)?;
            checks.rules.push(bound);
        }
        Ok(checks)
    }

    /// Each key's share of the memory.
    fn share(&self, schema: &TableSchema) -> Spill {
        let unique = schema
            .fields
            .iter()
            .filter(|field| field.constraints.unique)
            .count();
        let keys = unique
            + usize::from(!schema.primary_key.is_empty())
            + schema.unique_keys.len()
            + schema.foreign_keys.len();
        Spill {
            budget: self.spill.budget / keys.max(1),
            dir: self.spill.dir.clone(),
        }
    }
}

struct Binding<'a> {
    schema: &'a TableSchema,
    stream: &'a Schema,
    spill: Spill,
    checks: &'a mut Checks,
}

impl Binding<'_> {
    /// Constraints in the order of the fields.
    fn fields(&mut self, located: &[Option<usize>]) -> Result<(), Failure> {
        for (field, at) in self.schema.fields.iter().zip(located) {
            let Some(at) = *at else { continue };
            let arrow = self.stream.field(at).data_type();
            let compiled =
                column::compile(field, &field.name, arrow, &mut self.checks.descriptions)?;
            self.checks
                .columns
                .extend(compiled.map(|compiled| (at, compiled)));
            if field.constraints.unique {
                self.unique("unique", std::slice::from_ref(&field.name), false)?;
            }
        }
        Ok(())
    }

    fn keys(&mut self) -> Result<(), Failure> {
        let schema = self.schema;
        if !schema.primary_key.is_empty() {
            self.unique("primaryKey", &schema.primary_key, true)?;
        }
        for key in &schema.unique_keys {
            self.unique("uniqueKeys", key, false)?;
        }
        Ok(())
    }

    fn unique(&mut self, constraint: &str, names: &[String], primary: bool) -> Result<(), Failure> {
        let Some((columns, types)) = self.columns(names)? else {
            return Ok(());
        };
        let null = primary.then(|| {
            self.describe(
                &columns.field,
                constraint,
                "a value in each column of the key".to_owned(),
            )
        });
        let duplicate = self.describe(
            &columns.field,
            constraint,
            "a value that no earlier row has".to_owned(),
        );
        let set = self.key_set(&columns, &types)?;
        self.checks.unique.push(UniqueKey {
            columns,
            set,
            duplicate,
            null,
        });
        Ok(())
    }

    fn foreign_keys(&mut self, references: &[Reference]) -> Result<(), Failure> {
        for key in &self.schema.foreign_keys {
            let Some((columns, types)) = self.columns(&key.fields)? else {
                continue;
            };
            let name = key.resource.as_deref().unwrap_or(reference::SELF);
            let reference = references
                .iter()
                .find(|reference| reference.name == name)
                .ok_or_else(|| unresolved(name))?;
            let expected = format!("a value of {} in {name}", key.reference_fields.join(", "));
            let check = self.describe(&columns.field, "foreignKeys", expected);
            let mut set = self.key_set(&columns, &types)?;
            reference::load(reference, &key.reference_fields, &types, &mut set)?;
            self.checks.foreign.push(ForeignKey {
                columns,
                set,
                check,
            });
        }
        Ok(())
    }

    fn describe(&mut self, field: &str, constraint: &str, expected: String) -> usize {
        self.checks.descriptions.push(Description {
            field: field.to_owned(),
            constraint: constraint.to_owned(),
            expected,
        });
        self.checks.descriptions.len() - 1
    }

    /// The columns of a key and their plain types; None when the schema lets the stream
    /// lack one.
    fn columns(&self, names: &[String]) -> Result<Option<(Columns, Vec<DataType>)>, Failure> {
        let found: Vec<Option<usize>> = names
            .iter()
            .map(|name| fields::column(name, self.stream))
            .collect::<Result<_, _>>()?;
        let Some(at) = found.into_iter().collect::<Option<Vec<usize>>>() else {
            return Ok(None);
        };
        let types = at
            .iter()
            .map(|at| plain_type(self.stream.field(*at).data_type()))
            .collect();
        Ok(Some((
            Columns {
                at,
                field: names.join(","),
            },
            types,
        )))
    }

    fn key_set(&self, columns: &Columns, types: &[DataType]) -> Result<KeySet, Failure> {
        KeySet::new(types, self.spill.clone()).map_err(|error| {
            Failure::data(format!("{} cannot be a key", quoted(&columns.field))).because(error)
        })
    }
}

/// A foreign key whose table is not known.
pub(crate) fn unresolved(name: &str) -> Failure {
    let what = if name == reference::SELF {
        "this table itself".to_owned()
    } else {
        quoted(name)
    };
    Failure::usage(format!(
        "the schema has a foreign key to {what}, and no --reference says where that is"
    ))
    .hint(format!("give --reference {name}=FILE"))
}
