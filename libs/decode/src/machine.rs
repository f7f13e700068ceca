//! The instruction set of this machine, chosen once per decoder.

use crate::column::Object;
use crate::context::{At, Context};
use crate::csv::{Layout, Rows};
use crate::json::{Pause, Records};
#[cfg(target_arch = "x86_64")]
use crate::kernel::Avx2;
use crate::kernel::{Isa, Portable, Text};

/// Which version of the hot path runs. All give the same bytes.
#[derive(Clone, Copy)]
pub(crate) enum Machine {
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    Portable,
}

/// Runs `$do` with `$isa` as the machine's [`Isa`].
macro_rules! with {
    ($machine:expr, $isa:ident => $do:expr) => {
        match $machine {
            #[cfg(target_arch = "x86_64")]
            Machine::Avx2($isa) => $do,
            Machine::Portable => {
                let $isa = Portable;
                $do
            }
        }
    };
}

impl Machine {
    pub(crate) fn best() -> Machine {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = Avx2::detect() {
            return Machine::Avx2(avx2);
        }
        Machine::Portable
    }

    /// See [`crate::json::records`].
    pub(crate) fn records(
        self,
        object: &mut Object,
        text: Text<'_>,
        records: &mut Records,
        cx: &mut Context,
    ) -> Pause {
        with!(self, isa => isa.records(object, text, records, cx))
    }

    /// See [`crate::csv::rows`].
    pub(crate) fn rows(
        self,
        object: &mut Object,
        layout: &Layout,
        text: Text<'_>,
        rows: &mut Rows,
        cx: &mut Context,
    ) -> Pause {
        with!(self, isa => isa.rows(object, layout, text, rows, cx))
    }

    /// See [`crate::json::object`].
    pub(crate) fn object(
        self,
        object: &mut Object,
        text: Text<'_>,
        at: usize,
        cx: &mut Context,
    ) -> At {
        with!(self, isa => isa.object(object, text, at, cx))
    }
}
