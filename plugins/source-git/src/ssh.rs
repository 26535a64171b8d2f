//! Repositories over ssh: the system's `git` and `ssh` fetch into a bare
//! repository, in the sandbox for commands. Its files are then read as those
//! of any local repository, so what `git` fetched is checked as strictly.

use crate::login::{Login, PROGRAM_MISSING};
use crate::object::parse_id;
use crate::reference::{Choice, Reference, References, TAGS, Wanted, is_name};
use crate::spool::readable;
use crate::trouble::{Result, Trouble};
use gix_hash::ObjectId;
use lockgate_plugin::{Command, Ending, ExecError, Exit, Watch};
use std::collections::BTreeSet;
use std::path::Path;

/// Where `fetch` leaves the commit.
pub(crate) const TAKEN: &str = "refs/lockgate/taken";

/// Runs a command.
pub(crate) type Exec<'a> = dyn Fn(&Command) -> Result<Exit, ExecError> + 'a;

/// How to reach the server.
pub(crate) struct Ssh<'a> {
    pub(crate) url: &'a str,
    pub(crate) login: Login<'a>,
    pub(crate) exec: &'a Exec<'a>,
}

/// What a commit is compared with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Range {
    /// This commit.
    From(ObjectId),
    /// Where it parted from this other branch.
    Parting { tip: ObjectId, or_tip: bool },
    /// Its first parent.
    Parent,
    /// Nothing.
    All,
}

/// Commits that are looked through for where two branches parted; their
/// directories are fetched with them.
const SSH_COMMITS: u32 = 200;
/// What is captured of a command's output.
const OUTPUT_BYTES: usize = 1 << 20;

/// Prints `=` and the files that differ, each ended by a zero byte; nothing
/// where that cannot be told. Arguments: address, mode, depth, the commit, and
/// the other commit. No files are fetched, and none is asked for later.
const CHANGED: &str = r#"
g() { git -c safe.directory='*' -c protocol.version=2 "$@"; }
directory=$(mktemp -d) || exit
trap 'rm -rf "$directory"' EXIT
g init --quiet --bare "$directory" || exit
cd "$directory" || exit
g remote add origin "$1" || exit
fetch() { g fetch --quiet --no-tags --filter=blob:none "$@" >&2; }
fetch "$3" origin "$4" ${5:+"$5"} || {
    # Where ssh has something to say, the server cannot be reached.
    [ ! -s "$LOCKGATE_SSH/said" ] || exit
    # Otherwise it gives out ends of branches only: the other commit may be
    # close behind one.
    fetch --depth=200 origin "$4" || exit 0
}
GIT_NO_LAZY_FETCH=1
export GIT_NO_LAZY_FETCH
[ -z "$5" ] || g cat-file -e "$5^{commit}" || exit 0
from=$5
case $2 in
parting) from=$(g merge-base "$5" "$4") && [ "$from" != "$4" ] || exit 0 ;;
parting-or-tip) from=$(g merge-base "$5" "$4") || from=$5 ;;
parent) from=$(g rev-parse --verify --quiet "$4^1") || from= ;;
esac
printf =
if [ -n "$from" ]; then
    g diff-tree -r -z --no-renames --name-only "$from" "$4"
else
    g ls-tree -r -z --name-only "$4"
fi
"#;

/// Git itself. The sandbox may give the directory another owner.
const GIT: [&str; 5] = ["git", "-c", "safe.directory=*", "-c", "protocol.version=2"];

