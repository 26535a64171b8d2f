//! Stories as folders: `scenarios/<name>/` holds definitions, `steps` and what
//! the steps print (`expected.snap`). A new case is a new folder. Each has a
//! server, a repository, a target directory and a receiver of its own.
//!
//! A step is a line: a command of the client (`lockgate …`, without `--server`),
//! or one of
//! - `commit FILE TEXT MESSAGE`: one more commit in the repository
//! - `wait ID STATUS`: until the execution has this status
//! - `wait-newest PIPELINE STATUS`: the same of the newest execution
//! - `wait-in-front ID`: until the execution waits in front of a stage
//! - `wait-for-approval PIPELINE`: until one is open
//! - `wait-for-approvals PIPELINE COUNT`: until so many are open
//! - `wait-for-executions PIPELINE COUNT`: until there were so many
//! - `until-why ID TEXT`: until the answer to why says this
//! - `until-why-not PIPELINE REVISION TEXT`: the same of why not
//! - `deliver PIPELINE ACTION EVENT FILE SECRET`: GitHub's delivery of that
//!   event, signed with the secret; prints the status and the answer
//! - `poll PROVIDER QUERY > NAME`: until a job worker of `Build/Custom/PROVIDER/1`
//!   gets a job; keeps its id as `$NAME` and its nonce as `$NAME-nonce`. QUERY is
//!   a JSON object
//! - `api METHOD PATH [BODY]`: a request; prints the status and the answer
//! - `rename FILE FROM TO`: every FROM in a file becomes TO
//! - `show FILE`: a file below the target directory
//! - `posts`: what the receiver got; `posts PATH`: at this path
//! - `wait-for-posts PATH COUNT`: until it got so many there
//! - `wait-for-delivered RULE COUNT`: until a rule has noted that so many arrived
//!
//! `@URL@` in a step is the receiver's address. `lockgate run` runs without the
//! server. A file `options` holds further options of the server, one a line.
//!
//! `step > NAME` keeps what is printed: as `$NAME` where it is one word, and as
//! the file NAME where the name has a dot. Words may be quoted with `'`.

use lockgate_test_server::{Place, Server, Settings, deliver, until};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

macro_rules! scenarios {
    ($($name:ident),+ $(,)?) => {
        const NAMES: &[&str] = &[$(stringify!($name)),+];
        $(#[test] fn $name() { play(stringify!($name)); })+
    };
}

scenarios!(
    a_release_from_commit_to_announcement,
    approvals_are_listed_named_rejected_and_retried,
    exported_json_is_a_definition_and_comes_back_as_one,
    executions_wait_in_front_of_a_closed_gate,
    newer_executions_supersede_those_that_wait,
    starts_take_variables_revisions_and_tokens,
    definitions_have_versions_until_they_are_deleted,
    what_is_asked_wrongly_is_answered_with_a_sentence,
    plugins_show_what_they_may,
    events_are_posted_as_eventbridge_has_them,
    people_are_told_of_failures_and_approvals,
    notification_rules_are_refused_in_sentences,
    schedules_say_when_they_are_due,
    a_closed_window_holds_a_stage_until_it_opens_or_somebody_goes_past,
    a_condition_that_is_not_met_fails_its_stage_until_somebody_overrides_it,
    a_failed_stage_is_tried_once_more_by_itself,
    a_pipeline_starts_another_one,
    a_stage_goes_back_to_an_earlier_execution_by_hand,
    a_stage_is_passed_over_where_its_condition_says_so,
    a_stage_that_does_not_satisfy_goes_back_by_itself,
    a_trigger_says_what_it_would_start,
    an_update_lets_what_runs_go_on_where_the_server_pins,
    changes_of_some_files_start_a_pipeline_that_polls,
    commands_run_and_hand_on_what_they_found,
    deliveries_start_what_their_filters_let_pass_if_their_signature_holds,
    job_workers_poll_begin_and_answer,
    one_file_runs_with_conditions_and_goes_back,
    parallel_executions_do_not_wait_for_each_other,
    queued_executions_come_in_the_order_in_which_they_started,
    revisions_are_reported_and_start_what_they_have_not_started,
    versions_of_a_definition_are_kept_and_an_update_cancels_what_waits,
    why_tells_what_happened_and_why_not_what_did_not,
);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

#[test]
fn every_scenario_is_played() {
    let mut found: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.replace('-', "_"))
        .collect();
    found.sort();
    let mut named = NAMES.to_vec();
    named.sort_unstable();
    assert_eq!(found, named);
}

