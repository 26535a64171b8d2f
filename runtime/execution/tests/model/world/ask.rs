//! The world itself: it takes steps, asks the machine, keeps the log and the
//! clock. Every answer of the machine is folded and compared, and shown to
//! whoever watches.

use super::step::{Place, Step};
use super::trouble::{Asked, Broken, Seen, Trouble};
use lockgate_execution::{
    Command, Effect, Event, PipelineState, Recorded, Rejected, Request, StartedWork, apply, due,
    step as ask_machine,
};
use lockgate_model::definition::Pipeline;
use lockgate_model::id::{ApprovalToken, ExecutionId, JobId, Nonce, Principal};
use lockgate_model::time::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// 6 January 2025, 9:00 UTC, a Monday.
const BEGIN: Timestamp = Timestamp(1_736_154_000_000);

pub(crate) type Watch<'a> = &'a mut dyn FnMut(Seen<'_>) -> Result<(), Broken>;

/// One pipeline and everything around it.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) state: PipelineState,
    pub(crate) log: Vec<Recorded>,
    pub(crate) now: Timestamp,
    pub(super) definitions: Rc<BTreeMap<String, Pipeline>>,
    pub(super) requests: u64,
    /// When each request was made, and how long the log was after it.
    made: Vec<(Timestamp, usize)>,
    /// Executions by the number of their start.
    pub(super) ids: Vec<ExecutionId>,
    numbers: HashMap<ExecutionId, usize>,
    /// Jobs and tokens that there ever were, by their place.
    pub(super) jobs: HashMap<(usize, String, Spot), Vec<(JobId, u32)>>,
    pub(super) tokens: HashMap<(usize, String, String), Vec<ApprovalToken>>,
    pub(super) nonces: HashMap<JobId, Vec<Nonce>>,
}

/// A place as a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Spot(Option<&'static str>, String);

pub(super) fn spot(place: &Place) -> Spot {
    match place {
        Place::Action(name) => Spot(None, name.clone()),
        Place::Rule(condition, name) => Spot(Some(condition.as_str()), name.clone()),
    }
}

impl World {
    /// A world in which the pipeline of `pipeline.toml` was just created.
    pub(crate) fn new(
        definitions: Rc<BTreeMap<String, Pipeline>>,
        watch: Watch<'_>,
    ) -> Result<Self, Trouble> {
        let name = definitions["pipeline.toml"].name.clone();
        let mut world = Self {
            state: PipelineState::new("111122223333".parse().unwrap(), name),
            log: vec![],
            now: BEGIN,
            definitions,
            requests: 0,
            made: vec![],
            ids: vec![],
            numbers: HashMap::new(),
            jobs: HashMap::new(),
            tokens: HashMap::new(),
            nonces: HashMap::new(),
        };
        let create = Step::Create {
            file: "pipeline.toml".to_owned(),
        };
        world.play(&create, watch)?;
        Ok(world)
    }

    /// The number of an execution, counted from 1 as they started.
    pub(crate) fn number(&self, id: ExecutionId) -> Option<usize> {
        self.numbers.get(&id).copied()
    }

    /// All executions that ever started.
    pub(crate) fn started(&self) -> &[ExecutionId] {
        &self.ids
    }

    pub(crate) fn definition(&self, file: &str) -> Option<&Pipeline> {
        self.definitions.get(file)
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.definitions.keys().map(String::as_str)
    }

    /// Takes a step.
    pub(crate) fn play(&mut self, step: &Step, watch: Watch<'_>) -> Result<Vec<Asked>, Trouble> {
        if let Step::Pass { seconds, asleep } = step {
            return self.pass(*seconds, *asleep, watch);
        }
        let (by, command) = self.command(step)?;
        Ok(vec![self.ask(&by, command, watch)?])
    }

    /// The server wakes whenever it wanted to be woken, unless it is asleep.
    fn pass(
        &mut self,
        seconds: u64,
        asleep: bool,
        watch: Watch<'_>,
    ) -> Result<Vec<Asked>, Trouble> {
        let until = self.now.plus_seconds(seconds);
        self.pass_until(until, asleep, watch)
    }

    /// The same, up to this time.
    pub(crate) fn pass_until(
        &mut self,
        until: Timestamp,
        asleep: bool,
        watch: Watch<'_>,
    ) -> Result<Vec<Asked>, Trouble> {
        let mut asked = vec![];
        while !asleep
            && let Some(wake) = self.wake_at()
            && wake > self.now
            && wake < until
        {
            self.now = wake;
            asked.push(self.ask("lockgate", Command::TimePassed, watch)?);
        }
        self.now = self.now.max(until);
        asked.push(self.ask("lockgate", Command::TimePassed, watch)?);
        Ok(asked)
    }

    /// When the server wants to be woken.
    pub(crate) fn wake_at(&self) -> Option<Timestamp> {
        due(&self.state).iter().find_map(|effect| match effect {
            Effect::WakeAt(at) => Some(*at),
            _ => None,
        })
    }

