//! A generated export of settings, and the same after an upgrade.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

/// How an export differs from the plain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// As it is.
    Plain,
    /// After an upgrade: every thousandth setting changed, one entry of each list lost, a new section in front.
    Upgraded,
    /// The same settings, and sections and entries in the opposite order.
    Reversed,
}

/// Settings, lists and rules of one section: about 12 kB.
fn section(text: &mut String, number: usize, variant: Variant) {
    let upgraded = variant == Variant::Upgraded;
    _ = writeln!(text, "   <ITEM NAME=\"sim-{number:06}\">\r\n    <ITEM NAME=\"settings\">\r");
    for setting in 0..60 {
        let changed = upgraded && (number * 60 + setting).is_multiple_of(1000);
        let value = if changed { 9999 } else { setting * 7 };
        _ = writeln!(text, "     <NODE NAME=\"Setting{setting}\" TYPE=\"number\" VALUE=\"{value}\"/>\r");
    }
    _ = writeln!(text, "    </ITEM>\r\n    <ITEM NAME=\"list\" DELETE=\"1\">\r");
    let mut entries: Vec<usize> = (0..50).collect();
    match variant {
        Variant::Plain => {}
        Variant::Upgraded => _ = entries.remove(number % 50),
        Variant::Reversed => entries.reverse(),
    }
    for (index, entry) in entries.into_iter().enumerate() {
        let value = format!("C:\\Program Files\\Sim {number}\\folder {entry}\\*.exe");
        _ = writeln!(text, "     <NODE NAME=\"{}\" TYPE=\"string\" VALUE=\"{value}\"/>\r", index + 1);
    }
    _ = writeln!(text, "    </ITEM>\r\n    <ITEM NAME=\"rules\">\r");
    for rule in 1..=10 {
        _ = writeln!(text, "     <ITEM NAME=\"{rule}\">\r");
        for (field, value) in [("enabled", "1"), ("name", "Rule &quot;a&quot; &amp; b"), ("action", "3")] {
            _ = writeln!(text, "      <NODE NAME=\"{field}\" TYPE=\"string\" VALUE=\"{value} {rule}\"/>\r");
        }
        _ = writeln!(text, "     </ITEM>\r");
    }
    _ = writeln!(text, "    </ITEM>\r\n   </ITEM>\r");
}

/// Writes an export of at least so many bytes; how many it has.
///
/// # Errors
/// From the operating system.
pub fn write_export(path: &Path, bytes: u64, variant: Variant) -> io::Result<u64> {
    let mut plain = String::new();
    section(&mut plain, 0, Variant::Plain);
    let sections = usize::try_from(bytes).unwrap_or(usize::MAX) / plain.len() + 1;
    let version = if variant == Variant::Upgraded { "7.1.10001" } else { "6.5.10018" };
    let mut file = BufWriter::new(File::create(path)?);
    write!(
        file,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<ESET>\r\n <PRODUCT NAME=\"sim\" VERSION=\"{version}\">\r\n"
    )?;
    write!(file, "  <ITEM NAME=\"plugins\">\r\n")?;
    if variant == Variant::Upgraded {
        write!(file, "   <ITEM NAME=\"sim-new\"><NODE NAME=\"x\" TYPE=\"number\" VALUE=\"0\"/></ITEM>\r\n")?;
    }
    let mut text = String::new();
    for index in 0..sections {
        text.clear();
        let number = if variant == Variant::Reversed { sections - 1 - index } else { index };
        section(&mut text, number, variant);
        file.write_all(text.as_bytes())?;
    }
    write!(file, "  </ITEM>\r\n </PRODUCT>\r\n</ESET>\r\n")?;
    let mut file = file.into_inner()?;
    file.flush()?;
    Ok(file.metadata()?.len())
}
