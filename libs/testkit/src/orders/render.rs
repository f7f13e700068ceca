//! Writing one order event as a record.

use super::{Bad, Event, Random};
use std::io::Write;

/// The form of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// NDJSON, 13 flat fields, about 320 bytes.
    Flat,
    /// NDJSON with an address and a list of items.
    Nested,
    /// NDJSON, the flat fields in another order in each record, one in twelve missing.
    Mixed,
    /// CSV with the flat fields.
    Csv,
}

const SEGMENTS: [&str; 4] = ["consumer", "business", "enterprise", "reseller"];
const REGIONS: [(&str, &str); 6] = [
    ("eu-west", "EUR"),
    ("eu-north", "SEK"),
    ("us-east", "USD"),
    ("us-west", "USD"),
    ("ap-south", "INR"),
    ("uk", "GBP"),
];
const STATUSES: [&str; 5] = ["placed", "paid", "shipped", "delivered", "cancelled"];
const WORDS: [&str; 16] = [
    "leave",
    "at",
    "door",
    "ring",
    "twice",
    "please",
    "call",
    "before",
    "noon",
    "gift",
    "wrap",
    "blue",
    "fragile",
    "Straße",
    "garage",
    "neighbour",
];
const STREETS: [&str; 4] = [
    "Main Street",
    "Rue de la Paix",
    "Hauptstraße",
    "Station Road",
];
const CITIES: [&str; 4] = ["Springfield", "Lyon", "Köln", "Leeds"];

pub(super) fn header(shape: Shape) -> &'static str {
    match shape {
        Shape::Csv => {
            "order_id,event_id,event_timestamp,customer_id,customer_segment,region,currency,amount,quantity,status,coupon,is_gift,note\n"
        }
        Shape::Flat | Shape::Nested | Shape::Mixed => "",
    }
}

/// Appends the record and its newline.
pub(super) fn record(event: &Event, shape: Shape, line: &mut Vec<u8>) {
    match shape {
        Shape::Flat | Shape::Nested => json(event, shape, line),
        Shape::Mixed => {
            json(event, shape, line);
            mix(event, line);
        }
        Shape::Csv => csv(event, line),
    }
    if event.bad == Some(Bad::Torn) {
        line.truncate(line.len() * 2 / 3);
    }
    line.push(b'\n');
}

// Writing to a Vec cannot fail.
macro_rules! put { ($line:expr, $($text:tt)*) => { let _ = write!($line, $($text)*); } }

fn json(event: &Event, shape: Shape, line: &mut Vec<u8>) {
    let (region, currency) = REGIONS[event.region];
    put!(line, "{{\"order_id\":{},\"event_id\":\"", event.order_id);
    event_id(event, line);
    put!(line, "\",\"event_timestamp\":\"");
    timestamp(event.timestamp_us, line);
    put!(line, "\",\"customer_id\":");
    match event.bad {
        Some(Bad::NoCustomer) => line.extend(b"null"),
        _ => {
            put!(line, "{}", event.customer_id);
        }
    }
    put!(
        line,
        ",\"customer_segment\":\"{}\",\"region\":\"{region}\"",
        SEGMENTS[event.segment]
    );
    put!(line, ",\"currency\":\"{currency}\",\"amount\":");
    amount(event, line);
    put!(line, ",\"quantity\":");
    match event.bad {
        Some(Bad::Untyped) => line.extend(b"\"several\""),
        _ => {
            put!(line, "{}", event.quantity);
        }
    }
    put!(line, ",\"status\":\"{}\",\"coupon\":", status(event));
    match event.coupon {
        Some(number) => {
            put!(line, "\"SAVE-{number}\"");
        }
        None => line.extend(b"null"),
    }
    put!(line, ",\"is_gift\":{},\"note\":\"", event.is_gift);
    note(event, line);
    line.push(b'"');
    if shape == Shape::Nested {
        nested(event, line);
    }
    line.push(b'}');
}

