//! `kill -9` of the real server, again and again, at random points of the life
//! of real executions: whatever was promised is kept, and everything ends as it
//! would have without.

use lockgate_test_server::{Place, Server, Settings, sandboxes_of, until, wait_until_gone};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

const KILLS: usize = 50;
/// Each has one execution at a time, so that none supersedes another.
const PIPELINES: [&str; 3] = ["one", "two", "three"];
/// An argument of a process that every build leaves behind.
const LEFT_BEHIND: &str = "27182.8";

/// What clients know, and hold against every later server.
#[derive(Default)]
struct Known {
    /// Executions that a server has acknowledged, by pipeline.
    started: BTreeMap<String, String>,
    /// Tokens of approvals whose answers a server has acknowledged.
    answered: BTreeSet<String>,
    /// Tokens of approvals that were seen open.
    seen: BTreeSet<String>,
    /// Starts so far; names the request tokens.
    starts: BTreeMap<&'static str, usize>,
}

#[test]
fn killed_at_fifty_random_points_everything_ends_as_it_would_have() {
    let seed = std::env::var("LOCKGATE_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            now.unwrap().as_millis() as u64
        });
    eprintln!("LOCKGATE_SEED={seed}");
    let mut random = Random(seed);
    let place = Place::new();
    let settings = Settings::of(&place);
    let known = Arc::new(Mutex::new(Known::default()));

    let server = settings.start();
    for name in PIPELINES {
        let text = include_str!("../killed.toml")
            .replace("@NAME@", name)
            .replace("@LEFT_BEHIND@", LEFT_BEHIND);
        let file = place.file(&format!("{name}.toml"), &text);
        // Undisturbed: what every later one is held against.
        server.create(&file).unwrap();
    }
    let clients = drive(&server, &known, Arc::default());
    let reference: BTreeMap<&str, Outcome> = PIPELINES
        .iter()
        .map(|name| (*name, outcome(&server, &place, &first(&server, name))))
        .collect();
    clients.stop();
    let mut dead = vec![server.pid()];
    server.kill();

    let mut lives = Vec::new();
    for _ in 0..KILLS {
        let begun = Instant::now();
        let delay = Duration::from_millis(random.below(400));
        // Some servers die before they have said where they listen.
        if random.below(6) == 0 {
            let mut child = settings.spawn();
            std::thread::sleep(delay / 2);
            child.kill().unwrap();
            child.wait().unwrap();
            dead.push(child.id());
        } else {
            let server = settings.start();
            nothing_is_left_of(&dead);
            dead.push(server.pid());
            promises_are_kept(&server, &known.lock().unwrap());
            let clients = drive(&server, &known, Arc::new(AtomicBool::new(true)));
            // The point of the kill: the one wait of this test that waits for
            // nothing.
            std::thread::sleep(delay);
            server.kill();
            clients.stop();
        }
        lives.push(begun.elapsed());
    }

    let server = settings.start();
    nothing_is_left_of(&dead);
    promises_are_kept(&server, &known.lock().unwrap());
    let clients = drive(&server, &known, Arc::default());
    let mut ended = 0;
    for name in PIPELINES {
        for id in executions(&server, name) {
            let expected = &reference[name];
            assert_eq!(
                &outcome(&server, &place, &id),
                expected,
                "seed {seed}, execution {id}"
            );
            ended += 1;
        }
    }
    clients.stop();
    let posts = place.receiver.received();
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for post in &posts {
        keys.entry(&post.body).or_default().insert(&post.key);
    }
    // Told at least once, and each time with the same key.
    assert_eq!(keys.len(), ended, "seed {seed}");
    assert!(
        keys.values().all(|keys| keys.len() == 1),
        "seed {seed}: {keys:?}"
    );
    until("the work directory is empty", || {
        let mut left = std::fs::read_dir(settings.data.join("work")).unwrap();
        left.next().is_none().then_some(())
    });
    wait_until_gone(LEFT_BEHIND);
    assert!(server.terminate().success());
    let log = std::fs::read_to_string(&settings.log).unwrap();
    assert!(!log.contains("ERROR"), "seed {seed}:\n{log}");
    eprintln!(
        "{KILLS} kills over {ended} executions, {} announcements, {:?} a life",
        posts.len(),
        lives.iter().sum::<Duration>() / KILLS as u32
    );
    assert!(ended > 2 * PIPELINES.len(), "too little was going on");
}

/// A server that has started has ended the sandboxes of those before it.
fn nothing_is_left_of(dead: &[u32]) {
    until("the sandboxes of killed servers are gone", || {
        dead.iter()
            .all(|server| sandboxes_of(*server).is_empty())
            .then_some(())
    });
}

