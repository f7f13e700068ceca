//! Names, bounds and neighbours of units, most of all when clocks change.

use super::*;

fn utc(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn berlin() -> TimeZone {
    zone("Europe/Berlin").unwrap()
}

fn parse(text: &str, zone: &TimeZone) -> Unit {
    Unit::parse(text, zone).unwrap().unwrap()
}

fn hours(unit: &Unit) -> f64 {
    unit.end.duration_since(unit.start).as_secs_f64() / 3600.0
}

fn names(grain: Grain, zone: &TimeZone, from: &str, reach: Reach<'_>) -> Vec<String> {
    let range = Range::new(grain, zone, from, reach).unwrap();
    range
        .units()
        .unwrap()
        .into_iter()
        .map(|unit| unit.name)
        .collect()
}

#[test]
fn every_grain_has_its_form() {
    let noon = utc("2026-03-17T12:34:56Z");
    let expected = [
        (
            Grain::Hour,
            "2026-03-17T12",
            "2026-03-17T12:00:00Z",
            "2026-03-17T13:00:00Z",
        ),
        (
            Grain::Day,
            "2026-03-17",
            "2026-03-17T00:00:00Z",
            "2026-03-18T00:00:00Z",
        ),
        (
            Grain::Week,
            "2026-W12",
            "2026-03-16T00:00:00Z",
            "2026-03-23T00:00:00Z",
        ),
        (
            Grain::Month,
            "2026-03",
            "2026-03-01T00:00:00Z",
            "2026-04-01T00:00:00Z",
        ),
    ];
    for (grain, name, start, end) in expected {
        let unit = Unit::containing(noon, grain, &TimeZone::UTC).unwrap();
        assert_eq!(
            (unit.name.as_str(), unit.start, unit.end),
            (name, utc(start), utc(end))
        );
        assert_eq!(parse(name, &TimeZone::UTC), unit);
        assert!(!name.contains([':', '/', ' ']));
    }
}

#[test]
fn iso_weeks_at_the_turn_of_the_year() {
    // ISO 8601: the week with the year's first Thursday is W01.
    let week = |text| {
        Unit::containing(utc(text), Grain::Week, &TimeZone::UTC)
            .unwrap()
            .name
    };
    assert_eq!(week("2027-01-01T00:00:00Z"), "2026-W53");
    assert_eq!(week("2024-12-30T00:00:00Z"), "2025-W01");
    assert_eq!(
        parse("2026-W53", &TimeZone::UTC)
            .next(&TimeZone::UTC)
            .unwrap()
            .name,
        "2027-W01"
    );
    assert!(Unit::parse("2025-W53", &TimeZone::UTC).is_err());
}

#[test]
fn days_have_23_24_or_25_hours() {
    let zone = berlin();
    assert_eq!(hours(&parse("2026-03-29", &zone)), 23.0);
    assert_eq!(hours(&parse("2026-03-30", &zone)), 24.0);
    assert_eq!(hours(&parse("2026-10-25", &zone)), 25.0);
    let day = parse("2026-03-17", &zone);
    assert_eq!(rfc3339(day.start, &zone), "2026-03-17T00:00:00+01:00");
}

#[test]
fn the_hour_that_occurs_twice_carries_its_offset() {
    let hours = names(
        Grain::Hour,
        &berlin(),
        "2026-10-25",
        Reach::Through("2026-10-25"),
    );
    assert_eq!(hours.len(), 25);
    assert_eq!(
        hours[1..5],
        [
            "2026-10-25T01",
            "2026-10-25T02+0200",
            "2026-10-25T02+0100",
            "2026-10-25T03"
        ]
    );
    let first = parse("2026-10-25T02+0200", &berlin());
    assert_eq!(
        (first.start, first.end),
        (utc("2026-10-25T00:00:00Z"), utc("2026-10-25T01:00:00Z"))
    );
    let error = Unit::parse("2026-10-25T02", &berlin()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("'2026-10-25T02+0200' or '2026-10-25T02+0100'"),
        "{error}"
    );
    let error = Unit::parse("2026-10-25T03+0100", &berlin()).unwrap_err();
    assert!(
        error.to_string().contains("written '2026-10-25T03'"),
        "{error}"
    );
}

#[test]
fn the_hour_that_is_skipped_does_not_exist() {
    let hours = names(
        Grain::Hour,
        &berlin(),
        "2026-03-29",
        Reach::Through("2026-03-29"),
    );
    assert_eq!(hours.len(), 23);
    assert_eq!(hours[1..3], ["2026-03-29T01", "2026-03-29T03"]);
    let error = Unit::parse("2026-03-29T02", &berlin()).unwrap_err();
    assert!(matches!(error, Error::Skipped { .. }), "{error}");
}

#[test]
fn zones_with_other_habits() {
    // Lord Howe: half an hour; the second 01 has only thirty minutes.
    let howe = zone("Australia/Lord_Howe").unwrap();
    let twice = names(
        Grain::Hour,
        &howe,
        "2026-04-05",
        Reach::Through("2026-04-05"),
    );
    assert_eq!(
        twice[..4],
        [
            "2026-04-05T00",
            "2026-04-05T01+1100",
            "2026-04-05T01+1030",
            "2026-04-05T02"
        ]
    );
    assert_eq!(hours(&parse("2026-04-05T01+1100", &howe)), 1.0);
    assert_eq!(hours(&parse("2026-04-05T01+1030", &howe)), 0.5);
    // Samoa skipped a whole day.
    let apia = zone("Pacific/Apia").unwrap();
    assert_eq!(
        parse("2011-12-29", &apia).next(&apia).unwrap().name,
        "2011-12-31"
    );
    assert!(matches!(
        Unit::parse("2011-12-30", &apia),
        Err(Error::Skipped { .. })
    ));
    // Havana goes back from 01:00 to 00:00; the day still begins once.
    let havana = zone("America/Havana").unwrap();
    assert_eq!(hours(&parse("2026-11-01", &havana)), 25.0);
    // São Paulo had days without a midnight.
    let paulo = zone("America/Sao_Paulo").unwrap();
    assert_eq!(hours(&parse("2018-11-04", &paulo)), 23.0);
}

#[test]
fn units_follow_each_other_without_gap_and_know_their_names() {
    for name in [
        "UTC",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "America/Havana",
        "Asia/Kathmandu",
        "America/St_Johns",
    ] {
        let zone = zone(name).unwrap();
        for grain in [Grain::Hour, Grain::Day, Grain::Week, Grain::Month] {
            let range = Range::new(grain, &zone, "2025-12", Reach::Through("2027-01")).unwrap();
            let units = range.units().unwrap();
            assert_eq!(
                (units[0].start, units[units.len() - 1].end),
                (range.start, range.end)
            );
            for pair in units.windows(2) {
                assert_eq!(pair[0].end, pair[1].start, "{name} {}", pair[0].name);
                assert!(pair[0].start < pair[0].end);
                assert_eq!(parse(&pair[1].name, &zone), pair[1], "{name}");
                assert_eq!(pair[1].previous(&zone).unwrap(), pair[0], "{name}");
            }
            let mut names: Vec<_> = units.iter().map(|unit| &unit.name).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), units.len(), "{name}: names are unique");
        }
    }
}

