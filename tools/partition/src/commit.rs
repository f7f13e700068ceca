//! From a stream to a commit, or to a preview of one.

use crate::args::Mode;
use crate::evolve::Layout;
use crate::intake::{Intake, Taken};
use crate::outside::OutsideRows;
use crate::scope::Scope;
use crate::{Args, dataset, options, print};
use arrow_schema::{Schema, SchemaRef};
use millrace_cli::{Job, Tool};
use millrace_dataset::content::Content;
use millrace_dataset::hive;
use millrace_dataset::listing;
use millrace_dataset::parquet::{WriterSettings, known};
use millrace_dataset::provenance::Provenance;
use millrace_dataset::root::Root;
use millrace_dataset::spec::{Bound, Keys};
use millrace_dataset::state::DatasetDescription;
use millrace_dataset::tx::{
    Change, Fingerprint, Guards, Keep, LogEntry, Outcome, PartitionChange, RunKey, Stage,
    StagedFile, check_root, preview,
};
use millrace_dataset::write::{PartitionedWriter, SortSettings, Sorter, Staged};
use millrace_fault::{Context, Exit, Failure, quoted};
use millrace_stream::Reader;
use std::collections::BTreeSet;

/// How the stream goes into the dataset.
struct Plan {
    bound: Bound,
    layout: Layout,
    scope: Option<Scope>,
}

impl Plan {
    fn new(
        args: &Args,
        root: &Root,
        recorded: Option<&DatasetDescription>,
        schema: &SchemaRef,
    ) -> Result<Plan, Failure> {
        let bound = dataset::spec(args, root, recorded)?.bind(schema)?;
        let columns = bound.file_columns(args.keep_columns);
        if columns.is_empty() {
            return Err(Failure::usage(
                "every column would move into the path, none is left for the files",
            )
            .hint("--keep-columns"));
        }
        let files = schema
            .project(&columns)
            .map_err(|error| Failure::data("cannot choose the files' columns").because(error))?;
        let files = known(&files);
        check_bloom(&args.bloom, &files)?;
        if let Some(order) = &args.sort_by {
            order.bind(&files)?;
        }
        let description = dataset::description(args, &bound, &files)?;
        let scope = args
            .scope
            .as_deref()
            .map(|text| Scope::parse(text, &bound.fields()))
            .transpose()?;
        Ok(Plan {
            bound,
            layout: Layout {
                columns,
                files,
                description,
                unite: None,
            },
            scope,
        })
    }

    /// Compares the stream's columns with those that are recorded.
    fn fit(
        &mut self,
        args: &Args,
        root: &Root,
        recorded: Option<&DatasetDescription>,
    ) -> Result<(), Failure> {
        let layout = self.layout.clone();
        self.layout = layout.fit(args.schema_change, root, recorded, &self.bound)?;
        Ok(())
    }

    /// The way of the rows. `content` is hashed where a repetition must be recognised.
    fn intake(&mut self, args: &Args, outside: OutsideRows, schema: &Schema) -> Intake {
        let keys = Keys::new(self.bound.clone(), args.max_partitions);
        let content = args
            .identity
            .run_id
            .is_some()
            .then(|| Content::new(schema.fields().len()));
        Intake::new(
            keys,
            self.scope.take(),
            outside,
            content,
            self.layout.columns.clone(),
            self.layout.files.clone(),
            &settings(args),
        )
    }

