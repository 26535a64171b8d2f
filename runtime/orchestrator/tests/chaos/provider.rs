//! The provider of every action: answers late or never, well or badly, and
//! writes down what it was handed and what it said. Every answer bears the number
//! of its delivery, by which it is found again in the log.

use crate::chance::Chance;
use crate::definitions::catalogue;
use crate::journal::What;
use crate::world::World;
use lockgate_model::action_type::{ActionTypeId, Catalogue, Category};
use lockgate_model::change::{ChangeKind, SourceChange};
use lockgate_model::id::TenantId;
use lockgate_model::job::{
    DetectRequest, Detection, External, Failure, FailureType, Job, LogLevel, LogLine, Outcome,
    Pending, Revision, Success,
};
use lockgate_model::limits::Limits;
use lockgate_model::time::Timestamp;
use lockgate_model::webhook::{Announcement, WebhookRequest};
use lockgate_orchestrator::{Clock, Directory, LogSink, Runner};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Seconds of a life that an attempt may hang for where nobody else ends it.
const PATIENCE: u64 = 2 * 60 * 60;

pub(crate) struct Provider {
    pub(crate) world: Arc<World>,
    pub(crate) clock: Clock,
    pub(crate) catalogue: Arc<Catalogue>,
}

impl Provider {
    pub(crate) fn new(world: Arc<World>, clock: Clock) -> Self {
        Self {
            world,
            clock,
            catalogue: Arc::new(catalogue()),
        }
    }
}

/// An attempt that is dropped without an answer dies.
struct Attempt {
    world: Arc<World>,
    delivery: u64,
    answered: bool,
}

impl Attempt {
    fn answers(&mut self, answer: String) {
        self.answered = true;
        let mut state = self.world.state();
        state.alive.remove(&self.delivery);
        let delivery = self.delivery;
        state.note(What::Answered { delivery, answer });
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let mut state = self.world.state();
        if state.alive.remove(&self.delivery).is_some() && !self.answered {
            let delivery = self.delivery;
            state.note(What::Died { delivery });
        }
    }
}

fn give_up() -> ! {
    // Without the hook that would tell everybody.
    std::panic::resume_unwind(Box::new("as the test wants it"))
}

