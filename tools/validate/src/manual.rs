//! The parts of the manual beyond the options.

use millrace_cli::Section;

pub(crate) const SECTIONS: &[Section] = &[];
