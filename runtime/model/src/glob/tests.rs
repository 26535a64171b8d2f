//! Globs against examples, against a naive matcher, and against hostile text.

use super::*;
use proptest::prelude::*;

fn matches(pattern: &str, text: &str) -> bool {
    Glob::new(pattern).unwrap().matches(text)
}

/// Semantics 2.14.
#[test]
fn globs_match_as_the_guide_says() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("main", &["main"], &["Main", "main2", "a/main", ""]),
        ("*.java", &["A.java", ".java"], &["a/A.java", "A.java2"]),
        ("*.*", &["a.b", "."], &["ab", "a/b.c"]),
        (
            "*.{java,class}",
            &["A.java", "A.class"],
            &["A.javaclass", "A."],
        ),
        ("foo.?", &["foo.c", "foo.ä"], &["foo.", "foo.cc", "foo./"]),
        ("**", &["a", "a/b", "", "a/b/c.d"], &[]),
        (
            "directory/**",
            &["directory/a", "directory/a/b"],
            &["directory", "other/a"],
        ),
        (
            "directory/*",
            &["directory/a"],
            &["directory/a/b", "directory"],
        ),
        (
            "feature/*",
            &["feature/x"],
            &["feature/x/y", "feature", "feature-x"],
        ),
        ("feature/**", &["feature/x", "feature/x/y"], &["feature"]),
        (
            "**/README.md",
            &["README.md", "a/README.md", "a/b/README.md"],
            &["xREADME.md", "a/xREADME.md", "README.md/a"],
        ),
        (
            "common/**/*.js",
            &["common/a.js", "common/x/a.js", "common/x/y/a.js"],
            &["common/a.ts", "common.js", "xcommon/a.js"],
        ),
        ("a**/c", &["a/c", "ab/c", "a/b/c"], &["c", "a", "ac"]),
        ("**.js", &["a.js", "a/b.js", ".js"], &["a.jsx"]),
        ("{**/,x}a", &["a", "b/a", "xa"], &["ba"]),
        (
            "v[0-9].[!0-9]",
            &["v1.x", "v9.-"],
            &["v1.2", "va.x", "v1./"],
        ),
        ("[-a]", &["-", "a"], &["b"]),
        ("[a-]", &["-", "a"], &["b"]),
        ("[!-a]", &["b"], &["-", "a", "/"]),
        ("[*?\\]", &["*", "?", "\\"], &["a"]),
        ("[+-9]", &["+", "0", "."], &["/"]),
        ("\\*\\{\\}\\[\\]\\\\", &["*{}[]\\"], &["a{}[]\\"]),
        ("{a,}b", &["ab", "b"], &["aab"]),
        ("{[,],\\,}", &[","], &["a", ""]),
        ("a,b]c}", &["a,b]c}"], &["a"]),
        (
            "release-?.*",
            &["release-1.0"],
            &["release-10.0", "release-/.0"],
        ),
        (".*", &[".github", "."], &["a.b"]),
    ];
    for (pattern, yes, no) in cases {
        for text in *yes {
            assert!(matches(pattern, text), "'{pattern}' must match '{text}'");
        }
        for text in *no {
            assert!(
                !matches(pattern, text),
                "'{pattern}' must not match '{text}'"
            );
        }
    }
}

