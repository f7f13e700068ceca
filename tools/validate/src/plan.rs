//! What is to be done, from the command line and the files it names.

use crate::args::Args;
use crate::check::{Request, Rule, unresolved};
use crate::keys::Spill;
use crate::reference::{Reference, SELF};
use millrace_cli::Job;
use millrace_fault::{Context, Failure, quoted};
use millrace_schema::TableSchema;
use millrace_storage::{Location, open_read};
use std::io::Read;
use std::path::Path;

/// Reads schema and rules. What is wrong with them is known before the stream is touched.
pub(crate) fn request(args: &Args, job: &Job) -> Result<Request, Failure> {
    let schema = args.schema.as_deref().map(read_schema).transpose()?;
    let mut rules = args
        .rules
        .iter()
        .map(|rule| Rule::parse(rule))
        .collect::<Result<Vec<_>, _>>()?;
    for file in &args.rule_files {
        rules.extend(Rule::parse_file(
            &file.to_string_lossy(),
            &read_text(file)?,
        )?);
    }
    check_references(schema.as_ref(), &args.references, job)?;
    let spill = Spill {
        budget: args.memory.memory.as_usize(),
        dir: args.memory.spill_dir(),
    };
    Ok(Request {
        schema,
        rules,
        references: args.references.clone(),
        spill,
    })
}

fn read_schema(file: &Path) -> Result<TableSchema, Failure> {
    TableSchema::parse(&read_text(file)?)
        .context(format!("schema {}", quoted(file.to_string_lossy())))
}

fn read_text(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let mut source = open_read(&Location::parse(file)?)?;
    source
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::io("read", file, error))?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{} is not UTF-8", quoted(file.to_string_lossy()))))
}

/// Every foreign key has its table; a table without one is only worth a word.
fn check_references(
    schema: Option<&TableSchema>,
    references: &[Reference],
    job: &Job,
) -> Result<(), Failure> {
    let keys = schema.map_or(&[][..], |schema| &schema.foreign_keys);
    let named =
        |key: &millrace_schema::ForeignKey| key.resource.clone().unwrap_or_else(|| SELF.to_owned());
    for (at, reference) in references.iter().enumerate() {
        if references[..at]
            .iter()
            .any(|other| other.name == reference.name)
        {
            return Err(Failure::usage(format!(
                "--reference {} is given twice",
                quoted(&reference.name)
            )));
        }
        if !keys.iter().any(|key| named(key) == reference.name) {
            job.warn(format!(
                "no foreign key of the schema refers to {}",
                quoted(&reference.name)
            ));
        }
    }
    match keys
        .iter()
        .map(named)
        .find(|name| !references.iter().any(|reference| reference.name == *name))
    {
        Some(name) => Err(unresolved(&name)),
        None => Ok(()),
    }
}
