//! Rules on how stages, actions and their providers fit together.

use super::{TOML, assert_told, catalogue};
use crate::definition::{Format, Pipeline, check, load, read};

#[test]
fn the_examples_have_no_problem() {
    load(TOML, Format::Toml, &catalogue()).unwrap();
    load(super::JSON, Format::Json, &catalogue()).unwrap();
    load(super::GATED, Format::Toml, &catalogue()).unwrap();
    load(super::GATED_JSON, Format::Json, &catalogue()).unwrap();
}

#[test]
fn a_pipeline_begins_with_its_sources_and_goes_on() {
    let no_more = TOML.split("[[stages]]\nname = \"Build\"").nth(1).unwrap();
    let all_but_first = format!("[[stages]]\nname = \"Build\"{no_more}");
    assert_told!(
        TOML,
        Format::Toml,
        &[
            ("one stage is too few", &[(&all_but_first, "")]),
            (
                "the first stage holds sources alone",
                &[("[[stages]]\nname = \"Build\"", "")]
            ),
            (
                "sources stand nowhere else",
                &[
                    ("\"Approval/AWS/Manual/1\"", "\"Source/Custom/Git/1\""),
                    (
                        "timeoutInMinutes = 60",
                        "outputArtifacts = [{ name = \"More\" }]"
                    ),
                    (
                        "CustomData = \"Release #{Git.CommitId}: #{variables.greeting}\"",
                        "RepositoryUrl = \"file:///srv/more.git\""
                    )
                ]
            ),
            (
                "a stage has actions",
                &[(
                    "[[stages]]\nname = \"Release\"",
                    "[[stages]]\nname = \"Empty\"\nactions = []\n\n[[stages]]\nname = \"Release\""
                )]
            ),
            (
                "stages have names of their own",
                &[("name = \"Release\"", "name = \"Build\"")]
            ),
            (
                "actions of one stage have names of their own",
                &[("name = \"Announce\"", "name = \"Deploy\"")]
            ),
            (
                "variables have names of their own",
                &[(
                    "[[stages]]",
                    "[[variables]]\nname = \"greeting\"\n\n[[stages]]"
                )]
            ),
        ],
    );
}

#[test]
fn actions_of_different_stages_may_share_a_name() {
    let text = TOML.replace("name = \"Deploy\"", "name = \"Compile\"");
    load(&text, Format::Toml, &catalogue()).unwrap();
}

#[test]
fn a_pipeline_past_its_size_is_told_so_and_nothing_else() {
    let (valid, _) = read(TOML, Format::Toml).unwrap();
    let told = |change: fn(&mut Pipeline)| {
        let mut pipeline = valid.clone();
        change(&mut pipeline);
        let problems = check(&pipeline, &catalogue());
        problems
            .iter()
            .map(|p| format!("{p}\n"))
            .collect::<String>()
    };
    let stages = told(|p| {
        let stage = p.stages[2].clone();
        p.stages.resize(51, stage);
    });
    let actions = told(|p| {
        let action = p.stages[2].actions[0].clone();
        p.stages[2].actions.resize(51, action);
    });
    let total = told(|p| {
        let action = p.stages[2].actions[0].clone();
        let mut stage = p.stages[2].clone();
        stage.actions.resize(50, action);
        p.stages.resize(24, stage);
    });
    let variables = told(|p| {
        let variable = p.variables[0].clone();
        p.variables.resize(51, variable);
    });
    let triggers = told(|p| {
        let trigger = read(super::GATED, Format::Toml).unwrap().0.triggers;
        p.triggers = trigger.into_iter().cycle().take(51).collect();
    });
    insta::assert_snapshot!(format!("{stages}{actions}{total}{variables}{triggers}"));
}

#[test]
fn members_that_a_provider_is_never_told_of_are_refused() {
    assert_told!(
        TOML,
        Format::Toml,
        &[
            (
                "only an approval has a timeout",
                &[("runOrder = 3", "runOrder = 3\ntimeoutInMinutes = 60")]
            ),
            (
                "commands are for compute",
                &[("runOrder = 3", "runOrder = 3\ncommands = [\"make\"]")]
            ),
            (
                "output variables are for compute",
                &[("runOrder = 3", "runOrder = 3\noutputVariables = [\"A\"]")]
            ),
            (
                "files are for compute",
                &[(
                    "{ name = \"Site\" }]\nenv",
                    "{ name = \"Site\", files = [\"**/*\"] }]\nenv"
                )]
            ),
            (
                "an approval has no environment",
                &[(
                    "timeoutInMinutes = 60",
                    "environmentVariables = [{ name = \"A\", value = \"b\" }]"
                )]
            ),
            (
                "there are at most 50 commands",
                &[(
                    "runOrder = 3",
                    &format!("runOrder = 3\ncommands = [{}]", "\"make\",".repeat(51))
                )]
            ),
            (
                "there are at most 10 artifacts",
                &[(
                    "inputArtifacts = [{ name = \"Site\" }]",
                    &format!("inputArtifacts = [{}]", "{ name = \"Site\" },".repeat(11))
                )]
            ),
        ],
    );
}

