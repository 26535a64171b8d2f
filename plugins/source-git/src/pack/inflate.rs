//! Zlib streams of a declared length, as packs and loose objects hold them.
//! Never gives out more than was declared.

use crate::trouble::{Result, broken};
use flate2::{Decompress, FlushDecompress, Status};
use std::io::BufRead;

/// Reused between streams: its window is the costly part.
pub(crate) struct Inflater {
    state: Decompress,
    chunk: Vec<u8>,
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self {
            state: Decompress::new(true),
            chunk: vec![0; 32 * 1024],
        }
    }

    /// Reads one stream from `input`, to its exact end, and hands its `size`
    /// bytes to `sink` in order.
    pub(crate) fn stream(
        &mut self,
        input: &mut impl BufRead,
        size: u64,
        mut sink: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        self.state.reset(true);
        loop {
            let available = input
                .fill_buf()
                .map_err(|e| broken(format!("cannot read compressed data: {e}")))?;
            let ended = available.is_empty();
            let (taken, made) = (self.state.total_in(), self.state.total_out());
            let status = self
                .state
                .decompress(available, &mut self.chunk, FlushDecompress::None)
                .map_err(|e| broken(format!("compressed data is corrupt: {e}")))?;
            let taken = usize::try_from(self.state.total_in() - taken).unwrap_or(usize::MAX);
            let made = usize::try_from(self.state.total_out() - made).unwrap_or(usize::MAX);
            input.consume(taken);
            if self.state.total_out() > size {
                return Err(broken(format!(
                    "compressed data is longer than the {size} bytes it declares"
                )));
            }
            sink(self.chunk.get(..made).unwrap_or_default())?;
            match status {
                Status::StreamEnd => break,
                _ if ended && taken == 0 && made == 0 => {
                    return Err(broken("compressed data ends too early"));
                }
                _ => {}
            }
        }
        if self.state.total_out() == size {
            Ok(())
        } else {
            Err(broken(format!(
                "compressed data holds {} bytes where {size} are declared",
                self.state.total_out()
            )))
        }
    }

    /// The same, into memory. The caller has checked `size` against a limit.
    pub(crate) fn bytes(&mut self, input: &mut impl BufRead, size: u64) -> Result<Vec<u8>> {
        let mut data = Vec::with_capacity(usize::try_from(size).unwrap_or(0).min(1 << 20));
        self.stream(input, size, |chunk| {
            data.extend_from_slice(chunk);
            Ok(())
        })?;
        Ok(data)
    }
}
