//! Forms, occurrences, clock changes, and what is refused.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn when(text: &str) -> When {
    When::parse(text, &TimeZone::UTC).unwrap()
}

fn next(text: &str, from: &str) -> String {
    when(text).at_or_after(at(from)).unwrap().to_string()
}

fn last(text: &str, until: &str) -> String {
    when(text).before(at(until)).unwrap().to_string()
}

#[test]
fn the_three_short_forms() {
    // 2026-03-17 is a Tuesday.
    assert_eq!(
        next("08:00 UTC", "2026-03-17T07:00:00Z"),
        "2026-03-17T08:00:00Z"
    );
    assert_eq!(
        next("08:00", "2026-03-17T08:00:00Z"),
        "2026-03-17T08:00:00Z"
    );
    assert_eq!(
        next("08:00", "2026-03-17T08:00:01Z"),
        "2026-03-18T08:00:00Z"
    );
    assert_eq!(
        last("08:00", "2026-03-17T08:00:00Z"),
        "2026-03-16T08:00:00Z"
    );
    assert_eq!(next(":45", "2026-03-17T07:46:00Z"), "2026-03-17T08:45:00Z");
    assert_eq!(last(":45", "2026-03-17T07:45:00Z"), "2026-03-17T06:45:00Z");
    assert_eq!(
        next("Monday 06:00 UTC", "2026-03-17T00:00:00Z"),
        "2026-03-23T06:00:00Z"
    );
    assert_eq!(
        last("mon 06:00", "2026-03-17T00:00:00Z"),
        "2026-03-16T06:00:00Z"
    );
}

#[test]
fn calendar_expressions() {
    let berlin = "Mon..Fri *-*-* 06:00:00 Europe/Berlin";
    assert_eq!(next(berlin, "2026-03-20T12:00:00Z"), "2026-03-23T05:00:00Z");
    assert_eq!(next(berlin, "2026-03-27T12:00:00Z"), "2026-03-30T04:00:00Z");
    assert_eq!(
        next("*-*-01 00:00", "2026-03-02T00:00:00Z"),
        "2026-04-01T00:00:00Z"
    );
    assert_eq!(
        next("*:0/15", "2026-03-17T07:46:00Z"),
        "2026-03-17T08:00:00Z"
    );
    assert_eq!(
        next("9..17/4:30", "2026-03-17T14:00:00Z"),
        "2026-03-17T17:30:00Z"
    );
    assert_eq!(
        next("Sat..Mon 12:00", "2026-03-17T14:00:00Z"),
        "2026-03-21T12:00:00Z"
    );
    assert_eq!(
        next("Tue,Thu *-03-* 12:00", "2026-03-31T14:00:00Z"),
        "2027-03-02T12:00:00Z"
    );
    assert_eq!(
        next("02-29", "2026-03-17T00:00:00Z"),
        "2028-02-29T00:00:00Z"
    );
    assert_eq!(
        next("Mon *-02-29 00:00", "2026-03-17T00:00:00Z"),
        "2044-02-29T00:00:00Z"
    );
    assert_eq!(
        next("weekly Europe/Berlin", "2026-03-17T00:00:00Z"),
        "2026-03-22T23:00:00Z"
    );
    assert_eq!(
        next("quarterly", "2026-03-17T00:00:00Z"),
        "2026-04-01T00:00:00Z"
    );
    let once = when("2026-03-17 08:00");
    assert_eq!(once.at_or_after(at("2026-03-17T08:00:01Z")), None);
    assert_eq!(
        once.before(at("2027-01-01T00:00:00Z")),
        Some(at("2026-03-17T08:00:00Z"))
    );
}

#[test]
fn clocks_that_change() {
    // 02:30 does not exist on 29 March in Berlin, and occurs twice on 25 October.
    let daily = "02:30 Europe/Berlin";
    assert_eq!(next(daily, "2026-03-28T12:00:00Z"), "2026-03-29T01:30:00Z");
    assert_eq!(next(daily, "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
    assert_eq!(next(daily, "2026-10-25T00:30:01Z"), "2026-10-26T01:30:00Z");
    let hourly = when(":30 Europe/Berlin");
    for (from, to) in [
        ("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"),
        ("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"),
    ] {
        let mut now = at(from);
        while now < at(to) {
            let next = hourly.at_or_after(now).unwrap();
            assert_eq!(
                next.duration_since(now).as_mins().min(60),
                if now == at(from) { 30 } else { 59 },
                "{now}"
            );
            assert_eq!(
                hourly.before(next.checked_add(1.second()).unwrap()),
                Some(next)
            );
            now = next.checked_add(1.second()).unwrap();
        }
    }
}

#[test]
fn other_forms_are_refused() {
    for bad in [
        "",
        "UTC",
        "8",
        "25:00",
        "08:60",
        "08:00:00.5",
        "08:00 Mars/Olympus",
        "Foo 08:00",
        "08:00 Monday 09:00",
        "*-*-* *-*-* 08:00",
        "*-13-01",
        "*-02~01 08:00",
        "0/0:00",
        "17..9:00",
        "08:00 Mon",
        "1:2:3:4",
        "-1:00",
        "*:*:*:*",
    ] {
        assert!(When::parse(bad, &TimeZone::UTC).is_err(), "{bad}");
    }
    assert!(
        when("02-30 08:00")
            .at_or_after(at("2026-03-17T00:00:00Z"))
            .is_none()
    );
}
