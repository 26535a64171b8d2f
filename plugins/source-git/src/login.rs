//! What `ssh` is given to log in with, and what its words mean when it cannot.
//!
//! A command of the sandbox may be another user than the server, and `ssh`
//! takes no private key that another user owns or could read. So the provider
//! reads the files itself and hands them to a script on its standard input,
//! which keeps them in the sandbox's own memory until the command ends. Knows
//! nothing of Git; `ssh` calls it.

use crate::spool::readable;
use crate::trouble::{Result, Trouble};
use lockgate_plugin::Command;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of a private key.
const KEY_BYTES: u64 = 64 * 1024;
/// Bytes of a `known_hosts` file.
const HOSTS_BYTES: u64 = 1024 * 1024;

/// Runs its arguments after the first, which says how many bytes of the input
/// are the key. Prints what they print where they succeed, and otherwise what
/// `ssh` said, which no server's text gets into.
const SCRIPT: &str = r#"
for program in git ssh; do
    command -v "$program" >/dev/null || { printf %s "$program"; exit 81; }
done
LOCKGATE_SSH=$(mktemp -d) || exit
export LOCKGATE_SSH
(
    umask 077
    cd "$LOCKGATE_SSH" && head -c "$1" >key && cat >known_hosts && : >said
) || exit
shift
"$@" </dev/null >"$LOCKGATE_SSH/printed"
code=$?
case $(cat "$LOCKGATE_SSH/said") in
*"Permission denied"*)
    # Where nobody can be asked, ssh keeps quiet about a key with a passphrase.
    ssh-keygen -y -P '' -f "$LOCKGATE_SSH/key" </dev/null 2>&1 >/dev/null |
        cat >>"$LOCKGATE_SSH/said" ;;
esac
cat "$LOCKGATE_SSH/said" >&2
if [ "$code" -eq 0 ]; then
    cat "$LOCKGATE_SSH/printed"
else
    cat "$LOCKGATE_SSH/said"
fi
rm -rf "$LOCKGATE_SSH"
exit "$code"
"#;
/// The script's own code, where a program is missing.
pub(crate) const PROGRAM_MISSING: u32 = 81;

/// For the shell that Git starts `ssh` with.
const SSH: &str = "ssh -E \"$LOCKGATE_SSH/said\" -i \"$LOCKGATE_SSH/key\" \
    -o UserKnownHostsFile=\"$LOCKGATE_SSH/known_hosts\" -o StrictHostKeyChecking=yes \
    -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes \
    -o ConnectTimeout=30 -o ServerAliveInterval=30";

/// What one server is logged in to with.
pub(crate) struct Login<'a> {
    key_file: &'a str,
    hosts_file: &'a str,
    /// The key, then the hosts.
    input: Vec<u8>,
    key_bytes: usize,
}

impl<'a> Login<'a> {
    /// Reads the files of `SshKeyFile` and `SshKnownHostsFile`.
    pub(crate) fn read(key_file: Option<&'a str>, hosts_file: Option<&'a str>) -> Result<Self> {
        let key_file = named("SshKeyFile", key_file, "the private key")?;
        let hosts_file = named("SshKnownHostsFile", hosts_file, "a known_hosts file")?;
        let mut input = contents("SshKeyFile", key_file, KEY_BYTES)?;
        if !String::from_utf8_lossy(&input).contains("PRIVATE KEY-----") {
            return Err(Trouble::Configuration(format!(
                "SshKeyFile: {key_file} holds no private key; write the path of the private key, not of the .pub file beside it"
            )));
        }
        // Lost by many a way of storing secrets, and needed by ssh.
        if !input.ends_with(b"\n") {
            input.push(b'\n');
        }
        let key_bytes = input.len();
        input.extend(contents("SshKnownHostsFile", hosts_file, HOSTS_BYTES)?);
        Ok(Self {
            key_file,
            hosts_file,
            input,
            key_bytes,
        })
    }