    fn change(
        &self,
        args: &Args,
        root: &Root,
        taken: &Taken,
        staged: Staged,
    ) -> Result<Change, Failure> {
        let unit = args
            .identity
            .unit
            .clone()
            .filter(|_| args.mode == Mode::ReplaceUnit);
        let keep = match (args.mode, &unit) {
            (Mode::Overwrite, _) => Keep::Nothing,
            (_, Some(unit)) => Keep::OtherUnits(unit.clone()),
            _ => Keep::Everything,
        };
        let mut partitions: Vec<PartitionChange> = staged
            .into_iter()
            .map(|(path, add)| PartitionChange {
                path,
                add,
                keep: keep.clone(),
            })
            .collect();
        if let (Mode::Overwrite, Some(scope)) = (args.mode, &taken.scope) {
            let written: BTreeSet<&str> = partitions
                .iter()
                .map(|partition| partition.path.as_str())
                .collect();
            let emptied = emptied(root, scope, &written)?;
            partitions.extend(emptied.into_iter().map(|path| PartitionChange {
                path,
                add: Vec::new(),
                keep: Keep::Nothing,
            }));
        }
        if args.mode == Mode::Overwrite
            && partitions.is_empty()
            && taken.rows == 0
            && !args.allow_empty
        {
            return Err(
                Failure::finding("the input is empty, nothing would be overwritten")
                    .hint("--allow-empty permits it"),
            );
        }
        Ok(Change {
            partitions,
            create_only: args.mode == Mode::Create,
            replaced_unit: unit,
            guards: Guards {
                max_shrink: Some(args.max_shrink),
                allow_empty: args.allow_empty,
            },
            description: self.fingerprint(args, taken),
            dataset: self.layout.description.clone(),
            unite: self.layout.unite.clone(),
        })
    }

    fn fingerprint(&self, args: &Args, taken: &Taken) -> Fingerprint {
        Fingerprint {
            mode: args.mode.to_string(),
            spec: self.bound.spec().described(),
            scope: args.scope.clone(),
            rows: taken.rows,
            content: taken.content.clone(),
        }
    }
}

fn check_bloom(columns: &[String], files: &Schema) -> Result<(), Failure> {
    let unknown = columns
        .iter()
        .find(|column| files.column_with_name(column).is_none());
    match unknown {
        None => Ok(()),
        Some(column) => {
            let names: Vec<&str> = files
                .fields()
                .iter()
                .map(|field| field.name().as_str())
                .collect();
            Err(Failure::usage(format!(
                "no column {} for --bloom; the files' columns are {}",
                quoted(column),
                names.join(", ")
            )))
        }
    }
}

/// Partitions inside of the scope that have data and got no row: replaced by nothing.
fn emptied(root: &Root, scope: &Scope, written: &BTreeSet<&str>) -> Result<Vec<String>, Failure> {
    if !root.path().is_dir() {
        return Ok(Vec::new());
    }
    let under = match scope.partition() {
        Some(values) => hive::path(&values)?,
        None => String::new(),
    };
    if written.contains(under.as_str()) && !under.is_empty() {
        return Ok(Vec::new());
    }
    // A folder that is spelt otherwise is found by listing all.
    let under = if root.path().join(&under).is_dir() {
        under
    } else {
        String::new()
    };
    let mut found = Vec::new();
    for partition in listing::list_under(root.path(), &under)? {
        let values: Vec<(&str, Option<&str>)> = partition
            .values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
            .collect();
        if !written.contains(partition.path.as_str()) && scope.holds(&values)? {
            found.push(partition.path);
        }
    }
    Ok(found)
}

/// What sorts the rows, where they are to be sorted. It has the whole budget while it
/// gathers, and half of it while the writer has the other.
fn sorter(args: &Args, files: &SchemaRef) -> Result<Option<Sorter>, Failure> {
    let Some(order) = &args.sort_by else {
        return Ok(None);
    };
    let settings = SortSettings {
        memory: args.memory.memory.0,
        threads: args.threads.count(),
        temp_dir: args.memory.spill_dir(),
    };
    Ok(Some(Sorter::new(files, order, settings)?))
}

fn settings(args: &Args) -> WriterSettings {
    let identity = &args.identity;
    let provenance = Provenance {
        tool: Args::NAME,
        version: env!("CARGO_PKG_VERSION"),
        pipeline: identity.pipeline.as_deref(),
        run_id: identity.run_id.as_deref(),
        step: identity.step.as_deref(),
        unit: identity.unit.as_deref(),
    };
    WriterSettings {
        codec: args.compression,
        target_size: args.target_size.0,
        row_group_size: args.row_group_size.0,
        threads: args.threads.count(),
        memory: match args.sort_by {
            None => args.memory.memory.0,
            Some(_) => args.memory.memory.0 / 2,
        },
        temp_dir: args.memory.spill_dir(),
        sorting: args.sort_by.clone().unwrap_or_default(),
        bloom: args.bloom.clone(),
        metadata: provenance.pairs(),
        ..WriterSettings::default()
    }
}

