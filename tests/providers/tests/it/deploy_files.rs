//! deploy-files' component in a real host: real directories, hooks in the real
//! sandbox, and a web server that serves what is deployed.

use lockgate_host::Prepared;
use lockgate_model::id::ExecutionId;
use lockgate_model::job::FailureType;
use lockgate_test_providers::{Bench, Ran, Receiver, prepare};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// A directory of the machine that is granted, and the target in it.
struct Site(TempDir);

impl Site {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn target(&self) -> PathBuf {
        self.0.path().join("www")
    }

    /// The provider that may write here, with these other grants.
    fn provider(&self, more: &[&str]) -> Arc<Prepared> {
        let write = format!("write={}", self.0.path().display());
        prepare("deploy-files", &[&[&*write], more].concat()).unwrap()
    }

    /// Deploys in execution number `number`.
    async fn deploy(
        &self,
        provider: &Prepared,
        number: u8,
        configuration: &[(&str, &str)],
        files: &[(&str, &str)],
    ) -> Ran {
        let target = self.target().display().to_string();
        let mut all = vec![("TargetDirectory", target.as_str())];
        all.extend(configuration);
        Bench::new("Deploy/Custom/Files/1", &all)
            .of(execution(number))
            .takes("Built", files)
            .run(provider)
            .await
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.target().join(path)).unwrap()
    }

    fn current(&self) -> PathBuf {
        fs::read_link(self.target().join("current")).unwrap()
    }
}

fn execution(number: u8) -> ExecutionId {
    format!("0190a5c2-7b3e-7d10-8f4a-0000000000{number:02}")
        .parse()
        .unwrap()
}

fn release(number: u8) -> PathBuf {
    Path::new("releases").join(execution(number).to_string())
}

/// Serves what is deployed: 200 where the file `health` says good, else 503.
fn serve(target: PathBuf) -> Receiver {
    Receiver::answering(move |_| {
        let health = fs::read_to_string(target.join("current/health")).unwrap_or_default();
        let status = if health == "good" {
            "200 OK"
        } else {
            "503 Service Unavailable"
        };
        Some((status.into(), Vec::new()))
    })
}

const APPSPEC: &str = "version: 0.0
os: linux
files:
  - source: site
    destination: /
permissions:
  - object: /
    pattern: '*.cgi'
    mode: 755
hooks:
  AfterInstall:
    - location: hooks/after.sh
      timeout: 60
  ValidateService:
    - location: hooks/validate.sh
";

/// Writes into the release, and shows what it is told.
const AFTER: &str = "#!/bin/sh\nset -e\necho \"$LIFECYCLE_EVENT $APPLICATION_NAME\" > \"$RELEASE_PATH/stamp\"\necho \"hook as $(id -u) in $PWD\"\n";

#[tokio::test]
async fn a_release_is_installed_switched_to_checked_and_taken_back() {
    let site = Site::new();
    let server = serve(site.target());
    let url = format!("http://{}/", server.address());
    let http = format!("http={}", server.address());
    let provider = site.provider(&["exec", &http]);
    let configuration = [
        ("HealthCheckUrl", url.as_str()),
        ("HealthCheckTimeoutSeconds", "0"),
    ];
    let files = |health: &'static str| {
        [
            ("appspec.yml", APPSPEC),
            ("hooks/after.sh", AFTER),
            (
                "hooks/validate.sh",
                "#!/bin/sh\n[ -f \"$TARGET_DIRECTORY/current/health\" ]\n",
            ),
            ("site/health", health),
            ("site/run.cgi", ""),
        ]
    };

    let ran = site
        .deploy(&provider, 1, &configuration, &files("good"))
        .await;
    let done = ran.success();
    assert_eq!(done.external.url.as_deref(), Some(url.as_str()));
    assert_eq!(
        done.variables["ReleasePath"],
        site.target().join(release(1)).display().to_string()
    );
    assert_eq!(site.current(), release(1));
    assert_eq!(site.read("current/stamp"), "AfterInstall Demo\n");
    assert!(!site.target().join("current/appspec.yml").exists());
    assert!(ran.log_text().contains("in /work/revision"));

    let ran = site
        .deploy(&provider, 2, &configuration, &files("bad"))
        .await;
    let message = &ran.failure().message;
    assert!(
        message.contains("it answers 503")
            && message.ends_with(&format!("release {} is current again", execution(1))),
        "{message}"
    );
    assert_eq!(site.current(), release(1));
    assert!(!site.target().join(release(2)).exists());

    let ran = site
        .deploy(&provider, 3, &configuration, &files("good"))
        .await;
    assert_eq!(
        ran.success().variables["PreviousReleaseId"],
        execution(1).to_string()
    );
}

