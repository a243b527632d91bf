//! Files that are broken or mean harm: a clear error with its place, in bounded memory.

use crate::settings::{Expect, compare, header, limits, overview, rules};
use mailsec_core::{Code, Failure};
use std::io::{BufReader, Cursor, Read};

const SMALL: &str = concat!(
    "<?xml version=\"1.0\"?>\n<ESET>\n <PRODUCT NAME=\"sim\" VERSION=\"7.1\">\n",
    "  <ITEM NAME=\"ž\"><NODE NAME=\"x\" TYPE=\"string\" VALUE=\"a&amp;b\"/></ITEM>\n",
    " </PRODUCT>\n</ESET>\n<!-- Signature: none -->\n"
);

/// Every reader refuses it in the same way.
fn refused(bytes: &[u8]) -> Failure {
    let failure = header(bytes).unwrap_err();
    assert_eq!(overview(bytes).unwrap_err(), failure);
    assert_eq!(rules(bytes).unwrap_err().code, failure.code);
    let compared = compare(Cursor::new(bytes), Cursor::new(SMALL), &Expect::default()).unwrap_err();
    assert_eq!((compared.code, &compared.found), (failure.code, &failure.found));
    let compared = compare(Cursor::new(SMALL), Cursor::new(bytes), &Expect::default()).unwrap_err();
    assert_eq!(compared.causes, ["in the export from after"]);
    failure
}

/// The code, and the place as `line:column`.
fn place(bytes: impl AsRef<[u8]>) -> (Code, String) {
    let failure = refused(bytes.as_ref());
    let found = failure.found.unwrap();
    let (line, rest) = found.strip_prefix("line ").unwrap().split_once(", column ").unwrap();
    (failure.code, format!("{line}:{}", rest.split_once(':').unwrap().0))
}

fn inside(text: &str) -> String {
    format!("<ESET><PRODUCT NAME=\"sim\" VERSION=\"1\">\n{text}</PRODUCT></ESET>")
}

fn malformed(at: &str) -> (Code, String) {
    (Code::SettingsMalformed, at.to_owned())
}

#[test]
fn cut_off_anywhere_it_is_truncated() {
    let root = SMALL.find("<!-- Sig").unwrap();
    for cut in 0..SMALL.len() {
        let result = header(&SMALL.as_bytes()[..cut]);
        let whole = cut >= SMALL.find("</ESET>").unwrap() + 7 && (cut <= root || cut >= SMALL.len() - 1);
        match result {
            Ok(_) => assert!(whole, "whole when cut at {cut}"),
            Err(failure) => {
                assert!(!whole, "{failure}");
                assert_eq!(failure.code, Code::SettingsTruncated, "cut at {cut}: {failure}");
            }
        }
    }
}

#[test]
fn a_billion_laughs_are_not_even_begun() {
    let mut bomb = String::from("<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [<!ENTITY lol0 \"lol\">");
    for n in 1..10 {
        bomb.push_str(&format!("<!ENTITY lol{n} \"{}\">", format!("&lol{};", n - 1).repeat(10)));
    }
    bomb.push_str("]>\n<ESET><PRODUCT NAME=\"&lol9;\" VERSION=\"1\"/></ESET>");
    assert_eq!(place(&bomb), (Code::SettingsForeign, "2:1".to_owned()));
}

#[test]
fn entities_are_xmls_own_five() {
    assert_eq!(place(inside("<NODE NAME=\"x\" VALUE=\"a&lol;\"/>")), malformed("2:24"));
    assert_eq!(place(inside("<ITEM NAME=\"x\">&lol;</ITEM>")), malformed("2:16"));
    assert_eq!(place(inside("<NODE NAME=\"x\" VALUE=\"&#0;\"/>")), malformed("2:23"));
    assert_eq!(place(inside("<NODE NAME=\"x\" VALUE=\"a & b\"/>")), malformed("2:25"));
}

#[test]
fn ten_thousand_levels_stop_at_the_limit() {
    let deep = inside(&"<ITEM NAME=\"x\">\n".repeat(10_000));
    let (code, at) = place(deep);
    assert_eq!((code, at.as_str()), (Code::SettingsTooLarge, "64:1"));
}

#[test]
fn many_attributes_stop_at_the_limit() {
    let many: String = (0..10_000).map(|n| format!(" A{n}=\"\"")).collect();
    assert_eq!(refused(inside(&format!("<NODE{many}/>")).as_bytes()).code, Code::SettingsTooLarge);
}

#[test]
fn other_files_are_foreign() {
    let foreign = |bytes: &[u8]| assert_eq!(refused(bytes).code, Code::SettingsForeign);
    foreign(b"<html><body/></html>");
    foreign(b"<!DOCTYPE html><html></html>");
    foreign(b"{\"settings\": []}");
    foreign(b"MZ this program cannot be run in DOS mode");
    foreign(b"<ECS><PRODUCT NAME=\"sim\" VERSION=\"1\"/></ECS>");
    foreign(b"<ESET/>");
    foreign(b"<ESET><PRODUCT VERSION=\"1\"/></ESET>");
    foreign(b"<ESET><PRODUCT NAME=\"a\" VERSION=\"1\"/><PRODUCT NAME=\"b\" VERSION=\"1\"/></ESET>");
}

