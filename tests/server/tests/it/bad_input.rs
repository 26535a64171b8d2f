//! What is wrong is told with its place, its value and what to write instead,
//! all of it at once, and nothing is started. Every text is in a snapshot.

use lockgate_test_server::{Place, Settings, cache, lockgate, plugin_folder};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A definition that is right; each case breaks it in one way or several.
const RIGHT: &str = r#"name = "shop"

[[variables]]
name = "audience"

[[stages]]
name = "Source"

[[stages.actions]]
name = "Checkout"
actionTypeId = "Source/Custom/Git/1"
namespace = "source"
configuration = { RepositoryUrl = "https://git.example.com/shop.git" }
outputArtifacts = [{ name = "Code" }]

[[stages]]
name = "Build"

[[stages.actions]]
name = "Compile"
actionTypeId = "Build/Custom/BuildSpec/1"
inputArtifacts = [{ name = "Code" }]
outputArtifacts = [{ name = "Site" }]

[[stages.actions]]
name = "Deploy"
actionTypeId = "Deploy/Custom/Files/1"
runOrder = 2
inputArtifacts = [{ name = "Site" }]
configuration = { TargetDirectory = "/srv/www" }
"#;

/// What is done to it.
const BROKEN: [(&str, &[(&str, &str)]); 14] = [
    (
        "a provider is misspelt",
        &[("Custom/Git/1", "Custom/Gti/1")],
    ),
    (
        "a provider is not installed",
        &[("Build/Custom/BuildSpec/1", "Build/AWS/ECRBuildAndPublish/1")],
    ),
    (
        "an artifact is taken at the time it is made",
        &[("runOrder = 2\n", "")],
    ),
    (
        "an artifact is made by nobody",
        &[(
            "name = \"Site\" }]\nconfiguration",
            "name = \"Sight\" }]\nconfiguration",
        )],
    ),
    ("a key is misspelt", &[("runOrder", "run_order")]),
    (
        "a key of a configuration is misspelt",
        &[("RepositoryUrl", "RepositoryURL")],
    ),
    (
        "a required key is missing",
        &[("TargetDirectory", "# TargetDirectory")],
    ),
    (
        "a number is a text",
        &[("runOrder = 2", "runOrder = 'two'")],
    ),
    (
        "a name is taken",
        &[("name = \"Deploy\"", "name = \"Compile\"")],
    ),
    (
        "a variable of nobody is used",
        &[("/srv/www", "/srv/#{sauce.CommitId}")],
    ),
    (
        "a mode is misspelt",
        &[(
            "name = \"shop\"",
            "name = \"shop\"\nexecutionMode = \"QUEUE\"",
        )],
    ),
    ("a quote is missing", &[("\"Checkout\"", "\"Checkout")]),
    (
        "everything is wrong at once",
        &[
            ("name = \"shop\"", "name = \"my shop\""),
            ("Custom/Git/1", "Custom/Gti/1"),
            ("runOrder = 2\n", "runOrder = 0\n"),
            ("name = \"Code\" }]\noutput", "name = \"Cod\" }]\noutput"),
        ],
    ),
    ("there is nothing", &[]),
];

fn broken(place: &Place) -> Vec<(&'static str, PathBuf)> {
    let files = BROKEN.iter().enumerate().map(|(number, (what, changes))| {
        let mut text = RIGHT.to_owned();
        for (from, to) in *changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        if changes.is_empty() {
            text.clear();
        }
        // A comment, so that the line of the missing key stays a line.
        let text = text.replace("{ # TargetDirectory = \"/srv/www\" }", "{}");
        (*what, place.file(&format!("{number}.toml"), &text))
    });
    files.collect()
}

/// With what differs from place to place hidden.
fn veiled(place: &Place, text: &str) -> String {
    let root = place.root().to_str().unwrap();
    text.replace(root, "<place>").trim_end().to_owned()
}

