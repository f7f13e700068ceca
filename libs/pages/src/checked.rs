//! What a file says of itself, checked before the parquet crate makes room for it: it
//! allocates what it is told, and an allocation that fails ends the process.

use crate::deltas::Deltas;
use crate::narrow::Narrow;
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::Page;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

/// Bytes that values of a fixed length may take in a batch, nulls included.
const FIXED: usize = 64 << 20;

/// Values of a page that are delta-coded byte arrays, at most: all of their lengths are
/// decoded at once. The largest row group that a writer known to us makes has so many rows.
const DELTAS: u64 = 64 << 20;

/// Rows of a batch at most, so that columns of a fixed length do not take too much of it:
/// there, nulls take as much as values.
///
/// # Errors
/// If not even one row is small enough.
pub(crate) fn most_rows(footer: &ParquetMetaData) -> Result<usize> {
    let columns = footer.file_metadata().schema_descr().columns().iter();
    let fixed = columns.filter(|column| column.physical_type() == Physical::FIXED_LEN_BYTE_ARRAY);
    let widths = fixed.map(|column| usize::try_from(column.type_length()).unwrap_or(0));
    let width = widths.fold(0, usize::saturating_add);
    if width > FIXED {
        let text = format!("a row has {width} bytes of fixed length; {FIXED} are possible");
        return Err(ParquetError::General(text));
    }
    Ok(FIXED.checked_div(width).unwrap_or(usize::MAX))
}

/// The values of a column chunk, as far as its pages must agree with them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values {
    physical: Physical,
    /// Bytes of a value at least.
    least: usize,
    repetition: i16,
    definition: i16,
    /// Of the chunk.
    count: u64,
    /// What they become, if that is less.
    narrow: Option<Narrow>,
}

impl Values {
    /// Those of `chunk`, which may be made `narrow`.
    pub(crate) fn of(chunk: &ColumnChunkMetaData, narrow: Option<Narrow>) -> Values {
        let column = chunk.column_descr();
        let physical = column.physical_type();
        let least = match physical {
            Physical::BOOLEAN => 0,
            Physical::INT32 | Physical::FLOAT | Physical::BYTE_ARRAY => 4,
            Physical::INT64 | Physical::DOUBLE => 8,
            Physical::INT96 => 12,
            Physical::FIXED_LEN_BYTE_ARRAY => usize::try_from(column.type_length()).unwrap_or(0),
        };
        Values {
            physical,
            least,
            repetition: column.max_rep_level(),
            definition: column.max_def_level(),
            count: u64::try_from(chunk.num_values()).unwrap_or(0),
            narrow,
        }
    }

    /// Checks a page that is not compressed (any more).
    ///
    /// # Errors
    /// If it says that it holds more values than it can, or has values that are not read whole.
    pub(crate) fn check(&self, page: &Page) -> Result<()> {
        self.check_count(page)?;
        let Some(narrow) = self.narrow else {
            return Ok(());
        };
        let encoding = match page {
            Page::DictionaryPage { .. } => Encoding::PLAIN,
            _ => page.encoding(),
        };
        narrow.check(self.after_levels(page).ok_or_else(cut)?, encoding)
    }

    fn check_count(&self, page: &Page) -> Result<()> {
        let (bytes, values) = (page.buffer(), page.num_values() as usize);
        match page {
            Page::DictionaryPage { .. } if values > bytes.len() / self.least.max(1) => {
                let bytes = bytes.len();
                Err(damaged(format!("{values} values in {bytes} bytes")))
            }
            Page::DictionaryPage { .. } => Ok(()),
            _ => self.check_deltas(page, u64::from(page.num_values())),
        }
    }