#[test]
fn a_pattern_that_means_nothing_says_what_to_write() {
    let long = "a".repeat(256);
    let problems: Vec<String> = [
        "", "a[", "[]", "[!]", "[a", "[a-", "[z-a]", "[a/b]", "[+-/]", "{a", "{a,{b}}", "a\\",
        "{a\\", &long,
    ]
    .into_iter()
    .map(|pattern| Glob::new(pattern).unwrap_err().to_string())
    .map(|problem| problem.replace(&long, "aaa…"))
    .collect();
    insta::assert_snapshot!(problems.join("\n"), @r"
    pattern '' is empty; write what it is to match, or '**' for everything
    pattern 'a[' has a '[' without ']'; close the set, or write '\[' for the character
    pattern '[]' has a set '[ ]' with nothing in it; write what it is to match, or '\[' for the character
    pattern '[!]' has a set '[ ]' with nothing in it; write what it is to match, or '\[' for the character
    pattern '[a' has a '[' without ']'; close the set, or write '\[' for the character
    pattern '[a-' has a '[' without ']'; close the set, or write '\[' for the character
    pattern '[z-a]' has the range 'z-a', which is empty; write 'a-z'
    pattern '[a/b]' has '/' in a set '[ ]', which never matches it; write '/' outside
    pattern '[+-/]' has '/' in a set '[ ]', which never matches it; write '/' outside
    pattern '{a' has a '{' without '}'; close the group, or write '\{' for the character
    pattern '{a,{b}}' has a group '{…}' within another; write each alternative out
    pattern 'a\' ends with '\'; write '\\' for a backslash, or what it is to escape
    pattern '{a\' ends with '\'; write '\\' for a backslash, or what it is to escape
    pattern 'aaa…' has 256 characters; it may have 255
    ");
}

/// A backtracking matcher would not end before the sun does.
#[test]
fn a_hostile_pattern_takes_no_longer_than_pattern_times_text() {
    let text = "a".repeat(4096);
    for unit in ["*a", "**a", "**/*a", "{a,*}", "{**,*a}", "?*"] {
        let mut pattern = unit.repeat(MAX_PATTERN / unit.len() - 1);
        pattern.push('b');
        assert!(!matches(&pattern, &text), "{pattern}");
    }
}

/// The plainest possible matcher: tries everything.
fn naive(pieces: &[Piece], text: &[char]) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return text.is_empty();
    };
    match first {
        Piece::One(character) => text
            .split_first()
            .is_some_and(|(head, tail)| character.takes(*head) && naive(rest, tail)),
        Piece::Many(character) => (0..=text.len()).any(|taken| {
            let (head, tail) = text.split_at(taken);
            head.iter().all(|c| character.takes(*c)) && naive(rest, tail)
        }),
        Piece::Directories => (0..=text.len()).any(|taken| {
            let (head, tail) = text.split_at(taken);
            head.last().is_none_or(|c| *c == '/') && naive(rest, tail)
        }),
        Piece::Group(alternatives) => alternatives.iter().any(|alternative| {
            let whole: Vec<_> = alternative.iter().chain(rest).cloned().collect();
            naive(&whole, text)
        }),
    }
}

fn pattern() -> impl Strategy<Value = String> {
    let plain = prop_oneof![
        4 => "[abc/.]",
        2 => Just("*".to_owned()),
        2 => Just("**".to_owned()),
        1 => Just("**/".to_owned()),
        2 => Just("?".to_owned()),
        2 => "\\[!?[abc]\\]",
        1 => Just("[a-b]".to_owned()),
        1 => "\\\\[*?a\\\\]",
    ];
    let group =
        prop::collection::vec(prop::collection::vec(plain.clone(), 0..3), 1..4).prop_map(|ways| {
            let ways: Vec<_> = ways.into_iter().map(|way| way.concat()).collect();
            format!("{{{}}}", ways.join(","))
        });
    prop::collection::vec(prop_oneof![6 => plain, 1 => group], 1..7)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_pattern_matches_what_a_naive_matcher_says(
        pattern in pattern(),
        texts in prop::collection::vec("[abc/.*]{0,8}", 1..8),
    ) {
        let glob = Glob::new(&pattern).unwrap();
        let pieces = parse::parse(&pattern).unwrap();
        for text in texts {
            let characters: Vec<_> = text.chars().collect();
            prop_assert_eq!(
                glob.matches(&text),
                naive(&pieces, &characters),
                "'{}' and '{}'", pattern, text
            );
        }
    }

    #[test]
    fn any_text_is_a_pattern_or_says_why_not(pattern in ".{0,40}", text in ".{0,40}") {
        match Glob::new(&pattern) {
            Ok(glob) => {
                let _ = glob.matches(&text);
                prop_assert_eq!(pattern_problem(&pattern), None);
            }
            Err(invalid) => {
                prop_assert_eq!(pattern_problem(&pattern), Some(invalid.problem));
            }
        }
    }

    #[test]
    fn an_escaped_text_matches_itself_alone(text in ".{1,40}", other in ".{1,40}") {
        let escaped: String = text.chars().flat_map(|c| ['\\', c]).collect();
        prop_assert!(matches(&escaped, &text));
        prop_assert_eq!(matches(&escaped, &other), text == other);
    }
}
