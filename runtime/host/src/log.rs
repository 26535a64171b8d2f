//! A job's log: what the guest prints and writes, what its commands print, and
//! what the host has to say. Lines over the limit are dropped, and the log says
//! so once. Knows no storage: whoever runs the job takes the lines.

use lockgate_model::job::{LogLevel, LogLine};
use lockgate_model::time::Timestamp;
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// A longer line is cut into several of this many bytes.
const LINE_BYTES: usize = 16 << 10;
/// What even the shortest line counts towards the limit, so that a flood of
/// empty lines ends too.
const LINE_COST: u64 = 64;
/// Lines of the host itself come on top of the limit, up to so many.
const HOST_LINES: u64 = 1000;
/// How much of the last standard error is kept to explain a trap.
const TAIL_LINES: usize = 4;

/// Where the lines of one job go. Called on the thread that runs the guest, in
/// the order of the lines, and at most [`lockgate_model::limits::Limits`]
/// `log_bytes` in all: it must take a line without waiting.
#[derive(Clone)]
pub struct LogSink(Option<Arc<dyn Fn(LogLine) + Send + Sync>>);

impl LogSink {
    /// Hands every line to `take`, which must not block.
    pub fn new(take: impl Fn(LogLine) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(take)))
    }

    /// Throws every line away.
    #[must_use]
    pub fn discard() -> Self {
        Self(None)
    }

    /// A queue. It holds what the receiver has not taken yet, at most the log
    /// limit of the job.
    #[must_use]
    pub fn queue() -> (Self, mpsc::UnboundedReceiver<LogLine>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let sink = Self::new(move |line| {
            // The receiver went away: nobody wants the log any more.
            let _ = sender.send(line);
        });
        (sink, receiver)
    }
}

impl fmt::Debug for LogSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogSink")
    }
}

/// The log of one job, shared by everything that writes to it.
#[derive(Debug)]
pub(crate) struct JobLog {
    sink: LogSink,
    limit: u64,
    used: AtomicU64,
    host_lines: AtomicU64,
    truncated: AtomicBool,
    tail: Mutex<VecDeque<String>>,
}

impl JobLog {
    pub(crate) fn new(sink: LogSink, limit: u64) -> Self {
        Self {
            sink,
            limit,
            used: AtomicU64::new(0),
            host_lines: AtomicU64::new(0),
            truncated: AtomicBool::new(false),
            tail: Mutex::default(),
        }
    }

    /// Writes text, one entry a line.
    pub(crate) fn write(&self, level: LogLevel, text: &str) {
        for line in text.split('\n') {
            self.line(level, line.strip_suffix('\r').unwrap_or(line));
        }
    }

    /// What the host has to say of the job.
    pub(crate) fn host(&self, text: impl Into<String>) {
        if self.host_lines.fetch_add(1, Ordering::Relaxed) < HOST_LINES {
            self.emit(LogLevel::Host, text.into());
        }
    }

    /// One line of what the guest printed to standard error: remembered, for
    /// the case that it is the last word before a trap.
    pub(crate) fn error_output(&self, line: &str) {
        {
            let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
            if tail.len() == TAIL_LINES {
                tail.pop_front();
            }
            tail.push_back(line.chars().take(500).collect());
        }
        self.line(LogLevel::Error, line);
    }

    /// The panic message among the last lines of standard error, if there is
    /// one.
    pub(crate) fn panic_message(&self) -> Option<String> {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let start = tail.iter().position(|line| line.contains("panicked at"))?;
        let text: Vec<&str> = tail
            .iter()
            .skip(start)
            .map(String::as_str)
            .filter(|line| !line.starts_with("note: ") && !line.is_empty())
            .collect();
        Some(text.join(" ").trim().to_owned())
    }

    /// Whether nothing more is taken.
    pub(crate) fn is_full(&self) -> bool {
        self.truncated.load(Ordering::Relaxed)
    }

