//! The partition of each row.

use super::agree::Agreement;
use super::codes::Codes;
use super::{Bound, SpecError};
use crate::hive;
use arrow_array::RecordBatch;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::Arc;

/// Numbers the partitions of a stream in order of appearance, and names each row's.
#[derive(Debug)]
pub struct Keys {
    bound: Bound,
    codes: Vec<Codes>,
    agreement: Agreement,
    ids: HashMap<Box<[u32]>, u32, RandomState>,
    partitions: Vec<(Box<[u32]>, Arc<str>)>,
    limit: usize,
    /// Codes of the batch at hand, one vector an item.
    scratch: Vec<Vec<u32>>,
    rows: Vec<u32>,
    tuple: Vec<u32>,
}

impl Keys {
    /// Keys under `bound`, at most `limit` partitions.
    pub fn new(bound: Bound, limit: usize) -> Self {
        let codes: Vec<Codes> = bound
            .items
            .iter()
            .map(|item| Codes::new(item.kind, item.zone.clone()))
            .collect();
        Keys {
            agreement: Agreement::new(&bound),
            scratch: vec![Vec::new(); codes.len()],
            codes,
            bound,
            ids: HashMap::default(),
            partitions: Vec::new(),
            limit,
            rows: Vec::new(),
            tuple: Vec::new(),
        }
    }

    /// The bound spec.
    pub fn bound(&self) -> &Bound {
        &self.bound
    }

    /// How many partitions there are so far.
    pub fn len(&self) -> usize {
        self.partitions.len()
    }

    /// Whether no row came yet.
    pub fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    /// The relative path of a partition.
    pub fn path(&self, partition: u32) -> &Arc<str> {
        &self.partitions[partition as usize].1
    }

    /// The columns and values of a partition's path, unescaped.
    pub fn values(&self, partition: u32) -> Vec<(&str, Option<&str>)> {
        let codes = &self.partitions[partition as usize].0;
        let pairs = self.bound.items.iter().zip(&self.codes).zip(codes.iter());
        pairs
            .map(|((item, texts), code)| (item.item.name.as_str(), texts.text(*code)))
            .collect()
    }

    /// The partition of each row of `batch`, which has the bound schema.
    pub fn assign(&mut self, batch: &RecordBatch) -> Result<&[u32], SpecError> {
        for (i, item) in self.bound.items.iter().enumerate() {
            let column = batch.column(item.source);
            let encoded = self.codes[i].encode(column, &mut self.scratch[i]);
            encoded.map_err(|refused| refused.of(item.item.to_string(), &item.item.name))?;
            if self.codes[i].len() > self.limit {
                return Err(self.too_many());
            }
        }
        self.agreement
            .check(&self.bound, batch, &self.codes, &self.scratch)?;
        self.combine(batch.num_rows())?;
        Ok(&self.rows)
    }

    /// One id for each row's tuple of codes; neighbours mostly share theirs.
    fn combine(&mut self, rows: usize) -> Result<(), SpecError> {
        self.rows.clear();
        self.rows.reserve(rows);
        if self.scratch.len() == 1 {
            return self.combine_one(rows);
        }
        let mut id = 0;
        for row in 0..rows {
            if row == 0
                || self
                    .scratch
                    .iter()
                    .any(|codes| codes[row] != codes[row - 1])
            {
                id = self.id_at(row)?;
            }
            self.rows.push(id);
        }
        Ok(())
    }

    /// One code is the id: both count in order of appearance.
    fn combine_one(&mut self, rows: usize) -> Result<(), SpecError> {
        for row in 0..rows {
            let code = self.scratch[0][row];
            if code as usize >= self.partitions.len() {
                let id = self.id_at(row)?;
                debug_assert_eq!(id, code);
            }
            self.rows.push(code);
        }
        Ok(())
    }

    fn id_at(&mut self, row: usize) -> Result<u32, SpecError> {
        self.tuple.clear();
        self.tuple
            .extend(self.scratch.iter().map(|codes| codes[row]));
        if let Some(id) = self.ids.get(self.tuple.as_slice()) {
            return Ok(*id);
        }
        if self.partitions.len() >= self.limit {
            return Err(self.too_many());
        }
        let path = self.path_of(&self.tuple)?;
        let id = self.partitions.len() as u32;
        let tuple: Box<[u32]> = self.tuple.as_slice().into();
        self.partitions.push((tuple.clone(), path.into()));
        self.ids.insert(tuple, id);
        Ok(id)
    }

    fn path_of(&self, tuple: &[u32]) -> Result<String, SpecError> {
        let mut values = Vec::with_capacity(tuple.len());
        for ((item, texts), code) in self.bound.items.iter().zip(&self.codes).zip(tuple) {
            values.push((item.item.name.as_str(), texts.text(*code)));
        }
        Ok(hive::path(&values)?)
    }

    fn too_many(&self) -> SpecError {
        SpecError::TooMany {
            limit: self.limit,
            spec: self.bound.spec().to_string(),
        }
    }
}
