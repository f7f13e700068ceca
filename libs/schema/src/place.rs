//! A value of the schema file together with its JSON pointer.

use crate::Error;
use millrace_fault::clip;
use serde_json::{Map, Value};

/// Where we are in the file, and what stands there.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) value: &'a Value,
    pub(crate) pointer: String,
}

impl<'a> Place<'a> {
    pub(crate) fn root(value: &'a Value) -> Self {
        Place {
            value,
            pointer: String::new(),
        }
    }

    /// The member `name`, if it is there. `self` must be an object.
    pub(crate) fn child(&self, name: &str) -> Result<Option<Place<'a>>, Error> {
        let value = self.object()?.get(name);
        Ok(value.map(|value| Place {
            value,
            pointer: self.pointer_to(name),
        }))
    }

    pub(crate) fn required(&self, name: &str) -> Result<Place<'a>, Error> {
        let child = self.child(name)?;
        child.ok_or_else(|| self.error(format!("expected a property '{name}'")))
    }

    pub(crate) fn items(&self) -> Result<Vec<Place<'a>>, Error> {
        let list = self
            .value
            .as_array()
            .ok_or_else(|| self.expected("a list"))?;
        let place = |(index, value)| Place {
            value,
            pointer: format!("{}/{index}", self.pointer),
        };
        Ok(list.iter().enumerate().map(place).collect())
    }

    pub(crate) fn object(&self) -> Result<&'a Map<String, Value>, Error> {
        self.value
            .as_object()
            .ok_or_else(|| self.expected("an object"))
    }

    pub(crate) fn string(&self) -> Result<&'a str, Error> {
        self.value.as_str().ok_or_else(|| self.expected("a string"))
    }

    pub(crate) fn strings(&self) -> Result<Vec<String>, Error> {
        self.items()?
            .iter()
            .map(|item| item.string().map(str::to_owned))
            .collect()
    }

    pub(crate) fn boolean(&self) -> Result<bool, Error> {
        self.value
            .as_bool()
            .ok_or_else(|| self.expected("true or false"))
    }

    pub(crate) fn count(&self) -> Result<u64, Error> {
        self.value
            .as_u64()
            .ok_or_else(|| self.expected("a whole number from 0 up"))
    }

    pub(crate) fn character(&self) -> Result<char, Error> {
        let mut chars = self.string()?.chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(self.expected("a single character")),
        }
    }

    pub(crate) fn error(&self, problem: impl Into<String>) -> Error {
        Error::at(self.pointer.clone(), problem)
    }

    /// `'found' is not EXPECTED`.
    pub(crate) fn expected(&self, what: impl AsRef<str>) -> Error {
        let found = clip(&self.value.to_string(), 80);
        self.error(format!("{found} is not {}", what.as_ref()))
    }

    fn pointer_to(&self, name: &str) -> String {
        format!(
            "{}/{}",
            self.pointer,
            name.replace('~', "~0").replace('/', "~1")
        )
    }
}
