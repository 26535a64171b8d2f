//! Made-up jobs, with real directories.

use super::FakeHost;
use crate::{ActionType, Artifact, Category, Job};
use std::fs;
use std::path::Path;

impl FakeHost<'_> {
    /// A job of pipeline `Demo`, stage `Stage`, action `Action`, with this
    /// configuration, no artifacts, and an empty directory for work. Its action
    /// type is `Invoke/Custom/Demo/1`; a provider that looks at it is given
    /// another.
    #[must_use]
    pub fn job<'a>(&self, configuration: impl IntoIterator<Item = (&'a str, &'a str)>) -> Job {
        Job {
            id: "0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f33".into(),
            idempotency_key: "0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f34".into(),
            action_type: ActionType {
                category: Category::Invoke,
                owner: "Custom".into(),
                provider: "Demo".into(),
                version: "1".into(),
            },
            attempt: 1,
            account: "111122223333".into(),
            pipeline: "Demo".into(),
            execution_id: "0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f35".into(),
            stage: "Stage".into(),
            action: "Action".into(),
            condition: None,
            configuration: configuration
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            input_artifacts: Vec::new(),
            output_artifacts: Vec::new(),
            environment_variables: Vec::new(),
            commands: Vec::new(),
            output_variables: Vec::new(),
            revision: None,
            continuation: None,
            deadline: u64::MAX,
            work: self.work(),
            cache: self.cache(),
        }
    }

    /// An input artifact that holds these files (path, content).
    #[must_use]
    pub fn input(&self, name: &str, files: &[(&str, &str)]) -> Artifact {
        let path = self.root().join("in").join(name);
        fs::create_dir_all(&path).expect("the input artifact's directory is made");
        for (file, content) in files {
            let file = path.join(file);
            fs::create_dir_all(file.parent().unwrap_or(&path)).expect("a directory is made");
            fs::write(file, content).expect("an input file is written");
        }
        artifact(name, &path)
    }

    /// An empty output artifact.
    #[must_use]
    pub fn output(&self, name: &str) -> Artifact {
        let path = self.root().join("out").join(name);
        fs::create_dir_all(&path).expect("the output artifact's directory is made");
        artifact(name, &path)
    }
}

fn artifact(name: &str, path: &Path) -> Artifact {
    Artifact {
        name: name.into(),
        path: path.into(),
        revision: None,
        files: Vec::new(),
    }
}
