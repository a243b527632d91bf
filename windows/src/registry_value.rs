//! Registry values as text.

/// Value types (<https://learn.microsoft.com/windows/win32/sysinfo/registry-value-types>).
const SZ: u32 = 1;
const EXPAND_SZ: u32 = 2;
const DWORD: u32 = 4;
const DWORD_BIG_ENDIAN: u32 = 5;
const LINK: u32 = 6;
const MULTI_SZ: u32 = 7;
const QWORD: u32 = 11;

/// A value as text: numbers in decimal, multi-strings joined by line feeds, everything else in hex digits.
/// Variables such as `%SystemRoot%` stay as they are.
///
/// Windows' own readers end a multi-string at its first empty string, but `PendingFileRenameOperations` has empty
/// strings in the middle ("delete this file"); so only the two last terminators are taken off.
#[must_use]
pub fn value_text(kind: u32, bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
    match (kind, bytes) {
        (SZ | EXPAND_SZ | LINK, _) => {
            let end = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
            String::from_utf16_lossy(&units[..end])
        }
        (MULTI_SZ, _) => {
            let units = units.strip_suffix(&[0]).unwrap_or(&units);
            let units = units.strip_suffix(&[0]).unwrap_or(units);
            let strings: Vec<String> = units.split(|unit| *unit == 0).map(String::from_utf16_lossy).collect();
            strings.join("\n")
        }
        (DWORD, [a, b, c, d]) => u32::from_le_bytes([*a, *b, *c, *d]).to_string(),
        (DWORD_BIG_ENDIAN, [a, b, c, d]) => u32::from_be_bytes([*a, *b, *c, *d]).to_string(),
        (QWORD, [a, b, c, d, e, f, g, h]) => u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]).to_string(),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn every_type_has_a_text() {
        assert_eq!(value_text(SZ, &wide("abc\0")), "abc");
        assert_eq!(value_text(EXPAND_SZ, &wide("%x%")), "%x%");
        assert_eq!(value_text(DWORD, &[1, 0, 0, 0]), "1");
        assert_eq!(value_text(QWORD, &[0, 1, 0, 0, 0, 0, 0, 0]), "256");
        assert_eq!(value_text(3, &[0, 255]), "00ff");
        assert_eq!(value_text(DWORD, &[1]), "01");
    }

    #[test]
    fn empty_strings_inside_a_list_stay() {
        assert_eq!(value_text(MULTI_SZ, &wide("a\0b\0\0")), "a\nb");
        assert_eq!(value_text(MULTI_SZ, &wide("a\0\0b\0!c\0\0")), "a\n\nb\n!c");
        assert_eq!(value_text(MULTI_SZ, &wide("a\0\0\0")), "a\n");
        assert_eq!(value_text(MULTI_SZ, &wide("\0")), "");
    }
}
