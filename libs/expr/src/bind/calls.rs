//! Arithmetic and functions: what they take, and what type comes out.

use super::{Binder, cast, describe};
use crate::Error;
use crate::ast::{Arithmetic, Expr, Function, Literal};
use crate::node::{Kind, Node};
use crate::types::{self, Class, class, shape};
use arrow_arith::temporal::DatePart;
use arrow_schema::{DataType, IntervalUnit};

impl Binder<'_> {
    /// Text, as an operand of `of`; NULL becomes text.
    pub(super) fn text(&mut self, expr: &Expr, of: &str) -> Result<Node, Error> {
        let node = self.bind(expr)?;
        match class(&node.data_type) {
            Class::Text => Ok(node),
            Class::Null => Ok(cast(node, &DataType::Utf8, false)),
            _ => Err(Error::Type(format!(
                "{of} takes text, not {}",
                describe(expr, &node.data_type)
            ))),
        }
    }

    fn number(&mut self, expr: &Expr, of: &str) -> Result<Node, Error> {
        let node = self.bind(expr)?;
        match class(&node.data_type) {
            class if class.is_number() => Ok(node),
            Class::Null => Ok(cast(node, &DataType::Int64, false)),
            _ => Err(Error::Type(format!(
                "{of} takes a number, not {}",
                describe(expr, &node.data_type)
            ))),
        }
    }

    pub(super) fn negate(&mut self, expr: &Expr) -> Result<Node, Error> {
        let node = self.number(expr, "-")?;
        let data_type = match &node.data_type {
            unsigned if unsigned.is_unsigned_integer() => {
                if *unsigned == DataType::UInt64 {
                    DataType::Decimal128(20, 0)
                } else {
                    DataType::Int64
                }
            }
            other => other.clone(),
        };
        let node = cast(node, &data_type, false);
        Ok(Node::new(Kind::Negate(Box::new(node)), data_type))
    }

    pub(super) fn arithmetic(
        &mut self,
        op: Arithmetic,
        left: &Expr,
        right: &Expr,
    ) -> Result<Node, Error> {
        let (a, b) = (self.bind(left)?, self.bind(right)?);
        let (a_class, b_class) = (class(&a.data_type), class(&b.data_type));
        let number = |class: Class| class.is_number() || class == Class::Null;
        if number(a_class) && number(b_class) {
            return Ok(numeric(
                op,
                digits(left, a, b_class),
                digits(right, b, a_class),
            ));
        }
        let (of_left, of_right) = (describe(left, &a.data_type), describe(right, &b.data_type));
        temporal(op, a, b).ok_or_else(|| {
            Error::Type(format!("cannot compute {of_left} {} {of_right}", op.sign()))
        })
    }

    pub(super) fn part(&mut self, part: DatePart, expr: &Expr) -> Result<Node, Error> {
        let node = self.bind(expr)?;
        let clock = matches!(part, DatePart::Hour | DatePart::Minute | DatePart::Second);
        let fits = match class(&node.data_type) {
            Class::Date | Class::Timestamp => true,
            Class::Time => clock,
            _ => false,
        };
        if !fits {
            let what = describe(expr, &node.data_type);
            return Err(Error::Type(format!(
                "the {} of {what} is not defined",
                part.to_string().to_lowercase()
            )));
        }
        Ok(Node::new(
            Kind::Part {
                part,
                node: Box::new(node),
            },
            DataType::Int64,
        ))
    }

    pub(super) fn epoch(&mut self, expr: &Expr) -> Result<Node, Error> {
        let node = self.bind(expr)?;
        match class(&node.data_type) {
            Class::Date | Class::Timestamp => {
                Ok(Node::new(Kind::Epoch(Box::new(node)), DataType::Float64))
            }
            _ => Err(Error::Type(format!(
                "the epoch of {} is not defined",
                describe(expr, &node.data_type)
            ))),
        }
    }

    pub(super) fn call(&mut self, function: Function, args: &[Expr]) -> Result<Node, Error> {
        let (args, data_type) = match function {
            Function::Coalesce => {
                let operands: Vec<&Expr> = args.iter().collect();
                let args = self.meeting(&operands, "choose between")?;
                let data_type = args[0].data_type.clone();
                (args, data_type)
            }
            Function::NullIf => {
                let (left, right) = self.pair(&args[0], &args[1], "compare")?;
                let data_type = left.data_type.clone();
                (vec![left, right], data_type)
            }
            Function::Abs => {
                let arg = self.number(&args[0], "abs()")?;
                let data_type = arg.data_type.clone();
                (vec![arg], data_type)
            }
            Function::Ceil | Function::Floor | Function::Round => self.rounding(args)?,
            Function::Length => (vec![self.measurable(&args[0])?], DataType::Int64),
            Function::StartsWith | Function::EndsWith | Function::Contains => {
                (self.texts(args, "a text search")?, DataType::Boolean)
            }
            Function::Lower | Function::Upper | Function::Trim(_) => {
                (self.texts(args, "the function")?, DataType::Utf8)
            }
            Function::Substring => {
                let mut bound = vec![self.text(&args[0], "substr()")?];
                for arg in &args[1..] {
                    bound.push(cast(self.number(arg, "substr()")?, &DataType::Int64, false));
                }
                (bound, DataType::Utf8)
            }
        };
        Ok(Node::new(Kind::Call { function, args }, data_type))
    }

    fn texts(&mut self, args: &[Expr], of: &str) -> Result<Vec<Node>, Error> {
        args.iter().map(|arg| self.text(arg, of)).collect()
    }

    /// Decimals become floats; the digits of ROUND are a constant.
    fn rounding(&mut self, args: &[Expr]) -> Result<(Vec<Node>, DataType), Error> {
        let number = self.number(&args[0], "rounding")?;
        let data_type = match class(&number.data_type) {
            Class::Decimal => DataType::Float64,
            _ => number.data_type.clone(),
        };
        let mut bound = vec![cast(number, &data_type, false)];
        if let Some(digits) = args.get(1) {
            let digits = self.number(digits, "round()")?;
            if digits.as_constant().is_none() {
                return Err(Error::Type(
                    "the digits of round() must be a constant".to_owned(),
                ));
            }
            bound.push(cast(digits, &DataType::Int64, false));
        }
        Ok((bound, data_type))
    }

    fn measurable(&mut self, expr: &Expr) -> Result<Node, Error> {
        let node = self.bind(expr)?;
        match class(&node.data_type) {
            Class::Binary => Ok(node),
            _ => self.text(expr, "length()"),
        }
    }
}

