//! The table at the end.

use crate::stages::{Ran, Result, word};
use std::{fmt::Write as _, time::Duration};

/// Prints it; whether nothing failed.
pub(crate) fn print(ran: &[Ran]) -> bool {
    println!("\n{}", table(ran));
    !ran.iter().any(|ran| matches!(ran.result, Result::Failed(_)))
}

fn table(ran: &[Ran]) -> String {
    let mut text = format!("{:<16} {:<8} {:>8}\n", "stage", "result", "seconds");
    for one in ran {
        let took = if matches!(one.result, Result::NotRun) {
            "-".to_owned()
        } else {
            format!("{:.1}", one.took.as_secs_f64())
        };
        let remark = match &one.result {
            Result::Passed(remark) => remark.lines().next().unwrap_or_default(),
            // The whole stands above; a long list would break the table.
            Result::Failed(why) => why.lines().next().unwrap_or_default(),
            Result::NotRun => "",
        };
        let line = format!("{:<16} {:<8} {took:>8}  {remark}", one.name, word(&one.result));
        // Writing to a String does not fail.
        let _written = writeln!(text, "{}", line.trim_end());
    }
    let count = |wanted: fn(&Result) -> bool| ran.iter().filter(|ran| wanted(&ran.result)).count();
    let total: Duration = ran.iter().map(|ran| ran.took).sum();
    let _written = write!(
        text,
        "stages: {} passed, {} failed, {} not run, {:.0} s in all",
        count(|result| matches!(result, Result::Passed(_))),
        count(|result| matches!(result, Result::Failed(_))),
        count(|result| matches!(result, Result::NotRun)),
        total.as_secs_f64()
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_every_stage_once_and_counts() {
        let ran = [
            Ran { name: "fmt", result: Result::Passed("40 files".into()), took: Duration::from_millis(1250) },
            Ran {
                name: "test",
                result: Result::Failed("first\nsecond".into()),
                took: Duration::from_secs(60),
            },
            Ran { name: "doc", result: Result::NotRun, took: Duration::ZERO },
        ];
        let expected = "\
stage            result    seconds
fmt              passed        1.2  40 files
test             FAILED       60.0  first
doc              not run         -
stages: 1 passed, 1 failed, 1 not run, 61 s in all";
        assert_eq!(table(&ran), expected);
    }
}
