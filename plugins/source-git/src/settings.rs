//! An action's configuration, understood: what is wanted, and from where.

use crate::location::Location;
use crate::login::Login;
use crate::reference::Wanted;
use crate::smart::Credentials;
use crate::ssh::{Exec, Ssh};
use crate::trouble::{Result, Trouble};
use crate::{Configuration, Scheme};
use lockgate_plugin::{Host, SecretError};

/// What is wanted, and from where.
pub(crate) struct Settings<'a> {
    pub(crate) location: Location,
    pub(crate) wanted: Wanted,
    configuration: &'a Configuration,
}

impl<'a> Settings<'a> {
    pub(crate) fn new(configuration: &'a Configuration) -> Result<Self> {
        let location = Location::parse(&configuration.repository_url)?;
        let wanted = Wanted::new(
            configuration.branch_name.as_deref(),
            configuration.tag_name.as_deref(),
        )?;
        if configuration.secret_name.is_some() && !matches!(location, Location::Http(_)) {
            return Err(Trouble::Configuration(format!(
                "SecretName: secrets go into requests over https, and {location} is not reached so; leave it out"
            )));
        }
        Ok(Self {
            location,
            wanted,
            configuration,
        })
    }

    /// The header for private repositories, where one is configured.
    pub(crate) fn credentials<H: Host>(&self, host: &H) -> Result<Option<Credentials>> {
        let Some(name) = &self.configuration.secret_name else {
            return Ok(None);
        };
        let placeholder = host.secret_placeholder(name).map_err(|error| match error {
            SecretError::Denied(text) => Trouble::Denied(text),
            SecretError::NotFound(text) => Trouble::Configuration(format!("SecretName: {text}")),
        })?;
        let scheme = match self.configuration.authorization_scheme {
            Scheme::Basic => "Basic",
            Scheme::Bearer => "Bearer",
        };
        Ok(Some(Credentials {
            header: format!("{scheme} {placeholder}"),
            secret: name.clone(),
        }))
    }

    /// How to reach a repository over ssh.
    pub(crate) fn ssh<'s>(&'s self, url: &'s str, exec: &'s Exec<'s>) -> Result<Ssh<'s>> {
        let login = Login::read(
            self.configuration.ssh_key_file.as_deref(),
            self.configuration.ssh_known_hosts_file.as_deref(),
        )?;
        Ok(Ssh { url, login, exec })
    }
}
