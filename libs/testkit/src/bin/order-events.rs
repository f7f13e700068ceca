//! Writes order events: one file per hour of arrival, or all of them to stdout.

// A generator for tests and demos: it may fail loudly and need not survive a crash.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use clap::{Parser, ValueEnum};
use millrace_testkit::orders::{Counts, Orders, Shape};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// Generate e-commerce order events, deterministically
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Directory for DAY/HH.ndjson (or .csv); without it everything goes to stdout
    dir: Option<PathBuf>,
    /// First day
    #[arg(long, default_value = "2026-03-17")]
    day: jiff::civil::Date,
    /// Days
    #[arg(long, default_value_t = 1)]
    days: u32,
    /// Rows of all hours together
    #[arg(long, default_value_t = 2_000_000)]
    rows: u64,
    /// Share of bad records
    #[arg(long, default_value_t = 0.005)]
    bad: f64,
    /// Share of late records
    #[arg(long, default_value_t = 0.02)]
    late: f64,
    /// Timestamps in random order over the whole range
    #[arg(long)]
    shuffled: bool,
    /// Form of a record
    #[arg(long, default_value = "flat")]
    shape: ShapeArg,
    /// Another seed, other data
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this hour of the range, 0-based
    #[arg(long)]
    hour: Option<u32>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ShapeArg {
    Flat,
    Nested,
    Mixed,
    Csv,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let epoch = jiff::civil::date(1970, 1, 1);
    let first_day = epoch.until(args.day).map_err(io::Error::other)?.get_days();
    let orders = Orders {
        first_day: i64::from(first_day),
        days: args.days,
        rows: args.rows,
        bad: args.bad,
        late: args.late,
        shuffled: args.shuffled,
        shape: match args.shape {
            ShapeArg::Flat => Shape::Flat,
            ShapeArg::Nested => Shape::Nested,
            ShapeArg::Mixed => Shape::Mixed,
            ShapeArg::Csv => Shape::Csv,
        },
        seed: args.seed,
    };
    let hours: Vec<u32> = match args.hour {
        Some(hour) => vec![hour],
        None => (0..orders.hours()).collect(),
    };
    let counts = match &args.dir {
        Some(dir) => to_files(&orders, &hours, args.day, dir)?,
        None => to_stdout(&orders, &hours)?,
    };
    let kinds: Vec<String> = counts
        .bad
        .iter()
        .map(|(kind, n)| format!("{kind:?} {n}"))
        .collect();
    writeln!(
        io::stderr(),
        "order-events: {} rows, {} late, {} bad ({})",
        counts.rows,
        counts.late,
        counts.bad_total(),
        kinds.join(", ")
    )
}

fn to_stdout(orders: &Orders, hours: &[u32]) -> io::Result<Counts> {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    out.write_all(orders.header().as_bytes())?;
    let mut counts = Counts::default();
    for hour in hours {
        counts.add(&orders.write_hour(*hour, &mut out)?);
    }
    out.flush()?;
    Ok(counts)
}

/// Hours are independent, so two threads halve the wait.
fn to_files(
    orders: &Orders,
    hours: &[u32],
    first: jiff::civil::Date,
    dir: &Path,
) -> io::Result<Counts> {
    let next = AtomicU32::new(0);
    let total = Mutex::new(Counts::default());
    let work = || -> io::Result<()> {
        while let Some(hour) = hours.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
            let counts = write_file(orders, *hour, first, dir)?;
            total.lock().unwrap().add(&counts);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        work()?;
        other.join().unwrap()
    })?;
    Ok(total.into_inner().unwrap())
}

fn write_file(
    orders: &Orders,
    hour: u32,
    first: jiff::civil::Date,
    dir: &Path,
) -> io::Result<Counts> {
    let day = first
        .checked_add(jiff::Span::new().days(i64::from(hour / 24)))
        .map_err(io::Error::other)?;
    let dir = dir.join(day.to_string());
    std::fs::create_dir_all(&dir)?;
    let ending = if orders.shape == Shape::Csv {
        "csv"
    } else {
        "ndjson"
    };
    let path = dir.join(format!("{:02}.{ending}", hour % 24));
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(orders.header().as_bytes())?;
    let counts = orders.write_hour(hour, &mut file)?;
    file.flush()?;
    Ok(counts)
}