#[test]
fn every_broken_definition_is_told_whole_by_run_and_by_a_server_alike() {
    let place = Place::new();
    let server = Settings::of(&place).start();
    let mut told = String::new();
    for (what, file) in broken(&place) {
        let path = file.to_str().unwrap();
        let created = server.cli(&["pipeline", "create", path]).exits(2);
        assert_eq!(created.stdout, "", "{what}");
        let _ = writeln!(told, "{what}\n{}\n", veiled(&place, &created.stderr));
        let ran = place.run(&file, &["--yes"]).exits(2);
        assert_eq!(ran.stdout, "", "{what}");
        assert_eq!(ran.stderr, created.stderr, "{what}");
    }
    insta::assert_snapshot!("definitions", told);
    let list = server.json(&["pipeline", "list"]);
    assert_eq!(list["pipelines"].as_array().unwrap().len(), 0);
    // The right one is refused for its variable alone, when it starts.
    let right = place.file("right.toml", RIGHT);
    let created = server.json(&["pipeline", "create", right.to_str().unwrap()]);
    assert!(
        created["notStarted"]
            .as_str()
            .unwrap()
            .contains("'audience'")
    );
    let ran = place.run(&right, &[]).exits(2);
    assert!(ran.stderr.contains("'audience'"), "{}", ran.stderr);
}