struct Stage {
    place: Place,
    server: Server,
    words: BTreeMap<String, String>,
}

fn play(name: &str) {
    let folder = folder().join(name.replace('_', "-"));
    let place = Place::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !["steps", "options", "expected.snap", "expected.snap.new"].contains(&name) {
            let _ = place.file(name, &std::fs::read_to_string(&path).unwrap());
        }
    }
    let mut settings = Settings::of(&place);
    if let Ok(options) = std::fs::read_to_string(folder.join("options")) {
        for (option, value) in options.lines().filter_map(|line| line.split_once(' ')) {
            settings = settings.with(option, &place.fill(value));
        }
    }
    let server = settings.start();
    let mut stage = Stage {
        place,
        server,
        words: BTreeMap::new(),
    };
    let mut transcript = String::new();
    let steps = std::fs::read_to_string(folder.join("steps")).unwrap();
    for step in steps.lines().filter(|line| !line.trim().is_empty()) {
        let _ = writeln!(transcript, "> {step}");
        if !step.starts_with('#') {
            stage.step(step, &mut transcript);
        }
    }
    let transcript = Veil::of(&stage).over(&transcript);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("expected", transcript));
    assert!(stage.server.terminate().success());
}

impl Stage {
    fn step(&mut self, step: &str, transcript: &mut String) {
        let (step, kept) = match step.rsplit_once(" > ") {
            Some((step, name)) => (step, Some(name.trim())),
            None => (step, None),
        };
        let words: Vec<String> = words(step).iter().map(|word| self.meant(word)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let printed = match words.as_slice() {
            ["lockgate", rest @ ..] => {
                let ran = match rest {
                    ["run", file, more @ ..] => self.place.run(Path::new(file), more),
                    rest => self.server.cli(rest),
                };
                for line in ran.stderr.lines() {
                    let _ = writeln!(transcript, "! {line}");
                }
                if ran.code != Some(0) {
                    let _ = writeln!(transcript, "[exit code {:?}]", ran.code.unwrap());
                }
                ran.stdout
            }
            ["commit", file, text, message] => {
                let text = format!("{text}\n");
                self.place.repository.commit(file, &text, message)
            }
            ["wait", id, status] => {
                self.server.wait(id, status);
                String::new()
            }
            ["wait-newest", pipeline, status] => {
                let path = format!("/pipelines/{pipeline}/executions?limit=1");
                let list = self.server.api("GET", &path, "").unwrap().json();
                let id = list["executions"][0]["pipelineExecutionId"].as_str();
                self.server.wait(id.unwrap(), status);
                String::new()
            }
            ["wait-in-front", id] => {
                until("the execution waits in front of a stage", || {
                    let document = self.server.execution(id);
                    document["execution"]["waitingFor"].as_str().map(drop)
                });
                String::new()
            }
            ["wait-for-approval", pipeline] => {
                self.server.wait_for_approval(pipeline);
                String::new()
            }
            ["wait-for-approvals", pipeline, count] => {
                let path = format!("/pipelines/{pipeline}/approvals");
                self.wait_for_many(&path, "approvals", count);
                String::new()
            }
            ["wait-for-executions", pipeline, count] => {
                let path = format!("/pipelines/{pipeline}/executions");
                self.wait_for_many(&path, "executions", count);
                String::new()
            }
            ["until-why", id, text] => {
                self.until_said(&["why", id], text);
                String::new()
            }
            ["until-why-not", pipeline, revision, text] => {
                self.until_said(&["why-not", pipeline, revision], text);
                String::new()
            }
            ["deliver", pipeline, action, event, file, secret] => {
                let body = std::fs::read_to_string(file).unwrap();
                let path = format!("/webhooks/111122223333/{pipeline}/{action}");
                let answer = deliver(&self.server.url, &path, event, &body, secret).unwrap();
                format!("{} {}\n", answer.status, answer.body)
            }
            ["poll", provider, query] => {
                let name = kept.unwrap();
                let body = format!(
                    r#"{{"actionType": {{"category": "Build", "provider": "{provider}", "version": "1"}}, "query": {query}}}"#
                );
                let job = until("a job is offered", || {
                    let answer = self.server.api("POST", "/jobs/poll", &body).unwrap();
                    assert_eq!(answer.status, 200, "{}", answer.body);
                    answer.json()["jobs"].as_array().unwrap().first().cloned()
                });
                let nonce = job["nonce"].as_str().unwrap().to_owned();
                self.words.insert(format!("{name}-nonce"), nonce);
                job["jobId"].as_str().unwrap().to_owned()
            }
            ["api", method, path, body @ ..] => {
                let body = body.first().copied().unwrap_or_default();
                let answer = self.server.api(method, path, body).unwrap();
                format!("{} {}\n", answer.status, answer.body)
            }
            ["rename", file, from, to] => {
                let path = self.place.root().join(file);
                let text = std::fs::read_to_string(&path).unwrap();
                std::fs::write(&path, text.replace(from, to)).unwrap();
                String::new()
            }
            ["show", file] => std::fs::read_to_string(self.place.target().join(file)).unwrap(),
            ["posts", at @ ..] => {
                let posts = self.place.receiver.received();
                let lines = posts
                    .iter()
                    .filter(|post| at.is_empty() || at.contains(&post.path.as_str()))
                    .map(|post| format!("{} {}\n", post.path, post.body));
                lines.collect()
            }
            ["wait-for-delivered", rule, count] => {
                let count: u64 = count.parse().unwrap();
                until(&format!("{count} notifications of {rule} arrived"), || {
                    let path = format!("/notification-rules/{rule}");
                    let view = self.server.api("GET", &path, "").unwrap().json();
                    (view["delivered"].as_u64().unwrap() >= count).then_some(())
                });
                String::new()
            }
            ["wait-for-posts", at, count] => {
                let count: usize = count.parse().unwrap();
                until(&format!("{count} posts have come to {at}"), || {
                    let posts = self.place.receiver.received();
                    let posts = posts.iter().filter(|post| post.path == *at);
                    (posts.count() >= count).then_some(())
                });
                String::new()
            }
            other => panic!("no such step: {other:?}"),
        };
        match kept {
            None => transcript.push_str(&printed),
            Some(file) if file.contains('.') => {
                std::fs::write(self.place.root().join(file), printed).unwrap();
            }
            Some(name) => {
                let word = printed.trim().to_owned();
                assert!(!word.contains(' '), "{step} printed: {printed}");
                self.words.insert(name.to_owned(), word);
            }
        }
        if !transcript.ends_with('\n') {
            transcript.push('\n');
        }
    }

    fn wait_for_many(&self, path: &str, what: &str, count: &str) {
        let count: usize = count.parse().unwrap();
        until(&format!("there are {count} {what} at {path}"), || {
            let list = self.server.api("GET", path, "").unwrap().json();
            let found = list[what].as_array().unwrap().len();
            assert!(found <= count, "{found} {what} at {path}");
            (found == count).then_some(())
        });
    }

    fn until_said(&self, command: &[&str], text: &str) {
        until(&format!("{command:?} says '{text}'"), || {
            let ran = self.server.cli(command);
            ran.stdout.contains(text).then_some(())
        });
    }

    /// With `$name` replaced, and files of the scenario at their place.
    fn meant(&self, word: &str) -> String {
        let mut word = self.place.fill(word);
        // The longest name first: one may be the beginning of another.
        let mut names: Vec<_> = self.words.iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, value) in names {
            word = word.replace(&format!("${name}"), value);
        }
        let is_file = word.ends_with(".toml") || word.ends_with(".json");
        if is_file && !word.contains('/') {
            return self.place.root().join(word).to_str().unwrap().to_owned();
        }
        word
    }
}

