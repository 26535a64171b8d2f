//! The script that one shell runs: every step in turn, in the
//! same shell, so that `cd`, variables, functions and options carry over as in
//! buildspec 0.2. The commands stand in files of their own and are sourced:
//! nothing that a definition says becomes part of this text except through
//! [`quote`]. Works in POSIX sh and bash. Knows nothing of how it is run.

use super::step::Step;
use std::fmt::Write;

/// Characters of a command that are shown before it runs.
const SHOWN: usize = 2000;

/// Where things lie, below the session's directory.
pub(super) mod files {
    /// The script itself.
    pub(crate) const SCRIPT: &str = "script.sh";
    /// What ran and how it ended, a line each.
    pub(crate) const PROGRESS: &str = "progress";
    /// One file for each variable that is given out.
    pub(crate) const VALUES: &str = "values";
    /// The shell's state, saved after every command.
    pub(crate) const STATE: &str = "state";
    /// The file that holds a step's command.
    pub(crate) fn command(step: usize) -> String {
        format!("command-{step}.sh")
    }
}

/// What every script begins with. `lockgate_home` and `lockgate_next` are set
/// before it. Each part is quiet under `set -x` and safe under `set -eu`.
const PRELUDE: &str = r#"
lockgate_step=
lockgate_save() {
  pwd > "$lockgate_home/state/directory"
  if [ -n "${BASH_VERSION+x}" ]; then
    declare -p > "$lockgate_home/state/variables"
    declare -f > "$lockgate_home/state/functions"
    { shopt -p; set +o; } > "$lockgate_home/state/options"
  else
    { set; export -p; } > "$lockgate_home/state/variables"
    set +o > "$lockgate_home/state/options"
  fi
  return 0
}
lockgate_leave() {
  lockgate_status=$?
  { set +eux; } 2>/dev/null
  if [ -n "$lockgate_step" ]; then lockgate_save 2>/dev/null; fi
  exit "$lockgate_status"
}
lockgate_begin() {
  lockgate_step=$1
  printf 'start %s\n' "$1" >> "$lockgate_home/progress"
  printf '%s\n' "$2"
  return 0
}
lockgate_end() {
  printf 'end %s %s\n' "$lockgate_step" "$1" >> "$lockgate_home/progress"
  lockgate_step=
  if [ "$1" -eq 0 ]; then
    lockgate_next=$2
  else
    lockgate_next=$3
    export CODEBUILD_BUILD_SUCCEEDING=0
    printf '%s failed with exit code %s\n' "$4" "$1"
  fi
  lockgate_save
}
trap lockgate_leave EXIT
"#;

/// Brings back what an earlier shell of this session left. What cannot be set
/// again (read-only variables of the shell itself) is passed over.
const RESTORE: &str = r#"
if [ -f "$lockgate_home/state/variables" ]; then
  . "$lockgate_home/state/variables"
  if [ -f "$lockgate_home/state/functions" ]; then . "$lockgate_home/state/functions"; fi
  cd "$(cat "$lockgate_home/state/directory")"
fi 2>/dev/null
"#;

/// The script that runs `steps` from number `from` on.
///
/// `home` is the session's directory, `succeeding` whether nothing failed
/// before, `names` the variables to give out; they are valid names.
#[must_use]
pub(super) fn script(
    steps: &[Step],
    home: &str,
    from: usize,
    succeeding: bool,
    names: &[String],
) -> String {
    let home_set = format!("lockgate_home={}\n", quote(home));
    let mut text = home_set.clone();
    text.push_str(RESTORE);
    // Again: an earlier shell's values of these are among what was restored.
    text.push_str(&home_set);
    let _ = writeln!(text, "lockgate_next={from}");
    if !succeeding {
        text.push_str("export CODEBUILD_BUILD_SUCCEEDING=0\n");
    }
    text.push_str(PRELUDE);
    text.push_str(
        "if [ -f \"$lockgate_home/state/options\" ]; then . \"$lockgate_home/state/options\"; fi 2>/dev/null\n",
    );
    for (index, step) in steps.iter().enumerate().skip(from) {
        let _ = write!(
            text,
            "if {{ [ \"$lockgate_next\" -eq {index} ]; }} 2>/dev/null; then\n\
             {{ lockgate_begin {index} {banner}; }} 2>/dev/null\n\
             . {file}\n\
             {{ lockgate_end \"$?\" {ok} {failed} {place}; }} 2>/dev/null\n\
             fi\n",
            banner = quote(&format!("Running {}: {}", step.place, shown(&step.command))),
            file = quote(&format!("{home}/{}", files::command(index))),
            ok = step.on_success,
            failed = step.on_failure,
            place = quote(&step.place),
        );
    }
    text.push_str("{\nset +eux\n");
    for name in names {
        let _ = writeln!(
            text,
            "if [ -n \"${{{name}+x}}\" ]; then printf '%s' \"${name}\" > \"$lockgate_home/values/{name}\"; fi"
        );
    }
    text.push_str("printf 'done\\n' >> \"$lockgate_home/progress\"\nexit 0\n} 2>/dev/null\n");
    text
}

/// One shell word that stands for exactly this text.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A command as the log announces it: its first line, cut where it is long.
fn shown(command: &str) -> String {
    let command = command.trim();
    let (first, rest) = command.split_once('\n').unwrap_or((command, ""));
    let mut text = match first.char_indices().nth(SHOWN) {
        None => first.to_owned(),
        Some((at, _)) => format!("{}… (cut)", first.get(..at).unwrap_or_default()),
    };
    match rest.lines().count() {
        0 => {}
        1 => text.push_str(" … (and 1 line)"),
        more => {
            let _ = write!(text, " … (and {more} lines)");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_cannot_leave_its_quotes() {
        assert_eq!(quote("a'b"), r"'a'\''b'");
        assert_eq!(quote("$(x) `y` \\"), "'$(x) `y` \\'");
    }

    #[test]
    fn a_long_command_is_cut_where_it_is_shown_and_only_there() {
        let long = "é".repeat(SHOWN + 1);
        assert!(shown(&long).ends_with("é… (cut)"));
        assert_eq!(shown("a\nb\n"), "a … (and 1 line)");
        assert_eq!(shown("a\nb\nc"), "a … (and 2 lines)");
    }
}
