//! Unions: which branch each value is of, and a column for each branch.

use super::{Column, Progress, Values};
use crate::orc::bytes::ByteRuns;
use crate::orc::stripe::Streams;
use crate::orc::trouble::{Result, malformed};
use crate::orc::types::{Type, union_fields};
use arrow_array::{ArrayRef, UnionArray};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{ArrowError, UnionFields};
use std::sync::Arc;

pub(super) struct Union {
    column: u32,
    tags: ByteRuns,
    branches: Vec<Column>,
    fields: UnionFields,
    ids: Vec<i8>,
    offsets: Vec<i32>,
    counts: Vec<i32>,
}

impl Union {
    pub(super) fn new(column: u32, branches: &[Type]) -> Union {
        Union {
            column,
            tags: ByteRuns::default(),
            branches: branches.iter().map(Column::new).collect(),
            fields: union_fields(branches),
            ids: Vec::new(),
            offsets: Vec::new(),
            counts: vec![0; branches.len()],
        }
    }

    fn end(&mut self, tag: usize) {
        self.ids.push(tag as i8);
        self.offsets.push(self.counts[tag]);
        self.counts[tag] += 1;
    }
}

impl Values for Union {
    fn open(&mut self, streams: &Streams) -> Result<()> {
        self.tags = streams.byte_runs(self.column);
        let mut branches = self.branches.iter_mut();
        branches.try_for_each(|branch| branch.open(streams))
    }

    fn read(&mut self, count: usize, progress: &mut Progress) -> Result<()> {
        for _ in 0..count {
            self.next(progress)?;
        }
        Ok(())
    }

    /// Arrow's unions have no nulls of their own: they are some of the first branch.
    fn nulls(&mut self, count: usize) {
        self.branches[0].nulls(count);
        (0..count).for_each(|_| self.end(0));
    }

    fn finish(&mut self) -> std::result::Result<ArrayRef, ArrowError> {
        self.counts.fill(0);
        let columns = self.branches.iter_mut().map(Column::finish);
        let columns = columns.collect::<std::result::Result<_, _>>()?;
        let ids = ScalarBuffer::from(std::mem::take(&mut self.ids));
        let offsets = ScalarBuffer::from(std::mem::take(&mut self.offsets));
        let fields = self.fields.clone();
        Ok(Arc::new(UnionArray::try_new(
            fields,
            ids,
            Some(offsets),
            columns,
        )?))
    }
}

impl Union {
    fn next(&mut self, progress: &mut Progress) -> Result<()> {
        let tag = usize::from(self.tags.next()?);
        let count = self.branches.len();
        let branch = self.branches.get_mut(tag);
        let branch =
            branch.ok_or_else(|| malformed(format!("there is no choice {tag} among {count}")))?;
        let inside =
            |trouble: crate::orc::trouble::Trouble| trouble.inside(&format!("member{tag}"));
        let mut value = Progress::default();
        branch.read(1, &mut value).map_err(inside)?;
        self.end(tag);
        progress.add(1, value.bytes + 5);
        Ok(())
    }
}