#[test]
fn what_is_not_well_formed_is_shown_where() {
    assert_eq!(place(inside("<ITEM NAME=\"x\"></NODE>")), malformed("2:16"));
    assert_eq!(place(inside("<NODE NAME=\"x\" NAME=\"y\"/>")), malformed("2:16"));
    assert_eq!(place(inside("<NODE NAME=x/>")), malformed("2:12"));
    assert_eq!(place(inside("<NODE žž=\"x\" VALUE=\"a<b\"/>")), malformed("2:22"));
    assert_eq!(place(inside("<NODE NAME=\"ž\0\"/>")), malformed("2:14"));
    assert_eq!(place(inside("text\u{1}")), malformed("2:5"));
    assert_eq!(place("<ESET><PRODUCT NAME=\"a\" VERSION=\"1\"/></ESET>\n<ESET/>"), malformed("2:1"));
    assert_eq!(place("<ESET><PRODUCT NAME=\"a\" VERSION=\"one\"/></ESET>"), malformed("1:7"));
    assert_eq!(place("<ESET>\n<PRODUCT NAME=\"a\" VERSION=\"1\"/></ESET>tail"), malformed("2:39"));
}

#[test]
fn encodings_that_are_not_utf8_are_named() {
    let mut latin = inside("<NODE NAME=\"ž\" VALUE=\"?\"/>").into_bytes();
    let at = latin.iter().position(|byte| *byte == b'?').unwrap();
    latin[at] = 0xE9;
    assert_eq!(place(&latin), malformed("2:23"));
    for bytes in [[0xFF, 0xFE, b'<', 0], [0xFE, 0xFF, 0, b'<'], [b'<', 0, b'E', 0]] {
        let mut wide = bytes.to_vec();
        wide.extend(SMALL.encode_utf16().flat_map(u16::to_le_bytes));
        let failure = refused(&wide);
        assert_eq!(failure.code, Code::SettingsMalformed);
        assert!(failure.found.unwrap().contains("UTF-16") || bytes[0] == b'<');
    }
    let declared = SMALL.replace("1.0\"", "1.0\" encoding=\"windows-1250\"");
    assert_eq!(place(declared), malformed("1:1"));
    let marked = format!("\u{feff}{SMALL}");
    assert!(header(marked.as_bytes()).is_ok());
}

/// Bytes without end, and how many of them were wanted.
struct Endless<'a> {
    begin: &'a [u8],
    given: u64,
}

impl Read for &mut Endless<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let amount = if self.begin.is_empty() {
            into.fill(b'a');
            into.len().min((100 << 20) - self.given as usize)
        } else {
            self.begin.read(into)?
        };
        self.given += amount as u64;
        Ok(amount)
    }
}

#[test]
fn a_value_of_a_hundred_megabytes_is_not_read_to_its_end() {
    for begin in
        ["<NODE NAME=\"x\" VALUE=\"", "<", "<!-- ", "<ITEM ", "<?", "<![CDATA[", "text", "&", "<!DOCTYPE "]
    {
        let begin = inside("").replace("</PRODUCT></ESET>", begin);
        let mut endless = Endless { begin: begin.as_bytes(), given: 0 };
        let failure = header(BufReader::new(&mut endless)).unwrap_err();
        assert_eq!(failure.code, Code::SettingsTooLarge, "{begin}: {failure}");
        // The parser holds no more than it took, and it took one piece of markup.
        assert!(endless.given < limits::MARKUP + (64 << 10), "{} bytes for {begin}", endless.given);
    }
}

#[test]
fn a_whole_slice_in_memory_has_the_same_limits() {
    let long = inside(&format!("<NODE NAME=\"x\" VALUE=\"{}\"/>", "a".repeat(8 << 20)));
    assert_eq!(place(long), (Code::SettingsTooLarge, "2:1".to_owned()));
    let pieces = inside(&format!("<ITEM NAME=\"x\">{}</ITEM>", "a&amp;".repeat(600_000)));
    // Text comes in pieces; the place is that of the one that was too much.
    let too_much = format!("2:{}", 16 + 6 * (limits::MARKUP / 2));
    assert_eq!(place(pieces), (Code::SettingsTooLarge, too_much));
}

#[test]
fn an_inventory_is_whole_or_refused() {
    let rule = "<ITEM NAME=\"1\"><NODE NAME=\"name\" TYPE=\"string\" VALUE=\"x\"/></ITEM>";
    let many = inside(&format!("<ITEM NAME=\"rules\">{}</ITEM>", rule.repeat(limits::RULES + 1)));
    assert_eq!(rules(many.as_bytes()).unwrap_err().code, Code::SettingsTooLarge);
}

#[test]
fn a_disk_that_fails_is_no_fault_of_the_file() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("bad sector"))
        }
    }
    let failure = header(BufReader::new(SMALL.as_bytes()[..40].chain(Failing))).unwrap_err();
    assert_eq!(failure.code, Code::FileUnreadable);
    assert_eq!(failure.causes, ["bad sector"]);
}
