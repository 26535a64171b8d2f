//! Rules on single values: type, form, bounds, keys.

use super::{JSON, TOML, assert_told, refused};
use crate::definition::{Format, MAX_TEXT, load, read};

#[test]
fn names_have_a_form_and_a_length() {
    let long = "n".repeat(101);
    let long_name = format!("name = \"{long}\"");
    assert_told!(
        TOML,
        Format::Toml,
        &[
            (
                "a pipeline's name has no spaces",
                &[("\"webshop\"", "\"web shop\"")]
            ),
            ("a pipeline's name is not empty", &[("\"webshop\"", "\"\"")]),
            (
                "a pipeline's name is not long",
                &[("name = \"webshop\"", &long_name)]
            ),
            ("a pipeline has a name", &[("name = \"webshop\"", "")]),
            ("a name is a text", &[("\"webshop\"", "7")]),
            ("a name is not a list", &[("\"webshop\"", "[\"webshop\"]")]),
            (
                "a name does not hold control characters",
                &[("\"webshop\"", "\"web\\nshop\"")]
            ),
            (
                "a stage's name has no slash",
                &[("name = \"Build\"", "name = \"Build/1\"")]
            ),
            ("a stage has a name", &[("name = \"Release\"", "")]),
            (
                "an action's name has no umlauts",
                &[("\"Approve\"", "\"Prüfen\"")]
            ),
            (
                "an artifact's name has no dot",
                &[("{ name = \"Code\" }]\n[", "{ name = \"Code.zip\" }]\n[")]
            ),
            (
                "a namespace has no dot",
                &[("namespace = \"Compiled\"", "namespace = \"Com.piled\"")]
            ),
            (
                "a variable's name has no dollar",
                &[("\"greeting\"", "\"$greeting\"")]
            ),
            ("a variable's value is not empty", &[("\"hello\"", "\"\"")]),
        ],
    );
}

#[test]
fn keys_are_known_and_a_slip_names_the_one_that_was_meant() {
    assert_told!(
        TOML,
        Format::Toml,
        &[
            (
                "an action's key is misspelt",
                &[("runOrder = 1", "run_order = 1")]
            ),
            (
                "a stage's key is misspelt",
                &[
                    (
                        "[[stages.actions]]\nname = \"Checkout\"",
                        "[[stages.action]]\nname = \"Checkout\""
                    ),
                    (
                        "[stages.actions.configuration]",
                        "[stages.action.configuration]"
                    )
                ]
            ),
            (
                "a pipeline's key is unknown",
                &[(
                    "name = \"webshop\"",
                    "name = \"webshop\"\nlanguage = \"en\""
                )]
            ),
            (
                "an action type's key is unknown",
                &[("version = 1 }", "version = 1, region = \"x\" }")]
            ),
            (
                "an artifact's key is unknown",
                &[(
                    "{ name = \"Code\" }]\n[",
                    "{ name = \"Code\", path = \"x\" }]\n["
                )]
            ),
            (
                "stages are missing",
                &[
                    (
                        "[[stages]]\nname = \"Source\"",
                        "[[other]]\nname = \"Source\""
                    ),
                    ("[[stages.actions]]", "[[other.actions]]"),
                    (
                        "[stages.actions.configuration]",
                        "[other.actions.configuration]"
                    ),
                    ("[[stages]]\nname = \"Build\"", "[[other]]"),
                    ("[[stages.actions]]", "[[other.actions]]"),
                    (
                        "[stages.actions.configuration]",
                        "[other.actions.configuration]"
                    ),
                    ("[[stages.actions]]", "[[other.actions]]"),
                    (
                        "[stages.actions.configuration]",
                        "[other.actions.configuration]"
                    ),
                    ("[[stages]]\nname = \"Release\"", "[[other]]"),
                    ("[[stages.actions]]", "[[other.actions]]"),
                    (
                        "[stages.actions.configuration]",
                        "[other.actions.configuration]"
                    ),
                    ("[[stages.actions]]", "[[other.actions]]"),
                    (
                        "[stages.actions.configuration]",
                        "[other.actions.configuration]"
                    ),
                    ("[[stages.actions]]", "[[other.actions]]"),
                    (
                        "[stages.actions.configuration]",
                        "[other.actions.configuration]"
                    )
                ]
            ),
            (
                "an action has no type",
                &[("actionTypeId = \"Source/Custom/Git/1\"", "")]
            ),
            (
                "a stage stands beside the pipeline",
                &[
                    ("name = \"webshop\"", "[pipeline]\nname = \"webshop\""),
                    ("[[variables]]", "[[pipeline.variables]]")
                ]
            ),
        ],
    );
}

