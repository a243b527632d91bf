//! A signature in the place and of the size of the real one: a comment after the root, 64 bytes in base64. What is in
//! it is ours alone; it keeps honest tests honest and nothing else.

use crate::base64;

const BEFORE: &str = "<!-- Signature: ";
const AFTER: &str = " -->";

/// The text with a signature by this password, in the place of any that it had.
pub fn sign(text: &str, password: &str) -> String {
    let body = body(text);
    format!("{body}{BEFORE}{}{AFTER}", of(body, password))
}

/// Whether the text is signed by this password.
pub fn holds(text: &str, password: &str) -> bool {
    let body = body(text);
    text[body.len()..].trim_end() == format!("{BEFORE}{}{AFTER}", of(body, password))
}

fn body(text: &str) -> &str {
    &text[..text.rfind(BEFORE).unwrap_or(text.len())]
}

fn of(body: &str, password: &str) -> String {
    let mut lanes = [0u64; 8];
    for (at, lane) in lanes.iter_mut().enumerate() {
        *lane = 0xcbf2_9ce4_8422_2325 ^ (at as u64 + 1);
        for byte in password.bytes().chain([0]).chain(body.bytes()) {
            *lane = (*lane ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    base64::encode(&lanes.map(u64::to_le_bytes).concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_text_and_password_only() {
        let signed = sign("<ESET/>\r\n", "secret");
        assert!(signed.starts_with("<ESET/>\r\n<!-- Signature: ") && signed.ends_with("== -->"), "{signed}");
        assert!(holds(&signed, "secret"));
        assert!(!holds(&signed, "Secret"));
        assert!(!holds(&signed.replace("ESET", "ESEt"), "secret"));
        assert!(!holds("<ESET/>", "secret"));
        assert_eq!(sign(&signed, "secret"), signed);
    }
}
