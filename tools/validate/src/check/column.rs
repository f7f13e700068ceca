//! The constraints of one column and of what is nested in it.

use crate::check::items::Items;
use crate::check::plain::{accept, plain, plain_type};
use crate::check::{Compiled, Description, Finding, Test, allowed, bounds, length, shown, text};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::BooleanBuffer;
use arrow_schema::{DataType, Field as Column, Fields};
use millrace_fault::{Failure, quoted};
use millrace_rejects::RowEncoder;
use millrace_schema::{Field, Kind};
use std::sync::Arc;

/// The compiled constraints of a field. `usize`s are indices of descriptions.
pub(crate) struct FieldChecks {
    name: String,
    required: Option<usize>,
    tests: Vec<(usize, Test)>,
    /// Members of an object that have something to check, with their place in it.
    members: Vec<(usize, FieldChecks)>,
    items: Option<Box<FieldChecks>>,
}

/// Compiles a field's constraints for a column of this type, and describes them. The
/// types are checked in any case; None: nothing else to check.
pub(crate) fn compile(
    field: &Field,
    place: &str,
    arrow: &DataType,
    descriptions: &mut Vec<Description>,
) -> Result<Option<FieldChecks>, Failure> {
    accept(field, place, arrow)?;
    let mut describe = |constraint: &str, expected: String| {
        descriptions.push(Description {
            field: place.to_owned(),
            constraint: constraint.to_owned(),
            expected,
        });
        descriptions.len() - 1
    };
    let required = field
        .constraints
        .required
        .then(|| describe("required", "a value".to_owned()));
    let plain = plain_type(arrow);
    let mut tests = Vec::new();
    for Compiled {
        name,
        expected,
        test,
    } in constraints(field, &plain)?
    {
        tests.push((describe(name, expected), test));
    }
    let members = members(field, place, &plain, descriptions)?;
    let items = items(field, place, &plain, descriptions)?;
    let checks = FieldChecks {
        name: field.name.clone(),
        required,
        tests,
        members,
        items,
    };
    Ok((!checks.is_empty()).then_some(checks))
}

/// A column of nulls only (type Null) can break nothing but `required`.
fn constraints(field: &Field, plain: &DataType) -> Result<Vec<Compiled>, Failure> {
    if *plain == DataType::Null {
        return Ok(Vec::new());
    }
    let mut all = length::compile(field, plain)?;
    all.extend(bounds::compile(field, plain)?);
    all.extend(text::compile(field, plain)?);
    all.extend(allowed::compile(field, plain)?);
    Ok(all)
}

fn members(
    field: &Field,
    place: &str,
    plain: &DataType,
    descriptions: &mut Vec<Description>,
) -> Result<Vec<(usize, FieldChecks)>, Failure> {
    let (Kind::Object(members), DataType::Struct(columns)) = (&field.kind, plain) else {
        return Ok(Vec::new());
    };
    let mut checks = Vec::new();
    for member in members {
        let place = nested(place, &member.name);
        let (at, column) = member_column(columns, member, &place)?;
        refuse_unique(member, &place)?;
        checks.extend(
            compile(member, &place, column.data_type(), descriptions)?.map(|check| (at, check)),
        );
    }
    Ok(checks)
}

fn member_column<'a>(
    columns: &'a Fields,
    member: &Field,
    place: &str,
) -> Result<(usize, &'a Column), Failure> {
    let found = columns
        .iter()
        .enumerate()
        .find(|(_, column)| *column.name() == member.name);
    let (at, column) = found.ok_or_else(|| {
        Failure::data(format!(
            "the stream has no {}, which the schema names",
            quoted(place)
        ))
    })?;
    Ok((at, column))
}

fn items(
    field: &Field,
    place: &str,
    plain: &DataType,
    descriptions: &mut Vec<Description>,
) -> Result<Option<Box<FieldChecks>>, Failure> {
    let (Kind::Array(item), DataType::LargeList(column)) = (&field.kind, plain) else {
        return Ok(None);
    };
    let place = nested(place, "*");
    refuse_unique(item, &place)?;
    Ok(compile(item, &place, column.data_type(), descriptions)?.map(Box::new))
}

fn refuse_unique(field: &Field, place: &str) -> Result<(), Failure> {
    match field.constraints.unique {
        true => Err(Failure::usage(format!(
            "{} cannot be unique: only whole columns can",
            quoted(place)
        ))),
        false => Ok(()),
    }
}