#[test]
fn an_action_type_has_four_known_parts() {
    assert_told!(
        TOML,
        Format::Toml,
        &[
            (
                "a short action type has four parts",
                &[("\"Source/Custom/Git/1\"", "\"Source/Git\"")]
            ),
            (
                "a category is one of seven",
                &[("\"Source/Custom/Git/1\"", "\"Sauce/Custom/Git/1\"")]
            ),
            (
                "a category far from all seven",
                &[("\"Source/Custom/Git/1\"", "\"Monitoring/Custom/Git/1\"")]
            ),
            (
                "an owner is one of three",
                &[("owner = \"Custom\"", "owner = \"custom\"")]
            ),
            (
                "a provider has a form",
                &[("\"Source/Custom/Git/1\"", "\"Source/Custom/Git Hub/1\"")]
            ),
            (
                "a version is short",
                &[(
                    "\"Source/Custom/Git/1\"",
                    "\"Source/Custom/Git/1234567890\""
                )]
            ),
            ("a part is missing", &[(", version = 1", "")]),
        ],
    );
}

#[test]
fn numbers_have_bounds() {
    assert_told!(
        TOML,
        Format::Toml,
        &[
            ("runOrder is not zero", &[("runOrder = 1", "runOrder = 0")]),
            (
                "runOrder is not negative",
                &[("runOrder = 1", "runOrder = -1")]
            ),
            (
                "runOrder is at most 999",
                &[("runOrder = 3", "runOrder = 1000")]
            ),
            (
                "runOrder is a number",
                &[("runOrder = 1", "runOrder = \"1\"")]
            ),
            ("runOrder is whole", &[("runOrder = 1", "runOrder = 1.5")]),
            (
                "runOrder is no date",
                &[("runOrder = 1", "runOrder = 2024-01-01")]
            ),
            (
                "runOrder is not beyond every number",
                &[("runOrder = 1", "runOrder = 99999999999999999999")]
            ),
            (
                "an approval waits five minutes at least",
                &[("timeoutInMinutes = 60", "timeoutInMinutes = 4")]
            ),
            (
                "an approval waits sixty days at most",
                &[("timeoutInMinutes = 60", "timeoutInMinutes = 86401")]
            ),
            (
                "a version counts from one",
                &[("name = \"webshop\"", "name = \"webshop\"\nversion = 0")]
            ),
        ],
    );
}

#[test]
fn configuration_values_are_texts_of_bounded_length_with_whole_references() {
    let long = format!("BuildSpec = \"{}\"", "x".repeat(50_001));
    let long_key = format!("{} = \"x\"", "k".repeat(51));
    assert_told!(
        TOML,
        Format::Toml,
        &[
            (
                "a value is not a list",
                &[("\"testspec.yml\"", "[\"testspec.yml\"]")]
            ),
            ("a value is not empty", &[("\"testspec.yml\"", "\"\"")]),
            (
                "a value has at most 50,000 characters",
                &[("BuildSpec = \"testspec.yml\"", &long)]
            ),
            (
                "a key has at most 50 characters",
                &[("BuildSpec = \"testspec.yml\"", &long_key)]
            ),
            (
                "a reference is closed",
                &[("#{Git.CommitId}: ", "#{Git.CommitId: ")]
            ),
            (
                "a reference has a namespace and a key",
                &[("#{Git.CommitId}: ", "#{CommitId}: ")]
            ),
            (
                "an environment variable's reference is whole",
                &[("#{Git.CommitId}\" }", "#{Git.}\" }")]
            ),
            (
                "an environment variable's name has a form",
                &[("\"COMMIT\"", "\"COMMIT-ID\"")]
            ),
            (
                "an environment variable has a value",
                &[(", value = \"#{Git.CommitId}\"", "")]
            ),
            (
                "configuration is a table",
                &[(
                    "[stages.actions.configuration]\nTarget = \"/srv/www\"",
                    "configuration = \"/srv/www\""
                )]
            ),
        ],
    );
}

