//! Stands between the orchestrator and the store: refuses, delays, loses answers,
//! kills. Everything is done while nobody else does anything, so that the same
//! seed goes the same way; what the disk really took stands in the journal.

use crate::journal::What;
use crate::world::{Trouble, World};
use lockgate_store::{Access, Hook, Operation, StoreError};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

/// Longest delay of a write, in milliseconds.
const SLOWEST: u64 = 20_000;

pub(crate) fn hook(world: &Arc<World>) -> Hook {
    fn of_any_lifetime<F>(hook: F) -> F
    where
        F: for<'a> Fn(Access<'a>, Operation<'a>) -> Operation<'a>,
    {
        hook
    }
    let world = world.clone();
    Arc::new(of_any_lifetime(move |access, operation| {
        Box::pin(stand_between(world.clone(), access, operation))
    }))
}

/// What becomes of one access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    Refused(Refusal),
    Lost,
    SlowBefore(u64),
    SlowAfter(u64),
    PanicBefore,
    PanicAfter,
    KilledBefore,
    KilledAfter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Full,
    Io,
    Conflict,
}

async fn stand_between(
    world: Arc<World>,
    access: Access<'_>,
    operation: Operation<'_>,
) -> Result<(), StoreError> {
    let stream = match access {
        Access::Commit(change) => format!("commit {}", change.pipeline),
        Access::Write => "write".to_owned(),
        Access::Log => "log".to_owned(),
        Access::Read => "read".to_owned(),
    };
    let fate = fate(&world, access, &stream);
    if fate != Fate::Done {
        world.note(What::Fault(format!("{stream}: {fate:?}")));
    }
    match fate {
        Fate::Refused(refusal) => return Err(error(refusal, access)),
        Fate::SlowBefore(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
        Fate::PanicBefore => std::panic::resume_unwind(Box::new("as the test wants it")),
        Fate::KilledBefore => return killed(&world).await,
        _ => {}
    }
    let result = at_once(operation);
    if let Access::Commit(change) = access {
        match &result {
            Ok(()) => world.note(What::Committed {
                pipeline: change.pipeline.clone(),
                from: change.expected_version,
                to: change.new_version(),
                events: change.events.iter().map(|e| e.kind.clone()).collect(),
                token: change.idempotency.as_ref().map(|i| i.token.clone()),
                finished: change.finished_jobs.iter().map(|job| job.id).collect(),
            }),
            Err(error) => world.note(What::Fault(format!("{stream}: {error}"))),
        }
    }
    match fate {
        Fate::Lost => Err(error(Refusal::Io, access)),
        Fate::SlowAfter(millis) => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            result
        }
        Fate::PanicAfter => std::panic::resume_unwind(Box::new("as the test wants it")),
        Fate::KilledAfter => killed(&world).await,
        _ => result,
    }
}

fn fate(world: &World, access: Access<'_>, stream: &str) -> Fate {
    let trouble = world.state().trouble;
    if trouble == Trouble::default() {
        return Fate::Done;
    }
    let writes = !matches!(access, Access::Read);
    if trouble.full && writes {
        return Fate::Refused(Refusal::Full);
    }
    world.draw(stream, |chance| {
        let mut draws = |permille: u64| chance.permille(permille);
        let (crash, panic) = (draws(trouble.crash), draws(trouble.panic));
        let (slow, lost) = (draws(trouble.slow), draws(trouble.lost));
        let (refused, unreadable) = (draws(trouble.refused), draws(trouble.unreadable));
        let mute = draws(trouble.mute);
        let before = chance.percent(50);
        let refusal = [Refusal::Full, Refusal::Io, Refusal::Io, Refusal::Conflict];
        match access {
            Access::Read if unreadable => return Fate::Refused(Refusal::Io),
            Access::Log if mute => return Fate::Refused(Refusal::Io),
            Access::Read | Access::Log => return Fate::Done,
            Access::Commit(_) | Access::Write => {}
        }
        let is_commit = matches!(access, Access::Commit(_));
        match (crash, panic && is_commit, slow) {
            (true, ..) if before => Fate::KilledBefore,
            (true, ..) => Fate::KilledAfter,
            (_, true, _) if before => Fate::PanicBefore,
            (_, true, _) => Fate::PanicAfter,
            _ if lost => Fate::Lost,
            _ if refused => {
                let refusal = refusal[chance.below(4) as usize];
                let of_commits = refusal == Refusal::Conflict && !is_commit;
                Fate::Refused(if of_commits { Refusal::Io } else { refusal })
            }
            (.., true) if before => Fate::SlowBefore(chance.millis(SLOWEST)),
            (.., true) => Fate::SlowAfter(chance.millis(SLOWEST)),
            _ => Fate::Done,
        }
    })
}

fn error(refusal: Refusal, access: Access<'_>) -> StoreError {
    let path = PathBuf::from("the disk");
    match (refusal, access) {
        (Refusal::Full, _) => StoreError::Full(path),
        (Refusal::Conflict, Access::Commit(change)) => StoreError::Conflict {
            pipeline: change.pipeline.clone(),
            expected: change.expected_version,
            found: change.expected_version + 1,
        },
        _ => StoreError::Io {
            path,
            reason: "a fault that the test wants".to_owned(),
        },
    }
}

/// Nothing happens any more in this life.
async fn killed(world: &World) -> Result<(), StoreError> {
    world.state().killed.notify_one();
    std::future::pending().await
}

/// To its end on this thread; no time passes and nobody else has a turn.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    // Tokio's budget is one of turns, and there are none.
    let mut future = pin!(tokio::task::unconstrained(future));
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}
