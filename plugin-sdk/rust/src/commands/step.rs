//! What a session runs: commands, and for each which one follows when it
//! succeeds and which when it fails. Only goes forward, so that it ends. Knows
//! no shell.

/// One command at one point of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where it stands, for people: `build command 2 of 3`.
    pub place: String,
    /// The command, verbatim.
    pub command: String,
    /// The number of the step that follows when it succeeds, later than its own;
    /// the number of steps is the end.
    pub on_success: usize,
    /// What follows when it fails.
    pub on_failure: usize,
}

impl Step {
    /// One command after the other, each of which must succeed.
    #[must_use]
    pub fn chain(commands: &[String]) -> Vec<Self> {
        let of = commands.len();
        let step = |(index, command): (usize, &String)| Self {
            place: format!("command {} of {of}", index + 1),
            command: command.clone(),
            on_success: index + 1,
            on_failure: of,
        };
        commands.iter().enumerate().map(step).collect()
    }
}