    fn check_deltas(&self, page: &Page, values: u64) -> Result<()> {
        let byte_arrays = [Physical::BYTE_ARRAY, Physical::FIXED_LEN_BYTE_ARRAY];
        let runs = match page.encoding() {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
            Encoding::DELTA_BYTE_ARRAY => 2,
            _ => return Ok(()),
        };
        if !byte_arrays.contains(&self.physical) {
            return Ok(());
        }
        let most = values.min(self.count).min(DELTAS);
        let mut rest = self.after_levels(page).ok_or_else(cut)?;
        for _ in 0..runs {
            let deltas = Deltas::begin(rest).ok_or_else(cut)?;
            if deltas.count > most {
                let count = deltas.count;
                return Err(damaged(format!("{count} lengths of {most} values")));
            }
            let end = deltas.end(rest).ok_or_else(cut)?;
            rest = &rest[end..];
        }
        Ok(())
    }

    /// The bytes of a data page that are values.
    fn after_levels<'a>(&self, page: &'a Page) -> Option<&'a [u8]> {
        let bytes: &[u8] = page.buffer();
        match page {
            Page::DictionaryPage { .. } => Some(bytes),
            Page::DataPage {
                num_values,
                def_level_encoding,
                rep_level_encoding,
                ..
            } => {
                let rest = skip_levels(bytes, self.repetition, *rep_level_encoding, *num_values)?;
                skip_levels(rest, self.definition, *def_level_encoding, *num_values)
            }
            Page::DataPageV2 {
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => bytes.get((*def_levels_byte_len as usize + *rep_levels_byte_len as usize)..),
        }
    }
}

/// What stands after the levels at the start of `bytes`, for which a first-version page has
/// two forms. Source: Apache Parquet format, Encodings.md, "RLE" and "BIT_PACKED".
fn skip_levels(bytes: &[u8], most: i16, encoding: Encoding, values: u32) -> Option<&[u8]> {
    if most <= 0 {
        return Some(bytes);
    }
    if encoding == Encoding::RLE {
        let (length, rest) = bytes.split_first_chunk()?;
        return rest.get(usize::try_from(u32::from_le_bytes(*length)).ok()?..);
    }
    let width = u64::from(u16::BITS - most.unsigned_abs().leading_zeros());
    let length = (u64::from(values) * width).div_ceil(8);
    bytes.get(usize::try_from(length).ok()?..)
}

pub(crate) fn damaged(reason: impl std::fmt::Display) -> ParquetError {
    ParquetError::General(format!("a page is damaged: {reason}"))
}

