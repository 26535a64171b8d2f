//! Which page of an answer is asked for. The generated inputs say it.

/// What a caller of an operation with pages wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// The token of the page before; `None` for the first page.
    pub token: Option<&'a str>,
    /// How many entries at most; `None` for as many as the operation gives.
    pub limit: Option<i32>,
}
