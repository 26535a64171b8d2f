//! What can come of a step, good and bad.

use lockgate_execution::{PipelineState, Recorded, Rejected, Request};

/// What the machine said to one request.
#[derive(Debug)]
pub(crate) enum Asked {
    /// These events.
    Decided(Vec<Recorded>),
    /// No.
    Refused(Rejected),
}

/// A step that makes no sense in this state: its job is not owed, its execution
/// never was.
#[derive(Debug)]
pub(crate) struct Inapplicable(pub(crate) String);

/// A law that does not hold.
#[derive(Debug, Clone)]
pub(crate) struct Broken {
    /// Which law, always in the same words.
    pub(crate) law: &'static str,
    /// In which way.
    pub(crate) what: String,
}

/// Why a step came to nothing.
#[derive(Debug)]
pub(crate) enum Trouble {
    Inapplicable(Inapplicable),
    Broken(Broken),
}

impl From<Inapplicable> for Trouble {
    fn from(why: Inapplicable) -> Self {
        Self::Inapplicable(why)
    }
}

impl From<Broken> for Trouble {
    fn from(why: Broken) -> Self {
        Self::Broken(why)
    }
}

/// One request and what came of it, for whoever watches.
pub(crate) struct Seen<'a> {
    pub(crate) after: &'a PipelineState,
    pub(crate) request: &'a Request,
    pub(crate) events: Result<&'a [Recorded], &'a Rejected>,
}