/// The JSON pointer of something inside `place`, a column's name or itself a pointer.
fn nested(place: &str, step: &str) -> String {
    match place.starts_with('/') {
        true => format!("{place}/{}", escaped(step)),
        false => format!("/{}/{}", escaped(place), escaped(step)),
    }
}

fn escaped(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

/// Where the values of an array are in their rows.
enum Frame<'a> {
    Column(&'a str),
    Member(&'a Frame<'a>, &'a str),
    Item(&'a Frame<'a>, &'a Items),
}

impl Frame<'_> {
    /// The row that the value at this index belongs to, and its column or pointer.
    fn place(&self, at: usize) -> (usize, String) {
        match self {
            Frame::Column(name) => (at, (*name).to_owned()),
            _ => self.pointer(at),
        }
    }

    fn pointer(&self, at: usize) -> (usize, String) {
        match self {
            Frame::Column(name) => (at, format!("/{}", escaped(name))),
            Frame::Member(object, name) => {
                let (row, pointer) = object.pointer(at);
                (row, format!("{pointer}/{}", escaped(name)))
            }
            Frame::Item(list, items) => {
                let (at, number) = items.place(at);
                let (row, pointer) = list.pointer(at);
                (row, format!("{pointer}/{number}"))
            }
        }
    }
}

impl FieldChecks {
    fn is_empty(&self) -> bool {
        self.required.is_none()
            && self.tests.is_empty()
            && self.members.is_empty()
            && self.items.is_none()
    }

    /// Adds a finding for each value of the column that breaks a constraint.
    pub(crate) fn check(&self, column: &ArrayRef, found: &mut Vec<Finding>) -> Result<(), Failure> {
        self.check_within(column, None, &Frame::Column(&self.name), found)
    }

    /// `counting` says which positions are there at all: not those inside of a null.
    fn check_within(
        &self,
        array: &ArrayRef,
        counting: Option<&BooleanBuffer>,
        frame: &Frame<'_>,
        found: &mut Vec<Finding>,
    ) -> Result<(), Failure> {
        let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        if let (Some(check), Some(nulls)) = (self.required, &nulls) {
            report(
                check,
                array,
                &both(Some(&!nulls.inner()), counting),
                frame,
                found,
            )?;
        }
        let present = match (&nulls, counting) {
            (None, None) => None,
            (nulls, counting) => Some(both(nulls.as_ref().map(|nulls| nulls.inner()), counting)),
        };
        let array = plain(array)?;
        for (check, test) in &self.tests {
            let broken = test(array.as_ref());
            if broken.count_set_bits() > 0 {
                report(
                    *check,
                    &array,
                    &both(Some(&broken), present.as_ref()),
                    frame,
                    found,
                )?;
            }
        }
        self.check_nested(&array, present.as_ref(), frame, found)
    }

    fn check_nested(
        &self,
        array: &ArrayRef,
        present: Option<&BooleanBuffer>,
        frame: &Frame<'_>,
        found: &mut Vec<Finding>,
    ) -> Result<(), Failure> {
        for (at, member) in &self.members {
            let column = array.as_struct().column(*at);
            member.check_within(column, present, &Frame::Member(frame, &member.name), found)?;
        }
        if let Some(item) = &self.items {
            let items = Items::of(array.as_ref());
            let counting = present.map(|present| items.within(present));
            item.check_within(
                &items.values,
                counting.as_ref(),
                &Frame::Item(frame, &items),
                found,
            )?;
        }
        Ok(())
    }
}

/// Where both are set; what is not given is set everywhere. One of them is given.
fn both(a: Option<&BooleanBuffer>, b: Option<&BooleanBuffer>) -> BooleanBuffer {
    match (a, b) {
        (Some(a), Some(b)) => a & b,
        (Some(only), None) | (None, Some(only)) => only.clone(),
        (None, None) => BooleanBuffer::new_unset(0),
    }
}

fn report(
    check: usize,
    array: &ArrayRef,
    broken: &BooleanBuffer,
    frame: &Frame<'_>,
    found: &mut Vec<Finding>,
) -> Result<(), Failure> {
    if broken.count_set_bits() == 0 {
        return Ok(());
    }
    let column = Arc::new(Column::new("", array.data_type().clone(), true));
    RowEncoder::of_column(column, array.clone()).each(broken.set_indices(), |at, value| {
        let (row, field) = frame.place(at);
        found.push(Finding {
            row,
            check,
            field,
            value: shown(value),
        });
        Ok(())
    })
}
