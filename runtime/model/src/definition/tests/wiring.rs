//! Rules on what flows between actions: artifacts and variables.

use super::{TOML, assert_told, catalogue};
use crate::definition::{Format, load};

#[test]
fn an_artifact_is_made_before_it_is_taken() {
    assert_told!(
        TOML,
        Format::Toml,
        &[
            (
                "nobody makes it, and one is alike",
                &[(
                    "inputArtifacts = [{ name = \"Site\" }]",
                    "inputArtifacts = [{ name = \"Sites\" }]"
                )]
            ),
            (
                "nobody makes it",
                &[(
                    "inputArtifacts = [{ name = \"Site\" }]",
                    "inputArtifacts = [{ name = \"Binaries\" }]"
                )]
            ),
            (
                "nobody makes any before",
                &[(
                    "outputArtifacts = [{ name = \"Code\" }]",
                    "inputArtifacts = [{ name = \"Upstream\" }]\noutputArtifacts = [{ name = \"Code\" }]"
                )]
            ),
            (
                "its maker runs at the same time",
                &[("runOrder = 2", "runOrder = 1")]
            ),
            (
                "its maker runs later in the stage",
                &[("runOrder = 1", "runOrder = 3")]
            ),
            (
                "its maker is in a later stage",
                &[
                    (
                        "{ name = \"Code\" }, { name = \"Site\" }",
                        "{ name = \"Code\" }, { name = \"Late\" }"
                    ),
                    (
                        "runOrder = 3",
                        "runOrder = 3\noutputArtifacts = [{ name = \"Late\" }]"
                    )
                ]
            ),
            (
                "its maker is itself",
                &[(
                    "inputArtifacts = [{ name = \"Code\" }]",
                    "inputArtifacts = [{ name = \"Site\" }]"
                )]
            ),
            (
                "it is taken twice",
                &[(
                    "{ name = \"Code\" }, { name = \"Site\" }",
                    "{ name = \"Code\" }, { name = \"Code\" }"
                )]
            ),
            (
                "it is made by two",
                &[(
                    "inputArtifacts = [{ name = \"Code\" }, { name = \"Site\" }]",
                    "inputArtifacts = [{ name = \"Code\" }]\noutputArtifacts = [{ name = \"Site\" }]"
                )]
            ),
            (
                "it is made twice by one",
                &[(
                    "outputArtifacts = [{ name = \"Site\" }]",
                    "outputArtifacts = [{ name = \"Site\" }, { name = \"Site\" }]"
                )]
            ),
            (
                "too few are taken",
                &[("inputArtifacts = [{ name = \"Site\" }]", "")]
            ),
            (
                "too many are taken",
                &[(
                    "inputArtifacts = [{ name = \"Site\" }]",
                    "inputArtifacts = [{ name = \"Site\" }, { name = \"Code\" }]"
                )]
            ),
            (
                "too many are made",
                &[(
                    "outputArtifacts = [{ name = \"Code\" }]",
                    "outputArtifacts = [{ name = \"Code\" }, { name = \"More\" }]"
                )]
            ),
        ],
    );
}

#[test]
fn a_namespace_is_one_action_s_alone() {
    assert_told!(
        TOML,
        Format::Toml,
        &[
            (
                "two actions have it",
                &[("namespace = \"Compiled\"", "namespace = \"Git\"")]
            ),
            (
                "it is CodePipeline's own",
                &[("runOrder = 3", "runOrder = 3\nnamespace = \"codepipeline\"")]
            ),
            (
                "it is the variables'",
                &[("runOrder = 3", "runOrder = 3\nnamespace = \"variables\"")]
            ),
            (
                "it is an artifact's name",
                &[("runOrder = 3", "runOrder = 3\nnamespace = \"Site\"")]
            ),
        ],
    );
}

