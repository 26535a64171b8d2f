//! What an appspec means, and every sentence said of one that is wrong.

use super::hooks::HOOK_SECONDS;
use super::*;

#[test]
fn a_whole_appspec_is_read() {
    let spec = AppSpec::parse(
        "version: 0.0\nos: linux\nfiles:\n  - source: /dist/\n    destination: /srv/www\n  - source: a.conf\n    destination: conf\n\
         file_exists_behavior: OVERWRITE\n\
         permissions:\n  - object: /srv/www\n    pattern: '*.sh'\n    except: [x.sh]\n    mode: 755\n    type: [file]\n  - object: conf\n    mode: '0600'\n\
         hooks:\n  AfterInstall:\n    - location: /scripts/after.sh\n      timeout: 30\n    - location: more.sh\n  ValidateService: []\n",
    )
    .unwrap();
    assert_eq!(
        spec.files[0],
        FileMapping {
            line: 4,
            source: "dist".into(),
            destination: "/srv/www".into()
        }
    );
    assert_eq!(spec.permissions[0].mode, 0o755);
    assert!(spec.permissions[0].files && !spec.permissions[0].directories);
    assert_eq!(spec.permissions[1].mode, 0o600);
    assert_eq!(spec.permissions[1].pattern, "**");
    let scripts = spec.scripts(Event::AfterInstall);
    assert_eq!(
        (scripts[0].location.as_str(), scripts[0].timeout),
        ("scripts/after.sh", 30)
    );
    assert_eq!(scripts[1].timeout, HOOK_SECONDS);
    assert!(spec.scripts(Event::ApplicationStop).is_empty());
    assert_eq!(
        spec.notes,
        ["line 8: file_exists_behavior has no effect: every release begins empty"]
    );
}

/// Every mistake that an appspec can hold, a few to a file.
const WRONG: [&str; 6] = [
    "",
    "version: 0.0\nos: linux\n",
    "version: 1\nos: windows\nfile: []\nResources: []\n",
    "files:\n  - source: ../x\n    destination: /a/../b\n  - sorce: a\n  - text\nhooks: []\n",
    "version: 0.0\nos: linux\nfile_exists_behavior: MAYBE\npermissions:\n  - object: a\n  - object: a\n    mode: 4755\n  - object: a\n    mode: rwx\n    owner: root\n    acls: [x]\n    type: [link]\n",
    "version: 0.0\nos: linux\nhooks:\n  BeforeAllowTraffic: []\n  Install: []\n  AfterInstal: []\n  AfterInstall:\n    - timeout: 5\n    - location: x\n      timeout: 9999\n      runas: root\n    - location: ../x\n",
];

#[test]
fn every_mistake_is_named_with_its_line_its_value_and_a_remedy() {
    let said: Vec<String> = WRONG
        .iter()
        .map(|text| {
            let problems = AppSpec::parse(text).unwrap_err();
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            problems.join("\n")
        })
        .collect();
    insta::assert_snapshot!(said.join("\n--\n"));
}
