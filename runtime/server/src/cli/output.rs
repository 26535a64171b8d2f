//! Printing: text that is safe on a terminal, times, tables, JSON.

use super::Output;
use lockgate_model::time::Timestamp;
use std::io::{IsTerminal, Write};

/// What strangers wrote, made harmless: control characters (and with them every
/// escape sequence) become visible instead of being obeyed.
pub fn safe(text: &str) -> String {
    text.chars()
        .flat_map(|c| match c {
            '\t' => vec![c],
            c if c.is_control() || is_bidi(c) => c.escape_unicode().collect(),
            c => vec![c],
        })
        .collect()
}

/// Characters that reorder what stands around them.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// Colours, where standard output is a terminal and nobody asked for none.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    on: bool,
}

impl Style {
    pub fn of_stdout() -> Self {
        let on = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { on }
    }

    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    pub fn attention(self, text: &str) -> String {
        self.paint("33", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.on {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// A status in its colour.
    pub fn status(self, status: &str) -> String {
        match status {
            "Succeeded" => self.good(status),
            "Failed" | "Errored" | "Abandoned" | "Cancelled" => self.bad(status),
            "InProgress" | "Stopping" | "Skipped" | "Overridden" => self.attention(status),
            _ => status.to_owned(),
        }
    }
}

/// `2026-11-21 03:16:37` in the machine's zone.
pub fn date_time(time: Timestamp) -> String {
    zoned(time).map_or_else(String::new, |zoned| {
        zoned.strftime("%Y-%m-%d %H:%M:%S").to_string()
    })
}

/// `03:16:37` in the machine's zone.
pub fn clock(time: Timestamp) -> String {
    zoned(time).map_or_else(String::new, |zoned| zoned.strftime("%H:%M:%S").to_string())
}

fn zoned(time: Timestamp) -> Option<jiff::Zoned> {
    let time = jiff::Timestamp::from_millisecond(time.0).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::system()))
}

/// `0.4 s`, `12 s`, `3 min 5 s`.
pub fn duration(millis: u64) -> String {
    match millis {
        0..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        10_000..60_000 => format!("{} s", millis / 1000),
        60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
        _ => format!(
            "{} h {} min",
            millis / 3_600_000,
            millis % 3_600_000 / 60_000
        ),
    }
}

/// Columns as wide as they need to be. The first row is the heading. Cells must
/// not be coloured but in the last column.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(
                ' ',
                width.saturating_sub(cell.chars().count()) + 2,
            ));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Prints a result: the value as JSON, or the text made of it.
pub fn print<T: serde::Serialize>(output: Output, value: &T, text: impl FnOnce(&T) -> String) {
    match output {
        Output::Json => line(&serde_json::to_string_pretty(value).unwrap_or_default()),
        Output::Text => line(text(value).trim_end()),
    }
}

/// One line on standard output. A reader that has gone (`| head`) ends us
/// quietly, as it ends every other program.
pub fn line(text: &str) {
    if writeln!(std::io::stdout(), "{text}").is_err() {
        std::process::exit(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_become_visible() {
        assert_eq!(
            safe("a\u{1b}[31mb\tc\r\u{202e}d"),
            "a\\u{1b}[31mb\tc\\u{d}\\u{202e}d"
        );
    }

    #[test]
    fn durations_are_as_exact_as_they_are_short() {
        let texts = [0, 450, 9_999, 10_000, 59_999, 61_000, 3_660_000].map(duration);
        assert_eq!(
            texts,
            [
                "0.0 s",
                "0.4 s",
                "9.9 s",
                "10 s",
                "59 s",
                "1 min 1 s",
                "1 h 1 min"
            ]
        );
    }

    #[test]
    fn a_table_lines_up() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let text = table(&[
            row(["NAME", "VERSION"]),
            row(["a", "1"]),
            row(["longer", "2"]),
        ]);
        assert_eq!(text, "NAME    VERSION\na       1\nlonger  2\n");
    }
}
