//! Times as AWS writes them in events: ISO 8601 in UTC.

use jiff::tz::TimeZone;
use lockgate_model::time::Timestamp;

/// `2020-01-24T22:03:07Z`
pub(crate) fn seconds(time: Timestamp) -> String {
    written(time, "%Y-%m-%dT%H:%M:%SZ")
}

/// `2023-10-26T13:49:39.208Z`
pub(crate) fn millis(time: Timestamp) -> String {
    written(time, "%Y-%m-%dT%H:%M:%S.%3fZ")
}

/// `2016-07-07T20:22Z`
pub(crate) fn minutes(time: Timestamp) -> String {
    written(time, "%Y-%m-%dT%H:%MZ")
}

fn written(time: Timestamp, format: &str) -> String {
    let time = jiff::Timestamp::from_millisecond(time.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.to_zoned(TimeZone::UTC).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_aws_writes_them() {
        let time = Timestamp(1_698_328_179_208);
        assert_eq!(seconds(time), "2023-10-26T13:49:39Z");
        assert_eq!(millis(time), "2023-10-26T13:49:39.208Z");
        assert_eq!(minutes(time), "2023-10-26T13:49Z");
    }
}