fn cut() -> ParquetError {
    damaged("its lengths end early")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use parquet::file::metadata::{FileMetaData, ParquetMetaDataBuilder};
    use parquet::schema::parser::parse_message_type;
    use parquet::schema::types::SchemaDescriptor;
    use std::sync::Arc;

    fn values(physical: Physical, least: usize, levels: i16) -> Values {
        Values {
            physical,
            least,
            repetition: levels,
            definition: levels,
            count: 1000,
            narrow: None,
        }
    }

    fn dictionary(values: u32, bytes: usize) -> Page {
        Page::DictionaryPage {
            buf: vec![0; bytes].into(),
            num_values: values,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        }
    }

    #[test]
    fn a_dictionary_holds_as_many_values_as_it_has_bytes_for() {
        for (physical, least) in [(Physical::INT64, 8), (Physical::FIXED_LEN_BYTE_ARRAY, 16)] {
            let values = values(physical, least, 0);
            assert!(values.check(&dictionary(10, 10 * least)).is_ok());
            assert!(values.check(&dictionary(11, 11 * least - 1)).is_err());
            assert!(values.check(&dictionary(u32::MAX, 100)).is_err());
        }
    }

    /// A page of 40 values; `levels` before as many lengths as said, all of them zero.
    fn page(encoding: Encoding, levels: &[u8], counts: &[u8], of: Encoding) -> Page {
        let runs = counts.iter().map(|count| {
            let blocks = usize::from(*count).saturating_sub(1).div_ceil(128);
            [vec![0x80, 1, 4, *count, 0], vec![0; 5 * blocks]].concat()
        });
        let bytes = [levels.to_vec(), runs.collect::<Vec<_>>().concat()].concat();
        Page::DataPage {
            buf: bytes.into(),
            num_values: 40,
            encoding,
            def_level_encoding: of,
            rep_level_encoding: of,
            statistics: None,
        }
    }

    #[test]
    fn lengths_are_as_many_as_values_at_most() {
        let texts = values(Physical::BYTE_ARRAY, 4, 0);
        for (encoding, good, bad) in [
            (Encoding::DELTA_LENGTH_BYTE_ARRAY, &[40][..], &[41][..]),
            (Encoding::DELTA_BYTE_ARRAY, &[40, 40], &[40, 41]),
            (Encoding::DELTA_BYTE_ARRAY, &[0, 0], &[99, 40]),
            // The second run is not there.
            (Encoding::DELTA_BYTE_ARRAY, &[1, 1], &[1]),
        ] {
            let of = |counts| page(encoding, &[], counts, Encoding::RLE);
            assert!(texts.check(&of(good)).is_ok(), "{encoding} {good:?}");
            assert!(texts.check(&of(bad)).is_err(), "{encoding} {bad:?}");
        }
        let few = Values { count: 7, ..texts };
        let eight = page(Encoding::DELTA_LENGTH_BYTE_ARRAY, &[], &[8], Encoding::RLE);
        assert!(few.check(&eight).is_err());
        assert!(values(Physical::INT32, 4, 0).check(&eight).is_ok());
    }

    #[test]
    #[allow(deprecated)]
    fn levels_stand_before_them() {
        let texts = values(Physical::BYTE_ARRAY, 4, 2);
        let encoding = Encoding::DELTA_LENGTH_BYTE_ARRAY;
        // Two bits a value: ten bytes each.
        let packed = |counts| page(encoding, &[0xff; 20], counts, Encoding::BIT_PACKED);
        // Three bytes of repetition levels, one of definition levels.
        let levels = [3, 0, 0, 0, 9, 9, 9, 1, 0, 0, 0, 9];
        let hybrid = |counts: &[u8]| page(encoding, &levels, counts, Encoding::RLE);
        assert!(texts.check(&packed(&[40])).is_ok() && texts.check(&hybrid(&[40])).is_ok());
        assert!(texts.check(&packed(&[41])).is_err() && texts.check(&hybrid(&[41])).is_err());
        let long = page(encoding, &[0xff; 12], &[1], Encoding::RLE);
        assert!(texts.check(&long).is_err());
        let second = |counts: &[u8], levels| Page::DataPageV2 {
            buf: Bytes::clone(hybrid(counts).buffer()),
            num_values: 40,
            encoding,
            num_nulls: 0,
            num_rows: 40,
            def_levels_byte_len: 7,
            rep_levels_byte_len: levels,
            is_compressed: false,
            statistics: None,
        };
        assert!(texts.check(&second(&[40], 5)).is_ok());
        assert!(texts.check(&second(&[41], 5)).is_err());
        assert!(texts.check(&second(&[40], 500)).is_err());
    }

    #[test]
    fn wide_values_make_batches_short() {
        let rows = |columns: &str| {
            let schema = parse_message_type(&format!("message rows {{ {columns} }}")).unwrap();
            let schema = Arc::new(SchemaDescriptor::new(Arc::new(schema)));
            let file = FileMetaData::new(2, 0, None, None, schema, None);
            most_rows(&ParquetMetaDataBuilder::new(file).build()).ok()
        };
        let fixed = |width: u64| format!("optional fixed_len_byte_array({width}) x{width};");
        assert_eq!(rows("required int64 n;"), Some(usize::MAX));
        assert_eq!(rows(&fixed(16)), Some(4 << 20));
        assert_eq!(rows(&[fixed(1 << 20), fixed(3 << 20)].concat()), Some(16));
        assert_eq!(rows(&fixed(64 << 20)), Some(1));
        assert_eq!(rows(&fixed((64 << 20) + 1)), None);
    }
}
