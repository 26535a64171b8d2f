//! Repositories and servers that mean harm.

use crate::{assert_failure, output, send, take};
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{Failure, FailureType, Success};
use lockgate_test_providers::git::{Answer, Entry, Repository, Server, snapshot};

fn local(repository: &Repository, host: &FakeHost<'_>) -> Result<Success, Failure> {
    take(
        host,
        &[("RepositoryUrl", &repository.path().to_string_lossy())],
        None,
    )
}

#[test]
fn names_that_leave_the_tree_or_enter_a_git_directory_are_refused() {
    let repository = Repository::new();
    let blob = repository.object("blob", b"harm");
    for name in [
        &b".."[..],
        b".",
        b"",
        b".git",
        b".GIT",
        b".gIt",
        b"git~1",
        b".git ",
        b".git.",
        b".git::$INDEX_ALLOCATION",
        b".g\xe2\x80\x8cit",
        b"a/b",
        b"/etc",
        b"../harm",
    ] {
        for mode in ["100644", "120000", "160000"] {
            repository.commit_tree(&[(mode, name, &blob)]);
            let host = FakeHost::new();
            let result = local(&repository, &host);
            assert_failure(result, FailureType::JobFailed, &["the tree"]);
            assert!(snapshot(&output(&host)).is_empty(), "{name:?}");
        }
    }
}

#[test]
fn a_directory_with_a_forbidden_name_is_refused_at_any_depth() {
    let repository = Repository::new();
    let blob = repository.object("blob", b"[core]\n\tfsmonitor = harm\n");
    let mut config = b"100644 config\0".to_vec();
    config.extend(hex(&blob));
    let inner = repository.object("tree", &config);
    let mut git = b"40000 .git\0".to_vec();
    git.extend(hex(&inner));
    let middle = repository.object("tree", &git);
    repository.commit_tree(&[("40000", b"sub", &middle)]);
    assert_failure(
        local(&repository, &FakeHost::new()),
        FailureType::JobFailed,
        &["'sub/.git', which is refused"],
    );
}

