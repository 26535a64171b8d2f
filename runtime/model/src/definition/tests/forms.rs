//! Rules on single values: type, form, bounds, keys.

use super::{JSON, TOML, assert_told};
use crate::definition::{Format, load};

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
                    "[stages.actions.configuration]\nTargetDirectory = \"/srv/www\"",
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
                "blockers",
                &[(
                    "\"name\": \"Build\",",
                    "\"name\": \"Build\", \"blockers\": [{\"name\": \"Night\", \"type\": \"Schedule\"}],"
                )]
            ),
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
                "\"name\": \"Build\", \"blockers\": [],",
            ),
            ("\"version\": 7", "\"version\": 7, \"triggers\": []"),
        ],
    );
    load(&text, Format::Json, &super::catalogue()).unwrap();
}

#[test]
fn lists_that_would_mean_nothing_when_empty_are_not_empty() {
    assert_told!(
        super::GATED,
        Format::Toml,
        &[
            (
                "commands",
                &[(
                    "commands = [\"make\", \"export SIZE=$(du -s site)\"]",
                    "commands = []"
                )]
            ),
            ("files", &[("files = [\"site/**/*\"]", "files = []")]),
            (
                "environment variables",
                &[(
                    "outputVariables = [\"SIZE\"]",
                    "outputVariables = [\"SIZE\"]\nenvironmentVariables = []"
                )]
            ),
            ("patterns", &[("includes = [\"src/**\"]", "includes = []")]),
            (
                "events",
                &[("events = [\"OPEN\", \"UPDATED\"]", "events = []")]
            ),
        ],
    );
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
