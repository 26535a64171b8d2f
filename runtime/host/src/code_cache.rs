//! Compiled code on disk, so that a component is compiled once per machine. An
//! entry is trusted only when this host's own key signed it, for these very
//! bytes, this engine and these settings; anything else is compiled anew. Code
//! that came from elsewhere is never loaded.

use crate::host::HostError;
use crate::prepare::{PrepareError, one_line};
use aws_lc_rs::hmac;
use lockgate_model::artifact::Digest;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use wasmtime::Engine;
use wasmtime::component::Component;

const TAG_BYTES: usize = 32;
const KEY_BYTES: usize = 32;
/// Further entries push out those written longest ago.
const MAX_ENTRIES: usize = 256;

/// The cache, or nothing where no directory is given.
pub(crate) struct CodeCache(Option<Open>);

struct Open {
    dir: PathBuf,
    key: hmac::Key,
    /// Stands for the engine's version, its settings and this processor.
    engine: u64,
}

impl CodeCache {
    pub(crate) fn open(dir: Option<&Path>, engine: &Engine) -> Result<Self, HostError> {
        let Some(dir) = dir else {
            return Ok(Self(None));
        };
        let fail = |path: &Path| {
            let path = path.to_owned();
            move |source| HostError::Cache { path, source }
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(fail(dir))?;
        let path = dir.join("key");
        let key = read_or_make_key(&path).map_err(fail(&path))?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self(Some(Open {
            dir: dir.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            engine: hasher.finish(),
        })))
    }

    /// Whether there is an entry, which may still turn out to be damaged.
    pub(crate) fn holds(&self, digest: &Digest) -> bool {
        self.0
            .as_ref()
            .is_some_and(|open| open.path(digest).exists())
    }

    /// The component's code, from the cache where it holds it.
    pub(crate) fn load_or_compile(
        &self,
        engine: &Engine,
        digest: &Digest,
        bytes: &[u8],
    ) -> Result<Component, PrepareError> {
        if let Some(component) = self.0.as_ref().and_then(|open| open.load(engine, digest)) {
            return Ok(component);
        }
        let component = Component::from_binary(engine, bytes)
            .map_err(|e| PrepareError::Compile(one_line(&format!("{e:#}"))))?;
        if let Some(open) = &self.0
            && let Err(error) = open.store(digest, &component)
        {
            // The component is good; only the next start is slower.
            tracing::warn!(dir = %open.dir.display(), "cannot keep compiled code: {error}");
        }
        Ok(component)
    }
}

impl Open {
    fn path(&self, digest: &Digest) -> PathBuf {
        self.dir
            .join(format!("{}-{:016x}.code", digest.hex(), self.engine))
    }

    fn tag(&self, digest: &Digest, code: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&digest.0);
        context.update(&self.engine.to_be_bytes());
        context.update(code);
        context.sign()
    }

    fn load(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let path = self.path(digest);
        let entry = fs::read(&path).ok()?;
        let (tag, code) = entry.split_at_checked(TAG_BYTES)?;
        let expected = self.tag(digest, code);
        if aws_lc_rs::constant_time::verify_slices_are_equal(tag, expected.as_ref()).is_err() {
            tracing::warn!(
                path = %path.display(),
                "a code cache entry was not written by this host or was changed: compiling anew"
            );
            return None;
        }
        #[expect(
            unsafe_code,
            reason = "the tag proves that this host's engine wrote these bytes for this component"
        )]
        // SAFETY: `code` is what `Component::serialize` returned in `store`, as
        // the tag under this host's private key shows.
        let component = unsafe { Component::deserialize(engine, code) };
        component
            .inspect_err(|error| {
                tracing::warn!(path = %path.display(), "cannot load compiled code: {error:#}");
            })
            .ok()
    }

    fn store(&self, digest: &Digest, component: &Component) -> io::Result<()> {
        let code = component.serialize().map_err(io::Error::other)?;
        self.prune()?;
        let path = self.path(digest);
        // Unique, so that two hosts on one directory do not write one file.
        let temporary = self.dir.join(format!("{}.tmp", random_hex()?));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)?;
        let written = file
            .write_all(self.tag(digest, &code).as_ref())
            .and_then(|()| file.write_all(&code))
            .and_then(|()| fs::rename(&temporary, &path));
        if written.is_err() {
            // Nothing more can be done about a leftover on a full disk.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    fn prune(&self) -> io::Result<()> {
        let mut entries: Vec<(SystemTime, PathBuf)> = fs::read_dir(&self.dir)?
            .filter_map(Result::ok)
            .filter(|entry| entry.path().extension().is_some_and(|it| it == "code"))
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        if entries.len() < MAX_ENTRIES {
            return Ok(());
        }
        entries.sort();
        for (_, path) in entries.iter().take(entries.len() - MAX_ENTRIES + 1) {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

/// Of a component's bytes.
pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    Digest(hash)
}

/// 128 random bits in hexadecimal.
pub(crate) fn random_hex() -> io::Result<String> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// A key that others could read proves nothing: it is replaced, and with it all
/// entries.
fn read_or_make_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    if let Some(key) = read_key(path)? {
        return Ok(key);
    }
    let mut key = [0; KEY_BYTES];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| io::Error::other("no randomness"))?;
    let temporary = path.with_extension(format!("{}.tmp", random_hex()?));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(&key)?;
    file.sync_all()?;
    // A link does not replace a key that another host has just made.
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            read_key(path)?.ok_or_else(|| io::Error::other("the key changes while it is read"))
        }
        Err(error) => Err(error),
    }
}

fn read_key(path: &Path) -> io::Result<Option<[u8; KEY_BYTES]>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    let mut key = [0; KEY_BYTES];
    let whole = metadata.len() == KEY_BYTES as u64 && file.read_exact(&mut key).is_ok();
    let private =
        metadata.mode() & 0o077 == 0 && metadata.uid() == rustix::process::geteuid().as_raw();
    if whole && private {
        return Ok(Some(key));
    }
    tracing::warn!(
        path = %path.display(),
        "the code cache's key was open to others or damaged: making a new one"
    );
    fs::remove_file(path)?;
    Ok(None)
}
