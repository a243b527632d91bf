//! Keeping secrets out of an installer's log after the run.

use mailsec_core::values::Secret;
use zeroize::Zeroizing;

/// The log with every secret replaced by asterisks, or `None` when there was none in it.
///
/// Windows Installer writes UTF-16LE, others write 8-bit text; both forms are looked for. What a package hides itself
/// never gets here, and the log's folder is for administrators only; this is the third line.
#[must_use]
pub fn without_secrets(log: &[u8], secrets: &[(String, Secret)]) -> Option<Vec<u8>> {
    let mut clean: Option<Vec<u8>> = None;
    // A quote stands doubled in a command line, single in a property, and is dropped by some that read it.
    let forms = secrets.iter().flat_map(|(_, secret)| {
        let plain = secret.expose();
        [plain.replace('"', "\"\""), plain.to_owned(), plain.replace('"', "")].map(Zeroizing::new)
    });
    for form in forms {
        let narrow = Zeroizing::new(form.as_bytes().to_vec());
        let wide: Zeroizing<Vec<u8>> =
            Zeroizing::new(form.encode_utf16().flat_map(u16::to_le_bytes).collect());
        for (needle, mask) in [(&narrow, &b"*"[..]), (&wide, &b"*\0"[..])] {
            if needle.is_empty() {
                continue;
            }
            let text = clean.as_deref().unwrap_or(log);
            if let Some(replaced) = replace(text, needle, mask) {
                clean = Some(replaced);
            }
        }
    }
    clean
}

fn replace(text: &[u8], needle: &[u8], mask: &[u8]) -> Option<Vec<u8>> {
    let mut out: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(found) = text[at..].windows(needle.len()).position(|window| window == needle) {
        let out = out.get_or_insert_with(|| text.to_vec());
        let start = at + found;
        for (byte, with) in out[start..start + needle.len()].iter_mut().zip(mask.iter().cycle()) {
            *byte = *with;
        }
        at = start + needle.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_in_both_encodings_and_the_rest_stays() {
        let secrets = [("P".to_owned(), Secret::new("gehéim"))];
        let wide = |t: &str| t.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let clean = without_secrets(&wide("Property P=gehéim gehéim."), &secrets).unwrap();
        assert_eq!(clean, wide("Property P=****** ******."));
        assert_eq!(without_secrets("a gehéim".as_bytes(), &secrets).unwrap(), b"a *******");
        assert_eq!(without_secrets(b"nothing", &secrets), None);
        let quoted = [("P".to_owned(), Secret::new("a\"b"))];
        assert_eq!(without_secrets(b"P=\"a\"\"b\" a\"b ab", &quoted).unwrap(), b"P=\"****\" *** **");
        assert_eq!(without_secrets(b"nothing", &[("P".to_owned(), Secret::new(""))]), None);
    }
}
