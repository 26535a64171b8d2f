//! Plays a scenario, compares it with what is expected, and plays it once more
//! from every event of its log.

use crate::folder::Scenario;
use crate::world::{Step, Trouble, Watch, World, show, tell_answer};
use lockgate_model::time::Timestamp;
use std::fmt::Write;

/// The history that a scenario leads to, as lines.
struct Played {
    world: World,
    /// How long the log was and what time it was, before the first step and
    /// after each.
    marks: Vec<(usize, Timestamp)>,
    text: String,
}

/// Plays the folder and compares.
pub(crate) fn play(name: &str) {
    let scenario = Scenario::read(name);
    let played = whole(name, &scenario);
    let path = scenario.path.join("expected");
    if std::env::var_os("LOCKGATE_BLESS").is_some() {
        std::fs::write(&path, &played.text).unwrap();
    } else {
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            expected == played.text,
            "{name} goes another way than expected says:\n{}",
            difference(&expected, &played.text)
        );
    }
    for cut in 1..played.world.log.len() {
        recover(name, &scenario, &played, cut);
    }
}

fn whole(name: &str, scenario: &Scenario) -> Played {
    let world = World::new(scenario.definitions.clone(), &mut |_| Ok(()));
    let mut world = world.unwrap_or_else(|trouble| panic!("{name}: {trouble:?}"));
    let mut marks = vec![(world.log.len(), world.now)];
    let mut text = String::new();
    for (line, step) in &scenario.steps {
        let _ = writeln!(text, "{line}");
        match world.play(step, &mut |_| Ok(())) {
            Ok(all) => all
                .iter()
                .for_each(|asked| text += &tell_answer(&world, asked)),
            Err(Trouble::Inapplicable(why)) => panic!("{name}: '{line}' means nothing: {}", why.0),
            Err(Trouble::Broken(broken)) => panic!("{name}: '{line}' breaks a law: {broken:?}"),
        }
        marks.push((world.log.len(), world.now));
    }
    let _ = writeln!(text, "\nIn the end");
    for line in show(&world) {
        let _ = writeln!(text, "  {line}");
    }
    Played { world, marks, text }
}

/// A server that was killed when so many events were on disk: it folds them, lets
/// them go on, and everything ends as it would have.
fn recover(name: &str, scenario: &Scenario, played: &Played, cut: usize) {
    let whole = &played.world;
    let told = |what: String| {
        format!(
            "{name}, cut after {cut} of {} events: {what}",
            whole.log.len()
        )
    };
    let nobody: Watch<'_> = &mut |_| Ok(());
    let step = played.marks.partition_point(|(logged, _)| *logged < cut);
    let (logged, until) = played.marks[step];
    let mut world = match whole.recovered(cut) {
        Ok(world) => world,
        Err(broken) => panic!("{}", told(format!("{broken:?}"))),
    };
    if let Err(broken) = world.wake(nobody) {
        panic!("{}", told(format!("{broken:?}")));
    }
    // The rest of the step in which it was cut.
    match step.checked_sub(1).map(|before| &scenario.steps[before]) {
        Some((_, Step::Pass { asleep, .. })) => {
            let passed = world.pass_until(until, *asleep, nobody);
            assert!(passed.is_ok(), "{}", told(format!("{passed:?}")));
        }
        // Nobody heard an answer: they ask again, and may be refused now.
        Some((_, step)) if world.log.len() < logged => {
            let _ = world.play(step, nobody);
        }
        _ => {}
    }
    for (line, next) in &scenario.steps[step..] {
        let result = world.play(next, nobody);
        assert!(
            result.is_ok(),
            "{}",
            told(format!("'{line}' means nothing: {result:?}"))
        );
    }
    let (now, then) = (show(&world), show(whole));
    assert_eq!(now, then, "{}", told("it ends otherwise".to_owned()));
}

/// The first lines that differ.
fn difference(expected: &str, found: &str) -> String {
    let (mut expected, mut found) = (expected.lines(), found.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (expected.next(), found.next()) {
            (None, None) => return "they differ in nothing but line ends".to_owned(),
            (one, other) if one == other => {}
            (one, other) => {
                let rest: Vec<_> = other.into_iter().chain(found).collect();
                return format!(
                    "line {number} should be\n{}\nbut is\n{}",
                    one.unwrap_or("the end"),
                    rest.join("\n")
                );
            }
        }
    }
}