#[test]
fn what_is_not_carried_out_is_not_accepted() {
    assert_told!(
        JSON,
        Format::Json,
        &[
            (
                "triggers",
                &[(
                    "\"version\": 7",
                    "\"version\": 7, \"triggers\": [{\"providerType\": \"CodeStarSourceConnection\"}]"
                )]
            ),
            (
                "beforeEntry",
                &[(
                    "\"name\": \"Build\",",
                    "\"name\": \"Build\", \"beforeEntry\": {\"conditions\": []},"
                )]
            ),
            (
                "onSuccess",
                &[(
                    "\"name\": \"Build\",",
                    "\"name\": \"Build\", \"onSuccess\": {\"conditions\": []},"
                )]
            ),
            (
                "onFailure",
                &[(
                    "\"name\": \"Build\",",
                    "\"name\": \"Build\", \"onFailure\": {\"result\": \"ROLLBACK\"},"
                )]
            ),
            (
                "blockers",
                &[(
                    "\"name\": \"Build\",",
                    "\"name\": \"Build\", \"blockers\": [{\"name\": \"Night\", \"type\": \"Schedule\"}],"
                )]
            ),
            ("queued executions", &[("SUPERSEDED", "QUEUED")]),
            ("parallel executions", &[("SUPERSEDED", "PARALLEL")]),
            (
                "an execution mode that nobody has",
                &[("SUPERSEDED", "superseded")]
            ),
            (
                "environment variables from a secrets manager",
                &[(
                    "\"roleArn\": \"arn:aws:iam::111122223333:role/BuildRole\"",
                    "\"environmentVariables\": [{\"name\": \"KEY\", \"value\": \"prod:key\", \"type\": \"SECRETS_MANAGER\"}]"
                )]
            ),
            (
                "tags beside the pipeline",
                &[("\"metadata\"", "\"tags\": [], \"metadata\"")]
            ),
        ],
    );
}

#[test]
fn empty_lists_ask_for_nothing_and_pass() {
    let text = super::edited(
        JSON,
        &[
            (
                "\"name\": \"Build\",",
                "\"name\": \"Build\", \"blockers\": [], \"beforeEntry\": {},",
            ),
            ("\"version\": 7", "\"version\": 7, \"triggers\": []"),
        ],
    );
    load(&text, Format::Json, &super::catalogue()).unwrap();
}

#[test]
fn exported_members_that_change_nothing_here_still_have_their_form() {
    assert_told!(
        JSON,
        Format::Json,
        &[
            (
                "a role is an ARN",
                &[("arn:aws:iam::111122223333:role/BuildRole", "BuildRole")]
            ),
            (
                "a store has a bucket",
                &[(
                    "\"location\": \"codepipeline-eu-central-1-123456789012\",",
                    ""
                )]
            ),
            (
                "a bucket's name has a form",
                &[("codepipeline-eu-central-1-123456789012", "code_pipeline")]
            ),
            (
                "a store is S3",
                &[("\"type\": \"S3\"", "\"type\": \"GCS\"")]
            ),
            (
                "a key is KMS",
                &[("\"type\": \"KMS\"", "\"type\": \"kms\"")]
            ),
            (
                "a region has a length",
                &[("\"region\": \"eu-central-1\"", "\"region\": \"eu\"")]
            ),
            (
                "a pipeline has one store or a store for each region",
                &[(
                    "\"version\": 7",
                    "\"version\": 7, \"artifactStores\": {\"eu-central-1\": {\"type\": \"S3\", \"location\": \"bucket\"}}"
                )]
            ),
        ],
    );
}

#[test]
fn json_says_what_it_is_not() {
    assert_told!(
        JSON,
        Format::Json,
        &[
            (
                "a comma is missing",
                &[("\"version\": 7,", "\"version\": 7")]
            ),
            (
                "a comma is too much",
                &[(
                    "\"namespace\": \"SourceVariables\"",
                    "\"namespace\": \"SourceVariables\","
                )]
            ),
            (
                "there are no comments",
                &[("\"version\": 7,", "\"version\": 7, // seven")]
            ),
            (
                "a key stands twice",
                &[("\"version\": 7,", "\"version\": 7, \"version\": 8,")]
            ),
            (
                "the pipeline stands twice",
                &[("\"metadata\"", "\"pipeline\": {}, \"metadata\"")]
            ),
            (
                "a number stands for a text",
                &[("\"Branch\": \"main\"", "\"Branch\": 7")]
            ),
            (
                "a boolean stands for a text",
                &[("\"Branch\": \"main\"", "\"Branch\": true")]
            ),
            (
                "null stands for a text",
                &[("\"Branch\": \"main\"", "\"Branch\": null")]
            ),
            (
                "a text stands for a list",
                &[("\"inputArtifacts\": []", "\"inputArtifacts\": \"None\"")]
            ),
            (
                "a text stands for an artifact",
                &[("\"inputArtifacts\": []", "\"inputArtifacts\": [\"None\"]")]
            ),
            (
                "a short action type is TOML's",
                &[(
                    "\"actionTypeId\": {\n                            \"category\": \"Source\",\n                            \"owner\": \"Custom\",\n                            \"provider\": \"Git\",\n                            \"version\": \"1\"\n                        }",
                    "\"actionTypeId\": \"Source/Custom/Git/1\""
                )]
            ),
            ("half a character is no text", &[("\\u2192", "\\ud800")]),
        ],
    );
}

