//! What is no component of ours, and code caches that were tampered with.

use crate::bench::{ALL, NONE, grant, guest, misbehaving, small};
use lockgate_host::{Host, HostSettings, Plugin, PrepareError};
use lockgate_model::grant::Grant;
use lockgate_model::plugin::World;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn host(cache: Option<&Path>) -> Host {
    Host::new(HostSettings {
        instances: 4,
        cache_dir: cache.map(Into::into),
        ..HostSettings::default()
    })
    .unwrap()
}

fn plugin(world: World, grant: &Grant) -> Plugin<'_> {
    Plugin {
        name: "misbehave",
        world,
        grant,
        optional: &NONE,
        limits: small(),
    }
}

#[test]
fn what_is_no_component_is_refused_with_what_it_is() {
    let host = host(None);
    for (bytes, found) in [
        (&b"\0asm\x01\0\0\0"[..], "a core WebAssembly module"),
        (b"\x7fELF\x02\x01\x01", "a native program (ELF)"),
        (b"", "an empty file"),
        (b"(component)", "something else"),
        (b"PK\x03\x04", "something else"),
    ] {
        let error = host
            .prepare(bytes, plugin(World::Function, &Grant::default()))
            .unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("this is {found}, ")),
            "{error}"
        );
    }
    for broken in [&b"\0asm\x0d\0\x01\0garbage"[..], &misbehaving()[..5000]] {
        let error = host
            .prepare(broken, plugin(World::Function, &Grant::default()))
            .unwrap_err();
        assert!(matches!(error, PrepareError::Compile(_)), "{error}");
        assert!(!error.to_string().contains('\n'));
    }
}

#[test]
fn mutated_components_are_refused_or_harmless() {
    let host = host(None);
    let whole = guest("idle");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..40 {
        let mut bytes = whole.clone();
        for _ in 0..8 {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let at = (state >> 33) as usize % bytes.len();
            bytes[at] ^= (state >> 8) as u8 | 1;
        }
        // Either answer will do; a panic or a hang will not.
        let _ = host.prepare(&bytes, plugin(World::ActionProvider, &Grant::default()));
    }
}

#[test]
fn a_component_of_another_world_is_refused_by_the_missing_export() {
    let host = host(None);
    let all = grant(&ALL);
    let error = host
        .prepare(misbehaving(), plugin(World::SourceProvider, &all))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("does not export 'lockgate:action/source@0.1.0'"),
        "{error}"
    );
    let error = host
        .prepare(&guest("function"), plugin(World::ActionProvider, &all))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("'lockgate:action/provider@0.1.0'"),
        "{error}"
    );
    let error = host
        .prepare(misbehaving(), plugin(World::Function, &all))
        .unwrap_err();
    assert!(matches!(error, PrepareError::NotInWorld { .. }), "{error}");
}

#[test]
fn a_component_that_is_too_large_is_refused() {
    let host = Host::new(HostSettings {
        instances: 4,
        component_bytes: 1000,
        ..HostSettings::default()
    })
    .unwrap();
    let error = host
        .prepare(misbehaving(), plugin(World::ActionProvider, &grant(&ALL)))
        .unwrap_err();
    assert!(
        matches!(error, PrepareError::TooLarge { limit: 1000, .. }),
        "{error}"
    );
}

/// Prepares with a host of its own, as after a restart.
fn prepare_anew(cache: &Path) -> Duration {
    let host = host(Some(cache));
    let started = Instant::now();
    host.prepare(
        &guest("idle"),
        plugin(World::ActionProvider, &Grant::default()),
    )
    .unwrap();
    started.elapsed()
}

fn entries(cache: &Path) -> Vec<PathBuf> {
    fs::read_dir(cache)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "code"))
        .collect()
}

#[test]
fn the_code_cache_is_used_and_nothing_changed_in_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("code");
    prepare_anew(&cache);
    let [entry] = &entries(&cache)[..] else {
        panic!("one entry")
    };
    let written = || fs::metadata(entry).unwrap().modified().unwrap();
    let whole = fs::read(entry).unwrap();
    let first = written();
    prepare_anew(&cache);
    assert_eq!(written(), first, "the second start compiled again");
    assert_eq!(
        fs::metadata(cache.join("key"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );

    let changes: [fn(&mut Vec<u8>); 4] = [
        |bytes| bytes.clear(),
        |bytes| bytes.truncate(100),
        |bytes| bytes[0] ^= 1,
        |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        },
    ];
    for change in changes {
        let mut bytes = whole.clone();
        change(&mut bytes);
        fs::write(entry, &bytes).unwrap();
        prepare_anew(&cache);
        // Compiled anew and written again, whole.
        assert_eq!(fs::read(entry).unwrap(), whole);
    }
}

#[test]
fn an_entry_of_another_component_or_another_hosts_key_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    prepare_anew(&one);
    prepare_anew(&two);
    let (from, to) = (entries(&one).remove(0), entries(&two).remove(0));
    let own = fs::read(&to).unwrap();
    fs::copy(&from, &to).unwrap();
    prepare_anew(&two);
    assert_eq!(
        fs::read(&to).unwrap(),
        own,
        "code under a foreign key was kept"
    );

    // The same key, but code that was compiled from other bytes.
    host(Some(&two))
        .prepare(
            &guest("function"),
            plugin(World::Function, &Grant::default()),
        )
        .unwrap();
    let other = entries(&two).into_iter().find(|path| *path != to).unwrap();
    fs::copy(&other, &to).unwrap();
    prepare_anew(&two);
    assert_eq!(
        fs::read(&to).unwrap(),
        own,
        "code of another component was kept"
    );
}

#[test]
fn a_key_that_others_can_read_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    prepare_anew(dir.path());
    let key = dir.path().join("key");
    let before = fs::read(&key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    prepare_anew(dir.path());
    assert_ne!(fs::read(&key).unwrap(), before);
    assert_eq!(
        fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
}