/// Puts the members of a flat record in another order and leaves some out. (No value has
/// a comma before a quote.)
fn mix(event: &Event, line: &mut Vec<u8>) {
    let mut random = Random::new(event.event_id.0);
    let text = String::from_utf8_lossy(&line[1..line.len() - 1]).into_owned();
    let mut members: Vec<&str> = text
        .trim_start_matches('"')
        .split(",\"")
        .filter(|_| !random.chance(1.0 / 12.0))
        .collect();
    for last in (1..members.len()).rev() {
        members.swap(last, random.below(last as u64 + 1) as usize);
    }
    let members: Vec<String> = members.iter().map(|member| format!("\"{member}")).collect();
    line.clear();
    put!(line, "{{{}}}", members.join(","));
}

fn nested(event: &Event, line: &mut Vec<u8>) {
    line.extend(b",\"items\":[");
    for (index, (article, pieces, cents)) in event.items.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        put!(
            line,
            "{comma}{{\"sku\":\"SKU-{article:05}\",\"qty\":{pieces},\"price\":{}.{:02}}}",
            cents / 100,
            cents % 100
        );
    }
    let place = event.note[0] % 4;
    put!(
        line,
        "],\"address\":{{\"street\":\"{} {}\",\"city\":\"{}\",\"zip\":\"{:05}\",\"country\":\"{}\"}}",
        STREETS[place],
        1 + event.note[1] % 200,
        CITIES[place],
        event.note[2] % 100_000,
        ["US", "FR", "DE", "GB"][place]
    );
}

fn csv(event: &Event, line: &mut Vec<u8>) {
    let (region, currency) = REGIONS[event.region];
    put!(line, "{},", event.order_id);
    event_id(event, line);
    line.push(b',');
    timestamp(event.timestamp_us, line);
    line.push(b',');
    if event.bad != Some(Bad::NoCustomer) {
        put!(line, "{}", event.customer_id);
    }
    put!(line, ",{},{region},{currency},", SEGMENTS[event.segment]);
    amount(event, line);
    match event.bad {
        Some(Bad::Untyped) => line.extend(b",several,"),
        _ => {
            put!(line, ",{},", event.quantity);
        }
    }
    put!(line, "{},", status(event));
    if let Some(number) = event.coupon {
        put!(line, "SAVE-{number}");
    }
    put!(line, ",{},\"", event.is_gift);
    note(event, line);
    line.push(b'"');
}

fn event_id(event: &Event, line: &mut Vec<u8>) {
    let (a, b) = event.event_id;
    let (b1, b2) = (b >> 48, b & 0xffff_ffff_ffff);
    put!(
        line,
        "{:08x}-{:04x}-{:04x}-{b1:04x}-{b2:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xffff
    );
}

fn amount(event: &Event, line: &mut Vec<u8>) {
    let sign = if event.bad == Some(Bad::Negative) {
        "-"
    } else {
        ""
    };
    put!(
        line,
        "{sign}{}.{:02}",
        event.amount_cents / 100,
        event.amount_cents % 100
    );
}

fn status(event: &Event) -> &'static str {
    match event.bad {
        Some(Bad::UnknownStatus) => "teleported",
        _ => STATUSES[event.status],
    }
}

fn note(event: &Event, line: &mut Vec<u8>) {
    for (index, word) in event.note.iter().enumerate() {
        if index > 0 {
            line.push(b' ');
        }
        line.extend(WORDS[word % WORDS.len()].as_bytes());
    }
}

/// RFC 3339 with milliseconds, by the civil-from-days arithmetic of the Gregorian calendar.
fn timestamp(us: i64, line: &mut Vec<u8>) {
    let (days, rest) = (us.div_euclid(86_400_000_000), us.rem_euclid(86_400_000_000));
    let (year, month, day) = civil(days);
    let (ms, seconds) = ((rest / 1000) % 1000, rest / 1_000_000);
    put!(
        line,
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{ms:03}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
}

/// Days since 1970-01-01 as year, month, day: the era is 400 years, the year begins in March.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_rfc_3339() {
        let mut line = Vec::new();
        timestamp(20_529 * 86_400_000_000 + 3_723_004_999, &mut line);
        assert_eq!(String::from_utf8(line).unwrap(), "2026-03-17T01:02:03.004Z");
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
    }
}