#[test]
fn a_text_of_another_language_is_told_at_its_place() {
    let mut told = String::new();
    for (text, format) in [
        ("", Format::Json),
        ("[]", Format::Json),
        ("name: webshop", Format::Json),
        ("", Format::Toml),
        ("{\"name\": \"webshop\"}", Format::Toml),
        ("name = webshop", Format::Toml),
        ("name = \"a\"\nname = \"b\"", Format::Toml),
        ("[[stages]\nname = \"a\"\n[b", Format::Toml),
        ("name: webshop\nstages:\n  - name: x\n", Format::Toml),
        ("pipeline = 7", Format::Toml),
        ("stages = 7\nname = \"x\"", Format::Toml),
        ("stages = [7]\nname = \"x\"", Format::Toml),
    ] {
        told += &format!("{format:?} {text:?}\n");
        for problem in refused(text, format, text) {
            told += &format!("    {problem}\n");
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_byte_order_mark_is_not_part_of_the_text() {
    for (text, format) in [(TOML, Format::Toml), (JSON, Format::Json)] {
        let (pipeline, source) = read(&format!("\u{feff}{text}"), format).unwrap();
        assert_eq!(pipeline.name, "webshop");
        assert_eq!(
            source.place("name").unwrap().column,
            read(text, format).unwrap().1.place("name").unwrap().column
        );
    }
}

#[test]
fn a_toml_definition_may_stand_under_pipeline() {
    let nested = TOML
        .replace("[[variables]]", "[[pipeline.variables]]")
        .replace("[[stages", "[[pipeline.stages")
        .replace("[stages", "[pipeline.stages");
    let nested = format!("[pipeline]\n{nested}");
    let (pipeline, source) = read(&nested, Format::Toml).unwrap();
    assert_eq!(pipeline, read(TOML, Format::Toml).unwrap().0);
    assert_eq!(source.place("stages[0].name").unwrap().line, 9);
}

#[test]
fn toml_numbers_and_booleans_become_the_texts_they_are_written_as() {
    let (pipeline, _) = read(TOML, Format::Toml).unwrap();
    let compile = pipeline.stages[1].action("Compile").unwrap();
    assert_eq!(compile.configuration["Timeout"], "30");
    assert_eq!(compile.configuration["Verbose"], "true");
    assert_eq!(
        compile.action_type_id.to_string(),
        "Build/Custom/BuildSpec/1"
    );
    for (written, text) in [
        ("0x1F", "31"),
        ("1_000", "1000"),
        ("+5", "5"),
        ("-5", "-5"),
        ("2.50", "2.50"),
        ("false", "false"),
    ] {
        let toml = TOML.replace("Timeout = 30", &format!("Timeout = {written}"));
        let (pipeline, _) = read(&toml, Format::Toml).unwrap();
        let compile = pipeline.stages[1].action("Compile").unwrap();
        assert_eq!(compile.configuration["Timeout"], text);
    }
}

#[test]
fn a_place_that_is_not_in_the_text_is_that_of_its_nearest_parent() {
    let (_, source) = read(TOML, Format::Toml).unwrap();
    let line = |path| source.place(path).unwrap().line;
    assert_eq!(line("stages[1].actions[0].configuration.BuildSpec"), 31);
    assert_eq!(line("stages[1].actions[0].configuration.Other"), 30);
    assert_eq!(line("stages[1].actions[0].region"), 22);
    assert_eq!(line("stages[9].name"), line("stages"));
    assert_eq!(line("nothing"), 1);
}

#[test]
fn a_text_past_the_limit_is_refused_unread() {
    let text = format!("# {}\n{TOML}", "x".repeat(MAX_TEXT));
    let problems = refused(&text, Format::Toml, "too long");
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].message.contains("may have 2097152"),
        "{}",
        problems[0]
    );
}

#[test]
fn no_more_than_a_hundred_problems_are_told() {
    let keys: String = (0..500)
        .map(|n| format!("{}key{n} = 1\n", "z".repeat(20)))
        .collect();
    let problems = refused(&format!("{keys}{TOML}"), Format::Toml, "many");
    assert_eq!(problems.len(), 101);
    assert_eq!(
        problems[100].message,
        "there are more than these 100 problems; correct these first"
    );
}