    fn line(&self, level: LogLevel, line: &str) {
        let mut rest = line;
        loop {
            if self.is_full() {
                return;
            }
            let (part, more) = rest.split_at(cut(rest, LINE_BYTES));
            let cost = (part.len() as u64 + 1).max(LINE_COST);
            let before = self.used.fetch_add(cost, Ordering::Relaxed);
            if before.saturating_add(cost) > self.limit {
                if !self.truncated.swap(true, Ordering::Relaxed) {
                    self.host(format!(
                        "The log ends here: it reached the limit of {} bytes (log-bytes).",
                        self.limit
                    ));
                }
                return;
            }
            self.emit(level, part.to_owned());
            rest = more;
            if rest.is_empty() {
                return;
            }
        }
    }

    fn emit(&self, level: LogLevel, text: String) {
        if let Some(take) = &self.sink.0 {
            let at = now();
            take(LogLine { at, level, text });
        }
    }
}

/// The greatest boundary of a character at or before `bytes`.
fn cut(text: &str, bytes: usize) -> usize {
    if text.len() <= bytes {
        return text.len();
    }
    (0..=bytes)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// The wall clock, for people.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Turns bytes that come in pieces into lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    /// Takes a piece and hands every line it completes to `line`.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut line: impl FnMut(&str)) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (head, rest) = bytes.split_at(end);
            self.partial.extend_from_slice(head);
            self.finish(&mut line, true);
            bytes = rest.get(1..).unwrap_or_default();
        }
        for piece in bytes.chunks(LINE_BYTES) {
            self.partial.extend_from_slice(piece);
            if self.partial.len() >= LINE_BYTES {
                self.finish(&mut line, true);
            }
        }
    }

    /// Hands over what came after the last line break.
    pub(crate) fn end(&mut self, mut line: impl FnMut(&str)) {
        self.finish(&mut line, false);
    }

    fn finish(&mut self, line: &mut impl FnMut(&str), even_empty: bool) {
        let bytes = std::mem::take(&mut self.partial);
        if even_empty || !bytes.is_empty() {
            let text = String::from_utf8_lossy(&bytes);
            line(text.strip_suffix('\r').unwrap_or(&text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(limit: u64) -> (JobLog, mpsc::UnboundedReceiver<LogLine>) {
        let (sink, lines) = LogSink::queue();
        (JobLog::new(sink, limit), lines)
    }

    fn drain(mut lines: mpsc::UnboundedReceiver<LogLine>) -> Vec<(LogLevel, String)> {
        std::iter::from_fn(|| lines.try_recv().ok())
            .map(|line| (line.level, line.text))
            .collect()
    }

    #[test]
    fn bytes_in_any_pieces_become_the_same_lines() {
        let text = "one\r\ntwo\n\nthree ü\nrest";
        for size in 1..text.len() {
            let mut lines = Lines::default();
            let mut seen = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                lines.push(piece, |line| seen.push(line.to_owned()));
            }
            lines.end(|line| seen.push(line.to_owned()));
            assert_eq!(seen, ["one", "two", "", "three ü", "rest"], "{size}");
        }
    }

    #[test]
    fn a_flood_of_empty_lines_ends_with_one_line_that_says_so() {
        let (log, lines) = log(64 * 10);
        for _ in 0..1000 {
            log.write(LogLevel::Info, "");
        }
        let lines = drain(lines);
        assert_eq!(lines.len(), 11);
        assert_eq!(lines[10].0, LogLevel::Host);
        assert!(
            lines[10].1.contains("limit of 640 bytes"),
            "{}",
            lines[10].1
        );
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let (log, lines) = log(1 << 20);
        log.write(LogLevel::Info, &"ü".repeat(LINE_BYTES));
        let lines = drain(lines);
        assert!(lines.iter().all(|(_, text)| text.len() <= LINE_BYTES));
        assert_eq!(
            lines.iter().map(|(_, text)| text.len()).sum::<usize>(),
            2 * LINE_BYTES
        );
    }

    #[test]
    fn a_panic_is_found_among_the_last_words() {
        let (log, _lines) = log(1 << 20);
        for line in [
            "some noise",
            "",
            "thread '<unnamed>' panicked at src/lib.rs:7:5:",
            "index out of bounds",
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
        ] {
            log.error_output(line);
        }
        assert_eq!(
            log.panic_message().unwrap(),
            "thread '<unnamed>' panicked at src/lib.rs:7:5: index out of bounds"
        );
    }
}
