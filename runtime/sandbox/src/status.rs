//! Reads what bubblewrap tells about the command on its status descriptor: one
//! JSON object with the id of the sandbox's first process, and one with the exit
//! code, which comes only where the command was really started.

use serde::Deserialize;

/// What bubblewrap has told so far.
#[derive(Debug, Default)]
pub(crate) struct Status {
    pending: Vec<u8>,
    /// Process id, on the machine, of the sandbox's first process.
    pub(crate) first_process: Option<i32>,
    /// As a shell tells it: 128 + n where signal n ended the program.
    pub(crate) exit_code: Option<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Report {
    child_pid: Option<i32>,
    exit_code: Option<u8>,
}

/// Bubblewrap's reports are some hundred bytes.
const MOST: usize = 64 << 10;

impl Status {
    /// Takes the next bytes. What is not understood is left out: newer versions
    /// may tell more.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.pending.len() + bytes.len() > MOST {
            return;
        }
        self.pending.extend_from_slice(bytes);
        let mut reports = serde_json::Deserializer::from_slice(&self.pending).into_iter::<Report>();
        let mut read = 0;
        while let Some(Ok(report)) = reports.next() {
            read = reports.byte_offset();
            self.first_process = self.first_process.or(report.child_pid);
            self.exit_code = self.exit_code.or(report.exit_code);
        }
        self.pending.drain(..read);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_understood_in_any_pieces() {
        let text = br#"{ "child-pid": 18778, "cgroup-namespace": 4026532182 }
{ "exit-code": 137 }
"#;
        for size in 1..text.len() {
            let mut status = Status::default();
            for piece in text.chunks(size) {
                status.push(piece);
            }
            assert_eq!(status.first_process, Some(18778));
            assert_eq!(status.exit_code, Some(137));
        }
    }
}