    /// Asks the machine, a moment later.
    pub(crate) fn ask(
        &mut self,
        by: &str,
        command: Command,
        watch: Watch<'_>,
    ) -> Result<Asked, Broken> {
        self.requests += 1;
        self.now = Timestamp(self.now.0 + 1);
        let mut seed = [0x5a; 16];
        seed[..8].copy_from_slice(&self.requests.to_le_bytes());
        let request = Request {
            at: self.now,
            by: Principal(by.to_owned()),
            seed,
            command,
        };
        let before = self.state.clone();
        match ask_machine(&before, &request) {
            Err(refused) => {
                if let Rejected::Contradiction(what) = &refused {
                    return Err(Broken {
                        law: "decide never emits what apply cannot take",
                        what: what.to_string(),
                    });
                }
                self.made.push((self.now, self.log.len()));
                watch(Seen {
                    after: &before,
                    request: &request,
                    events: Err(&refused),
                })?;
                Ok(Asked::Refused(refused))
            }
            Ok(decided) => {
                for recorded in &decided.events {
                    apply(&mut self.state, recorded).map_err(|what| Broken {
                        law: "decide never emits what apply cannot take",
                        what: what.to_string(),
                    })?;
                    self.note(&recorded.event);
                }
                if self.state != decided.after {
                    return Err(Broken {
                        law: "the fold of the log is the state",
                        what: format!("after {:?}", request.command),
                    });
                }
                self.log.extend(decided.events.iter().cloned());
                self.made.push((self.now, self.log.len()));
                watch(Seen {
                    after: &self.state,
                    request: &request,
                    events: Ok(&decided.events),
                })?;
                Ok(Asked::Decided(decided.events))
            }
        }
    }

    /// The world after a server was killed when so many events were on disk: the
    /// same people, and a state that was folded. The next request comes at the
    /// time of the one that was cut, under its seed, or after the one that was
    /// not.
    pub(crate) fn recovered(&self, cut: usize) -> Result<Self, Broken> {
        let request = self.made.partition_point(|(_, logged)| *logged < cut);
        let (at, logged) = self.made[request];
        let whole = logged == cut;
        let mut world = Self {
            state: PipelineState::new(self.state.tenant().clone(), self.state.name()),
            log: self.log[..cut].to_vec(),
            now: if whole { at } else { Timestamp(at.0 - 1) },
            definitions: self.definitions.clone(),
            requests: (request + usize::from(whole)) as u64,
            made: vec![],
            ids: vec![],
            numbers: HashMap::new(),
            jobs: HashMap::new(),
            tokens: HashMap::new(),
            nonces: self.nonces.clone(),
        };
        for recorded in &self.log[..cut] {
            apply(&mut world.state, recorded).map_err(|what| Broken {
                law: "every prefix of a log can be folded",
                what: what.to_string(),
            })?;
            world.note(&recorded.event);
        }
        Ok(world)
    }

    /// What a server does first: it lets go on what was cut.
    pub(crate) fn wake(&mut self, watch: Watch<'_>) -> Result<(), Broken> {
        self.ask("lockgate", Command::TimePassed, watch).map(|_| ())
    }

    /// The world remembers what is handed out.
    fn note(&mut self, event: &Event) {
        match event {
            Event::ExecutionStarted { execution, .. } => {
                self.ids.push(*execution);
                self.numbers.insert(*execution, self.ids.len());
            }
            Event::ActionStarted {
                execution,
                stage,
                action,
                work,
                ..
            } => match work {
                StartedWork::Job(job) => {
                    self.note_job(*execution, stage, Spot(None, action.clone()), (*job, 1));
                }
                StartedWork::Approval(token) => {
                    let number = self.numbers.get(execution).copied().unwrap_or(0);
                    let key = (number, stage.clone(), action.clone());
                    self.tokens.entry(key).or_default().push(*token);
                }
                StartedWork::Impossible(_) => {}
            },
            Event::ActionPending {
                execution,
                stage,
                action,
                job,
                attempt,
                ..
            } => self.note_job(
                *execution,
                stage,
                Spot(None, action.clone()),
                (*job, *attempt),
            ),
            Event::RuleStarted {
                execution,
                stage,
                condition,
                rule,
                work: StartedWork::Job(job),
                ..
            } => {
                let spot = Spot(Some(condition.as_str()), rule.clone());
                self.note_job(*execution, stage, spot, (*job, 1));
            }
            Event::RulePending {
                execution,
                stage,
                condition,
                rule,
                job,
                attempt,
                ..
            } => {
                let spot = Spot(Some(condition.as_str()), rule.clone());
                self.note_job(*execution, stage, spot, (*job, *attempt));
            }
            _ => {}
        }
    }

    fn note_job(&mut self, id: ExecutionId, stage: &str, spot: Spot, job: (JobId, u32)) {
        let number = self.numbers.get(&id).copied().unwrap_or(0);
        let key = (number, stage.to_owned(), spot);
        self.jobs.entry(key).or_default().push(job);
    }

    /// A text with numbers for the ids of executions, and nothing for others.
    pub(crate) fn readable(&self, text: &str) -> String {
        let mut readable = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let uuid = rest
                .get(..36)
                .and_then(|word| word.parse::<ExecutionId>().ok());
            if let Some(id) = uuid {
                match self.number(id) {
                    Some(number) => readable.push_str(&number.to_string()),
                    None => readable.push('…'),
                }
                rest = &rest[36..];
            } else if let Some(c) = rest.chars().next() {
                readable.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        readable
    }
}
