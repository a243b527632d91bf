//! The file that every scanner takes for a virus, and that does no harm: 68 bytes, agreed on by the makers of scanners
//! (<https://www.eicar.org/download-anti-malware-testfile/>).
//!
//! It must never be whole in the source, in the program's file or in any file that the program writes: the scanner of
//! this very machine would remove that. So it is kept masked, and put together in memory.

use base64::{Engine as _, alphabet, engine};
use engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const MASK: u8 = 0x5a;

const MASKED: [u8; 68] = [
    0x02, 0x6f, 0x15, 0x7b, 0x0a, 0x7f, 0x1a, 0x1b, 0x0a, 0x01, 0x6e, 0x06, 0x0a, 0x00, 0x02, 0x6f, 0x6e,
    0x72, 0x0a, 0x04, 0x73, 0x6d, 0x19, 0x19, 0x73, 0x6d, 0x27, 0x7e, 0x1f, 0x13, 0x19, 0x1b, 0x08, 0x77,
    0x09, 0x0e, 0x1b, 0x14, 0x1e, 0x1b, 0x08, 0x1e, 0x77, 0x1b, 0x14, 0x0e, 0x13, 0x0c, 0x13, 0x08, 0x0f,
    0x09, 0x77, 0x0e, 0x1f, 0x09, 0x0e, 0x77, 0x1c, 0x13, 0x16, 0x1f, 0x7b, 0x7e, 0x12, 0x71, 0x12, 0x70,
];

/// The test file.
#[must_use]
pub fn test_file() -> Vec<u8> {
    // Opaque to the compiler, which would put the whole text into the program otherwise.
    let mask = std::hint::black_box(MASK);
    MASKED.iter().map(|byte| byte ^ mask).collect()
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Whether a message carries the test file: as it is, or in either of MIME's encodings (RFC 2045), at any place.
#[must_use]
pub fn holds_test_file(raw: &[u8]) -> bool {
    let wanted = test_file();
    let holds = |bytes: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
    holds(raw) || holds(&unquoted(raw)) || in_base64(raw, &holds)
}

/// Takes back quoted-printable: `=XX`, and `=` at the end of a line.
fn unquoted(raw: &[u8]) -> Vec<u8> {
    let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (mut out, mut rest) = (Vec::with_capacity(raw.len()), raw);
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'=', [b'\r', b'\n', more @ ..] | [b'\n', more @ ..]) => rest = more,
            (b'=', [high, low, more @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                out.push(hex(*high).unwrap_or_default() << 4 | hex(*low).unwrap_or_default());
                rest = more;
            }
            _ => out.push(first),
        }
    }
    out
}

/// Looks into each run of lines that could be base64.
fn in_base64(raw: &[u8], holds: &dyn Fn(&[u8]) -> bool) -> bool {
    let is_code = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let mut run = Vec::new();
    for line in raw.split(|byte| *byte == b'\n').chain([&b"-"[..]]) {
        let line = line.trim_ascii();
        if !line.is_empty() && line.iter().all(is_code) {
            run.extend_from_slice(line);
            continue;
        }
        // A short line that is only a word may stand before the code.
        let decoded = |from: usize| {
            let code = run.get(from..).unwrap_or_default();
            let whole = code.len() - code.len() % 4;
            LENIENT.decode(code.get(..whole).unwrap_or_default()).is_ok_and(|bytes| holds(&bytes))
        };
        if (0..4).any(decoded) {
            return true;
        }
        run.clear();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn it_is_the_file_that_the_makers_agreed_on() {
        let file = test_file();
        assert_eq!(file.len(), 68);
        // BLAKE3 of the 68 bytes; the text itself may not stand here.
        assert_eq!(
            blake3::hash(&file).to_hex().as_str(),
            "460c1ec9a3e1b5536927aac78cee9c39782626d30f0ae0917ce95dda77068e09"
        );
        assert!(file.windows(5).any(|window| window == b"EICAR"));
    }

    #[test]
    fn it_is_found_in_every_encoding_and_at_any_place() {
        let file = test_file();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let plain = format!("Subject: a\r\n\r\n{}\r\n", text(&file));
        let coded = STANDARD.encode(&file);
        let folded = format!("Subject: a\r\n\r\n{}\r\n{}\r\n--b--", &coded[..60], &coded[60..]);
        let inside = [b"ab".as_slice(), &file, b"c"].concat();
        let inside = format!("a: b\r\n\r\nword\r\n{}\r\n", STANDARD.encode(inside));
        let quoted: String = file
            .iter()
            .enumerate()
            .map(|(at, byte)| format!("={byte:02X}{}", if at == 30 { "=\r\n" } else { "" }))
            .collect();
        for message in [plain, folded, inside, quoted] {
            assert!(holds_test_file(message.as_bytes()), "{message}");
        }
    }

    #[test]
    fn what_replaces_it_is_not_taken_for_it() {
        let half = STANDARD.encode(&test_file()[..60]);
        let replaced = STANDARD.encode("the attachment was removed");
        for message in [half, replaced, "=\r\n=Z".to_owned(), String::new()] {
            assert!(!holds_test_file(message.as_bytes()), "{message}");
        }
    }
}