/// What an execution leaves.
#[derive(Debug, PartialEq)]
struct Outcome {
    actions: Vec<(String, String)>,
    /// Digests by name.
    artifacts: BTreeMap<String, String>,
    deployed: String,
}

fn outcome(server: &Server, place: &Place, id: &str) -> Outcome {
    let document = server.wait(id, "Succeeded");
    let name = document["pipelineName"].as_str().unwrap();
    let actions = document["actions"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let page = place.target().join(name).join("current/index.html");
    Outcome {
        actions: actions
            .iter()
            .map(|action| (text(&action["name"]), text(&action["status"])))
            .collect(),
        artifacts: actions
            .iter()
            .flat_map(|action| action["artifacts"].as_array().unwrap())
            .map(|artifact| (text(&artifact["name"]), text(&artifact["digest"])))
            .collect(),
        deployed: std::fs::read_to_string(page).unwrap(),
    }
}

fn executions(server: &Server, pipeline: &str) -> Vec<String> {
    let path = format!("/pipelines/{pipeline}/executions");
    let list = server.api("GET", &path, "").unwrap().json();
    let ids = list["executions"].as_array().unwrap().iter();
    ids.map(|execution| {
        execution["pipelineExecutionId"]
            .as_str()
            .unwrap()
            .to_owned()
    })
    .collect()
}

fn first(server: &Server, pipeline: &str) -> String {
    executions(server, pipeline).pop().unwrap()
}

/// What a server has said, the next one knows.
fn promises_are_kept(server: &Server, known: &Known) {
    for (token, id) in &known.started {
        let answer = server.api("GET", &format!("/executions/{id}"), "").unwrap();
        assert_eq!(
            answer.status, 200,
            "{id}, started with {token}, is lost: {}",
            answer.body
        );
        let status = answer.json()["execution"]["status"].clone();
        assert!(
            status == "InProgress" || status == "Succeeded",
            "{id} is {status}"
        );
    }
    for name in PIPELINES {
        let path = format!("/pipelines/{name}/approvals");
        let list = server.api("GET", &path, "").unwrap().json();
        for open in list["approvals"].as_array().unwrap() {
            let token = open["token"].as_str().unwrap();
            assert!(!known.answered.contains(token), "{token} is asked again");
        }
    }
}

struct Clients {
    end: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Clients {
    fn stop(self) {
        self.end.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap();
        }
    }
}

/// One client for each pipeline: answers approvals and, where `start` says so,
/// starts an execution whenever none is in progress. A connection that breaks
/// is what happens to clients of a server that is killed.
fn drive(server: &Server, known: &Arc<Mutex<Known>>, start: Arc<AtomicBool>) -> Clients {
    let end = Arc::new(AtomicBool::new(false));
    let threads = PIPELINES
        .iter()
        .map(|name| {
            let (end, start, known) = (end.clone(), start.clone(), known.clone());
            let url = server.url.clone();
            std::thread::spawn(move || {
                while !end.load(Ordering::Relaxed) {
                    let _ = turn(&url, name, start.load(Ordering::Relaxed), &known);
                    std::thread::sleep(Duration::from_millis(5));
                }
            })
        })
        .collect();
    Clients { end, threads }
}

fn turn(url: &str, name: &'static str, start: bool, known: &Mutex<Known>) -> std::io::Result<()> {
    let api = |method: &str, path: &str, body: &str| {
        lockgate_test_server::request(url, method, &format!("/api/v1{path}"), body)
    };
    let path = format!("/pipelines/{name}/approvals");
    let list = api("GET", &path, "")?.json();
    for open in list["approvals"].as_array().into_iter().flatten() {
        let token = open["token"].as_str().unwrap().to_owned();
        known.lock().unwrap().seen.insert(token.clone());
        let body = json!({
            "stage": open["stage"], "action": open["action"], "token": token,
            "approved": true, "summary": "as always",
        });
        let answer = api("POST", &path, &body.to_string())?;
        assert_eq!(answer.status, 200, "{}", answer.body);
        known.lock().unwrap().answered.insert(token);
    }
    let path = format!("/pipelines/{name}/executions");
    let newest = api("GET", &format!("{path}?limit=1"), "")?.json();
    if start && newest["executions"][0]["status"] == "Succeeded" {
        let count = {
            let mut known = known.lock().unwrap();
            *known.starts.entry(name).or_default()
        };
        // The same token until it is acknowledged: one execution comes of it.
        let token = format!("{name}-{count}");
        let body = json!({ "clientRequestToken": token }).to_string();
        let answer = api("POST", &path, &body)?;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let id = answer.json()["pipelineExecutionId"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut known = known.lock().unwrap();
        known.started.insert(token, id);
        known.starts.insert(name, count + 1);
    }
    Ok(())
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}