/// A number literal beside a float is a float.
fn digits(expr: &Expr, node: Node, other: Class) -> Node {
    match expr {
        Expr::Literal(Literal::Number(_)) if other == Class::Float => {
            cast(node, &DataType::Float64, false)
        }
        _ => node,
    }
}

fn numeric(op: Arithmetic, left: Node, right: Node) -> Node {
    let operands = operand_type(op, &left.data_type, &right.data_type);
    let result = result_type(op, &operands, &left.data_type, &right.data_type);
    // Arrow aligns decimals of any scale by itself.
    let aligned = |node: Node| match (class(&operands), class(&node.data_type)) {
        (Class::Decimal, Class::Decimal) if is_decimal128(&node.data_type) => node,
        (Class::Decimal, Class::Integer) => {
            let (whole, _) = shape(&node.data_type);
            cast(node, &DataType::Decimal128(whole as u8, 0), false)
        }
        _ => cast(node, &operands, false),
    };
    let (left, right) = (Box::new(aligned(left)), Box::new(aligned(right)));
    Node::new(Kind::Arithmetic { op, left, right }, result)
}

fn is_decimal128(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Decimal128(..))
}

/// Whole numbers are computed in 64 bits, decimals exactly, `/` and all else in floats.
fn operand_type(op: Arithmetic, left: &DataType, right: &DataType) -> DataType {
    match (class(left), class(right)) {
        _ if op == Arithmetic::Divide => DataType::Float64,
        (Class::Float, _) | (_, Class::Float) => DataType::Float64,
        (Class::Decimal, _) | (_, Class::Decimal) if op == Arithmetic::Quotient => {
            DataType::Float64
        }
        (Class::Decimal, _) | (_, Class::Decimal)
            if [left, right]
                .iter()
                .any(|side| matches!(side, DataType::Decimal256(..))) =>
        {
            DataType::Float64
        }
        (Class::Decimal, _) | (_, Class::Decimal) => DataType::Decimal128(38, 0),
        _ if *left == DataType::UInt64 || *right == DataType::UInt64 => DataType::Decimal128(38, 0),
        _ => DataType::Int64,
    }
}

