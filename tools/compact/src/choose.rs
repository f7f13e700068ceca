//! Which partitions to look at.

use crate::Args;
use millrace_cli::Job;
use millrace_dataset::listing::{Partition, list, partition_fields};
use millrace_dataset::root::Root;
use millrace_dataset::state::DatasetDescription;
use millrace_dataset::{select, spec};
use millrace_expr::Predicate;
use millrace_fault::{Failure, quoted};

/// What the command line asks for.
pub(crate) enum Wanted {
    All,
    Paths(Vec<String>),
    Where(String, Predicate),
}

impl Wanted {
    /// The request as text, the same for the same request.
    pub(crate) fn text(&self) -> String {
        match self {
            Wanted::All => "all".to_owned(),
            Wanted::Where(text, _) => format!("where {text}"),
            Wanted::Paths(paths) => {
                let mut paths = paths.clone();
                paths.sort();
                paths.dedup();
                paths.join("\n")
            }
        }
    }
}

pub(crate) fn wanted(args: &Args) -> Result<Wanted, Failure> {
    if let Some(text) = &args.filter {
        return Ok(Wanted::Where(text.clone(), Predicate::parse(text)?));
    }
    let source = match (&args.partitions_from, args.partitions.as_slice()) {
        (Some(file), _) => file.as_str(),
        (None, [dash]) if dash == "-" => "-",
        (None, []) => return Ok(Wanted::All),
        (None, paths) => return Ok(Wanted::Paths(paths.to_vec())),
    };
    let paths = select::read_list(source, args.null)?;
    match paths.is_empty() {
        true => Err(Failure::data("the list of partitions is empty")
            .hint("--all compacts the whole dataset")),
        false => Ok(Wanted::Paths(paths)),
    }
}

/// Lists the dataset and keeps what is wanted.
pub(crate) fn partitions(
    root: &Root,
    wanted: &Wanted,
    job: &Job,
) -> Result<Vec<Partition>, Failure> {
    let mut all = list(root.path())?;
    let recorded = DatasetDescription::recorded(root)?
        .and_then(|description| spec::recorded(&description.spec));
    let fields = partition_fields(
        &all,
        &recorded.map(|(_, fields)| fields).unwrap_or_default(),
    )?;
    match wanted {
        Wanted::All => Ok(all),
        Wanted::Where(_, predicate) => {
            let mut keep = select::matching(&all, &fields, predicate)?.into_iter();
            all.retain(|_| keep.next().unwrap_or(false));
            Ok(all)
        }
        Wanted::Paths(paths) => {
            let columns: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
            let chosen = select::choose(all, paths, root.shown(), &columns)?;
            for path in &chosen.missing {
                job.warn(format!(
                    "there is no partition {} in {}",
                    quoted(path),
                    quoted(root.shown())
                ));
            }
            Ok(chosen.partitions)
        }
    }
}
