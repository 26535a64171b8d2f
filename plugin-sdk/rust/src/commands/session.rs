//! One session of a shell in the sandbox: writes the script, runs it, and reads what became
//! of every command. Where a command ends the shell itself (`exit`, `set -e`),
//! another shell takes over its state and goes on where the steps say. Knows
//! nothing of artifacts and reports.

use super::script::{files, script};
use super::sources::{cannot, make_directory};
use super::step::Step;
use crate::{Command, Ending, ExecError, Failure, FailureType, Host};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of one variable that is given out.
const VALUE_BYTES: u64 = 256 << 10;
/// Bytes of the file that says what ran.
const PROGRESS_BYTES: u64 = 4 << 20;

/// What to run and where.
#[derive(Debug)]
pub struct Session<'a> {
    /// The commands, in an order in which each leads to a later one or to the
    /// end.
    pub steps: &'a [Step],
    /// The shell, absolute.
    pub shell: &'a str,
    /// A directory for the session's own files, in the job's working directory.
    pub home: PathBuf,
    /// Where the first command starts.
    pub source: &'a Path,
    /// What commands start with.
    pub environment: &'a [(String, String)],
    /// Variables to read at the end; valid names.
    pub names: &'a [String],
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The first command that failed, and how it ended.
    pub failure: Option<String>,
    /// The variables asked for that were set at the end.
    pub values: BTreeMap<String, String>,
}

/// What one shell did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Progress {
    ended: Vec<(usize, u32)>,
    /// Started and not ended.
    open: Option<usize>,
    done: bool,
}

impl Session<'_> {
    /// Runs it to its end.
    ///
    /// # Errors
    /// Commands cannot be run here at all, or the sandbox ended the shell. A
    /// command that fails is no error.
    pub fn run<H: Host>(&self, host: &H) -> Result<Finished, Failure> {
        for directory in [files::VALUES, files::STATE] {
            make_directory(&self.home.join(directory))?;
        }
        for (index, step) in self.steps.iter().enumerate() {
            self.write(&files::command(index), &format!("{}\n", step.command))?;
        }
        let mut failure = None;
        let mut from = 0;
        loop {
            let ending = self.shell(from, failure.is_none(), host)?;
            let progress = Progress::read(&self.read(files::PROGRESS)?);
            for (index, code) in &progress.ended {
                if let (true, Some(step)) = (*code != 0, self.steps.get(*index)) {
                    failure.get_or_insert_with(|| failed(step, &Ending::Code(*code)));
                }
            }
            if progress.done {
                break;
            }
            let open = progress.open.filter(|index| *index >= from);
            let Some((index, step)) = open.and_then(|i| Some((i, self.steps.get(i)?))) else {
                return Err(Failure::job(format!(
                    "the shell {} {ending} outside of any command; look at the log above",
                    self.shell
                )));
            };
            let succeeded = match &ending {
                Ending::Code(code) => *code == 0,
                Ending::Signal(_) => false,
                Ending::Timeout | Ending::Limit(_) => {
                    return Err(Failure::job(failed(step, &ending)));
                }
            };
            from = if succeeded {
                step.on_success
            } else {
                failure.get_or_insert_with(|| failed(step, &ending));
                step.on_failure
            };
            debug_assert!(from > index);
            host.info(&format!(
                "The shell {ending} in {}; what follows gets a new one with the same directory and variables",
                step.place
            ));
        }
        let values = self.values()?;
        Ok(Finished { failure, values })
    }

    fn shell<H: Host>(&self, from: usize, succeeding: bool, host: &H) -> Result<Ending, Failure> {
        let home = self.home.display().to_string();
        let text = script(self.steps, &home, from, succeeding, self.names);
        self.write(files::SCRIPT, &text)?;
        self.write(files::PROGRESS, "")?;
        let mut command = Command::new([self.shell, &format!("{home}/{}", files::SCRIPT)])
            .working_directory(self.source);
        for (name, value) in self.environment {
            command = command.variable(name, value);
        }
        match host.exec(&command) {
            Ok(exit) => Ok(exit.ending),
            Err(ExecError::NotFound(why)) => Err(Failure::new(
                FailureType::ConfigurationError,
                format!(
                    "this machine has no shell {} ({why}); install it, or choose another shell",
                    self.shell
                ),
            )),
            Err(error) => Err(error.into()),
        }
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.home.join(name);
        fs::write(&path, text).map_err(|error| cannot("write", &path, &error))
    }

    fn read(&self, name: &str) -> Result<String, Failure> {
        let path = self.home.join(name);
        read(&path, PROGRESS_BYTES).map_err(|error| cannot("read", &path, &error))
    }

    fn values(&self) -> Result<BTreeMap<String, String>, Failure> {
        let mut values = BTreeMap::new();
        for name in self.names {
            let path = self.home.join(files::VALUES).join(name);
            match read(&path, VALUE_BYTES + 1) {
                Ok(value) if value.len() as u64 > VALUE_BYTES => {
                    return Err(Failure::job(format!(
                        "the variable {name} is longer than {VALUE_BYTES} bytes; write it to a file of an artifact instead"
                    )));
                }
                Ok(value) => {
                    values.insert(name.clone(), value);
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(cannot("read", &path, &error)),
            }
        }
        Ok(values)
    }
}

