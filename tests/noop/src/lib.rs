//! A provider that does nothing and succeeds at once: what remains is the
//! host's own cost. Serves `NoOp` as source, build and deploy. Benches and tests
//! run it; nobody installs it.

use lockgate_plugin::{
    Category, Description, Detection, Failure, Host, Job, Outcome, Provider, Revision, Source,
    Success, Watch, configuration, export_source,
};

configuration! {
    /// Nothing to set but what a source must say.
    pub struct NoOpConfiguration {
        /// The revision that the source finds.
        "Revision" => revision: String = "0",
    }
}

/// Does nothing.
pub struct NoOp;

impl Provider for NoOp {
    type Configuration = NoOpConfiguration;

    fn describe() -> Description {
        Description::new("Does nothing and succeeds at once")
            .serves(Category::Source, "Custom", "NoOp", "1")
            .serves(Category::Build, "Custom", "NoOp", "1")
            .serves(Category::Deploy, "Custom", "NoOp", "1")
            .inputs(0..=5)
            .outputs(0..=5)
    }

    fn run<H: Host>(
        job: &Job,
        configuration: NoOpConfiguration,
        _: &H,
    ) -> Result<Outcome, Failure> {
        let id = job.revision.clone().unwrap_or(configuration.revision);
        Ok(Success::new().revision(revision(id)).into())
    }
}

impl Source for NoOp {
    fn detect<H: Host>(
        configuration: NoOpConfiguration,
        _: Option<&str>,
        _: Watch,
        _: &H,
    ) -> Result<Detection, Failure> {
        Ok(Detection {
            cursor: configuration.revision.clone(),
            newest: Some(revision(configuration.revision)),
            changes: Vec::new(),
        })
    }
}

fn revision(id: String) -> Revision {
    Revision {
        id,
        ..Revision::default()
    }
}

export_source!(NoOp);
