//! Whether keys come in an order worth foretelling.

/// What the last records have shown.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Keys of the record at hand that were not the expected ones.
    surprises: usize,
    /// Records to come that are taken as if their keys had no order.
    turns: usize,
    /// Records to come in which an order is expected, whatever was seen.
    rest: usize,
}

/// After so many records without order it is tried again whether there is one.
const TURNS: usize = 64;

/// After a record that could not be read without an order, so many are not tried.
const REST: usize = 16;

impl Order {
    /// A key was not the expected one.
    pub(crate) fn surprise(&mut self) {
        self.surprises += 1;
    }

    /// Whether the next record is to be read as one without order.
    #[inline(always)]
    pub(crate) fn is_scattered(&mut self) -> bool {
        let scattered = self.turns > 0;
        self.turns -= usize::from(scattered);
        scattered
    }

    /// It was tried, and did not work.
    pub(crate) fn failed(&mut self) {
        (self.turns, self.rest) = (0, REST);
    }

    /// A record of an object of so many columns has been read in the expected order. A
    /// surprise costs about as much as outlining a quarter of a record.
    #[inline(always)]
    pub(crate) fn learn(&mut self, columns: usize) {
        if self.surprises > 1 && 4 * self.surprises >= columns && self.rest == 0 {
            self.turns = TURNS;
        }
        self.surprises = 0;
        self.rest = self.rest.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(order: &mut Order, surprises: usize) {
        (0..surprises).for_each(|_| order.surprise());
        order.learn(12);
    }

    #[test]
    fn surprises_in_a_quarter_of_the_columns_end_the_order_for_a_while() {
        let mut order = Order::default();
        read(&mut order, 2);
        assert!(!order.is_scattered());
        read(&mut order, 3);
        let scattered = (0..TURNS + 5).filter(|_| order.is_scattered());
        assert_eq!(scattered.count(), TURNS);
    }

    #[test]
    fn after_a_failure_there_is_a_rest() {
        let mut order = Order::default();
        read(&mut order, 12);
        assert!(order.is_scattered());
        order.failed();
        for _ in 0..REST {
            assert!(!order.is_scattered());
            read(&mut order, 12);
        }
        assert!(!order.is_scattered());
        read(&mut order, 12);
        assert!(order.is_scattered());
    }
}