#[test]
fn a_reference_is_to_what_is_known_when_the_action_starts() {
    let body = "#{Compiled.Version}";
    assert_told!(
        TOML,
        Format::Toml,
        &[
            ("a namespace is misspelt", &[(body, "#{Complied.Version}")]),
            ("a namespace is unknown", &[(body, "#{Elsewhere.Version}")]),
            (
                "an action's name is not its namespace",
                &[
                    (body, "#{Compile.Version}"),
                    ("namespace = \"Compiled\"", "namespace = \"Outcome\"")
                ]
            ),
            (
                "an action without a namespace",
                &[(body, "#{Deploy.ReleaseId}")]
            ),
            ("a key is misspelt", &[(body, "#{Git.CommitID}")]),
            ("a key is unknown", &[(body, "#{Git.Size}")]),
            (
                "an approval sets no variables",
                &[
                    (body, "#{Yes.By}"),
                    ("timeoutInMinutes = 60", "namespace = \"Yes\"")
                ]
            ),
            (
                "an execution has one variable",
                &[("#{codepipeline.PipelineExecutionId}", "#{codepipeline.Id}")]
            ),
            (
                "a pipeline's variable is misspelt",
                &[("#{variables.greeting}", "#{variables.greting}")]
            ),
            (
                "a pipeline's variable is unknown",
                &[("#{variables.greeting}", "#{variables.colour}")]
            ),
            (
                "a source cannot use a pipeline's variable",
                &[(
                    "BranchName = \"main\"",
                    "BranchName = \"#{variables.greeting}\""
                )]
            ),
            (
                "an action cannot use its own",
                &[(
                    "BuildSpec = \"buildspec.yml\"",
                    "BuildSpec = \"#{Compiled.X}\""
                )]
            ),
            (
                "its setter runs at the same time",
                &[
                    ("\"testspec.yml\"", "\"#{Compiled.X}\""),
                    ("runOrder = 2", "runOrder = 1"),
                    (
                        "{ name = \"Code\" }, { name = \"Site\" }",
                        "{ name = \"Code\" }"
                    )
                ]
            ),
            (
                "its setter runs later in the stage",
                &[
                    ("CustomData = \"", "CustomData = \"#{Deployed.ReleaseId}"),
                    (
                        "inputArtifacts = [{ name = \"Site\" }]",
                        "inputArtifacts = [{ name = \"Site\" }]\nnamespace = \"Deployed\""
                    )
                ]
            ),
            (
                "its setter is in a later stage",
                &[
                    ("\"testspec.yml\"", "\"#{Deployed.ReleaseId}\""),
                    (
                        "inputArtifacts = [{ name = \"Site\" }]",
                        "inputArtifacts = [{ name = \"Site\" }]\nnamespace = \"Deployed\""
                    )
                ]
            ),
            (
                "an environment variable refers to nothing",
                &[("value = \"#{Git.CommitId}\"", "value = \"#{Got.CommitId}\"")]
            ),
        ],
    );
}

#[test]
fn a_compute_action_sets_the_variables_it_names() {
    let text = TOML
        .replace("\"Test/Custom/BuildSpec/1\"", "\"Compute/Custom/Shell/1\"\ncommands = [\"make\"]\noutputVariables = [\"SIZE\"]\nnamespace = \"Made\"")
        .replace("BuildSpec = \"testspec.yml\"", "")
        .replace("#{Compiled.Version}", "#{Made.SIZE}");
    load(&text, Format::Toml, &catalogue()).unwrap();
    let problems = load(
        &text.replace("#{Made.SIZE}", "#{Made.WIDTH}"),
        Format::Toml,
        &catalogue(),
    );
    assert!(problems.unwrap_err()[0].message.ends_with("it sets 'SIZE'"),);
}

#[test]
fn a_source_may_use_an_earlier_source_of_its_stage() {
    let text = TOML.replace(
        "[[stages]]\nname = \"Build\"",
        "[[stages.actions]]\nname = \"Second\"\nrunOrder = 2\nactionTypeId = \"Source/Custom/Git/1\"\noutputArtifacts = [{ name = \"More\" }]\nconfiguration = { RepositoryUrl = \"file:///srv/more.git\", BranchName = \"#{Git.BranchName}\" }\n\n[[stages]]\nname = \"Build\"",
    );
    load(&text, Format::Toml, &catalogue()).unwrap();
}
