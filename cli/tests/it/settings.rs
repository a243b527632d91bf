//! `settings`: exports, shown and compared.

use crate::harness::{Place, Ran, fast_folder, says};
use std::{fs, path::PathBuf};
use tempfile::TempDir;

const BEFORE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<ESET>
  <PRODUCT NAME="sim-mail" VERSION="6.5.10018">
    <ITEM NAME="plugins">
      <ITEM NAME="0sim0001">
        <ITEM NAME="settings">
          <NODE NAME="enabled" TYPE="number" VALUE="1"/>
          <NODE NAME="greeting" TYPE="string" VALUE="red &#x9B;31m text &lt;b&gt;"/>
          <NODE NAME="adminPassword" TYPE="string" VALUE="hunter2"/>
          <ITEM NAME="simWhitelist" DELETE="1">
            <NODE NAME="1" TYPE="string" VALUE="partner.example"/>
            <NODE NAME="2" TYPE="string" VALUE="customer.example"/>
          </ITEM>
        </ITEM>
      </ITEM>
      <ITEM NAME="0sim0002">
        <ITEM NAME="rules">
          <ITEM NAME="1">
            <NODE NAME="enabled" TYPE="number" VALUE="1"/>
            <NODE NAME="name" TYPE="string" VALUE="Quarantine executables"/>
            <NODE NAME="action" TYPE="number" VALUE="3"/>
          </ITEM>
        </ITEM>
      </ITEM>
      <STRANGE NAME="x" mode="2"/>
    </ITEM>
  </PRODUCT>
</ESET>
<!-- Signature: SIGNED== -->
"#;

fn before() -> String {
    BEFORE.replace("SIGNED", &"A".repeat(86))
}

/// Two exports in a folder.
struct Exports {
    _dir: TempDir,
    folder: PathBuf,
}

impl Exports {
    fn new(before: &str, after: &str) -> Self {
        let dir = fast_folder();
        let folder = dir.path().to_owned();
        fs::write(folder.join("before.xml"), before).unwrap();
        fs::write(folder.join("after.xml"), after).unwrap();
        Self { _dir: dir, folder }
    }

    /// Runs the command with file names in that folder, away from any server.
    fn run(&self, arguments: &[&str]) -> Ran {
        let mut program = Place::at(self.folder.clone()).program();
        program.current_dir(&self.folder).arg("settings").args(arguments).output().map(Ran::from).unwrap()
    }
}

/// What an upgrade made of it: a list entry, a section and the signature are gone.
fn upgraded() -> String {
    BEFORE
        .replace("&#x9B;31m ", "")
        .replace("6.5.10018", "7.1.10001")
        .replace("<!-- Signature: SIGNED== -->", "")
        .replace("hunter2", "hunter3")
        .replace("            <NODE NAME=\"1\" TYPE=\"string\" VALUE=\"partner.example\"/>\n", "")
        .replace("NAME=\"2\"", "NAME=\"1\"")
        .replace(
            "<ITEM NAME=\"0sim0002\">",
            "<NODE NAME=\"cloud\" TYPE=\"number\" VALUE=\"0\"/><ITEM NAME=\"0sim0003\">",
        )
}

/// A larger answer, kept in a file of its own.
fn shows(name: &str, ran: &Ran) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, ran));
}

#[test]
fn an_export_is_shown_at_80_columns_without_its_secrets() {
    let ran = Exports::new(&before(), "").run(&["show", "before.xml"]).exits(0);
    assert!(!ran.stdout.contains("hunter2"));
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{ran}");
    shows("settings-shown", &ran);
}

#[test]
fn what_an_upgrade_lost_is_shown_and_ends_with_its_own_exit_code() {
    let exports = Exports::new(&before(), &upgraded());
    let ran = exports.run(&["diff", "before.xml", "after.xml"]).exits(50);
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{ran}");
    shows("settings-compared", &ran);

    let json = exports.run(&["diff", "before.xml", "after.xml", "--json"]).exits(50);
    assert_eq!(json.json()["counts"]["alarms"], 2);
    let also = exports.run(&["diff", "before.xml", "after.xml", "--format", "json"]).exits(50);
    assert_eq!(also.json(), json.json());

    let html = exports.run(&["diff", "before.xml", "after.xml", "--format", "html"]).exits(50);
    assert!(!html.stdout.contains("<b>") && !html.stdout.contains("://"), "{html}");
    for ran in [&ran, &json, &html] {
        assert!(!ran.stdout.contains("hunter"), "{ran}");
    }
    // JSON is data; what a person looks at must not steer the terminal.
    for ran in [&ran, &html] {
        assert!(!ran.stdout.contains('\u{9b}'), "{ran}");
    }
}