/// For decimals what arrow's kernels make (the rules of Hive and SQL Server).
fn result_type(op: Arithmetic, operands: &DataType, left: &DataType, right: &DataType) -> DataType {
    if class(operands) != Class::Decimal {
        return operands.clone();
    }
    let ((left_whole, left_scale), (right_whole, right_scale)) = (shape(left), shape(right));
    let (precision, scale) = match op {
        Arithmetic::Multiply => (
            left_whole + left_scale + right_whole + right_scale + 1,
            left_scale + right_scale,
        ),
        Arithmetic::Remainder => {
            let scale = left_scale.max(right_scale);
            (left_whole.min(right_whole) + scale, scale)
        }
        _ => {
            let scale = left_scale.max(right_scale);
            (left_whole.max(right_whole) + scale + 1, scale)
        }
    };
    DataType::Decimal128(precision.clamp(1, 38) as u8, scale.min(38) as i8)
}

/// Dates and timestamps with intervals, and their differences.
fn temporal(op: Arithmetic, left: Node, right: Node) -> Option<Node> {
    let interval = DataType::Interval(IntervalUnit::MonthDayNano);
    let make = |left: Node, right: Node, data_type: DataType| {
        Node::new(
            Kind::Arithmetic {
                op,
                left: Box::new(left),
                right: Box::new(right),
            },
            data_type,
        )
    };
    match (class(&left.data_type), op, class(&right.data_type)) {
        // A date with an interval is a timestamp, as in SQL: the interval may hold hours.
        (Class::Date, Arithmetic::Add | Arithmetic::Subtract, Class::Interval) => {
            let timestamp = DataType::Timestamp(crate::literal::UNIT, None);
            Some(make(cast(left, &timestamp, false), right, timestamp))
        }
        (Class::Timestamp, Arithmetic::Add | Arithmetic::Subtract, Class::Interval) => {
            let timestamp = left.data_type.clone();
            Some(make(left, right, timestamp))
        }
        (Class::Interval, Arithmetic::Add, Class::Date | Class::Timestamp) => {
            temporal(op, right, left)
        }
        (Class::Interval, Arithmetic::Add | Arithmetic::Subtract, Class::Interval) => {
            Some(make(left, right, interval))
        }
        // Days between two dates.
        (Class::Date, Arithmetic::Subtract, Class::Date) => {
            let days =
                |node: Node| cast(cast(node, &DataType::Int32, false), &DataType::Int64, false);
            Some(make(days(left), days(right), DataType::Int64))
        }
        (Class::Timestamp, Arithmetic::Subtract, Class::Timestamp) => {
            match types::common(&left.data_type, &right.data_type) {
                Some(DataType::Timestamp(unit, zone)) => {
                    let both = DataType::Timestamp(unit, zone);
                    Some(make(
                        cast(left, &both, false),
                        cast(right, &both, false),
                        DataType::Duration(unit),
                    ))
                }
                _ => None,
            }
        }
        // Whole days added to a date.
        (Class::Date, Arithmetic::Add | Arithmetic::Subtract, Class::Integer) => {
            let days = cast(cast(left, &DataType::Int32, false), &DataType::Int64, false);
            let sum = make(days, cast(right, &DataType::Int64, false), DataType::Int64);
            Some(cast(
                cast(sum, &DataType::Int32, false),
                &DataType::Date32,
                false,
            ))
        }
        _ => None,
    }
}