async fn pause(millis: u64) {
    if millis > 0 {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

/// How an answer sounds in the log.
pub(crate) fn mark(delivery: u64) -> String {
    format!("d{delivery}")
}

#[async_trait::async_trait]
impl Runner for Provider {
    fn catalogue(&self, _tenant: &TenantId) -> Arc<Catalogue> {
        self.catalogue.clone()
    }

    fn wants_work(&self, _tenant: &TenantId, action_type: &ActionTypeId) -> bool {
        action_type.category == Category::Build
    }

    fn limits(&self, _tenant: &TenantId, _action_type: &ActionTypeId) -> Limits {
        Limits::default()
    }

    fn can_detect(&self, _tenant: &TenantId, action_type: &ActionTypeId) -> bool {
        action_type.category == Category::Source
    }

    fn can_receive(&self, _tenant: &TenantId, action_type: &ActionTypeId) -> bool {
        action_type.category == Category::Source
    }

    async fn run(&self, job: &Job, directories: Vec<Directory>, log: LogSink) -> Outcome {
        if job.action_type.provider == "Webhook" {
            return self.post(job).await;
        }
        let (delivery, mut chance) = self.world.hand(job);
        let mut attempt = Attempt {
            world: self.world.clone(),
            delivery,
            answered: false,
        };
        if chance.percent(10) {
            let _ = log.send(LogLine {
                at: self.clock.now(),
                level: LogLevel::Info,
                text: mark(delivery),
            });
        }
        for directory in directories {
            self.work_in(&directory, delivery);
        }
        let left = job.deadline.since(self.clock.now()) / 1000;
        let calm = self.world.is_calm();
        match chance.below(100) {
            _ if calm => pause(1 + chance.below(5_000)).await,
            // At once, or after no turn of anybody else.
            0..25 => {}
            25..65 => pause(chance.millis(60_000)).await,
            65..88 => pause(chance.millis(PATIENCE * 1000)).await,
            // Late.
            88..93 if left < PATIENCE => pause(left * 1000 + chance.millis(60_000)).await,
            // Never: its worker is dead.
            93..97 if left < PATIENCE => std::future::pending().await,
            _ => {
                self.world.calmed().await;
                pause(1 + chance.below(5_000)).await;
            }
        }
        let calm = self.world.is_calm();
        let (told, outcome) = self.answer(job, delivery, &mut chance, calm);
        attempt.answers(told);
        outcome.unwrap_or_else(|| give_up())
    }

    async fn detect(&self, request: DetectRequest) -> Result<Detection, Failure> {
        let pipeline = request.configuration.get("Setting").cloned();
        let pipeline = pipeline.unwrap_or_default();
        let mut chance = self.world.draw(&format!("detect {pipeline}"), |chance| {
            chance.below(2);
            chance.clone()
        });
        if !self.world.is_calm() {
            match chance.below(100) {
                0..10 => {
                    let away = FailureType::SystemUnavailable;
                    return Err(Failure::new(away, "the source is away"));
                }
                10..13 => give_up(),
                13..18 => pause(chance.millis(600_000)).await,
                18..20 => self.world.calmed().await,
                _ => {}
            }
        }
        let number = self.world.state().revisions.get(&pipeline).copied();
        let number = number.unwrap_or_default();
        let known = request.cursor.and_then(|cursor| cursor.parse::<u64>().ok());
        let is_new = known.is_some_and(|known| known != number);
        if is_new {
            let text = format!("{pipeline} has news: r{number}, after {known:?}");
            self.world.note(What::Said(text));
        }
        Ok(Detection {
            newest: Some(revision(number)),
            changes: if is_new { vec![change(number)] } else { vec![] },
            cursor: number.to_string(),
        })
    }

    async fn webhook(&self, request: WebhookRequest) -> Result<Option<Announcement>, Failure> {
        let number = String::from_utf8_lossy(&request.body).parse::<u64>();
        Ok(number.ok().map(|number| Announcement {
            changes: vec![change(number)],
            summary: format!("r{number}"),
        }))
    }
}

impl Provider {
    /// What it says; nothing where it panics instead.
    fn answer(
        &self,
        job: &Job,
        delivery: u64,
        chance: &mut Chance,
        calm: bool,
    ) -> (String, Option<Outcome>) {
        let mark = mark(delivery);
        let external = External {
            summary: Some(mark.clone()),
            ..External::default()
        };
        let fails = if job.condition.is_some() { 35 } else { 16 };
        match chance.below(100) {
            n if !calm && n < 4 => ("panics".to_owned(), None),
            n if !calm && n < 4 + fails => {
                let kind = FailureType::JobFailed;
                let failure = Failure::new(kind, mark);
                ("failed".to_owned(), Some(Outcome::Failed(failure)))
            }
            n if !calm && n < 20 + fails => {
                let poll_after = (chance.millis(1_800_000) / 1000) as u32;
                let pending = Pending {
                    continuation: mark,
                    poll_after,
                    percent: None,
                    external,
                };
                let told = format!("pending, again in {poll_after} s");
                (told, Some(Outcome::Pending(pending)))
            }
            _ => {
                let is_source = job.action_type.category == Category::Source;
                let success = Success {
                    variables: BTreeMap::from([("by".to_owned(), "x".to_owned())]),
                    revision: is_source.then(|| self.fetched(job)),
                    artifacts: vec![],
                    external,
                };
                ("succeeded".to_owned(), Some(Outcome::Succeeded(success)))
            }
        }
    }

    fn fetched(&self, job: &Job) -> Revision {
        let asked = job.revision.as_ref().and_then(|id| id[1..].parse().ok());
        let newest = || self.world.state().revisions.get(&job.pipeline).copied();
        revision(asked.or_else(newest).unwrap_or_default())
    }

    /// What an earlier action made has to be there.
    fn work_in(&self, directory: &Directory, delivery: u64) {
        let file = directory.host.join("made");
        if directory.guest.starts_with("/in/") {
            if !file.exists() {
                let text = format!("d{delivery}: there is nothing in {}", directory.guest);
                self.world.wrong(text);
            }
        } else if directory.guest != "/cache" {
            let _ = std::fs::write(file, mark(delivery));
        }
    }

    /// A letter: taken, refused for now, or lost with the one who carries it.
    async fn post(&self, job: &Job) -> Outcome {
        let mut chance = self.world.draw("post", |chance| {
            chance.below(2);
            chance.clone()
        });
        let calm = self.world.is_calm();
        let draw = chance.below(100);
        match draw {
            _ if calm => {}
            0..10 => pause(chance.millis(60_000)).await,
            _ => {}
        }
        let payload = job.configuration.get("Payload");
        let letter = payload.and_then(|text| serde_json::from_str(text).ok());
        let taken = calm || !(10..32).contains(&draw);
        self.world.note(What::Posted {
            key: job.action_execution.0,
            pipeline: job.pipeline.clone(),
            letter,
            taken,
        });
        match draw {
            _ if taken => Outcome::Succeeded(Success::default()),
            10..25 => {
                let away = FailureType::SystemUnavailable;
                Outcome::Failed(Failure::new(away, "the target is away"))
            }
            25..29 => Outcome::Pending(Pending {
                continuation: String::new(),
                poll_after: 5,
                percent: None,
                external: External::default(),
            }),
            _ => give_up(),
        }
    }
}

pub(crate) fn revision(number: u64) -> Revision {
    Revision {
        id: format!("r{number}"),
        summary: None,
        url: None,
        created: Some(Timestamp(0)),
    }
}

fn change(number: u64) -> SourceChange {
    SourceChange {
        kind: ChangeKind::Branch {
            name: "main".to_owned(),
            created: false,
        },
        revision: revision(number),
        files: None,
        repository: None,
        author: None,
    }
}