#[test]
fn what_is_declared_as_not_migrated_is_no_alarm_and_still_lost() {
    let exports = Exports::new(&before(), &upgraded());
    let arguments = ["diff", "before.xml", "after.xml", "--json", "--not-migrated", "plugins/0sim0002"];
    let counts = &exports.run(&arguments).exits(50).json()["counts"];
    assert_eq!((&counts["lost"], &counts["alarms"]), (&2.into(), &1.into()));
}

#[test]
fn an_export_compared_with_itself_is_preserved() {
    let exports = Exports::new(&before(), &before());
    let ran = exports.run(&["diff", "before.xml", "after.xml"]).exits(0);
    assert!(ran.stdout.ends_with("Everything was preserved.\n"), "{ran}");
}

#[test]
fn a_comparison_can_be_written_to_a_file() {
    let exports = Exports::new(&before(), &upgraded());
    let ran =
        exports.run(&["diff", "before.xml", "after.xml", "--format", "html", "--out", "page.html"]).exits(50);
    let place = Place::at(exports.folder.clone());
    says!(place, ran, @r"
    exit: 50
    ----- stdout -----
    2 settings were lost that should have been preserved.
    Written to page.html.
    ----- stderr -----
    ");
    assert!(fs::read_to_string(exports.folder.join("page.html")).unwrap().ends_with("</html>\n"));
}

#[test]
fn files_that_are_no_exports_are_refused_with_their_name_and_place() {
    let cut = &upgraded()[..200];
    let exports = Exports::new(&before(), cut);
    let place = Place::at(exports.folder.clone());
    says!(place, exports.run(&["diff", "before.xml", "after.xml"]), @"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[settings-truncated]: the settings end before they are complete
      expected: every element closed, </ESET> last
      found:    line [LINE], column [COLUMN]: tag not closed: `>` not found before end of input
      because:  in the export from after, after.xml
      hint:     export the settings again; see that the disk is not full and the
                copy was not interrupted
    ");
    fs::write(exports.folder.join("after.xml"), "<!DOCTYPE a [<!ENTITY b 'c'>]><ESET/>").unwrap();
    says!(place, exports.run(&["show", "after.xml"]), @"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[settings-foreign]: this is not an export of ESET's settings
      expected: XML with the root element ESET and a PRODUCT with NAME and VERSION
                in it
      found:    line [LINE], column [COLUMN]: a document type declaration; it was not followed
      because:  in after.xml
      hint:     an export has none; a file with one can be made to exhaust memory
    ");
    says!(place, exports.run(&["show", "nowhere.xml"]), @"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[file-missing]: the export cannot be opened
      found:    nowhere.xml
      because:  No such file or directory (os error 2)
      hint:     give the file that the product exported, such as settings.xml in the
                backup folder of an upgrade
    ");
    says!(place, exports.run(&["show", "."]), @"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[file-unreadable]: the export cannot be opened
      found:    .
      because:  it is not a file
      hint:     give the file that the product exported, such as settings.xml in the
                backup folder of an upgrade
    ");
}

#[test]
fn a_comparison_is_not_written_over_an_export() {
    let exports = Exports::new(&before(), &before());
    let place = Place::at(exports.folder.clone());
    let written = ["diff", "before.xml", "after.xml", "--format", "html", "--out", "./after.xml"];
    says!(place, exports.run(&written), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: --out is a file that is to be read
      expected: another file
      found:    ./after.xml
      hint:     nothing was written
    ");
    assert_eq!(fs::read_to_string(exports.folder.join("after.xml")).unwrap(), before());
    exports.run(&["diff", "before.xml", "after.xml", "--format", "html", "--out", "page.html"]).exits(0);
    assert!(
        fs::read_to_string(exports.folder.join("page.html"))
            .unwrap()
            .to_lowercase()
            .starts_with("<!doctype html>")
    );
    assert_eq!(fs::read_dir(&exports.folder).unwrap().count(), 3, "nothing half-written is left");
}
