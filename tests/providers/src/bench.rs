//! One job and what lies around it: directories, secrets, functions. Knows no
//! provider.

use crate::{Ran, host};
use lockgate_host::{Directory, Functions, LogSink, Pipelines, Prepared, RunRequest, Secrets};
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::artifact::{Artifact, Digest};
use lockgate_model::definition::OutputArtifact;
use lockgate_model::id::ExecutionId;
use lockgate_model::job::{DetectRequest, Detection, Failure, Job, Watch};
use lockgate_model::time::Timestamp;
use lockgate_model::webhook::{Announcement, WebhookRequest};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// One job and what lies around it.
pub struct Bench {
    root: TempDir,
    /// What is handed to the provider.
    pub job: Job,
    secrets: Secrets,
    functions: Functions,
    pipelines: Pipelines,
    cache: Option<PathBuf>,
}

impl Bench {
    /// A job of `Category/Owner/Provider/Version` with this configuration.
    ///
    /// # Panics
    /// The action type has not four parts, or there is no room for directories.
    #[must_use]
    pub fn new(action_type: &str, configuration: &[(&str, &str)]) -> Self {
        let root = TempDir::new().expect("a temporary directory is made");
        fs::create_dir(root.path().join("work")).expect("a directory is made");
        let id = "0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f33";
        let read = "the id is a UUID";
        let job = Job {
            id: id.parse().expect(read),
            action_execution: id.parse().expect(read),
            attempt: 1,
            tenant: "111122223333".parse().expect("a tenant has twelve digits"),
            pipeline: "Demo".into(),
            execution: id.parse().expect(read),
            stage: "Stage".into(),
            action: "Action".into(),
            condition: None,
            action_type: self::action_type(action_type),
            configuration: configuration
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            input_artifacts: Vec::new(),
            output_artifacts: Vec::new(),
            environment_variables: Vec::new(),
            commands: Vec::new(),
            output_variables: Vec::new(),
            revision: None,
            continuation: None,
            deadline: now().plus_seconds(300),
        };
        Self {
            root,
            job,
            secrets: Secrets::none(),
            functions: Functions::none(),
            pipelines: Pipelines::none(),
            cache: None,
        }
    }

    /// Of this execution instead of the usual one.
    #[must_use]
    pub fn of(mut self, execution: ExecutionId) -> Self {
        self.job.execution = execution;
        self
    }

    /// Takes an artifact that holds these files (path, content).
    ///
    /// # Panics
    /// They cannot be written.
    #[must_use]
    pub fn takes(mut self, name: &str, files: &[(&str, impl AsRef<[u8]>)]) -> Self {
        for (file, content) in files {
            let path = self.input(name).join(file);
            let parent = path.parent().expect("a file lies in a directory");
            fs::create_dir_all(parent).expect("a directory is made");
            fs::write(path, content).expect("an input file is written");
        }
        self.job.input_artifacts.push(Artifact {
            name: name.into(),
            digest: Digest([0; 32]),
            bytes: 0,
            files: 0,
            revision: Some("abc123".into()),
        });
        self
    }

    /// Makes an artifact.
    ///
    /// # Panics
    /// Its directory cannot be made.
    #[must_use]
    pub fn makes(mut self, name: &str) -> Self {
        fs::create_dir_all(self.output(name)).expect("a directory is made");
        self.job.output_artifacts.push(OutputArtifact {
            name: name.into(),
            files: Vec::new(),
        });
        self
    }

    /// Where there is one secret, and its value.
    #[must_use]
    pub fn secret(mut self, name: &'static str, value: &'static str) -> Self {
        self.secrets = Secrets::new(move |asked| (asked == name).then(|| value.to_owned()));
        self
    }

    /// Where one function is installed.
    #[must_use]
    pub fn function(mut self, name: &'static str, function: Arc<Prepared>) -> Self {
        self.functions =
            Functions::new(move |asked| (asked == name).then(|| Arc::clone(&function)));
        self
    }

