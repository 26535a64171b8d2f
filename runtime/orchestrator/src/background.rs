//! A task that ends when whoever holds it lets go of it.

use tokio::task::AbortHandle;

pub(crate) struct Background(AbortHandle);

impl Background {
    pub(crate) fn new(task: &tokio::task::JoinHandle<()>) -> Self {
        Self(task.abort_handle())
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.abort();
    }
}