/// Writes the stream and commits it.
pub(crate) fn commit(
    args: &Args,
    job: &Job,
    root: &Root,
    reader: &mut Reader,
) -> Result<Exit, Failure> {
    let identity = &args.identity;
    let key = RunKey {
        run_id: identity.run_id.clone(),
        tool: Args::NAME,
        step: identity.step.clone(),
        unit: identity.unit.clone(),
    };
    let recorded = DatasetDescription::recorded(root)?;
    let mut plan = Plan::new(args, root, recorded.as_ref(), &reader.schema())?;
    check_root(root, &options(args))?;
    let stage = Stage::open(root, key, args.wait.wait.0)?.based_on(recorded);
    // What was committed when the dataset had other columns is still the same run.
    if stage.already_committed().is_none() {
        plan.fit(args, root, stage.recorded())?;
    }
    let outside = OutsideRows::open(args.outside(), &reader.schema(), Args::NAME)?;
    let intake = plan.intake(args, outside, &reader.schema());
    if stage.already_committed().is_some() {
        let taken = intake.consume(reader, None, job)?;
        let asked = plan.fingerprint(args, &taken);
        taken.outside.finish()?;
        return done(
            args,
            job,
            &Outcome::AlreadyDone(stage.confirm(&asked, &options(args))?),
        );
    }
    let intake = intake.sorted(sorter(args, &plan.layout.files)?);
    let mut writer = PartitionedWriter::new(
        stage.dir(),
        stage.naming(),
        plan.layout.files.clone(),
        settings(args),
    );
    let taken = intake.consume(reader, Some(&mut writer), job)?;
    let staged = writer.finish()?;
    let change = plan.change(args, root, &taken, staged)?;
    taken.outside.finish()?;
    done(args, job, &stage.commit(change, &options(args))?)
}

fn done(args: &Args, job: &Job, outcome: &Outcome) -> Result<Exit, Failure> {
    let entry = outcome.entry();
    count(job, entry);
    match job.metrics.outside.value() {
        0 => {}
        1 => job.say("1 row lies outside of the scope"),
        rows => job.say(format!("{rows} rows lie outside of the scope")),
    }
    if matches!(outcome, Outcome::AlreadyDone(_)) {
        job.metrics.set_noop();
        job.say(format!(
            "run {} was already committed: input drained, nothing written",
            entry.run()
        ));
    }
    print::committed(args.output, std::slice::from_ref(entry))
}

fn count(job: &Job, entry: &LogEntry) {
    let bytes = entry
        .partitions
        .iter()
        .flat_map(|partition| &partition.add)
        .map(|file| file.bytes);
    job.metrics.records_out.set(entry.rows);
    job.metrics.bytes_out.set(bytes.sum());
    job.metrics.detail("partitions", entry.partitions.len());
    job.metrics.detail("files", entry.files);
}

/// Reads the stream, and prints what a commit would change.
pub(crate) fn dry_run(
    args: &Args,
    job: &Job,
    root: &Root,
    reader: &mut Reader,
) -> Result<Exit, Failure> {
    let recorded = DatasetDescription::recorded(root)?;
    let mut plan = Plan::new(args, root, recorded.as_ref(), &reader.schema())?;
    plan.fit(args, root, recorded.as_ref())?;
    // Rows outside are only counted: a dry run writes nothing.
    let outside = match args.outside() {
        crate::args::Outside::Refuse => OutsideRows::Refused,
        _ => OutsideRows::Ignored,
    };
    let taken = plan
        .intake(args, outside, &reader.schema())
        .consume(reader, None, job)?;
    let staged = taken
        .partitions
        .iter()
        .map(|(path, rows)| (path.clone(), vec![imagined(*rows)]));
    let mut staged: Staged = staged.collect();
    staged.sort_by(|a, b| a.0.cmp(&b.0));
    let change = plan.change(args, root, &taken, staged)?;
    let (previews, verdict) = preview(root, &change)?;
    print::previews(args.output, &previews)?;
    verdict.context("the commit would be refused")?;
    Ok(Exit::DONE)
}

/// A file that was not written.
fn imagined(rows: u64) -> StagedFile {
    StagedFile {
        name: "part-00000-dry-run.parquet".to_owned(),
        rows,
        bytes: 0,
    }
}
