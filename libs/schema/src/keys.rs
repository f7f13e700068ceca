//! `primaryKey`, `uniqueKeys`, `foreignKeys`.

use crate::place::Place;
use crate::{Error, Field};

/// Values of `fields` must occur as values of `reference_fields` of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// Names of our fields.
    pub fields: Vec<String>,
    /// The name of the other table; `None`: this table itself.
    pub resource: Option<String>,
    /// Names of its fields, as many.
    pub reference_fields: Vec<String>,
}

/// A string or a list of strings that name fields of this schema.
pub(crate) fn key(place: &Place<'_>, fields: &[Field]) -> Result<Vec<String>, Error> {
    let names = names(place)?;
    for name in &names {
        if !fields.iter().any(|field| field.name == *name) {
            return Err(place.error(format!("there is no field '{name}'")));
        }
    }
    Ok(names)
}

fn names(place: &Place<'_>) -> Result<Vec<String>, Error> {
    let names = match place.value.as_str() {
        Some(name) => vec![name.to_owned()],
        None => place
            .strings()
            .map_err(|_| place.expected("a field name or a list of field names"))?,
    };
    match names.is_empty() {
        true => Err(place.expected("at least one field name")),
        false => Ok(names),
    }
}

pub(crate) fn unique_keys(place: &Place<'_>, fields: &[Field]) -> Result<Vec<Vec<String>>, Error> {
    place
        .items()?
        .iter()
        .map(|item| key(item, fields))
        .collect()
}

pub(crate) fn foreign_keys(place: &Place<'_>, fields: &[Field]) -> Result<Vec<ForeignKey>, Error> {
    place
        .items()?
        .iter()
        .map(|item| foreign_key(item, fields))
        .collect()
}

fn foreign_key(place: &Place<'_>, fields: &[Field]) -> Result<ForeignKey, Error> {
    let own = key(&place.required("fields")?, fields)?;
    let reference = place.required("reference")?;
    let resource = match reference.child("resource")? {
        Some(resource) => Some(resource.string()?.to_owned()).filter(|name| !name.is_empty()),
        None => None,
    };
    let others = reference.required("fields")?;
    let reference_fields = match resource {
        Some(_) => names(&others)?,
        None => key(&others, fields)?,
    };
    if reference_fields.len() != own.len() {
        return Err(others.expected(format!("{} field names, as many as in 'fields'", own.len())));
    }
    Ok(ForeignKey {
        fields: own,
        resource,
        reference_fields,
    })
}