fn failed(step: &Step, ending: &Ending) -> String {
    let first = step.command.lines().next().unwrap_or_default();
    let mut shown: String = first.chars().take(200).collect();
    if shown.len() < step.command.trim_end().len() {
        shown.push('…');
    }
    let how = match ending {
        Ending::Code(code) => format!("failed with exit code {code}"),
        other => other.to_string(),
    };
    format!("{} {how}: {shown}", step.place)
}

/// The beginning of a file, as text.
fn read(path: &Path, bytes: u64) -> std::io::Result<String> {
    let mut content = vec![];
    fs::File::open(path)?
        .take(bytes)
        .read_to_end(&mut content)?;
    Ok(String::from_utf8_lossy(&content).into_owned())
}

impl Progress {
    /// Reads what the shell wrote. Commands could write there too, and then
    /// only mislead their own session: what makes no sense is passed over.
    fn read(text: &str) -> Self {
        let mut progress = Self::default();
        for line in text.lines() {
            let mut words = line.split(' ');
            let word = words.next();
            let mut number = || words.next().and_then(|word| word.parse::<u32>().ok());
            match word {
                Some("start") => progress.open = number().map(|index| index as usize),
                Some("end") => {
                    if let (Some(index), Some(code)) = (number(), number()) {
                        progress.ended.push((index as usize, code));
                        progress.open = None;
                    }
                }
                Some("done") => progress.done = true,
                _ => {}
            }
        }
        progress
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    #[test]
    fn a_limit_ends_the_session_at_once() {
        let host = FakeHost::new();
        let work = host.work();
        let home = work.join("session");
        let progress = home.join(files::PROGRESS);
        let host = host.on_exec(|_| {
            fs::write(&progress, "start 0\n").unwrap();
            Ok(crate::Exit {
                ending: Ending::Limit("it held more than 8 GiB of memory".into()),
                output: vec![],
            })
        });
        let failure = Session {
            steps: &Step::chain(&["hog".to_owned(), "never".to_owned()]),
            shell: "/bin/sh",
            home,
            source: &work,
            environment: &[],
            names: &[],
        }
        .run(&host)
        .unwrap_err();
        assert_eq!(
            failure.message,
            "command 1 of 2 was ended by the sandbox: it held more than 8 GiB of memory: hog"
        );
        assert_eq!(host.commands().len(), 1);
    }

    #[test]
    fn progress_that_makes_no_sense_is_passed_over() {
        let read = Progress::read("start 0\nend 0 0\nend\nstart x\nnoise 1 2\nend 1 -5\nstart 2\n");
        assert_eq!(
            read,
            Progress {
                ended: vec![(0, 0)],
                open: Some(2),
                done: false
            }
        );
    }
}