impl Ssh<'_> {
    /// Git, which is to reach the server.
    fn remote(&self, arguments: &[&str]) -> Command {
        let words = GIT.into_iter().chain(arguments.iter().copied());
        self.login.command(words)
    }

    fn run(&self, what: &str, command: Command) -> Result<Vec<u8>> {
        let command = command
            // Detecting has no directory for work.
            .working_directory("/tmp")
            .variable("GIT_ALLOW_PROTOCOL", "ssh")
            .variable("GIT_TERMINAL_PROMPT", "0")
            .variable("GIT_CONFIG_NOSYSTEM", "1");
        let exit = (self.exec)(&command).map_err(|error| match error {
            ExecError::Denied(text) => Trouble::Denied(format!(
                "repositories over ssh need 'git' in the sandbox for commands, with network: {text}; grant 'source-git exec' and 'source-git exec-network'"
            )),
            ExecError::NotFound(text) => Trouble::Unavailable(format!(
                "repositories over ssh need the programs 'git' and 'ssh' on this machine: {text}"
            )),
            ExecError::Failed(text) => Trouble::Unavailable(text),
        })?;
        if exit.is_success() {
            return Ok(exit.output);
        }
        if exit.ending == Ending::Code(PROGRAM_MISSING) {
            return Err(Trouble::Unavailable(format!(
                "repositories over ssh need the programs 'git' and 'ssh' on this machine, below /usr, and there is no '{}'; install them, as with: apt-get install git openssh-client",
                readable(&exit.output)
            )));
        }
        Err(self
            .login
            .refusal(self.url, &exit.output)
            .unwrap_or_else(|| {
                Trouble::Unavailable(format!(
                    "'{what}' for {} {}; the action's log has git's own words",
                    self.url, exit.ending
                ))
            }))
    }

    /// `HEAD`, and what the wanted branch or tag is among.
    pub(crate) fn references(&self, wanted: &Wanted) -> Result<References> {
        match wanted {
            Wanted::Head => self.list(&["HEAD"]),
            Wanted::Branch(_) => self.list(&["HEAD", &wanted.prefix()]),
            Wanted::Tag(glob) => {
                let tag = format!("{TAGS}{glob}");
                self.list(&["HEAD", &tag, &format!("{tag}^{{}}")])
            }
        }
    }

    /// What there is instead of the wanted branch or tag.
    pub(crate) fn others(&self, wanted: &Wanted) -> Result<References> {
        self.list(&[&format!("{}*", wanted.wider_prefix())])
    }

    /// `HEAD`, what the wanted branch or tag is among, and all that is watched.
    pub(crate) fn watched(&self, wanted: &Wanted, watch: Watch) -> Result<References> {
        if !watch.all_branches && !watch.tags {
            return self.references(wanted);
        }
        let own = wanted.prefix();
        let mut patterns = vec!["HEAD"];
        match wanted {
            Wanted::Branch(_) if !watch.all_branches => patterns.push(&own),
            Wanted::Tag(_) if !watch.tags => patterns.push("refs/tags/*"),
            _ => {}
        }
        if watch.all_branches {
            patterns.push("refs/heads/*");
        }
        if watch.tags {
            patterns.push("refs/tags/*");
        }
        self.list(&patterns)
    }

    /// The files that differ between `to` and the beginning of the range, as
    /// Git itself tells them; none where it cannot tell all.
    pub(crate) fn changed(&self, range: Range, to: ObjectId) -> Result<Option<BTreeSet<String>>> {
        let to = to.to_string();
        let (mode, from, depth) = match range {
            Range::From(from) => ("from", Some(from), 1),
            Range::Parting { tip, or_tip: true } => ("parting-or-tip", Some(tip), SSH_COMMITS),
            Range::Parting { tip, or_tip: false } => ("parting", Some(tip), SSH_COMMITS),
            Range::Parent => ("parent", None, 2),
            Range::All => ("all", None, 1),
        };
        let from = from.map(|id| id.to_string()).unwrap_or_default();
        let depth = format!("--depth={depth}");
        let words = [
            "sh", "-c", CHANGED, "sh", self.url, mode, &depth, &to, &from,
        ];
        let output = self.run("git fetch", self.login.command(words))?;
        if output.len() >= OUTPUT_BYTES || output.first() != Some(&b'=') {
            return Ok(None);
        }
        let names = output.get(1..).unwrap_or_default().split(|byte| *byte == 0);
        Ok(Some(
            names
                .filter(|name| !name.is_empty())
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect(),
        ))
    }

    fn list(&self, patterns: &[&str]) -> Result<References> {
        let mut arguments = vec!["ls-remote", "--symref", "--", self.url];
        arguments.extend(patterns);
        let output = self.run("git ls-remote", self.remote(&arguments))?;
        Ok(read(&String::from_utf8_lossy(&output)))
    }

    /// Fetches into a new bare repository at `into`.
    pub(crate) fn fetch(
        &self,
        choice: &Choice,
        revision: Option<ObjectId>,
        history: bool,
        into: &Path,
    ) -> Result<()> {
        let directory = into.to_string_lossy();
        let init = ["init", "--quiet", "--bare", "--", &directory];
        self.run("git init", Command::new(GIT.into_iter().chain(init)))?;
        // A name works with every server, an id only where it gives out all.
        let commit = match revision {
            Some(id) => format!("+{id}:{TAKEN}"),
            None => format!("+{}:refs/lockgate/taken", choice.reference),
        };
        let mut arguments = vec![
            "--git-dir",
            &directory,
            "fetch",
            "--quiet",
            "--no-recurse-submodules",
        ];
        if history {
            arguments.extend(["--tags", "--", self.url, &commit]);
        } else {
            arguments.extend(["--depth=1", "--no-tags", "--", self.url, &commit]);
        }
        let fetched = self.run("git fetch", self.remote(&arguments));
        match (fetched, revision) {
            (Err(Trouble::Unavailable(text)), Some(id)) => Err(Trouble::Missing(format!(
                "commit {id} could not be fetched: {text}"
            ))),
            (result, _) => result.map(|_| ()),
        }
    }
}

/// The lines of `git ls-remote --symref`.
fn read(output: &str) -> References {
    let mut references = References::default();
    for (left, name) in output.lines().filter_map(|line| line.split_once('\t')) {
        match (left.strip_prefix("ref: "), parse_id(left)) {
            (Some(target), _) if name == "HEAD" && is_name(target) => {
                references.head_branch = Some(target.to_owned());
            }
            (_, Some(id)) if name == "HEAD" => references.head = Some(id),
            (_, Some(id)) => match (name.strip_suffix("^{}"), references.list.last_mut()) {
                (Some(tag), Some(last)) if last.name == tag => last.peeled = Some(id),
                (None, _)
                    if is_name(name)
                        && (name.starts_with(TAGS) || name.starts_with("refs/heads/")) =>
                {
                    references.list.push(Reference {
                        name: name.to_owned(),
                        id,
                        peeled: None,
                    });
                }
                _ => {}
            },
            _ => {}
        }
    }
    references
}