#[test]
fn ranges_are_half_open_or_inclusive() {
    let utc_zone = TimeZone::UTC;
    let days = |from, reach| names(Grain::Day, &utc_zone, from, reach);
    assert_eq!(
        days("2026-02-27", Reach::To("2026-03-02")),
        ["2026-02-27", "2026-02-28", "2026-03-01"]
    );
    assert_eq!(
        days("2026-02-28", Reach::Through("2026-03-01")),
        ["2026-02-28", "2026-03-01"]
    );
    assert_eq!(days("2026-03", Reach::Through("2026-03")).len(), 31);
    assert!(days("2026-03-01", Reach::To("2026-03-01")).is_empty());
    // A day is only there once it has ended.
    assert_eq!(
        days("2026-03-01", Reach::Until(utc("2026-03-03T23:59:59Z"))),
        ["2026-03-01", "2026-03-02"]
    );
    assert!(days("2026-03-01", Reach::Until(utc("2026-01-01T00:00:00Z"))).is_empty());
    // Hours through a day are all of its hours; weeks through a day are whole weeks.
    assert_eq!(
        names(
            Grain::Hour,
            &utc_zone,
            "2026-03-17",
            Reach::Through("2026-03-17")
        )
        .len(),
        24
    );
    assert_eq!(
        names(
            Grain::Week,
            &utc_zone,
            "2026-03-01",
            Reach::Through("2026-03-10")
        ),
        ["2026-W09", "2026-W10", "2026-W11"]
    );
    assert_eq!(
        days("2026-03-01T12:00:00Z", Reach::To("2026-03-02T12:00:00Z")),
        ["2026-03-01"]
    );
}

#[test]
fn wrong_ranges_are_refused() {
    let new = |from, reach| Range::new(Grain::Hour, &TimeZone::UTC, from, reach).unwrap_err();
    assert!(matches!(
        new("2026-03-02", Reach::To("2026-03-01")),
        Error::Backwards { .. }
    ));
    assert!(matches!(
        new("yesterday", Reach::To("2026-03-01")),
        Error::NoTime(_)
    ));
    assert_eq!(new("0001-01-01", Reach::To("2026-03-01")), Error::TooMany);
    assert!(matches!(
        new("2026-02-30", Reach::To("2026-03-01")),
        Error::NotInCalendar(_)
    ));
}

#[test]
fn wrong_units_are_refused_and_other_names_are_left_alone() {
    for bad in [
        "2026-13",
        "2026-00",
        "2026-02-29",
        "2026-W00",
        "2026-W54",
        "2026-03-17T24",
        "0000-01-01",
        "9999-12-31",
    ] {
        assert!(Unit::parse(bad, &TimeZone::UTC).is_err(), "{bad}");
    }
    for other in [
        "",
        "orders",
        "2026",
        "2026-3-17",
        "2026-03-17T05:00",
        "2026-03-17 05",
        "２０２６-03-17",
        "in/2026-03-17",
    ] {
        assert_eq!(Unit::parse(other, &TimeZone::UTC), Ok(None), "{other}");
    }
    assert!(matches!(zone("Mars/Olympus"), Err(Error::NoZone(_))));
}
