//! Reads a line of steps. What cannot be read is told with what was expected.

use super::step::{Answer, Change, PULL_WORDS, Place, Step, Target};
use super::words::{read_condition, split};
use lockgate_execution::Direction;
use lockgate_model::job::FailureType;

/// The step that a line is.
pub(crate) fn parse(line: &str) -> Result<Step, String> {
    let (words, text) = split(line)?;
    let mut line = Line {
        words: words.into_iter().collect(),
        at: 0,
        text,
    };
    let step = line.step()?;
    match line.peek() {
        Some(word) => Err(format!("'{word}' is not expected here")),
        None if !line.text.is_empty() => Err(format!("nobody takes the words '{}'", line.text)),
        None => Ok(step),
    }
}

struct Line {
    words: Vec<String>,
    at: usize,
    text: String,
}

impl Line {
    fn peek(&self) -> Option<&str> {
        self.words.get(self.at).map(String::as_str)
    }

    fn next(&mut self, wanted: &str) -> Result<String, String> {
        let word = self.words.get(self.at).cloned();
        self.at += 1;
        word.ok_or_else(|| format!("{wanted} is missing at the end"))
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        let found = self.next(&format!("'{word}'"))?;
        if found == word {
            Ok(())
        } else {
            Err(format!("'{found}' stands where '{word}' belongs"))
        }
    }