fn hex(id: &str) -> Vec<u8> {
    (0..40)
        .step_by(2)
        .map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn nothing_is_written_through_a_link() {
    let outside = tempfile::tempdir().unwrap();
    let repository = Repository::new();
    let link = repository.object("blob", outside.path().to_string_lossy().as_bytes());
    let blob = repository.object("blob", b"harm");
    let mut inner = b"100644 harm\0".to_vec();
    inner.extend(hex(&blob));
    let inner = repository.object("tree", &inner);
    for entries in [
        &[("120000", &b"a"[..], &*link), ("40000", b"a", &inner)][..],
        &[("40000", b"a", &inner), ("120000", b"a", &link)],
        &[("120000", b"a", &link), ("100644", b"a", &blob)],
    ] {
        repository.commit_tree(entries);
        assert_failure(
            local(&repository, &FakeHost::new()),
            FailureType::JobFailed,
            &["the tree holds 'a' twice"],
        );
        assert_eq!(snapshot(outside.path()).len(), 0, "nothing got out");
    }
    // Alone it is only a link.
    repository.commit_tree(&[("120000", b"a", &link), ("40000", b"b", &inner)]);
    let host = FakeHost::new();
    local(&repository, &host).unwrap();
    let target = outside.path().to_string_lossy().into_owned();
    assert_eq!(
        snapshot(&output(&host)).get("a"),
        Some(&Entry::Link(target))
    );
    assert_eq!(snapshot(outside.path()).len(), 0);
}

#[test]
fn links_without_a_usable_target_are_refused() {
    let repository = Repository::new();
    for target in [&b""[..], b"a\0b", b"\xff", &[b'a'; 5000]] {
        let blob = repository.object("blob", target);
        repository.commit_tree(&[("120000", b"link", &blob)]);
        let result = local(&repository, &FakeHost::new());
        assert_failure(result, FailureType::JobFailed, &["link"]);
    }
}

#[test]
fn names_that_are_not_utf_8_are_refused_by_name() {
    let repository = Repository::new();
    let blob = repository.object("blob", b"x");
    repository.commit_tree(&[("100644", b"caf\xe9", &blob)]);
    assert_failure(
        local(&repository, &FakeHost::new()),
        FailureType::JobFailed,
        &[r"'caf\xe9', whose name is not UTF-8"],
    );
}

#[test]
fn a_tree_that_multiplies_itself_is_stopped_at_the_limit() {
    let repository = Repository::new();
    let mut id = repository.object("blob", b"x");
    let mut mode = "100644";
    for _ in 0..8 {
        let mut tree = Vec::new();
        for n in 0..20 {
            tree.extend_from_slice(format!("{mode} {n:02}\0").as_bytes());
            tree.extend(hex(&id));
        }
        id = repository.object("tree", &tree);
        mode = "40000";
    }
    repository.commit_tree(&[("40000", b"bomb", &id)]);
    let host = FakeHost::new();
    assert_failure(
        local(&repository, &host),
        FailureType::JobFailed,
        &["more than 100000 files and directories"],
    );
    assert!(snapshot(&output(&host)).is_empty(), "nothing was written");
}

#[test]
fn a_tree_without_end_downwards_is_stopped_at_the_limit() {
    let repository = Repository::new();
    let mut id = repository.object("tree", b"");
    for _ in 0..300 {
        let mut tree = b"40000 d\0".to_vec();
        tree.extend(hex(&id));
        id = repository.object("tree", &tree);
    }
    repository.commit_tree(&[("40000", b"d", &id)]);
    assert_failure(
        local(&repository, &FakeHost::new()),
        FailureType::JobFailed,
        &["more than 256 directories inside each other"],
    );
}

#[test]
fn entries_that_are_not_what_they_say_are_refused() {
    let repository = Repository::new();
    let blob = repository.object("blob", b"x");
    let tree = repository.object("tree", b"");
    repository.commit_tree(&[("40000", b"d", &blob)]);
    let refused = FailureType::JobFailed;
    assert_failure(
        local(&repository, &FakeHost::new()),
        refused,
        &["is a blob where a directory"],
    );
    repository.commit_tree(&[("100644", b"f", &tree)]);
    assert_failure(
        local(&repository, &FakeHost::new()),
        refused,
        &["is a tree where a file"],
    );
    let broken = repository.object("tree", b"100644 no end");
    repository.commit_tree(&[("40000", b"d", &broken)]);
    assert_failure(
        local(&repository, &FakeHost::new()),
        refused,
        &["is damaged"],
    );
}

/// A pack with these entries, its checksum right.
fn pack(count: u32, entries: &[u8]) -> Vec<u8> {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend(count.to_be_bytes());
    pack.extend(entries);
    let repository = Repository::new();
    repository.write("pack", &pack);
    // `git` has no command for the SHA-1 of plain bytes; coreutils has.
    let sum = std::process::Command::new("sha1sum")
        .arg(repository.path().join("pack"))
        .output()
        .unwrap();
    pack.extend(hex(&String::from_utf8(sum.stdout).unwrap()[..40]));
    pack
}

/// The same, compressed: zlib's stored form.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01, 0x01];
    let length = u16::try_from(data.len()).unwrap();
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(data);
    let (mut a, mut b) = (1u32, 0u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    stream.extend((b << 16 | a).to_be_bytes());
    stream
}

fn band(data: &[u8]) -> Vec<u8> {
    let mut packets = Vec::new();
    for piece in data.chunks(60_000) {
        packets.extend(format!("{:04x}\x01", piece.len() + 5).into_bytes());
        packets.extend(piece);
    }
    packets
}

/// Takes from a server that answers every fetch with this.
fn fetched(answer: Vec<u8>) -> Result<Success, Failure> {
    let repository = Repository::new();
    repository.commit("one");
    let (directory, _) = repository.bare_clone();
    let server = Server::with(directory.path(), move |seen| {
        if seen.body.windows(5).any(|w| w == b"want ") {
            Answer::Raw(200, String::new(), answer.clone())
        } else {
            Answer::Git
        }
    });
    let host = FakeHost::new().on_http(send);
    take(&host, &[("RepositoryUrl", &server.url("clone.git"))], None)
}

#[test]
fn a_hostile_pack_is_refused_whatever_is_wrong_with_it() {
    let blob = |data: &[u8]| {
        let mut entry = vec![0x30 | u8::try_from(data.len()).unwrap()];
        entry.extend(stored(data));
        entry
    };
    let delta = |back: u8, data: &[u8]| {
        let mut entry = vec![0x60 | u8::try_from(data.len()).unwrap(), back];
        entry.extend(stored(data));
        entry
    };
    let a = blob(b"abc");
    let length = u8::try_from(a.len()).unwrap();
    let grows = delta(length, &[3, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x90, 3]);
    let truncated = pack(1, &a)[..20].to_vec();
    let mut flipped = pack(1, &a);
    flipped[25] ^= 1;
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "not a pack",
            b"PUCK\0\0\0\x02\0\0\0\0".to_vec(),
            "not a pack",
        ),
        (
            "more objects than bytes",
            pack(1_000_000, &a),
            "more objects than it has bytes",
        ),
        (
            "absurdly many objects",
            pack(u32::MAX, &a),
            "the limit is 2000000",
        ),
        ("cut", truncated, "compressed data"),
        ("damaged", flipped, ""),
        ("too few objects", pack(2, &a), ""),
        (
            "a lie about the size",
            pack(1, &[&[0x31][..], &stored(b"abc")].concat()),
            "longer than the 1 bytes",
        ),
        (
            "the other lie",
            pack(1, &[&[0x39][..], &stored(b"abc")].concat()),
            "holds 3 bytes where 9",
        ),
        (
            "a base that is no entry",
            pack(2, &[a.clone(), delta(length - 1, &[3, 1, 1, 0])].concat()),
            "not an entry",
        ),
        (
            "a base outside",
            pack(1, &delta(120, &[3, 1, 1, 0])),
            "outside the pack",
        ),
        (
            "a delta that grows without end",
            pack(2, &[a.clone(), grows].concat()),
            "larger than",
        ),
        (
            "a delta that reads outside",
            pack(2, &[a.clone(), delta(length, &[3, 9, 0x90, 9])].concat()),
            "does not fit",
        ),
        (
            "a base that is nowhere",
            pack(1, &[&[0x74][..], &[7; 20], &stored(&[3, 1, 1, 0])].concat()),
            "does not hold",
        ),
        (
            "the same object twice",
            pack(2, &[a.clone(), a.clone()].concat()),
            "twice",
        ),
        (
            "an unknown kind",
            pack(1, &[&[0x53][..], &stored(b"abc")].concat()),
            "unknown kind 5",
        ),
        (
            "not what was asked for",
            pack(1, &a),
            "does not hold the object",
        ),
    ];
    for (what, pack, part) in cases {
        let mut answer = b"000dpackfile\n".to_vec();
        answer.extend(band(&pack));
        answer.extend(b"0000");
        let failure = fetched(answer).expect_err(what);
        assert!(
            failure.message.contains(part),
            "{what}: {}",
            failure.message
        );
    }
}

#[test]
fn a_hostile_answer_is_refused_whatever_is_wrong_with_it() {
    for (what, answer, part) in [
        ("nothing", &b""[..], "ended before its pack did"),
        ("an end at once", b"0000", "ended before its pack did"),
        (
            "no pack in it",
            b"000dpackfile\n0000",
            "ended before its pack did",
        ),
        (
            "an error",
            b"0015ERR go away\x1b[31m\n0000",
            "refused the fetch: go away [31m",
        ),
        (
            "an error on the band",
            b"000dpackfile\n000c\x03go away",
            "refused the fetch: go",
        ),
        (
            "no such band",
            b"000dpackfile\n0006\x09a",
            "a form that is not Git's",
        ),
        ("no packet", b"000dpackfile\nzzzz", "not Git's protocol"),
    ] {
        let failure = fetched(answer.to_vec()).expect_err(what);
        assert!(
            failure.message.contains(part),
            "{what}: {}",
            failure.message
        );
    }
}
