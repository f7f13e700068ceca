//! Whether a partition is sorted already: its files are those of one transaction, which
//! wrote them in order, and every row group says so.
//!
//! Parquet records the order within a row group only. One that somebody else wrote may
//! not be in order with the next, so that it is sorted once.

use millrace_dataset::listing::DataFile;
use millrace_dataset::parquet::sorting_columns;
use millrace_dataset::write::SortOrder;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

/// Whether the rows of `files`, in their order, are sorted by `order`.
pub(crate) fn is_sorted(
    files: &[DataFile],
    footers: &[Option<ArrowReaderMetadata>],
    order: &SortOrder,
) -> bool {
    let mut transactions = files.iter().map(|file| transaction(&file.name));
    let first = transactions.next().flatten();
    let one = first.is_some() && transactions.all(|other| other == first);
    one && footers.iter().all(|footer| says_so(footer, order))
}

/// The transaction of `part-00000-0123456789abcdef.parquet`.
fn transaction(name: &str) -> Option<&str> {
    let (number, id) = name
        .strip_prefix("part-")?
        .strip_suffix(".parquet")?
        .split_once('-')?;
    let digits = number.len() == 5 && number.bytes().all(|byte| byte.is_ascii_digit());
    (digits && id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}

fn says_so(footer: &Option<ArrowReaderMetadata>, order: &SortOrder) -> bool {
    let Some(metadata) = footer.as_ref().map(ArrowReaderMetadata::metadata) else {
        return false;
    };
    let file = metadata.file_metadata();
    let ours = file
        .created_by()
        .is_some_and(|writer| writer.starts_with("millrace "));
    let columns = file.schema_descr().columns();
    let leaves: Vec<&str> = columns
        .iter()
        .map(|leaf| leaf.path().parts().first().map_or("", String::as_str))
        .collect();
    let Some(wanted) = sorting_columns(order, &leaves) else {
        return false;
    };
    ours && metadata.row_groups().iter().all(|group| {
        group
            .sorting_columns()
            .is_some_and(|found| found.starts_with(&wanted))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_transactions() {
        assert_eq!(
            transaction("part-00000-0123456789abcdef.parquet"),
            Some("0123456789abcdef")
        );
        for name in [
            "part-00000.parquet",
            "part-00000-0123456789abcde.parquet",
            "part-0-0123456789abcdef.parquet",
            "part-00000-0123456789abcdeg.parquet",
            "part-00000-0123456789abcdef.zstd.parquet",
        ] {
            assert_eq!(transaction(name), None, "{name}");
        }
    }
}
