//! Days and hours of the proleptic Gregorian calendar, in UTC.

use super::Transform;

/// The first and last day that can be a folder name: years 0000 to 9999.
const FIRST_DAY: i64 = -719_528;
const LAST_DAY: i64 = 2_932_896;

/// A half-open range of counts within which the answer stays the same.
pub(super) type Range = std::ops::Range<i64>;

/// The folder text for `value`, a count of `per_day`ths of a day since 1970, and the
/// range of counts that share it. None outside of the years 0000 to 9999.
pub(super) fn part(transform: Transform, value: i64, per_day: i64) -> Option<(String, Range)> {
    let day = value.div_euclid(per_day);
    if !(FIRST_DAY..=LAST_DAY).contains(&day) {
        return None;
    }
    if transform == Transform::Hour {
        let per_hour = per_day / 24;
        let hour = value.div_euclid(per_hour);
        return Some((
            format!("{:02}", hour.rem_euclid(24)),
            hour * per_hour..(hour + 1) * per_hour,
        ));
    }
    let (year, month, date) = civil(day);
    let text = match transform {
        Transform::Year => format!("{year:04}"),
        Transform::Month => format!("{month:02}"),
        Transform::Day => format!("{date:02}"),
        _ => format!("{year:04}-{month:02}-{date:02}"),
    };
    Some((text, day * per_day..(day + 1) * per_day))
}

/// Year, month and day of a day count since 1970-01-01. Years start in March here, so
/// that the leap day is the last one; 400 years have 146 097 days.
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let date = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (year + era * 400 + i64::from(month <= 2), month, date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil;

    #[test]
    fn every_day_as_jiff_sees_it() {
        let epoch = civil::date(1970, 1, 1);
        for day in (FIRST_DAY..=LAST_DAY)
            .step_by(7)
            .chain([FIRST_DAY, LAST_DAY, -1, 0, 1])
        {
            let expected = epoch.checked_add(jiff::Span::new().days(day)).unwrap();
            let (text, range) = part(Transform::Date, day, 1).unwrap();
            assert_eq!(text, expected.to_string());
            assert_eq!(range, day..day + 1);
        }
        assert!(part(Transform::Date, FIRST_DAY - 1, 1).is_none());
        assert!(part(Transform::Date, LAST_DAY + 1, 1).is_none());
    }

    #[test]
    fn two_digits_and_ranges() {
        let micros = 86_400_000_000;
        // 1969-12-31 23:59:59.999999
        let (hour, range) = part(Transform::Hour, -1, micros).unwrap();
        assert_eq!((hour.as_str(), range), ("23", -3_600_000_000..0));
        assert_eq!(part(Transform::Month, 0, micros).unwrap().0, "01");
        assert_eq!(part(Transform::Day, 8 * micros, micros).unwrap().0, "09");
        assert_eq!(part(Transform::Year, -1, micros).unwrap().0, "1969");
        assert_eq!(part(Transform::Date, -1, micros).unwrap().1, -micros..0);
    }
}
