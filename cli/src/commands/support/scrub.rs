//! Logs as they may leave the server.

/// Words whose line may go on with a secret. Logs are cleaned of the secrets that mailsec gave when an installer ends;
/// this is for what others wrote.
const WORDS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "credential",
    "activation_data",
    "licensekey",
];

/// The last `bytes` of a log as text, whatever its encoding, with everything masked that follows a word like
/// "password" on its line.
pub(super) fn log(content: &[u8], bytes: usize) -> String {
    let text = decode(content);
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let cut = if start > 0 { format!("[{start} bytes before this are left out]\n") } else { String::new() };
    text[start..].lines().fold(cut, |mut all, line| {
        all.push_str(&masked(line));
        all.push('\n');
        all
    })
}

/// Windows Installer writes UTF-16LE; others 8-bit text.
fn decode(content: &[u8]) -> String {
    let wide =
        content.starts_with(&[0xFF, 0xFE]) || content.iter().skip(1).step_by(2).take(64).all(|b| *b == 0);
    if !wide || content.len() < 2 {
        return String::from_utf8_lossy(content).into_owned();
    }
    let units: Vec<u16> =
        content.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units).trim_start_matches('\u{feff}').to_owned()
}

fn masked(line: &str) -> String {
    // Letters outside ASCII keep their length in bytes.
    let lower = line.to_ascii_lowercase();
    let Some(end) = WORDS.iter().filter_map(|word| Some(lower.find(word)? + word.len())).min() else {
        return line.to_owned();
    };
    // `SVCPASSWORD = x`, and Windows Installer's "Adding SVCPASSWORD property. Its value is 'x'": what it is, and where
    // it begins, cannot be told for sure, so nothing of the line stays.
    let rest = &line[end..];
    let sign = rest.len() - rest.trim_start_matches([' ', '=', ':', '"', '\'']).len();
    if rest[sign..].is_empty() {
        line.to_owned()
    } else {
        format!("{}{} *****", &line[..end], rest[..sign].trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_word_like_password_is_masked_in_every_encoding() {
        let text = "Property(S): SIMPASSWORD = two words\r\nPasswort ändern\r\npwd:x\r\nCommand line: PASSWORD=a X=1\r\n\
                    PROPERTY CHANGE: Adding SVCPASSWORD property. Its value is 'a'.\r\n\
                    PROPERTY CHANGE: Modifying PWD property. Its current value is 'a'. Its new value: 'b'.\r\n";
        let expected = "Property(S): SIMPASSWORD = *****\nPasswort ändern\npwd: *****\nCommand line: PASSWORD= *****\n\
                        PROPERTY CHANGE: Adding SVCPASSWORD *****\nPROPERTY CHANGE: Modifying PWD *****\n";
        let wide: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(log(text.as_bytes(), 10_000), expected);
        assert_eq!(log(&wide, 10_000), expected);
        assert_eq!(log(&wide[2..], 10_000), expected, "without a mark");
        assert_eq!(log(b"", 10), "");
    }

    #[test]
    fn of_a_long_log_the_end_is_taken_and_it_says_so() {
        assert_eq!(log("aé\nend\n".as_bytes(), 5), "[3 bytes before this are left out]\n\nend\n");
    }
}