    /// The command that runs these words so that the `ssh` they start can log
    /// in. Its output is captured.
    pub(crate) fn command<'w>(&self, words: impl IntoIterator<Item = &'w str>) -> Command {
        let count = self.key_bytes.to_string();
        let script = ["sh", "-c", SCRIPT, "sh", &count];
        let words = words.into_iter().map(str::to_owned);
        Command::new(script.map(str::to_owned).into_iter().chain(words))
            .input(self.input.clone())
            .variable("GIT_SSH_COMMAND", SSH)
            .capture()
    }

    /// What the words of `ssh` mean; nothing where it said nothing.
    pub(crate) fn refusal(&self, url: &str, said: &[u8]) -> Option<Trouble> {
        let text = String::from_utf8_lossy(said);
        let last = text.lines().rfind(|line| !line.trim().is_empty())?;
        let last = readable(last.as_bytes());
        let (key, hosts) = (self.key_file, self.hosts_file);
        Some(if text.contains("HOST IDENTIFICATION HAS CHANGED") {
            Trouble::Denied(format!(
                "{url}: the server shows another key than {hosts} has for it, so somebody may stand in between; only if the server's operator confirms the new key, replace the old one there"
            ))
        } else if text.contains("Host key verification failed") {
            let server = Server::of(url);
            Trouble::Denied(format!(
                "{url}: the server's key is not in {hosts} (SshKnownHostsFile); add it with '{} >> {hosts}', and compare its fingerprint ('ssh-keygen -lf {hosts}') with what the server's operator says",
                server.scan()
            ))
        } else if text.contains("incorrect passphrase") {
            Trouble::Configuration(format!(
                "SshKeyFile: {key} needs a passphrase, and nobody is there to type it; use a key without one ('ssh-keygen -p' takes it off)"
            ))
        } else if text.contains("Load key") {
            Trouble::Configuration(format!(
                "SshKeyFile: ssh cannot read the private key in {key}; write it again as ssh-keygen made it"
            ))
        } else if text.contains("Permission denied") {
            Trouble::Denied(format!(
                "{url}: the server does not let the key in {key} (SshKeyFile) in ({last}); add its public half to the server, such as to a deploy key"
            ))
        } else {
            Trouble::Unavailable(format!(
                "{url} cannot be reached over ssh: {last} (without the grant 'source-git exec-network' no server can be)"
            ))
        })
    }
}

fn named<'a>(property: &str, path: Option<&'a str>, what: &str) -> Result<&'a str> {
    match path {
        Some(path) if path.starts_with('/') => Ok(path),
        Some(path) => Err(Trouble::Configuration(format!(
            "{property}: '{path}' is not an absolute path; write one such as /etc/lockgate/ssh/file"
        ))),
        None => Err(Trouble::Configuration(format!(
            "{property}: it is missing; a repository over ssh needs the absolute path of {what}, in a directory granted with 'source-git read=<path>', and the grants 'source-git exec' and 'source-git exec-network'"
        ))),
    }
}

fn contents(property: &str, path: &str, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        let directory = Path::new(path).parent().unwrap_or(Path::new("/")).display();
        // A guest cannot tell what is missing from what it may not see.
        return Err(Trouble::Denied(format!(
            "{property}: {path} cannot be read ({error}): it must exist and be readable by the server's user, and the operator has to grant 'source-git read={directory}', 'source-git exec' and 'source-git exec-network'"
        )));
    }
    if bytes.len() as u64 > most {
        return Err(Trouble::Configuration(format!(
            "{property}: {path} is larger than the limit of {} KiB; name another file",
            most >> 10
        )));
    }
    Ok(bytes)
}

/// The server that an address names, for a person to ask.
struct Server<'a> {
    host: &'a str,
    port: Option<&'a str>,
}

impl<'a> Server<'a> {
    fn of(url: &'a str) -> Self {
        let (place, may_have_port) = match url.split_once("://") {
            Some((_, rest)) => (rest.split('/').next().unwrap_or_default(), true),
            None => (url, false),
        };
        let place = place.split_once('@').map_or(place, |(_, place)| place);
        let (host, rest) = match place
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
        {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None => match place.split_once(':') {
                Some((host, rest)) => (host, Some(rest)),
                None => (place, None),
            },
        };
        Self {
            host,
            port: rest.filter(|_| may_have_port),
        }
    }

    /// The command that asks for its keys. Somebody will paste it into a shell,
    /// so nothing odd of the address gets into it.
    fn scan(&self) -> String {
        let plain = |text: &str| {
            let odd = |c: char| !c.is_ascii_alphanumeric() && !".:-_".contains(c);
            !text.is_empty() && !text.starts_with('-') && !text.contains(odd)
        };
        match (plain(self.host), self.port.filter(|port| plain(port))) {
            (false, _) => "ssh-keyscan <host>".into(),
            (true, None) => format!("ssh-keyscan {}", self.host),
            (true, Some(port)) => format!("ssh-keyscan -p {port} {}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_asks_for_a_servers_key_names_the_server_and_nothing_odd() {
        for (url, command) in [
            ("git@github.com:a/b.git", "ssh-keyscan github.com"),
            ("host:2222/b", "ssh-keyscan host"),
            ("ssh://git@h.example/a@b/c:d", "ssh-keyscan h.example"),
            (
                "ssh://git@127.0.0.1:2222/a",
                "ssh-keyscan -p 2222 127.0.0.1",
            ),
            ("ssh://[::1]:2222/a", "ssh-keyscan -p 2222 ::1"),
            ("git@[::1]:a/b", "ssh-keyscan ::1"),
            ("git@h;reboot:a", "ssh-keyscan <host>"),
            ("ssh://h:1;reboot/a", "ssh-keyscan h"),
        ] {
            assert_eq!(Server::of(url).scan(), command, "{url}");
        }
    }
}