    fn words(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    fn number(&mut self) -> Result<usize, String> {
        let word = self.next("the number of an execution")?;
        word.parse()
            .map_err(|_| format!("'{word}' is not the number of an execution"))
    }

    fn step(&mut self) -> Result<Step, String> {
        let first = self.next("a step")?;
        match first.as_str() {
            "start" => self.start(),
            "late" => {
                let first = self.next("whose job")?;
                self.job(first, true)
            }
            "queue" => Ok(Step::Queue(self.target()?)),
            "poll" => Ok(Step::Poll {
                target: self.target()?,
                by: self.by()?,
            }),
            "acknowledge" => Ok(Step::Acknowledge {
                target: self.target()?,
                old: self.old("nonce")?,
            }),
            "approve" | "reject" => Ok(Step::Approval {
                yes: first == "approve",
                target: self.target()?,
                old: self.old("token")?,
                by: self.by()?,
                words: self.words(),
            }),
            "stop" => Ok(Step::Stop {
                of: self.number()?,
                abandon: self.take("abandon"),
                words: self.words(),
            }),
            "retry" => {
                let stage = self.next("a stage")?;
                self.expect("of")?;
                let of = self.number()?;
                let all = self.take("all");
                if all {
                    self.expect("actions")?;
                }
                Ok(Step::Retry { stage, of, all })
            }
            "roll" => {
                let stage = self.next("a stage")?;
                self.expect("back")?;
                self.expect("to")?;
                let to = self.number()?;
                Ok(Step::RollBack { stage, to })
            }
            "override" => {
                let stage = self.next("a stage")?;
                let word = self.next("a condition")?;
                let condition = read_condition(&word)
                    .ok_or_else(|| format!("'{word}' is not entry, success or failure"))?;
                self.expect("of")?;
                let of = self.number()?;
                Ok(Step::Override {
                    stage,
                    condition,
                    of,
                })
            }
            "disable" => Ok(Step::Disable {
                stage: self.next("a stage")?,
                direction: self.direction()?,
                words: self.words(),
            }),
            "enable" => Ok(Step::Enable {
                stage: self.next("a stage")?,
                direction: self.direction()?,
            }),
            "create" => Ok(Step::Create {
                file: self.next("a file")?,
            }),
            "update" => Ok(Step::Update {
                file: self.next("a file")?,
                pin: self.take("pin"),
            }),
            "delete" => Ok(Step::Delete),
            "push" | "tag" | "pull" => self.changed(&first),
            number if number.bytes().all(|b| b.is_ascii_digit()) => self.pass(number),
            _ if self.take("reports") => {
                let (stage, action) = first
                    .split_once('.')
                    .ok_or_else(|| format!("'{first}' is not Stage.action"))?;
                Ok(Step::Report {
                    stage: stage.to_owned(),
                    action: action.to_owned(),
                    revision: self.next("a revision")?,
                })
            }
            _ => self.job(first, false),
        }
    }

    fn start(&mut self) -> Result<Step, String> {
        let (mut variables, mut revisions, mut trigger) = (vec![], vec![], None);
        while self.peek().is_some() {
            let word = self.next("a word")?;
            if word == "as" {
                trigger = Some((self.next("a trigger type")?, self.words()));
            } else if let Some((name, value)) = word.split_once('=') {
                variables.push((name.to_owned(), value.to_owned()));
            } else if let Some((action, revision)) = word.split_once('@') {
                revisions.push((action.to_owned(), revision.to_owned()));
            } else {
                return Err(format!(
                    "'{word}' is neither name=value nor action@revision"
                ));
            }
        }
        Ok(Step::Start {
            variables,
            revisions,
            trigger,
        })
    }

    fn target(&mut self) -> Result<Target, String> {
        let first = self.next("Stage.action")?;
        self.target_from(first)
    }

    fn target_from(&mut self, first: String) -> Result<Target, String> {
        let (stage, place) = match self.peek().and_then(read_condition) {
            Some(condition) => {
                self.at += 1;
                self.expect("rule")?;
                (first, Place::Rule(condition, self.next("a rule")?))
            }
            None => {
                let (stage, action) = first
                    .split_once('.')
                    .ok_or_else(|| format!("'{first}' is not a step, nor Stage.action"))?;
                (stage.to_owned(), Place::Action(action.to_owned()))
            }
        };
        let of = if self.take("of") {
            Some(self.number()?)
        } else {
            None
        };
        Ok(Target { stage, place, of })
    }

    fn by(&mut self) -> Result<Option<String>, String> {
        if self.take("by") {
            self.next("a name").map(Some)
        } else {
            Ok(None)
        }
    }

    fn old(&mut self, what: &str) -> Result<bool, String> {
        if !self.take("with") {
            return Ok(false);
        }
        self.expect("an")?;
        self.expect("old")?;
        self.expect(what)?;
        Ok(true)
    }

    fn direction(&mut self) -> Result<Direction, String> {
        match self.next("inbound or outbound")?.as_str() {
            "inbound" => Ok(Direction::Inbound),
            "outbound" => Ok(Direction::Outbound),
            other => Err(format!("'{other}' is neither inbound nor outbound")),
        }
    }

    fn job(&mut self, first: String, late: bool) -> Result<Step, String> {
        let target = self.target_from(first)?;
        let verb = self.next("succeeds, fails or goes on")?;
        let answer = match verb.as_str() {
            "succeeds" => self.success()?,
            "fails" => self.failure()?,
            "goes" => {
                for word in ["on", "in"] {
                    self.expect(word)?;
                }
                let word = self.next("a number of seconds")?;
                let seconds = word
                    .parse()
                    .map_err(|_| format!("'{word}' is not a number of seconds"))?;
                self.expect("seconds")?;
                Answer::GoesOn { seconds }
            }
            other => return Err(format!("'{other}' is not succeeds, fails or goes on")),
        };
        Ok(Step::Job {
            late,
            target,
            answer,
        })
    }

    fn success(&mut self) -> Result<Answer, String> {
        let (mut artifacts, mut revision, mut sets) = (None, None, vec![]);
        let mut setting = false;
        while self.peek().is_some() {
            let word = self.next("a word")?;
            if word == "sets" {
                setting = true;
                continue;
            }
            let (name, value) = word
                .split_once('=')
                .ok_or_else(|| format!("'{word}' is not name=value"))?;
            match name {
                _ if setting => sets.push((name.to_owned(), value.to_owned())),
                "artifacts" => artifacts = Some(list(value)),
                "revision" => revision = Some(value.to_owned()),
                other => return Err(format!("'{other}' is not artifacts, revision or sets")),
            }
        }
        Ok(Answer::Succeeds {
            artifacts,
            revision,
            sets,
        })
    }

    fn failure(&mut self) -> Result<Answer, String> {
        let mut kind = FailureType::JobFailed;
        if self.take("as") {
            let word = self.next("a failure type")?;
            kind = FAILURES
                .into_iter()
                .find(|kind| kind.as_str() == word)
                .ok_or_else(|| format!("'{word}' is not a failure type"))?;
        }
        Ok(Answer::Fails {
            kind,
            words: self.words(),
        })
    }

    fn changed(&mut self, first: &str) -> Result<Step, String> {
        let change = match first {
            "push" => Change::Push {
                branch: self.next("a branch")?,
                new: self.take("new"),
            },
            "tag" => Change::Tag(self.next("a tag")?),
            _ => {
                self.expect("request")?;
                let number = self.next("a number")?;
                let word = self.next("what happened to it")?;
                let what = PULL_WORDS
                    .into_iter()
                    .find(|known| *known == word)
                    .ok_or_else(|| format!("'{word}' is not one of {PULL_WORDS:?}"))?;
                self.expect("from")?;
                let from = self.next("a branch")?;
                self.expect("into")?;
                Change::Pull {
                    number,
                    what,
                    from,
                    into: self.next("a branch")?,
                }
            }
        };
        let to = if self.take("to") {
            Some(self.next("a source action")?)
        } else {
            None
        };
        let (mut files, mut commit, mut unpinned) = (None, None, false);
        while self.peek().is_some() {
            let word = self.next("a word")?;
            match word.split_once('=') {
                Some(("files", value)) => files = Some(list(value)),
                Some(("commit", value)) => commit = Some(value.to_owned()),
                None if word == "unpinned" => unpinned = true,
                _ => return Err(format!("'{word}' is not files=…, commit=… or unpinned")),
            }
        }
        Ok(Step::Changed {
            change,
            to,
            files,
            commit,
            unpinned,
        })
    }

    fn pass(&mut self, number: &str) -> Result<Step, String> {
        let count: u64 = number
            .parse()
            .map_err(|_| format!("'{number}' is too long"))?;
        let unit = self.next("seconds, minutes, hours or days")?;
        let length = match unit.trim_end_matches('s') {
            "second" => 1,
            "minute" => 60,
            "hour" => 3600,
            "day" => 86_400,
            _ => return Err(format!("'{unit}' is not seconds, minutes, hours or days")),
        };
        let verb = self.next("pass")?;
        if verb != "pass" && verb != "passes" {
            return Err(format!("'{verb}' stands where 'pass' belongs"));
        }
        Ok(Step::Pass {
            seconds: count.saturating_mul(length),
            asleep: self.take("asleep"),
        })
    }
}

const FAILURES: [FailureType; 6] = [
    FailureType::JobFailed,
    FailureType::ConfigurationError,
    FailureType::PermissionError,
    FailureType::RevisionOutOfSync,
    FailureType::RevisionUnavailable,
    FailureType::SystemUnavailable,
];

fn list(value: &str) -> Vec<String> {
    if value == "none" {
        return vec![];
    }
    value.split(',').map(str::to_owned).collect()
}