    /// Where pipelines are started so.
    #[must_use]
    pub fn starting(mut self, pipelines: Pipelines) -> Self {
        self.pipelines = pipelines;
        self
    }

    /// With this directory as its action's cache.
    #[must_use]
    pub fn caching(mut self, directory: impl Into<PathBuf>) -> Self {
        self.cache = Some(directory.into());
        self
    }

    fn input(&self, name: &str) -> PathBuf {
        self.root.path().join("in").join(name)
    }

    /// Where an output artifact lies on the machine.
    #[must_use]
    pub fn output(&self, name: &str) -> PathBuf {
        self.root.path().join("out").join(name)
    }

    /// Everything that the job's providers may have written, on the machine.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Runs the job.
    pub async fn run(&self, prepared: &Prepared) -> Ran {
        let (sink, mut lines) = LogSink::queue();
        let mut request = RunRequest::new(self.job.clone(), sink);
        request.secrets = self.secrets.clone();
        request.functions = self.functions.clone();
        request.pipelines = self.pipelines.clone();
        let work = self.root.path().join("work");
        request.directories.push(Directory::write("/work", work));
        if let Some(cache) = &self.cache {
            let cache = Directory::write("/cache", cache);
            request.directories.push(cache);
        }
        for Artifact { name, .. } in &self.job.input_artifacts {
            let directory = Directory::read(format!("/in/{name}"), self.input(name));
            request.directories.push(directory);
        }
        for OutputArtifact { name, .. } in &self.job.output_artifacts {
            let directory = Directory::write(format!("/out/{name}"), self.output(name));
            request.directories.push(directory);
        }
        let outcome = host().run(prepared, request).await;
        let mut log = Vec::new();
        while let Ok(line) = lines.try_recv() {
            log.push(line);
        }
        Ran { outcome, log }
    }

    /// Asks for the newest revision instead.
    ///
    /// # Errors
    /// The provider's failure.
    pub async fn detect(&self, prepared: &Prepared) -> Result<Detection, Failure> {
        self.watch(prepared, None, Watch::default()).await
    }

    /// Asks what changed since the answer that held `cursor`.
    ///
    /// # Errors
    /// The provider's failure.
    pub async fn watch(
        &self,
        prepared: &Prepared,
        cursor: Option<&str>,
        watch: Watch,
    ) -> Result<Detection, Failure> {
        let request = DetectRequest {
            tenant: self.job.tenant.clone(),
            action_type: self.job.action_type.clone(),
            configuration: self.job.configuration.clone(),
            cursor: cursor.map(str::to_owned),
            watch,
        };
        let secrets = self.secrets.clone();
        host()
            .detect(prepared, request, LogSink::discard(), secrets)
            .await
    }

    /// Hands over a webhook delivery instead.
    ///
    /// # Errors
    /// The provider's failure.
    pub async fn webhook(
        &self,
        prepared: &Prepared,
        headers: &[(&str, &str)],
        body: &[u8],
        wants_files: bool,
    ) -> Result<Option<Announcement>, Failure> {
        let request = WebhookRequest {
            tenant: self.job.tenant.clone(),
            action_type: self.job.action_type.clone(),
            configuration: self.job.configuration.clone(),
            method: "POST".into(),
            path: None,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.into(),
            wants_files,
        };
        let secrets = self.secrets.clone();
        host()
            .webhook(prepared, request, LogSink::discard(), secrets)
            .await
    }
}

fn action_type(text: &str) -> ActionTypeId {
    let [category, owner, provider, version] = text.split('/').collect::<Vec<_>>()[..] else {
        panic!("{text} is no action type");
    };
    ActionTypeId {
        category: Category::ACTIONS
            .into_iter()
            .chain([Category::Rule])
            .find(|known| known.as_str() == category)
            .expect("the category is one of CodePipeline's"),
        owner: owner.into(),
        provider: provider.into(),
        version: version.into(),
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.expect("the clock is past 1970").as_millis();
    Timestamp(i64::try_from(millis).expect("the clock is not at the end of time"))
}
