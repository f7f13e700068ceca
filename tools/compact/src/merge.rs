//! One partition: its inputs in order, row groups copied or decoded, into new files.

use crate::alike::alike;
use crate::apply::{Place, Share};
use crate::output::{Form, Output};
use crate::plan::PartitionPlan;
use crate::verify;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use millrace_cli::Job;
use millrace_dataset::evolution::{Evolution, adapt_batch, adapt_batch_keyed};
use millrace_dataset::listing::DataFile;
use millrace_dataset::parquet::Codec;
use millrace_dataset::provenance;
use millrace_dataset::read::{ReadError, Source};
use millrace_dataset::state::DatasetDescription;
use millrace_dataset::tx::StagedFile;
use millrace_dataset::write::SortOrder;
use millrace_fault::{Failure, quoted};
use millrace_pages::Rows;
use millrace_parallel::{Backlog, Hand, RESULTS, in_order, side_by_side};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader};
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::schema::types::TypePtr;
use std::collections::BTreeSet;

/// Rows that are decoded at once.
const BATCH_ROWS: usize = 8192;
/// A row group of less than this share of a whole one is small.
const SMALL: u64 = 8;

/// While a row group is encoded, files are decoded of at most this share of one.
const AHEAD: u64 = 8;

/// A file to rewrite.
pub(crate) struct Input {
    pub(crate) file: DataFile,
    pub(crate) footer: ArrowReaderMetadata,
}

impl Input {
    /// Bytes of the rows before compression.
    fn bytes(&self) -> u64 {
        let groups = self.footer.metadata().row_groups().iter();
        let bytes: i64 = groups.map(RowGroupMetaData::total_byte_size).sum();
        u64::try_from(bytes).unwrap_or(0)
    }
}

/// The files to rewrite, and the schema that they have in common.
pub(crate) struct Inputs {
    pub(crate) files: Vec<Input>,
    pub(crate) schema: SchemaRef,
}

impl Inputs {
    /// Reads the inputs' footers, as far as they were not kept, on `threads` threads. The
    /// files are opened again to be read: there may be more of them than descriptors.
    pub(crate) fn open(plan: &PartitionPlan, threads: usize) -> Result<Inputs, Failure> {
        let files = side_by_side(&plan.inputs, threads, |input| {
            let footer = match &input.footer {
                Some(footer) => footer.clone(),
                None => open(&input.file)?.metadata(false)?,
            };
            let file = input.file.clone();
            Ok::<_, Failure>(Input { file, footer })
        })?;
        let mut evolution = Evolution::default();
        for Input { file, footer } in &files {
            evolution.add(&file.path.to_string_lossy(), footer.schema())?;
        }
        Ok(Inputs {
            files,
            schema: evolution.schema(),
        })
    }

    /// Key-value metadata of a file of all of them.
    fn metadata(&self) -> Vec<(String, String)> {
        let pairs = |input: &Input| {
            let pairs = input.footer.metadata().file_metadata().key_value_metadata();
            pairs
                .into_iter()
                .flatten()
                .filter(|pair| pair.key != parquet::arrow::ARROW_SCHEMA_META_KEY)
                .filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?)))
                .collect()
        };
        let files: Vec<Vec<(String, String)>> = self.files.iter().map(pairs).collect();
        provenance::merged(&files)
    }

    /// The compression that the inputs have; `recorded` knows its level.
    fn codec(&self, recorded: Option<Codec>) -> Codec {
        let groups = self
            .files
            .iter()
            .flat_map(|input| input.footer.metadata().row_groups());
        let found = groups
            .flat_map(|group| group.columns())
            .next()
            .map(|column| column.compression());
        let codec = match found {
            Some(Compression::SNAPPY) => Codec::Snappy,
            Some(Compression::LZ4_RAW) => Codec::Lz4,
            Some(Compression::UNCOMPRESSED) => Codec::Plain,
            _ => Codec::default(),
        };
        match (codec, recorded) {
            (Codec::Zstd(_), Some(Codec::Zstd(level))) => Codec::Zstd(level),
            (codec, _) => codec,
        }
    }

    /// Top-level columns with a bloom filter in any file.
    fn bloom(&self) -> Vec<String> {
        let mut columns = BTreeSet::new();
        for input in &self.files {
            for group in input.footer.metadata().row_groups() {
                let with = group
                    .columns()
                    .iter()
                    .filter(|column| column.bloom_filter_offset().is_some());
                columns.extend(
                    with.filter_map(|column| column.column_path().parts().first().cloned()),
                );
            }
        }
        columns.into_iter().collect()
    }

    /// The first rows, from which encodings are decided.
    fn sample(&self) -> Result<Vec<RecordBatch>, Failure> {
        let Some(first) = self
            .files
            .iter()
            .find(|input| input.footer.metadata().file_metadata().num_rows() > 0)
        else {
            return Ok(Vec::new());
        };
        let source = open(&first.file)?;
        let mut rows = reader(&source, &first.footer, &[0])?;
        let mut sample = Vec::new();
        while let Some(batch) = next(&source, &mut rows)?.filter(|_| sample.len() < 4) {
            sample.push(adapted(&source, &batch, &self.schema)?);
        }
        Ok(sample)
    }
}

