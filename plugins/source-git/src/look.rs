//! What is the newest commit? Asks for names and ids only.

use crate::Configuration;
use crate::local::Repository;
use crate::location::Location;
use crate::reference::References;
use crate::report;
use crate::settings::Settings;
use crate::smart::Remote;
use crate::trouble::Result;
use lockgate_plugin::{Detection, Host, Revision};

pub(crate) fn look<H: Host>(
    configuration: &Configuration,
    cursor: Option<&str>,
    host: &H,
) -> Result<Detection> {
    let settings = Settings::new(configuration)?;
    let wanted = &settings.wanted;
    let missing = |others: References| {
        if others.list.is_empty() {
            // Nothing has been pushed yet.
            return Ok(Detection {
                newest: None,
                changes: Vec::new(),
                cursor: cursor.unwrap_or_default().to_owned(),
            });
        }
        Err(wanted.missing(&settings.location.to_string(), &others))
    };
    let newest = match &settings.location {
        Location::Http(url) => {
            let send = |request: &_, sink: &mut dyn std::io::Write| host.http_to(request, sink);
            let remote = Remote::connect(url, settings.credentials(host)?, &send)?;
            match wanted.choose(&remote.references(&wanted.prefix())?) {
                Some(choice) => bare(choice.id.to_string()),
                None => return missing(remote.references(wanted.wider_prefix())?),
            }
        }
        Location::Ssh(url) => {
            let exec = |command: &_| host.exec(command);
            let ssh = settings.ssh(url, &exec)?;
            match wanted.choose(&ssh.references(wanted)?) {
                Some(choice) => bare(choice.id.to_string()),
                None => return missing(ssh.others(wanted)?),
            }
        }
        Location::Local(path) => {
            let repository = Repository::open(path)?;
            match wanted.choose(&repository.references(wanted)?) {
                Some(choice) => report::revision(&repository.objects()?.commit(&choice.id)?),
                None => {
                    return missing(References {
                        list: repository.list(wanted.wider_prefix())?,
                        ..References::default()
                    });
                }
            }
        }
    };
    Ok(Detection {
        cursor: newest.id.clone(),
        newest: Some(newest),
        changes: Vec::new(),
    })
}

/// A commit of which only the id is known.
fn bare(id: String) -> Revision {
    Revision {
        id,
        ..Revision::default()
    }
}
