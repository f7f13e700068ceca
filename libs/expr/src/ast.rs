//! The expression tree between text and types: SQL's forms, reduced to few.

use arrow_arith::temporal::DatePart;
use arrow_array::ArrayRef;
use arrow_schema::DataType;

/// An expression. Depth is bounded by the parser (AND and OR are flat).
#[derive(Clone, Debug)]
pub(crate) enum Expr {
    Column(Column),
    Literal(Literal),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Compare {
        op: Comparison,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    IsNull(Box<Expr>),
    /// `IS TRUE`, `IS FALSE`.
    IsTruth {
        expr: Box<Expr>,
        truth: bool,
    },
    In {
        expr: Box<Expr>,
        list: Vec<Expr>,
    },
    Between {
        expr: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    Like {
        expr: Box<Expr>,
        pattern: Box<Expr>,
        escape: Option<char>,
        ignore_case: bool,
    },
    /// A regular expression; `whole` when it must match all of the text (SIMILAR TO).
    Regex {
        expr: Box<Expr>,
        pattern: Box<Expr>,
        ignore_case: bool,
        whole: bool,
    },
    Arithmetic {
        op: Arithmetic,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Negate(Box<Expr>),
    Concat(Box<Expr>, Box<Expr>),
    Call {
        function: Function,
        args: Vec<Expr>,
    },
    Part {
        part: DatePart,
        expr: Box<Expr>,
    },
    /// Seconds since 1970.
    Epoch(Box<Expr>),
    Case {
        operand: Option<Box<Expr>>,
        whens: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    /// `lenient` gives NULL where the value cannot be cast.
    Cast {
        expr: Box<Expr>,
        data_type: DataType,
        lenient: bool,
    },
}

/// A column, or a field inside one: `a.b.c`.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// At least one.
    pub(crate) path: Vec<Name>,
    /// 1-based character position.
    pub(crate) at: u64,
}

impl Column {
    pub(crate) fn root(&self) -> &Name {
        &self.path[0]
    }
}

/// A name; unquoted ones also match with another case.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) quoted: bool,
}

/// A literal whose type may still depend on what it meets.
#[derive(Clone, Debug)]
pub(crate) enum Literal {
    Null,
    Boolean(bool),
    /// Digits as written.
    Number(String),
    Text(String),
    /// One element: a date, a timestamp, a time, an interval.
    Typed(ArrayRef),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Distinct,
    NotDistinct,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// Division that drops the fraction.
    Quotient,
    Remainder,
}

impl Arithmetic {
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::Quotient => "//",
            Arithmetic::Remainder => "%",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Abs,
    Ceil,
    Coalesce,
    Floor,
    Length,
    Lower,
    NullIf,
    Round,
    StartsWith,
    EndsWith,
    Contains,
    Substring,
    Trim(Side),
    Upper,
}

/// Which ends TRIM cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Both,
    Leading,
    Trailing,
}

impl Expr {
    /// Calls `visit` for each column, in order of appearance.
    pub(crate) fn visit_columns<'a>(&'a self, visit: &mut dyn FnMut(&'a Column)) {
        if let Expr::Column(column) = self {
            visit(column);
        }
        for child in self.children() {
            child.visit_columns(visit);
        }
    }

    fn children(&self) -> Vec<&Expr> {
        match self {
            Expr::Column(_) | Expr::Literal(_) => Vec::new(),
            Expr::And(parts) | Expr::Or(parts) => parts.iter().collect(),
            Expr::Not(expr) | Expr::IsNull(expr) | Expr::Negate(expr) | Expr::Epoch(expr) => {
                vec![expr]
            }
            Expr::IsTruth { expr, .. } | Expr::Part { expr, .. } | Expr::Cast { expr, .. } => {
                vec![expr]
            }
            Expr::Compare { left, right, .. }
            | Expr::Arithmetic { left, right, .. }
            | Expr::Concat(left, right) => vec![left, right],
            Expr::In { expr, list } => std::iter::once(&**expr).chain(list).collect(),
            Expr::Between { expr, low, high } => vec![expr, low, high],
            Expr::Like { expr, pattern, .. } | Expr::Regex { expr, pattern, .. } => {
                vec![expr, pattern]
            }
            Expr::Call { args, .. } => args.iter().collect(),
            Expr::Case {
                operand,
                whens,
                otherwise,
            } => operand
                .as_deref()
                .into_iter()
                .chain(whens.iter().flat_map(|(when, then)| [when, then]))
                .chain(otherwise.as_deref())
                .collect(),
        }
    }
}