#[tokio::test]
async fn a_health_check_that_may_still_turn_out_well_waits_without_a_sandbox() {
    let site = Site::new();
    let server = serve(site.target());
    let url = format!("http://{}/", server.address());
    let http = format!("http={}", server.address());
    let provider = site.provider(&["exec", &http]);
    let target = site.target().display().to_string();
    let configuration = [
        ("TargetDirectory", target.as_str()),
        ("HealthCheckUrl", url.as_str()),
    ];
    let mut bench = Bench::new("Deploy/Custom/Files/1", &configuration)
        .takes("Built", &[("health", "soon"), ("index.html", "x")]);
    let ran = bench.run(&provider).await;
    fs::write(site.target().join("current/health"), "good").unwrap();
    bench.job.continuation = Some(ran.pending().continuation.clone());
    bench.job.attempt = 2;
    bench.run(&provider).await.success();
}

#[tokio::test]
async fn readers_see_the_old_or_the_new_and_never_neither() {
    let site = Site::new();
    let provider = site.provider(&["exec", "http=127.0.0.1:9"]);
    site.deploy(&provider, 1, &[], &[("n", "1")])
        .await
        .success();
    let stop = Arc::new(AtomicBool::new(false));
    let file = site.target().join("current/n");
    let reader = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let mut seen = 0_u8;
            while !stop.load(Ordering::Relaxed) {
                let n: u8 = fs::read_to_string(&file).unwrap().parse().unwrap();
                assert!(n >= seen, "{n} after {seen}");
                seen = n;
            }
            seen
        }
    });
    for number in 2..=6 {
        let text = number.to_string();
        site.deploy(&provider, number, &[], &[("n", &text)])
            .await
            .success();
    }
    stop.store(true, Ordering::Relaxed);
    reader.join().unwrap();
    assert_eq!(site.read("current/n"), "6");
    let kept = fs::read_dir(site.target().join("releases"))
        .unwrap()
        .count();
    assert_eq!(kept, 3);
}

#[tokio::test]
async fn a_failing_hook_before_the_switch_changes_nothing() {
    let site = Site::new();
    let provider = site.provider(&["exec", "http=127.0.0.1:9"]);
    site.deploy(&provider, 1, &[], &[("n", "1")])
        .await
        .success();
    let appspec = "version: 0.0\nos: linux\nfiles: [{source: n, destination: /}]\nhooks: {AfterInstall: [{location: bad.sh}]}\n";
    let files = [
        ("appspec.yml", appspec),
        ("n", "2"),
        ("bad.sh", "#!/bin/sh\necho why >&2\nexit 4\n"),
    ];
    let ran = site.deploy(&provider, 2, &[], &files).await;
    assert_eq!(
        ran.failure().message,
        "hook AfterInstall (bad.sh) failed with exit code 4; nothing was switched"
    );
    assert!(ran.log_text().contains("why"));
    assert_eq!(site.current(), release(1));
    assert!(!site.target().join(release(2)).exists());
}

#[tokio::test]
async fn hooks_cannot_write_where_nothing_is_granted() {
    let site = Site::new();
    let elsewhere = TempDir::new().unwrap();
    let provider = site.provider(&["exec", "http=127.0.0.1:9"]);
    let appspec = "version: 0.0\nos: linux\nhooks: {BeforeInstall: [{location: out.sh}]}\n";
    let script = format!(
        "#!/bin/sh\necho stolen > {0}/file && exit 0\n[ ! -e {0} ] && exit 9\n",
        elsewhere.path().display()
    );
    let files = [("appspec.yml", appspec), ("out.sh", script.as_str())];
    let ran = site.deploy(&provider, 1, &[], &files).await;
    assert!(ran.failure().message.contains("exit code 9"), "{ran:?}");
    assert!(!elsewhere.path().join("file").exists());
}

#[tokio::test]
async fn a_target_that_is_not_granted_names_the_grant() {
    let site = Site::new();
    let granted = TempDir::new().unwrap();
    let write = format!("write={}", granted.path().display());
    let provider = prepare("deploy-files", &[&write, "exec", "http=127.0.0.1:9"]).unwrap();
    let ran = site.deploy(&provider, 1, &[], &[("n", "1")]).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureType::PermissionError);
    let grant = format!("'deploy-files write={}'", site.target().display());
    assert!(failure.message.contains(&grant), "{}", failure.message);
    assert!(!site.target().exists());
}

#[tokio::test]
async fn releases_without_hooks_and_health_check_need_neither_grant() {
    let site = Site::new();
    let provider = site.provider(&[]);
    site.deploy(&provider, 1, &[], &[("n", "1")])
        .await
        .success();
    assert_eq!(site.read("current/n"), "1");

    let configuration = [("HealthCheckUrl", "http://127.0.0.1:9/")];
    let ran = site
        .deploy(&provider, 2, &configuration, &[("n", "2")])
        .await;
    assert_eq!(ran.failure().kind, FailureType::PermissionError);
    assert_eq!(site.current(), release(1));
}
