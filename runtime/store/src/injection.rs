//! Where a test may stand between the store and all who use it: it delays,
//! refuses before anything is written, or loses the answer to what was written.
//! Without the feature `fault-injection` nobody can stand there.

use crate::change::Change;
use crate::error::StoreError;
#[cfg(feature = "fault-injection")]
use std::{pin::Pin, sync::Arc};

/// What somebody is about to do with the store.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(feature = "fault-injection"),
    expect(dead_code, reason = "nobody looks at it")
)]
pub enum Access<'a> {
    /// A decision is put on disk.
    Commit(&'a Change),
    /// Something else is written that somebody waits for.
    Write,
    /// Lines of a log, or a note, are written.
    Log,
    /// Something is read.
    Read,
}

/// Does it, once it is awaited; the value goes to whoever asked.
#[cfg(feature = "fault-injection")]
pub type Operation<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;

/// Makes of an operation what really happens.
#[cfg(feature = "fault-injection")]
pub type Hook = Arc<dyn for<'a> Fn(Access<'a>, Operation<'a>) -> Operation<'a> + Send + Sync>;

/// The place where a hook may be.
#[derive(Clone, Default)]
pub(crate) struct Seam {
    #[cfg(feature = "fault-injection")]
    hook: Option<Hook>,
}

impl Seam {
    #[cfg(feature = "fault-injection")]
    pub(crate) fn with(hook: Hook) -> Self {
        Self { hook: Some(hook) }
    }

    pub(crate) async fn around<T: Send>(
        &self,
        access: Access<'_>,
        operation: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        #[cfg(feature = "fault-injection")]
        if let Some(hook) = &self.hook {
            let mut value = None;
            let operation = async {
                value = Some(operation.await?);
                Ok(())
            };
            hook(access, Box::pin(operation)).await?;
            return value.ok_or(StoreError::Closed);
        }
        #[cfg(not(feature = "fault-injection"))]
        let _ = access;
        operation.await
    }
}