fn words(line: &str) -> Vec<String> {
    let mut words = vec![];
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Hides what differs from one time to the next, and numbers the ids.
struct Veil {
    known: Vec<(String, String)>,
    ids: Vec<String>,
}

impl Veil {
    fn of(stage: &Stage) -> Self {
        let repository = stage.place.repository.path().display().to_string();
        let root = stage.place.root().display().to_string();
        let mut known = vec![
            (repository, "<repository>".to_owned()),
            (root, "<place>".to_owned()),
            (stage.place.name(), "<name>".to_owned()),
            (stage.server.url.clone(), "<server>".to_owned()),
            (
                stage.place.receiver.address().to_owned(),
                "<receiver>".to_owned(),
            ),
        ];
        for (name, value) in &stage.words {
            known.push((value.clone(), format!("<{name}>")));
        }
        Self { known, ids: vec![] }
    }

    fn over(mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, name) in &self.known {
            text = text.replace(value, name);
        }
        text.lines().fold(String::new(), |mut all, line| {
            let _ = writeln!(all, "{}", self.line(line));
            all
        })
    }

    fn line(&mut self, line: &str) -> String {
        let mut shown = String::new();
        let mut word = String::new();
        for letter in line.chars().chain(['\n']) {
            if letter.is_ascii_alphanumeric() || matches!(letter, '-' | ':' | '.') {
                word.push(letter);
                continue;
            }
            shown.push_str(&self.word(&word, letter));
            word.clear();
            if letter != '\n' {
                shown.push(letter);
            }
        }
        // Tables are as wide as what they held.
        let columns: Vec<&str> = shown
            .trim_start()
            .split("  ")
            .filter(|c| !c.is_empty())
            .collect();
        let indent = shown.len() - shown.trim_start().len();
        let columns: Vec<&str> = columns.iter().map(|column| column.trim()).collect();
        format!("{}{}", " ".repeat(indent), columns.join("  "))
    }

    fn word(&mut self, word: &str, next: char) -> String {
        let bare = word.trim_end_matches([':', '.']);
        let shape: String = bare
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        let is_hex = |length: usize| {
            bare.len() == length && bare.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let is_uuid = bare.len() == 36
            && bare.bytes().enumerate().all(|(index, byte)| {
                byte.is_ascii_hexdigit() || (byte == b'-' && [8, 13, 18, 23].contains(&index))
            });
        let name = if is_uuid {
            Some(self.numbered("id", bare))
        } else if is_hex(40) {
            Some(self.numbered("commit", bare))
        } else if is_hex(12) && bare.bytes().any(|byte| byte.is_ascii_digit()) {
            Some("<short>".to_owned())
        } else if is_hex(64) || bare.starts_with("sha256:") {
            Some("<digest>".to_owned())
        } else if shape == "00:00:00"
            || shape == "0000-00-00"
            || shape.starts_with("0000-00-00T00:00")
        {
            Some("<time>".to_owned())
        } else if shape == "0.0" && next == ' ' {
            Some("<seconds>".to_owned())
        } else if shape == "0000000000000" {
            Some("<millis>".to_owned())
        } else {
            None
        };
        match name {
            Some(name) => name + word.get(bare.len()..).unwrap(),
            None => word.to_owned(),
        }
    }

    fn numbered(&mut self, kind: &str, value: &str) -> String {
        let known = self.ids.iter().position(|id| id == value);
        let number = known.unwrap_or_else(|| {
            self.ids.push(value.to_owned());
            self.ids.len() - 1
        });
        format!("<{kind}-{}>", number + 1)
    }
}