#[test]
fn compute_actions_have_commands_files_and_variables() {
    let text = TOML
        .replace("\"Invoke/Custom/Webhook/1\"", "\"Compute/Custom/Shell/1\"\ncommands = [\"echo #{Git.CommitId}\"]\noutputVariables = [\"SIZE\"]\noutputArtifacts = [{ name = \"Report\", files = [\"*.xml\"] }]\nenvironmentVariables = [{ name = \"A\", value = \"b\", type = \"PLAINTEXT\" }]")
        .replace("\nUrl = ", "\n# ").replace("TimeoutSeconds = ", "# ").replace("Message = ", "# ");
    load(&text, Format::Toml, &catalogue()).unwrap();
}

#[test]
fn a_provider_that_nobody_serves_is_told_with_those_near_it() {
    assert_told!(
        TOML,
        Format::Toml,
        &[
            (
                "a slip in the provider",
                &[("\"Deploy/Custom/Files/1\"", "\"Deploy/Custom/File/1\"")]
            ),
            (
                "another version",
                &[("\"Deploy/Custom/Files/1\"", "\"Deploy/Custom/Files/2\"")]
            ),
            (
                "another owner",
                &[("\"Deploy/Custom/Files/1\"", "\"Deploy/AWS/Files/1\"")]
            ),
            (
                "another category",
                &[("\"Deploy/Custom/Files/1\"", "\"Invoke/Custom/Files/1\"")]
            ),
            (
                "several alike",
                &[("\"Deploy/Custom/Files/1\"", "\"Deploy/Custom/BuildSpec/1\"")]
            ),
            (
                "a provider of AWS",
                &[
                    ("provider = \"BuildSpec\"", "provider = \"CodeBuild\""),
                    ("owner = \"Custom\"", "owner = \"AWS\"")
                ]
            ),
        ],
    );
    let problems = load(TOML, Format::Toml, &crate::action_type::Catalogue::core()).unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "12:16: stages[0].actions[0].actionTypeId: no installed plugin serves Source/Custom/Git/1 or anything of category Source; install one that does"
    );
}

#[test]
fn a_configuration_holds_what_its_provider_declares() {
    assert_told!(
        TOML,
        Format::Toml,
        &[
            (
                "a required key is missing",
                &[("TargetDirectory = \"/srv/www\"", "")]
            ),
            (
                "a whole configuration is missing",
                &[(
                    "[stages.actions.configuration]\nTargetDirectory = \"/srv/www\"",
                    ""
                )]
            ),
            (
                "a key is misspelt",
                &[("BranchName = \"main\"", "BrunchName = \"main\"")]
            ),
            (
                "a key is unknown",
                &[("BranchName = \"main\"", "Colour = \"red\"")]
            ),
            (
                "a key with a dot is unknown",
                &[("BranchName = \"main\"", "\"a.b\" = \"red\"")]
            ),
            (
                "a provider has no keys",
                &[("\"Invoke/Custom/Webhook/1\"", "\"Compute/Custom/Shell/1\"")]
            ),
            (
                "a number is a number",
                &[("TimeoutSeconds = 30", "TimeoutSeconds = \"half an hour\"")]
            ),
            (
                "a number has digits",
                &[("TimeoutSeconds = 30", "TimeoutSeconds = 1e3")]
            ),
            (
                "a boolean is true or false",
                &[(
                    "PollForSourceChanges = true",
                    "PollForSourceChanges = \"yes\""
                )]
            ),
            (
                "a secret is not repeated",
                &[("Message = ", "Token = \"hunter2\"\nMessage = ")]
            ),
        ],
    );
}

#[test]
fn a_number_that_a_reference_gives_is_known_only_later() {
    let text = TOML.replace(
        "TimeoutSeconds = 30",
        "TimeoutSeconds = \"#{Git.BranchName}\"",
    );
    load(&text, Format::Toml, &catalogue()).unwrap();
}

#[test]
fn all_problems_are_told_at_once_in_order_of_place() {
    let text = super::edited(
        TOML,
        &[
            ("name = \"webshop\"", "name = \"web shop\""),
            ("BranchName = \"main\"", "BrunchName = \"main\""),
            ("runOrder = 1", "runOrder = 0"),
            (
                "{ name = \"Site\" }]\n[stages.actions.configuration]\nBuildSpec = \"testspec.yml\"",
                "{ name = \"Sight\" }]\n[stages.actions.configuration]\nBuildSpec = \"testspec.yml\"",
            ),
            ("\"Deploy/Custom/Files/1\"", "\"Deploy/Custom/File/1\""),
            ("#{Compiled.Version}", "#{Complied.Version}"),
        ],
    );
    let problems = super::refused(&text, Format::Toml, "many");
    let lines: Vec<u32> = problems.iter().map(|p| p.place.unwrap().line).collect();
    assert_eq!(lines, [1, 17, 26, 38, 55, 68], "{problems:#?}");
}