/// A file that is gone, or another one, was rewritten by someone else.
pub(crate) fn open(file: &DataFile) -> Result<Source, Failure> {
    let busy = || {
        Failure::busy(format!(
            "{} was changed by someone else",
            quoted(file.path.to_string_lossy())
        ))
        .hint("run again")
    };
    match Source::open(&file.path) {
        Err(error) if error.is_not_found() => Err(busy()),
        Ok(source) if source.size() != file.size => Err(busy()),
        source => Ok(source?),
    }
}

pub(crate) fn reader(
    source: &Source,
    footer: &ArrowReaderMetadata,
    groups: &[usize],
) -> Result<ParquetRecordBatchReader, Failure> {
    let rows = || Rows::new(source.clone(), footer).groups(groups);
    source.guarded(|| rows().batch_rows(BATCH_ROWS).read())
}

pub(crate) fn next(
    source: &Source,
    rows: &mut ParquetRecordBatchReader,
) -> Result<Option<RecordBatch>, Failure> {
    match source.guarded(|| Ok(rows.next()))? {
        None => Ok(None),
        Some(Ok(batch)) => Ok(Some(batch)),
        Some(Err(error)) => Err(ReadError::arrow(source.path(), error).into()),
    }
}

pub(crate) fn adapted(
    source: &Source,
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, Failure> {
    adapt_batch(batch, schema).map_err(|error| ReadError::arrow(source.path(), error).into())
}

/// What the threads that read hand to the one that writes, in order.
enum Piece {
    /// Rows to encode, and the bytes that they were.
    Rows(RecordBatch, u64),
    /// A row group to copy.
    Group(Source, ArrowReaderMetadata, usize),
}

/// How the new files are written.
pub(crate) fn form(plan: &PartitionPlan, inputs: &Inputs, place: &Place, share: Share) -> Form {
    Form {
        codec: inputs.codec(recorded_codec(place.stage.recorded())),
        bloom: inputs.bloom(),
        metadata: inputs.metadata(),
        sorting: SortOrder::default(),
        target: plan.bounds.target,
        row_group: share.row_group,
        threads: share.threads,
    }
}

fn recorded_codec(recorded: Option<&DatasetDescription>) -> Option<Codec> {
    recorded?.parquet["compression"].as_str()?.parse().ok()
}

/// How many row groups of a plan's inputs are copied as bytes, and how many are encoded.
pub(crate) fn count_groups(
    plan: &PartitionPlan,
    recorded: Option<&DatasetDescription>,
    share: Share,
) -> Result<(usize, usize), Failure> {
    let inputs = Inputs::open(plan, 1)?;
    let copies = Copies::new(plan, &inputs, recorded, share)?;
    let (mut copied, mut all) = (0, 0);
    for input in &inputs.files {
        let groups = input.footer.metadata().row_groups();
        all += groups.len();
        if !plan.sorts {
            copied += groups
                .iter()
                .filter(|group| copies.may(input, group))
                .count();
        }
    }
    Ok((copied, all - copied))
}

/// Writes the inputs' rows into new files of the stage, and checks them.
pub(crate) fn merge(
    plan: &PartitionPlan,
    inputs: &Inputs,
    place: &Place,
    share: Share,
    job: &Job,
) -> Result<Vec<StagedFile>, Failure> {
    let copies = Copies::new(plan, inputs, place.stage.recorded(), share)?;
    // Begun with the first piece: by then further files are read already.
    let begin = || {
        let form = form(plan, inputs, place, share);
        let sample = inputs.sample()?;
        let (folder, schema) = (place.folder.clone(), inputs.schema.clone());
        Output::new(folder, place.naming(), schema, form, &sample, plan.bytes())
    };
    let mut output = None;
    let read = |input: &Input, hand: &Hand<Piece>| read_file(input, inputs, &copies, hand, job);
    let files = inputs.files.iter();
    let files = files.map(|input| (input, input.bytes()));
    let backlog = Backlog {
        threads: share.threads,
        small: share.row_group / AHEAD,
        large: u64::MAX,
        results: RESULTS,
    };
    in_order(files, backlog, read, |piece| {
        let output = match &mut output {
            Some(output) => output,
            none => none.insert(begin()?),
        };
        match piece {
            Piece::Rows(batch, bytes) => output.push(batch, bytes)?,
            Piece::Group(source, metadata, group) => output.copy(&source, &metadata, group)?,
        }
        Ok(true)
    })?;
    let output = output.map_or_else(begin, Ok)?;
    output.finish(|staged| verify::check(inputs, &plan.path, &place.folder, staged, share.threads))
}

/// Which row groups may be copied.
struct Copies {
    /// The new files' columns, as Arrow and as Parquet have them.
    schema: SchemaRef,
    output: Vec<TypePtr>,
    codec: Compression,
    /// Encoded bytes of a row group that is not small.
    least: u64,
    /// Bytes of one that fits a file.
    most: u64,
}

impl Copies {
    fn new(
        plan: &PartitionPlan,
        inputs: &Inputs,
        recorded: Option<&DatasetDescription>,
        share: Share,
    ) -> Result<Copies, Failure> {
        let unfit = |error| Failure::data("the files have no schema in common").because(error);
        let descriptor = ArrowSchemaConverter::new()
            .convert(&inputs.schema)
            .map_err(unfit)?;
        Ok(Copies {
            schema: inputs.schema.clone(),
            output: descriptor.root_schema().get_fields().to_vec(),
            codec: inputs.codec(recorded_codec(recorded)).into(),
            least: share.row_group / SMALL,
            most: plan.bounds.target,
        })
    }

    fn may(&self, input: &Input, group: &RowGroupMetaData) -> bool {
        let coded = |column: &ColumnChunkMetaData| {
            std::mem::discriminant(&column.compression()) == std::mem::discriminant(&self.codec)
        };
        // Pages of lists do not tell how many rows they hold.
        let placed = |column: &ColumnChunkMetaData| {
            column.offset_index_offset().is_some() || column.column_descr().max_rep_level() == 0
        };
        let is_alike = |fields: &[TypePtr]| alike(&self.output, fields);
        let (raw, stored) = (
            group.total_byte_size() as u64,
            group.compressed_size() as u64,
        );
        raw >= self.least
            && stored <= self.most
            && group.columns().iter().all(coded)
            && group.columns().iter().all(placed)
            && input.footer.schema().fields() == self.schema.fields()
            && is_alike(input.footer.parquet_schema().root_schema().get_fields())
    }
}

fn read_file(
    input: &Input,
    inputs: &Inputs,
    copies: &Copies,
    hand: &Hand<Piece>,
    job: &Job,
) -> Result<(), Failure> {
    let source = open(&input.file)?;
    let groups = input.footer.metadata().row_groups();
    let rows: i64 = groups.iter().map(RowGroupMetaData::num_rows).sum();
    job.metrics.records_in.add(u64::try_from(rows).unwrap_or(0));
    let mut indexed = None;
    let mut group = 0;
    while group < groups.len() {
        if copies.may(input, &groups[group]) {
            let metadata = match &indexed {
                Some(metadata) => ArrowReaderMetadata::clone(metadata),
                None => indexed.insert(source.metadata(true)?).clone(),
            };
            if !hand.over(Piece::Group(source.clone(), metadata, group)) {
                return Ok(());
            }
            group += 1;
            continue;
        }
        let run: Vec<usize> = (group..groups.len())
            .take_while(|&next| !copies.may(input, &groups[next]))
            .collect();
        group += run.len();
        if !decode(input, &source, &inputs.schema, run, hand)? {
            return Ok(());
        }
    }
    job.metrics.bytes_in.add(source.bytes_read());
    Ok(())
}

/// Decodes a run of row groups; false when nobody takes the rows any more.
fn decode(
    input: &Input,
    source: &Source,
    schema: &SchemaRef,
    run: Vec<usize>,
    hand: &Hand<Piece>,
) -> Result<bool, Failure> {
    let groups = input.footer.metadata().row_groups();
    let rows: i64 = run.iter().map(|&group| groups[group].num_rows()).sum();
    let bytes: i64 = run
        .iter()
        .map(|&group| groups[group].compressed_size())
        .sum();
    let per_row = bytes.max(0) as f64 / rows.max(1) as f64;
    let rows = || Rows::new(source.clone(), &input.footer).groups(&run);
    let mut reader = source.guarded(|| rows().batch_rows(BATCH_ROWS).with_dictionaries().read())?;
    while let Some(batch) = next(source, &mut reader)? {
        let stored = (per_row * batch.num_rows() as f64) as u64;
        let rows = adapt_batch_keyed(&batch, schema)
            .map_err(|error| ReadError::arrow(source.path(), error))?;
        if !hand.over(Piece::Rows(rows, stored)) {
            return Ok(false);
        }
    }
    Ok(true)
}