#[test]
fn every_file_that_cannot_be_read_says_why() {
    let place = Place::new();
    let file = |name: &str, bytes: &[u8]| {
        let path = place.root().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    std::fs::create_dir(place.root().join("folder.toml")).unwrap();
    let cases = [
        place.root().join("missing.toml"),
        place.root().join("folder.toml"),
        file("pipeline.yaml", b"name: shop\n"),
        file("pipeline", b"name = 1\n"),
        file("latin.toml", b"name = \"caf\xe9\"\n"),
        file("truncated.json", b"{\"pipeline\": {\"name\": \"shop\","),
        file("toml.json", b"name = \"shop\"\n"),
        file("json.toml", b"{\"name\": \"shop\"}\n"),
    ];
    let mut told = String::new();
    for path in cases {
        let ran = place.run(&path, &[]).exits(2);
        assert_eq!(ran.stdout, "");
        let _ = writeln!(told, "{}", veiled(&place, &ran.stderr));
    }
    insta::assert_snapshot!("files", told);
}

#[test]
fn a_definition_that_is_too_large_is_refused_by_both() {
    let place = Place::new();
    let server = Settings::bare(place.root()).start();
    let large = format!("{RIGHT}# {}\n", "x".repeat(3 << 20));
    let file = place.file("large.toml", &large);
    let ran = place.run(&file, &[]).exits(2);
    assert!(
        ran.stderr.contains("2 MiB") || ran.stderr.contains("2097152"),
        "{}",
        ran.stderr
    );
    let ran = server
        .cli(&["pipeline", "create", file.to_str().unwrap()])
        .exits(2);
    assert!(ran.stderr.contains("2 MiB"), "{}", ran.stderr);
}

fn plugin(directory: &Path, manifest: &str, component: &[u8]) -> String {
    std::fs::create_dir_all(directory).unwrap();
    std::fs::write(directory.join("plugin.toml"), manifest).unwrap();
    std::fs::write(directory.join("plugin.wasm"), component).unwrap();
    directory.to_str().unwrap().to_owned()
}

#[test]
fn every_option_that_cannot_be_used_says_what_to_write() {
    let place = Place::new();
    let root = place.root();
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let grants = root.join("grants");
    std::fs::write(
        &grants,
        "# mine\nsource-git http=github.com\nsource-git htp=github.com\n",
    )
    .unwrap();
    let two_lines = root.join("two-lines");
    std::fs::write(&two_lines, "one\ntwo\n").unwrap();
    let occupied = root.join("occupied");
    std::fs::write(&occupied, "").unwrap();
    let foreign = root.join("foreign");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("lockgate.db"), vec![b'x'; 8192]).unwrap();
    let manifest = |name: &str| {
        format!(
            "name = \"{name}\"\nversion = \"1.0.0\"\ndescription = \"d\"\nworld = \"action-provider\"\n"
        )
    };
    let noop = std::fs::read(plugin_folder("noop").join("plugin.wasm")).unwrap();
    let cases: Vec<(&str, Vec<String>)> = vec![
        (
            "an unknown capability",
            vec!["--grant".into(), "source-git htp=github.com".into()],
        ),
        (
            "a grant without a plugin",
            vec!["--grant".into(), "exec".into()],
        ),
        (
            "a grant for a plugin that is not there",
            vec!["--grant".into(), "sourcegit exec".into()],
        ),
        (
            "a grant that is not asked for",
            vec!["--grant".into(), "invoke-function exec".into()],
        ),
        (
            "a relative path",
            vec!["--grant".into(), "source-git read=srv".into()],
        ),
        (
            "a wrong line of a file",
            vec!["--grants-file".into(), text(grants)],
        ),
        (
            "a file that is not there",
            vec!["--grants-file".into(), text(root.join("no"))],
        ),
        (
            "a secret without a file",
            vec!["--secret".into(), "TOKEN".into()],
        ),
        (
            "a secret that cannot be read",
            vec![
                "--secret".into(),
                format!("TOKEN={}", root.join("no").display()),
            ],
        ),
        (
            "a secret of two lines",
            vec!["--secret".into(), format!("TOKEN={}", two_lines.display())],
        ),
        (
            "a plugin that is not there",
            vec!["--plugin".into(), text(root.join("no"))],
        ),
        (
            "a manifest that says nothing",
            vec![
                "--plugin".into(),
                plugin(&root.join("p1"), "name = 1\n", b""),
            ],
        ),
        (
            "a manifest with a wrong name",
            vec![
                "--plugin".into(),
                plugin(&root.join("p2"), &manifest("Web Shop"), b""),
            ],
        ),
        (
            "a component that is none",
            vec![
                "--plugin".into(),
                plugin(&root.join("p3"), &manifest("none"), b"\0asm"),
            ],
        ),
        (
            "a component of another world",
            vec![
                "--plugin".into(),
                plugin(
                    &root.join("p4"),
                    &manifest("other").replace("action-provider", "function"),
                    &noop,
                ),
            ],
        ),
        (
            "an address of the outside",
            vec!["--listen".into(), "0.0.0.0:8080".into()],
        ),
        ("no job at a time", vec!["--jobs".into(), "0".into()]),
        (
            "a file for a data directory",
            vec!["--data".into(), text(occupied)],
        ),
        (
            "a database of something else",
            vec!["--data".into(), text(foreign)],
        ),
    ];
    let mut told = String::new();
    for (what, options) in cases {
        let mut line = vec!["serve".to_owned(), "--dev".to_owned()];
        let gives = |option: &str| options.iter().any(|word| word == option);
        for (option, value) in [
            ("--listen", "127.0.0.1:0".to_owned()),
            ("--data", text(root.join("data"))),
            ("--cache", text(cache().to_owned())),
        ] {
            if !gives(option) {
                line.extend([option.to_owned(), value]);
            }
        }
        line.extend(options);
        let ran = lockgate(&line);
        assert_eq!(ran.stdout, "", "{what}");
        // What is logged on the way is not what is told.
        let errors: Vec<&str> = ran
            .stderr
            .lines()
            .filter(|line| !line.contains(" INFO "))
            .collect();
        let errors = veiled(&place, &errors.join("\n"));
        let _ = writeln!(told, "{what} [exit code {}]\n{errors}\n", ran.code.unwrap());
    }
    insta::assert_snapshot!("options", told);
    // None of it left anything behind that stands in the way.
    assert!(Settings::bare(root).start().terminate().success());
}

#[test]
fn a_server_without_dev_is_refused() {
    let place = Place::new();
    let data = place.root().join("data");
    let ran = lockgate(&["serve", "--data", data.to_str().unwrap()]).exits(2);
    assert!(ran.stderr.contains("add --dev"), "{}", ran.stderr);
    assert!(!data.exists());
}

#[test]
fn an_address_that_is_taken_is_told_before_anything_is_made() {
    let place = Place::new();
    let taken = place.receiver.address();
    let data = place.root().join("data");
    let ran = lockgate(&[
        "serve",
        "--dev",
        "--data",
        data.to_str().unwrap(),
        "--listen",
        taken,
    ]);
    let ran = ran.exits(2);
    assert!(
        ran.stderr.contains(&format!("--listen {taken}: ")),
        "{}",
        ran.stderr
    );
    assert!(!data.exists());
}

