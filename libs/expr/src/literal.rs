//! Text to values: dates, timestamps, times, intervals, numbers.

use arrow_array::ArrayRef;
use arrow_schema::DataType;

pub(crate) fn timestamp(_text: &str) -> Option<ArrayRef> { None }
pub(crate) fn interval(_text: &str) -> Option<ArrayRef> { None }
pub(crate) fn parse_text(_text: &str, _target: &DataType) -> Option<ArrayRef> { None }
pub(crate) fn expected(_target: &DataType) -> &'static str { "" }
