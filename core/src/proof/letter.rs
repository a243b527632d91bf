//! The messages of the proof.

use super::test_file;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

/// The domain of every Message-ID of this program. It is one that nobody has (RFC 2606).
pub const DOMAIN: &str = "mailsec.invalid";

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// Nothing: it shows that the path works.
    Clean,
    /// The [test file](super::test_file), as an attachment: it shows that somebody looks.
    TestFile,
}

/// The Message-ID of a marker, with its angle brackets.
#[must_use]
pub fn message_id(marker: &str) -> String {
    format!("<{marker}@{DOMAIN}>")
}

/// The marker in a Message-ID; `None` when it is not one of this program's.
#[must_use]
pub fn marker_of(message_id: &str) -> Option<&str> {
    let inner = message_id.trim().strip_prefix('<')?.strip_suffix('>')?;
    inner.strip_suffix(DOMAIN)?.strip_suffix('@').filter(|marker| is_marker(marker))
}

/// Whether it can stand in a Message-ID, and in a search for one, as it is.
#[must_use]
pub fn is_marker(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

/// The whole message, with CRLF line ends. No line of it begins with a period, and none is longer than 998 bytes.
#[must_use]
pub fn compose(marker: &str, letter: Letter, recipient: &str) -> String {
    let head = format!(
        "Message-ID: {}\r\n\
         From: mailsec <postmaster@{DOMAIN}>\r\n\
         To: <{recipient}>\r\n\
         Subject: mailsec: test of the mail flow\r\n\
         Auto-Submitted: auto-generated\r\n\
         X-Auto-Response-Suppress: All\r\n\
         MIME-Version: 1.0\r\n",
        message_id(marker)
    );
    match letter {
        Letter::Clean => format!(
            "{head}Content-Type: text/plain; charset=us-ascii\r\n\
             \r\n\
             This message proves that mail flows during an upgrade. It can be deleted.\r\n"
        ),
        Letter::TestFile => {
            // Built here and now: in base64 it is as well known to scanners as in plain.
            let attachment = STANDARD.encode(test_file());
            let (first, second) = attachment.split_at(attachment.len().min(76));
            format!(
                "{head}Content-Type: multipart/mixed; boundary=\"mailsec-part\"\r\n\
                 \r\n\
                 --mailsec-part\r\n\
                 Content-Type: text/plain; charset=us-ascii\r\n\
                 \r\n\
                 The attachment is the harmless test file by which scanners are tested. If you can read\r\n\
                 this with the attachment in place, mail is not scanned. It can be deleted.\r\n\
                 --mailsec-part\r\n\
                 Content-Type: application/octet-stream; name=\"mailsec-test.com\"\r\n\
                 Content-Transfer-Encoding: base64\r\n\
                 Content-Disposition: attachment; filename=\"mailsec-test.com\"\r\n\
                 \r\n\
                 {first}\r\n{second}\r\n\
                 --mailsec-part--\r\n"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::holds_test_file;

    #[test]
    fn only_the_one_with_the_file_has_it() {
        assert!(holds_test_file(compose("m-1", Letter::TestFile, "a@b").as_bytes()));
        assert!(!holds_test_file(compose("m-1", Letter::Clean, "a@b").as_bytes()));
        for letter in [Letter::Clean, Letter::TestFile] {
            let text = compose("m-1", letter, "a@b");
            assert!(text.split("\r\n").all(|line| line.len() < 998 && !line.starts_with('.')));
            assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
        }
    }

    #[test]
    fn a_marker_comes_back_out_of_its_message_id_and_a_strangers_does_not() {
        assert_eq!(marker_of(&message_id("m-1.x_2")), Some("m-1.x_2"));
        for foreign in
            ["<m-1@example.org>", "m-1@mailsec.invalid", "<@mailsec.invalid>", "<a b@mailsec.invalid>", ""]
        {
            assert_eq!(marker_of(foreign), None, "{foreign}");
        }
    }
}
