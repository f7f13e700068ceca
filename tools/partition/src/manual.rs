//! The rest of the manual: examples, files, notes.

use millrace_cli::Section;

pub(crate) const SECTIONS: &[Section] = &[
    (
        "EXAMPLES",
        "One day of events into hourly partitions:

  ingest day/*.ndjson --schema orders.json | partition orders --by 'order_date=date(event_timestamp),order_hour=hour(event_timestamp)'

An hour's rows into the partitions where they belong, late ones too; run again, they replace themselves and no others:

  ingest 05.ndjson --schema orders.json | partition orders --mode replace-unit --unit 2026-03-17T05

Replace one hour, and keep late rows of other hours for a step of their own. They are gone when their hour is replaced again, which replace-unit avoids:

  ingest 05.ndjson --schema orders.json | partition orders --mode overwrite --scope order_date=2026-03-17/order_hour=05 --outside late.arrows
  partition orders --mode append --step late < late.arrows

The same by a predicate, every partition of the day being replaced even by nothing:

  ingest day/*.ndjson --schema orders.json | partition orders --mode overwrite --scope \"order_date = '2026-03-17'\" --max-shrink 100%

Look before you write:

  ingest 05.ndjson --schema orders.json | partition orders --mode overwrite --dry-run

Take a run back:

  partition orders --undo r-20260317

Sixteen buckets of customers within each region, filters for point lookups:

  prune orders | partition by_customer --by 'region,bucket=bucket(16,customer_id)' --bloom order_id

Days as they are in Berlin:

  ingest day/*.ndjson --schema orders.json | partition orders --by 'order_date=date(event_timestamp)' --timezone Europe/Berlin

Rows of a customer side by side:

  prune orders | partition by_day --by 'order_date=date(event_timestamp)' --sort-by 'customer_id,event_timestamp desc'

Compact what was just written:

  ingest late.ndjson --schema orders.json | partition orders --mode append > list && compact orders - < list",
    ),
    (
        "VALUES AS FOLDERS",
        "Values are escaped as Hive, Spark and DuckDB do it: every ASCII character but letters, digits and '_', '-', '.', '~' is written as %XX. On reading, any %XX is understood. No value can leave the dataset's folder. Null is __HIVE_DEFAULT_PARTITION__; that text itself as a value is refused (3), and NULL, which DuckDB takes for null, is written with its first character escaped. The empty string is an empty value ('region='): DuckDB, pyarrow and prune read it back as the empty string, Spark cannot read such a folder and Hive means null by it; replace empty strings upstream if those must read the dataset. A value of more than 255 bytes with its column's name is refused (3), as is a year before 0000 or after 9999.

Readers take 'hour=5' and 'hour=05' for the same value and count both: a run that would make a second spelling beside the first is refused (3).

Names of partition columns must not start with '_' or '.', which readers skip. A stream that has a column of a partition's name already (from prune) must agree with the computed value in every row (3); the column is not written into the files again.",
    ),
    (
        "MODES AND GUARDS",
        "create fails (2) when a partition that gets rows has data. overwrite replaces the partitions that get rows, and those of --scope. append adds files. replace-unit replaces the files that this --unit wrote before, in whatever partitions, and leaves all others; a file that was compacted together with other units' rows is refused (3), and compact --keep-units makes none.

When a partition would lose more than --max-shrink of its rows, or an empty stream would replace data without --allow-empty, the run ends with 1 before anything has changed: a handful of late rows must not replace a day. --scope tells which partitions a run owns.

The first commit records the spec and the files' columns; another --by is refused (2), other columns or types (3), unless --schema-change says otherwise.

--schema-change widen takes a stream that has further columns, lacks some, has them in another order, or in a type that holds the recorded one's values or the other way round: integers of other widths, float32 and float64, decimals with more digits, timestamps of another unit. Dates do not become timestamps, nor integers of 64 bits doubles. The union by name becomes what is recorded, in the same transaction as the rows, and the new files have its types; prune and compact read files without a column as null. A decimal of another scale is refused where partitions depend on it. With replace the stream's columns are recorded as they are, which suits a run that replaces every partition. With both, files that stay in the dataset are compared with the new ones before the commit: a column that no type can hold for both is refused (3), naming both. Other readers may need to be told to unite files by name (DuckDB union_by_name, Spark mergeSchema).",
    ),
    (
        "RUNS",
        "With --run-id (checkpoint run sets it) a run is committed once: the same run again reads its input to the end, checks that rows and request are the same, writes nothing and prints the list of the first time. A script that calls partition twice on one dataset in one run names the steps: --step late. Without a run id an append that is run again appends again.",
    ),
    (
        "FILES",
        "DATASET holds nothing but partition folders with Parquet files, part-N-TXID.parquet. What is being written, the lock, the log and, for --keep, what was replaced lie beside it in .DATASET.millrace: never glob the parent. Rows that exceed --memory go to an unnamed file in --temp-dir, with dozens of partitions in any order sooner; its space is given back as they are read again.

Parquet knows no times of whole seconds and no dates of 64 bits: the files have milliseconds and dates of 32 bits, and a date64 with a time of day is refused (3). Durations are plain integers there.

The Parquet files tell in their key-value metadata where their rows come from: millrace.tool and millrace.version, and, where they were given, millrace.pipeline, millrace.run_id, millrace.step and millrace.units (a JSON array). Nothing there is made up: without --run-id there is none in the files, so that the same input and options make the same bytes. pyarrow shows it as parquet.read_metadata(FILE).metadata.",
    ),
    (
        "NOTES",
        "Files and their number do not depend on --threads. A partition's rows keep the order of the stream. A file ends near --target-size; a partition that is smaller has one file, or one more for rows that came when it had been closed already. Row groups end at --row-group-size. Encodings are chosen for each column from the first rows: a dictionary where values repeat, delta encodings for identifiers, times and long strings.

With --sort-by the rows that a run writes into a partition are sorted, file after file: no row of part-00001 comes before one of part-00000 of the same run. The order is recorded in the files as sorting columns, and pages of the first column have statistics, so that readers skip. Numbers, times and booleans are ordered by value (-0.0 before 0.0, NaN after all numbers), texts by their UTF-8 bytes; columns of the path, lists and objects cannot be sorted by (2). Files that other runs appended are not touched: compact --sort-by sorts a partition as a whole.

Timestamps are taken in UTC, or in --timezone, which dataset.json records with the spec: later runs need not repeat it. Only timestamps with a zone are moved (a datetime of ingest has one); dates stay the days they are, and date functions of timestamps without a zone are refused under --timezone (2), since they may mean UTC or the clock on the wall. When clocks go back, both passes of the hour fall into the same partition: order_hour=02 of that day holds two hours of rows. When they go forward there is no such partition. Predicates on the source column are judged by the files' statistics, not by the path, so they are exact under any zone.

A new dataset appears at once, with all its partitions, unless somebody has made its folder before. In one that is there, partition after partition is exchanged: each is old or new at any time. A reader that lists a partition at the very moment of its exchange can miss a file; who needs snapshots publishes to a table format.",
    ),
];
