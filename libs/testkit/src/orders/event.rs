//! Drawing one order event.

use super::{Orders, Random};

/// The five ways in which a record is bad. The first two do not parse; the other
/// three break a constraint of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bad {
    /// The record is cut in the middle.
    Torn,
    /// The quantity is text.
    Untyped,
    /// The amount is negative.
    Negative,
    /// There is no customer.
    NoCustomer,
    /// The status is none of the known ones.
    UnknownStatus,
}

const BAD: [Bad; 5] = [
    Bad::Torn,
    Bad::Untyped,
    Bad::Negative,
    Bad::NoCustomer,
    Bad::UnknownStatus,
];

/// One order event, before it is written.
#[derive(Clone, Debug)]
pub struct Event {
    /// Unique, rising with the order of arrival.
    pub order_id: u64,
    /// 128 random bits.
    pub event_id: (u64, u64),
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub timestamp_us: i64,
    /// The customer.
    pub customer_id: u64,
    /// Index into the segments.
    pub segment: usize,
    /// Index into the regions (and their currencies).
    pub region: usize,
    /// Cents; negative only in a bad record.
    pub amount_cents: i64,
    /// Pieces.
    pub quantity: u64,
    /// Index into the statuses.
    pub status: usize,
    /// A voucher's number, if one was used.
    pub coupon: Option<u64>,
    /// Whether it is a gift.
    pub is_gift: bool,
    /// Words of the note.
    pub note: [usize; 9],
    /// (article, pieces, cents) of the nested shape.
    pub items: Vec<(u64, u64, u64)>,
    /// How the record is bad, if it is.
    pub bad: Option<Bad>,
    /// Whether the event is of an earlier day than its arrival.
    pub is_late: bool,
}

const HOUR_US: i64 = 3_600_000_000;

/// Draws the events of one hour of arrival.
pub(super) struct Draw<'a> {
    orders: &'a Orders,
    random: Random,
    hour: u32,
    rows: u64,
    first_id: u64,
}

impl<'a> Draw<'a> {
    pub(super) fn new(orders: &'a Orders, hour: u32) -> Self {
        let mut mix = Random::new(
            orders
                .seed
                .wrapping_mul(0x1_0000_0001)
                .wrapping_add(u64::from(hour)),
        );
        Draw {
            orders,
            random: Random::new(mix.bits()),
            hour,
            rows: orders.rows_of(hour),
            first_id: (0..hour)
                .map(|earlier| orders.rows_of(earlier))
                .sum::<u64>()
                + 1,
        }
    }

    pub(super) fn event(&mut self, row: u64) -> Event {
        let bad = self.bad();
        let is_late = bad.is_none() && self.random.chance(self.orders.late);
        let timestamp_us = self.timestamp(row, is_late);
        let r = &mut self.random;
        let region = r.below(6) as usize;
        Event {
            order_id: self.first_id + row,
            event_id: (r.bits(), r.bits()),
            timestamp_us,
            customer_id: 1 + r.below(1_000_000),
            segment: r.below(4) as usize,
            region,
            amount_cents: 99 + r.below(50_000) as i64 * r.below(10) as i64,
            quantity: 1 + r.below(9),
            status: r.below(5) as usize,
            coupon: r
                .chance(0.15)
                .then_some(())
                .map(|()| r.below(90_000) + 10_000),
            is_gift: r.chance(0.1),
            note: std::array::from_fn(|_| r.bits() as usize),
            items: (0..1 + r.below(4))
                .map(|_| (r.below(50_000), 1 + r.below(5), 99 + r.below(20_000)))
                .collect(),
            bad,
            is_late,
        }
    }

    fn bad(&mut self) -> Option<Bad> {
        let is_bad = self.random.chance(self.orders.bad);
        is_bad.then(|| *self.random.pick(&BAD))
    }

    /// On time: rising within the hour of arrival, or anywhere when shuffled. Late:
    /// mostly the evening before, the rest two days before.
    fn timestamp(&mut self, row: u64, is_late: bool) -> i64 {
        let start = self.orders.first_day * 24 * HOUR_US;
        if is_late {
            let (days, first_hour) = if self.random.chance(0.8) {
                (1, 18)
            } else {
                (2, 22)
            };
            let day = i64::from(self.hour / 24) - days;
            let hours = self.random.below(24 - first_hour as u64) as i64;
            let within = self.random.below(HOUR_US as u64) as i64;
            return start + (day * 24 + first_hour + hours) * HOUR_US + within;
        }
        if self.orders.shuffled {
            let range = i64::from(self.orders.hours()) * HOUR_US;
            return start + self.random.below(range as u64) as i64;
        }
        let step = HOUR_US as u64 / self.rows.max(1);
        let within = row * step + self.random.below(step.max(1));
        start + i64::from(self.hour) * HOUR_US + within as i64
    }
}
