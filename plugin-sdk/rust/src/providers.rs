//! What one component holds: a provider, or several whose action types have
//! different properties. Knows which provider a job is for and nothing of what
//! it does; the component's exports call it.

use crate::{Configuration, Description, Failure, FailureType, Host, Job, Outcome};
use crate::{Property, Provider};

/// One provider, or a tuple of up to four: a job goes to the one that serves
/// its action type.
///
/// ```
/// use lockgate_plugin::*;
///
/// configuration! { struct Greeting { "Name" => name: String } }
/// struct Greet;
/// impl Provider for Greet {
///     type Configuration = Greeting;
///     fn describe() -> Description {
///         Description::new("Greets").serves(Category::Invoke, "Custom", "Greet", "1")
///     }
///     fn run<H: Host>(_: &Job, it: Greeting, host: &H) -> Result<Outcome, Failure> {
///         host.info(&format!("Hello, {}!", it.name));
///         Ok(Success::new().into())
///     }
/// }
///
/// struct Quiet;
/// impl Provider for Quiet {
///     type Configuration = ();
///     fn describe() -> Description {
///         Description::new("Says nothing").serves(Category::Rule, "Custom", "Quiet", "1")
///     }
///     fn run<H: Host>(_: &Job, _: (), _: &H) -> Result<Outcome, Failure> {
///         Ok(Success::new().into())
///     }
/// }
///
/// export_provider!(Greet, Quiet);
/// ```
pub trait Providers {
    /// What each provider says of itself, and its configuration's keys.
    fn describe_all() -> Vec<(Description, Vec<Property>)>;

    /// Runs a job: finds its provider, decodes the configuration, calls it.
    ///
    /// # Errors
    /// The provider's failure, all mistakes in the configuration, or that none
    /// of several serves the job's action type.
    fn dispatch(job: &Job, host: &impl Host) -> Result<Outcome, Failure>;
}

impl<P: Provider> Providers for P {
    fn describe_all() -> Vec<(Description, Vec<Property>)> {
        vec![(P::describe(), P::Configuration::properties())]
    }

    fn dispatch(job: &Job, host: &impl Host) -> Result<Outcome, Failure> {
        crate::run::<P>(job, host)
    }
}

macro_rules! several {
    ($($provider:ident),+) => {
        impl<$($provider: Provider),+> Providers for ($($provider,)+) {
            fn describe_all() -> Vec<(Description, Vec<Property>)> {
                vec![$(($provider::describe(), $provider::Configuration::properties())),+]
            }

            fn dispatch(job: &Job, host: &impl Host) -> Result<Outcome, Failure> {
                $(
                    if $provider::describe().action_types.contains(&job.action_type) {
                        return crate::run::<$provider>(job, host);
                    }
                )+
                Err(Failure::new(
                    FailureType::SystemUnavailable,
                    format!(
                        "this plugin does not serve {}; install the version that the server described",
                        job.action_type
                    ),
                ))
            }
        }
    };
}

several!(A, B);
several!(A, B, C);
several!(A, B, C, D);

#[cfg(test)]
mod tests {
    use crate::testing::FakeHost;
    use crate::*;

    crate::configuration! {
        struct Named {
            /// Who.
            "Name" => name: String,
        }
    }

    struct Greet;

    impl Provider for Greet {
        type Configuration = Named;

        fn describe() -> Description {
            Description::new("Greets").serves(Category::Invoke, "Custom", "Greet", "1")
        }

        fn run<H: Host>(_: &Job, named: Named, _: &H) -> Result<Outcome, Failure> {
            Ok(Success::new().summary(named.name).into())
        }
    }

    struct Judge;

    impl Provider for Judge {
        type Configuration = ();

        fn describe() -> Description {
            Description::new("Judges").serves(Category::Rule, "Custom", "Greet", "1")
        }

        fn run<H: Host>(job: &Job, (): (), _: &H) -> Result<Outcome, Failure> {
            Err(Failure::job(format!("{} says no", job.action_type)))
        }
    }

    type Both = (Greet, Judge);

    #[test]
    fn a_job_goes_to_the_provider_that_serves_its_action_type() {
        let host = FakeHost::new();
        let mut job = host.job([("Name", "Ada")]);
        let strange = Both::dispatch(&job, &host).unwrap_err();
        assert!(
            strange
                .message
                .contains("does not serve Invoke/Custom/Demo/1"),
            "{}",
            strange.message
        );
        job.action_type.provider = "Greet".into();
        let greeted = Both::dispatch(&job, &host).unwrap();
        assert_eq!(greeted, Success::new().summary("Ada").into());
        job.action_type.category = Category::Rule;
        let judged = Both::dispatch(&job, &host).unwrap_err();
        assert_eq!(judged.message, "Rule/Custom/Greet/1 says no");
    }

    #[test]
    fn each_provider_describes_its_own_keys() {
        let described = Both::describe_all();
        let keys: Vec<usize> = described.iter().map(|(_, keys)| keys.len()).collect();
        assert_eq!(keys, [1, 0]);
        assert_eq!(Greet::describe_all().len(), 1);
    }
}
