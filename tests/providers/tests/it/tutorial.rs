//! The first-plugin page shows the code of `tests/check-files`, which is built
//! and tested with everything else.

use std::fs;
use std::path::Path;

#[test]
fn the_tutorial_shows_code_that_is_built_and_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/first-plugin.md")).unwrap();
    for file in ["lib.rs", "tests.rs"] {
        let code = fs::read_to_string(root.join("tests/check-files/src").join(file)).unwrap();
        assert!(
            page.contains(&format!("```rust\n{code}```")),
            "docs/first-plugin.md does not show tests/check-files/src/{file} as it is; copy it there"
        );
    }
}
