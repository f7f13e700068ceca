//! The typed tree: every node knows its Arrow type, both sides of a comparison agree.

use crate::ast::{Arithmetic, Comparison, Function};
use crate::evaluate::set::Set;
use crate::pattern::Pattern;
use arrow_arith::temporal::DatePart;
use arrow_array::ArrayRef;
use arrow_schema::DataType;
use std::sync::Arc;

/// An expression of a known type (always a plain one, see `types::plain`).
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) data_type: DataType,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Index into the bound predicate's columns.
    Column(usize),
    /// A child of a struct.
    Field {
        parent: Box<Node>,
        index: usize,
    },
    /// One element.
    Constant(ArrayRef),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Compare {
        op: Comparison,
        left: Box<Node>,
        right: Box<Node>,
    },
    IsNull(Box<Node>),
    IsTruth {
        node: Box<Node>,
        truth: bool,
    },
    In {
        node: Box<Node>,
        set: Arc<Set>,
    },
    Between {
        node: Box<Node>,
        low: Box<Node>,
        high: Box<Node>,
    },
    /// A constant pattern, compiled.
    Match {
        node: Box<Node>,
        pattern: Arc<Pattern>,
    },
    /// A pattern that differs by row.
    MatchEach {
        node: Box<Node>,
        pattern: Box<Node>,
        dialect: crate::pattern::Dialect,
    },
    Arithmetic {
        op: Arithmetic,
        left: Box<Node>,
        right: Box<Node>,
    },
    Negate(Box<Node>),
    Concat(Box<Node>, Box<Node>),
    Call {
        function: Function,
        args: Vec<Node>,
    },
    Part {
        part: DatePart,
        node: Box<Node>,
    },
    Epoch(Box<Node>),
    /// Conditions are boolean, results of the node's type.
    Case {
        whens: Vec<(Node, Node)>,
        otherwise: Box<Node>,
    },
    Cast {
        node: Box<Node>,
        lenient: bool,
    },
}

impl Node {
    pub(crate) fn new(kind: Kind, data_type: DataType) -> Self {
        Node { kind, data_type }
    }

    pub(crate) fn boolean(kind: Kind) -> Self {
        Node {
            kind,
            data_type: DataType::Boolean,
        }
    }

    pub(crate) fn constant(value: ArrayRef) -> Self {
        let data_type = value.data_type().clone();
        Node {
            kind: Kind::Constant(value),
            data_type,
        }
    }

    /// The one element of a constant.
    pub(crate) fn as_constant(&self) -> Option<&ArrayRef> {
        match &self.kind {
            Kind::Constant(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn children(&self) -> Vec<&Node> {
        match &self.kind {
            Kind::Column(_) | Kind::Constant(_) => Vec::new(),
            Kind::Field { parent: node, .. }
            | Kind::Not(node)
            | Kind::IsNull(node)
            | Kind::IsTruth { node, .. }
            | Kind::In { node, .. }
            | Kind::Match { node, .. }
            | Kind::Negate(node)
            | Kind::Part { node, .. }
            | Kind::Epoch(node)
            | Kind::Cast { node, .. } => vec![node],
            Kind::And(nodes) | Kind::Or(nodes) | Kind::Call { args: nodes, .. } => {
                nodes.iter().collect()
            }
            Kind::Compare { left, right, .. }
            | Kind::Arithmetic { left, right, .. }
            | Kind::Concat(left, right)
            | Kind::MatchEach {
                node: left,
                pattern: right,
                ..
            } => vec![left, right],
            Kind::Between { node, low, high } => vec![node, low, high],
            Kind::Case { whens, otherwise } => {
                let pairs = whens.iter().flat_map(|(when, then)| [when, then]);
                pairs.chain(std::iter::once(&**otherwise)).collect()
            }
        }
    }

    /// Whether no column takes part.
    pub(crate) fn is_constant(&self) -> bool {
        !matches!(self.kind, Kind::Column(_))
            && self.children().iter().all(|child| child.is_constant())
    }
}
