//! The reports of a build: finds their files, has them counted, and tells the log
//! what they hold. Knows no format; the build calls it when its commands ended.

use crate::buildspec::Report;
use crate::report::{self, Summary};
use lockgate_plugin::commands::{Pattern, bases, expand, walk};
use lockgate_plugin::{Failure, Host};
use std::collections::BTreeMap;
use std::path::Path;

/// Reads all reports and says in the log what they hold. `None` where there are
/// none.
pub fn summarise<H: Host>(
    reports: &[Report],
    source: &Path,
    values: &BTreeMap<String, String>,
    host: &H,
) -> Option<Summary> {
    let mut total: Option<Summary> = None;
    for report in reports {
        let name = report.name.rsplit('/').next().unwrap_or(&report.name);
        let files = match report_files(report, source, values) {
            Ok(files) if files.is_empty() => {
                host.warning(&format!(
                    "Report {name}: no file matches {}",
                    report.files.join(", ")
                ));
                continue;
            }
            Ok(files) => files,
            Err(failure) => {
                host.warning(&format!("Report {name}: {}", failure.message));
                continue;
            }
        };
        let mut summary = Summary::default();
        for file in files {
            let path = source.join(&file);
            if let Err(why) = count(&path, &mut summary) {
                host.warning(&format!("Report {name}: {} {why}", path.display()));
            }
        }
        host.info(&format!("Report {name}: {summary}"));
        for (test, message) in &summary.failed {
            host.error(&format!("Failed: {test}: {message}"));
        }
        let total = total.get_or_insert_with(Summary::default);
        total.tests += summary.tests;
        total.failures += summary.failures;
        total.errors += summary.errors;
        total.skipped += summary.skipped;
    }
    total
}

fn count(path: &Path, summary: &mut Summary) -> Result<(), String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    if size > report::BYTES {
        return Err(format!("has more than {} bytes", report::BYTES));
    }
    summary.add(std::io::BufReader::new(file))
}

fn report_files(
    report: &Report,
    source: &Path,
    values: &BTreeMap<String, String>,
) -> Result<Vec<std::path::PathBuf>, Failure> {
    let base = report
        .base_directory
        .as_deref()
        .map(|base| expand(base, values));
    let mut files = vec![];
    for root in bases(source, base.as_deref())? {
        let mut patterns = vec![];
        for text in &report.files {
            let pattern = Pattern::parse(&expand(text, values), &root)
                .map_err(|why| Failure::configuration(format!("files: '{text}' {why}")))?;
            patterns.push(pattern);
        }
        files.extend(
            walk(&root)?
                .into_iter()
                .filter(|path| patterns.iter().any(|pattern| pattern.matches(path)))
                .map(|path| root.join(path)),
        );
    }
    Ok(files)
}
