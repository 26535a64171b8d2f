//! What a command prints, on its way to the sink or into the captured output.
//! Knows bytes and lines, no pipe and no process.

use crate::command::{Command, Output, Stream};
use crate::lines::{Budget, LineCutter};
use bytes::Bytes;

/// What the command has printed so far.
pub(crate) struct Printed<S> {
    sink: S,
    budget: Budget,
    out: LineCutter,
    err: LineCutter,
    capture: Option<(Vec<u8>, usize)>,
    cut: bool,
    /// A first line that may be bubblewrap's own, until we know.
    held: Option<String>,
    started: bool,
}

impl<S: FnMut(Stream, &str)> Printed<S> {
    pub(crate) fn new(command: &Command, sink: S) -> Self {
        let limits = &command.limits;
        Self {
            sink,
            budget: Budget::new(limits.output_bytes),
            out: LineCutter::new(limits.line_bytes),
            err: LineCutter::new(limits.line_bytes),
            capture: (command.output == Output::Capture)
                .then(|| (Vec::new(), limits.capture_bytes)),
            cut: false,
            held: None,
            started: false,
        }
    }

    pub(crate) fn out(&mut self, bytes: &[u8]) {
        if let Some((kept, most)) = &mut self.capture {
            let room = most.saturating_sub(kept.len());
            self.cut |= bytes.len() > room;
            kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        } else {
            let (budget, sink) = (&mut self.budget, &mut self.sink);
            self.out
                .push(bytes, |line| budget.pass(Stream::Out, line, sink));
        }
    }

    pub(crate) fn err(&mut self, bytes: &[u8]) {
        let (budget, sink) = (&mut self.budget, &mut self.sink);
        let (held, started) = (&mut self.held, &mut self.started);
        self.err.push(bytes, |line| {
            if !*started && line.starts_with("bwrap: ") {
                *held = Some(line.to_owned());
            } else {
                if let Some(line) = held.take() {
                    budget.pass(Stream::Err, &line, sink);
                }
                budget.pass(Stream::Err, line, sink);
            }
            *started = true;
        });
    }

    /// The line that may be bubblewrap's own.
    pub(crate) fn held(&self) -> &str {
        self.held.as_deref().unwrap_or_default()
    }

    /// Hands on what is left; gives what was captured, and whether that was cut.
    pub(crate) fn finish(mut self) -> (Bytes, bool) {
        let (budget, sink) = (&mut self.budget, &mut self.sink);
        if let Some(line) = self.held.take() {
            budget.pass(Stream::Err, &line, sink);
        }
        self.out.finish(|line| budget.pass(Stream::Out, line, sink));
        self.err.finish(|line| budget.pass(Stream::Err, line, sink));
        let output = self.capture.map(|(kept, _)| kept).unwrap_or_default();
        (output.into(), self.cut)
    }
}
