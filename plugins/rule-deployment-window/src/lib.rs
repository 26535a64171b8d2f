//! The rule-deployment-window provider: succeeds while a window is open, and
//! waits until it opens. What an expression means is `lockgate-cron`'s to say;
//! how long a rule may wait is the server's.

mod window;

use lockgate_plugin::{
    Category, Description, Failure, Host, Job, Outcome, Provider, configuration, export_provider,
};
use std::time::{SystemTime, UNIX_EPOCH};
use window::{Clocks, Expression};

configuration! {
    /// When the window is open.
    #[derive(Debug)]
    pub struct Window {
        /// The minutes in which it is open: seconds (* or 0), minutes, hours,
        /// day-of-month, month, day-of-week and, if need be, year, such as
        /// * * 9-17 ? * MON-FRI.
        "Cron" => cron: Expression,
        /// Whose clocks: Europe/Berlin, UTC+05:30 or an abbreviation.
        "TimeZone" => zone: Clocks = "UTC",
    }
}

/// The provider.
pub struct DeploymentWindow;

impl Provider for DeploymentWindow {
    type Configuration = Window;

    fn describe() -> Description {
        Description::new("Judges whether a deployment window is open, and waits until it is")
            .serves(Category::Rule, "AWS", "DeploymentWindow", "1")
    }

    fn run<H: Host>(_: &Job, window: Window, host: &H) -> Result<Outcome, Failure> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since.map_or(0, |since| since.as_millis());
        window.judge(u64::try_from(now).unwrap_or(u64::MAX), host)
    }
}

export_provider!(DeploymentWindow);
