//! Random values, from the system's generator.

use mailsec_core::{Code, Failure, values::Secret};
use zeroize::Zeroizing;

fn fill(bytes: &mut [u8]) -> Result<(), Failure> {
    getrandom::fill(bytes)
        .map_err(|e| Failure::new(Code::System, "the system's random generator failed").cause(e).retry())
}

/// 128 random bits as hex digits.
#[cfg_attr(not(windows), allow(dead_code))]
pub(crate) fn hex() -> Result<String, Failure> {
    let mut bytes = [0u8; 16];
    fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A password of 32 characters, or more where the policy asks for more, that fits every usual policy: all four kinds of
/// characters (Windows asks for three), not the account's own name, none that is special in a command line, a file or an
/// LDAP name, none that is taken for another.
pub(crate) fn password(shortest: usize, account: &str) -> Result<Secret, Failure> {
    const KINDS: [&[u8]; 4] =
        [b"ABCDEFGHJKLMNPQRSTUVWXYZ", b"abcdefghijkmnopqrstuvwxyz", b"23456789", b"-_.~"];
    const LENGTH: usize = 32;
    let length = LENGTH.max(shortest);
    let all = KINDS.concat();
    loop {
        let mut text = Zeroizing::new(String::with_capacity(length));
        while text.len() < length {
            let mut byte = [0u8; 1];
            fill(&mut byte)?;
            // Bytes beyond the last whole round would make some characters likelier than others.
            let rounds = 256 / all.len() * all.len();
            if usize::from(byte[0]) < rounds {
                text.push(char::from(all[usize::from(byte[0]) % all.len()]));
            }
        }
        let named = Zeroizing::new(text.to_ascii_lowercase()).contains(&account.to_ascii_lowercase());
        if !named && KINDS.iter().all(|kind| text.bytes().any(|b| kind.contains(&b))) {
            return Ok(Secret::new(text.as_str()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_have_all_kinds_and_differ() {
        let (one, two) = (password(7, "svc").unwrap(), password(7, "svc").unwrap());
        assert_eq!(one.expose().len(), 32);
        assert_ne!(one.expose(), two.expose());
        for kind in [char::is_uppercase as fn(char) -> bool, char::is_lowercase, char::is_numeric] {
            assert!(one.expose().contains(kind));
        }
        assert_eq!(password(40, "svc").unwrap().expose().len(), 40);
        // A name of one letter is in most passwords; the one that is made has none.
        assert!(!password(7, "X").unwrap().expose().to_lowercase().contains('x'));
        assert_eq!(hex().unwrap().len(), 32);
    }
}
