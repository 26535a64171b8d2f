//! What actions that run a user's commands have in common (feature `commands`):
//! copies of the input artifacts, CodeBuild's variables, one shell session in the
//! sandbox, and the globs that say what of it all is kept. Knows neither the
//! buildspec nor any configuration: which commands there are, and what follows a
//! failure, is the provider's. Uses the capability `exec`.
//!
//! A provider that runs the commands of its action, one after the other:
//!
//! ```
//! # use lockgate_plugin::*;
//! use lockgate_plugin::commands::{Session, Sources, Step, Variables};
//!
//! fn run(job: &Job, host: &impl Host) -> Result<Outcome, Failure> {
//!     let sources = Sources::copy(job, job.input_artifacts.first(), host)?;
//!     let mut variables = Variables::new(job);
//!     variables.set_environment(job).map_err(Failure::configuration)?;
//!     let finished = Session {
//!         steps: &Step::chain(&job.commands),
//!         shell: "/bin/sh",
//!         home: job.work.join("session"),
//!         source: &sources.primary,
//!         environment: &variables.finish(job, &sources, std::time::SystemTime::now()),
//!         names: &job.output_variables,
//!     }
//!     .run(host)?;
//!     match finished.failure {
//!         None => Ok(Success::new().into()),
//!         Some(failure) => Err(Failure::job(failure)),
//!     }
//! }
//! # let host = testing::FakeHost::new().running_commands();
//! # let mut job = host.job([]);
//! # job.commands = vec!["true".into()];
//! # std::fs::create_dir(job.work.join("home")).unwrap();
//! # run(&job, &host).unwrap();
//! ```

mod collect;
mod globs;
mod script;
mod session;
mod sources;
mod step;
mod variables;

pub use collect::{Selection, Target};
pub use globs::{Pattern, bases, expand, variables_in, walk};
pub use session::{Finished, Session};
pub use sources::{Sources, cannot, make_directory, primary_directory};
pub use step::Step;
pub use variables::{Variables, home, is_variable_name, not_a_name, refused};