#[test]
fn what_was_not_granted_fails_its_action_with_the_line_that_would_allow_it() {
    let place = Place::new();
    // No grant but the bundled ones: no repository may be read.
    let server = Settings::bare(place.root()).start();
    let file = place.file("p.toml", include_str!("../tell.toml"));
    let id = server.create(&file).unwrap();
    let document = server.wait(&id, "Failed");
    let failure = &document["actions"][0]["failure"];
    assert_eq!(failure["kind"], "PermissionError");
    let message = failure["message"].as_str().unwrap();
    let line = format!("source-git read={}", place.repository.path().display());
    assert!(message.contains(&line), "{message}");
}

#[test]
fn every_refusal_of_the_api_has_the_name_that_codepipeline_has_for_it_and_a_sentence() {
    const NOBODY: &str = "0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f33";
    let place = Place::new();
    let server = Settings::of(&place).start();
    let file = place.file("p.toml", include_str!("../refuse.toml"));
    let id = server.create(&file).unwrap();
    server.wait(&id, "Failed");
    let running = server.cli(&["execution", "start", "refuse", "--variable", "ask=yes"]);
    let running = running.good().stdout.trim().to_owned();
    server.wait_for_approval("refuse");
    let poll = r#"{"actionType": {"category": "Build", "provider": "No", "version": "1"}"#;
    let cases = [
        ("POST", "/pipelines/refuse/executions".to_owned(), r#"{"sourceRevisions": [{"actionName": "Nothing"}]}"#.to_owned()),
        ("POST", "/pipelines/refuse/executions".to_owned(), r#"{"sourceRevisions": [{"actionName": "Ask", "revisionValue": "1"}]}"#.to_owned()),
        ("POST", "/pipelines/refuse/executions".to_owned(), r#"{"sourceRevisions": [{"actionName": "Nothing", "revisionValue": "1"}, {"actionName": "Nothing", "revisionValue": "2"}]}"#.to_owned()),
        ("GET", "/pipelines/refuse/executions?succeededIn=Nowhere".to_owned(), String::new()),
        ("GET", "/pipelines/refuse/executions?succeededin=Deploy".to_owned(), String::new()),
        ("GET", "/pipelines/refuse/versions?before=x".to_owned(), String::new()),
        ("GET", "/pipelines/refuse?version=9".to_owned(), String::new()),
        ("GET", "/pipelines/nowhere/versions".to_owned(), String::new()),
        ("POST", "/pipelines/refuse/stages/Deploy/rollback".to_owned(), "{}".to_owned()),
        ("POST", "/pipelines/refuse/stages/Deploy/rollback".to_owned(), r#"{"targetPipelineExecutionId": "first"}"#.to_owned()),
        ("POST", "/pipelines/refuse/stages/Deploy/rollback".to_owned(), format!(r#"{{"targetPipelineExecutionId": "{NOBODY}"}}"#)),
        ("POST", "/pipelines/refuse/stages/Deploy/rollback".to_owned(), format!(r#"{{"targetPipelineExecutionId": "{id}"}}"#)),
        ("POST", "/pipelines/refuse/stages/Nowhere/rollback".to_owned(), format!(r#"{{"targetPipelineExecutionId": "{id}"}}"#)),
        ("POST", format!("/executions/{running}/override"), r#"{"stage": "Deploy", "condition": "ON_FAILURE"}"#.to_owned()),
        ("POST", format!("/executions/{running}/override"), r#"{"stage": "Deploy", "condition": "BEFORE_ENTRY"}"#.to_owned()),
        ("POST", format!("/executions/{running}/override"), r#"{"stage": "Deploy", "condition": "LATER"}"#.to_owned()),
        ("POST", format!("/executions/{id}/override"), r#"{"stage": "Deploy", "condition": "BEFORE_ENTRY"}"#.to_owned()),
        ("POST", format!("/executions/{NOBODY}/override"), r#"{"stage": "Deploy", "condition": "BEFORE_ENTRY"}"#.to_owned()),
        ("POST", format!("/executions/{running}/retry"), r#"{"stage": "Deploy", "mode": "ALL_ACTIONS"}"#.to_owned()),
        ("POST", format!("/executions/{id}/retry"), r#"{"stage": "Deploy", "mode": "FAILED_ACTIONS"}"#.to_owned()),
        ("POST", format!("/executions/{id}/stop"), "{}".to_owned()),
        ("GET", format!("/executions/{id}/why?action=Ask"), String::new()),
        ("GET", format!("/executions/{id}/why?stage=Nowhere"), String::new()),
        ("GET", format!("/executions/{id}/why?stage=Deploy&action=Nobody"), String::new()),
        ("GET", "/pipelines/refuse/why-not".to_owned(), String::new()),
        ("GET", "/pipelines/nowhere/why-not?revision=1".to_owned(), String::new()),
        ("POST", "/triggers/explain".to_owned(), "{}".to_owned()),
        ("POST", "/triggers/explain".to_owned(), r#"{"change": {"kind": {"type": "push"}, "revision": {"id": "1"}}}"#.to_owned()),
        ("POST", "/triggers/explain".to_owned(), r#"{"pipeline": "refuse", "sourceAction": "Nobody", "change": {"kind": {"type": "tag", "name": "v1"}, "revision": {"id": "1"}}}"#.to_owned()),
        ("GET", "/pipelines/refuse/sources/Nobody/webhook".to_owned(), String::new()),
        ("POST", "/action-types".to_owned(), r#"{"category": "Build"}"#.to_owned()),
        ("POST", "/action-types".to_owned(), r#"{"category": "Approval", "provider": "a b", "version": "", "inputArtifactDetails": {"minimumCount": 1, "maximumCount": 0}, "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 9}}"#.to_owned()),
        ("POST", "/action-types".to_owned(), r#"{"category": "Build", "provider": "NoOp", "version": "1", "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 1}, "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 1}}"#.to_owned()),
        ("DELETE", "/action-types/Building/Jenkins/1".to_owned(), String::new()),
        ("DELETE", "/action-types/Build/Jenkins/1".to_owned(), String::new()),
        ("POST", "/jobs/poll".to_owned(), format!("{poll}}}")),
        ("POST", "/jobs/poll".to_owned(), format!(r#"{poll}, "maxBatchSize": 0}}"#)),
        ("POST", format!("/jobs/{NOBODY}/acknowledge"), r#"{"nonce": "1"}"#.to_owned()),
        ("POST", format!("/jobs/{NOBODY}/acknowledge"), format!(r#"{{"nonce": "{NOBODY}"}}"#)),
        ("POST", format!("/jobs/{NOBODY}/success"), r#"{"continuation": "7", "variables": {"A": "1"}}"#.to_owned()),
        ("POST", "/jobs/first/success".to_owned(), "{}".to_owned()),
        ("POST", format!("/jobs/{NOBODY}/failure"), r#"{"type": "Broken", "message": "no"}"#.to_owned()),
        ("GET", format!("/jobs/{NOBODY}/artifacts/Code"), String::new()),
        ("PUT", format!("/jobs/{NOBODY}/artifacts/Code"), "PK".to_owned()),
        ("POST", "/pipelines/refuse/stages/Source/actions/Nobody/revision".to_owned(), r#"{"revisionId": "1"}"#.to_owned()),
        ("POST", "/pipelines/refuse/stages/Source/actions/Nothing/revision".to_owned(), "{}".to_owned()),
    ];
    let mut told = String::new();
    for (method, path, body) in cases {
        let answer = server.api(method, &path, &body).unwrap();
        let refusal = answer.json();
        let shown = |text: &str| text.replace(&id, "<failed>").replace(&running, "<running>");
        let kind = refusal["__type"].as_str();
        let kind = kind.unwrap_or_else(|| panic!("{method} {path}: {}", answer.body));
        let _ = writeln!(
            told,
            "{method} {} {}\n{} {kind}: {}",
            shown(&path),
            shown(&body),
            answer.status,
            shown(refusal["message"].as_str().unwrap())
        );
        for problem in refusal["problems"].as_array().into_iter().flatten() {
            let _ = writeln!(told, "- {}", problem.as_str().unwrap());
        }
        told.push('\n');
    }
    insta::assert_snapshot!("refusals", told);
}
