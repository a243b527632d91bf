//! Installers, looked at without running them.

use mailsec_core::{Code, Failure, host::PackageKind};
use std::io::{self, Read, Seek, SeekFrom};

/// The properties of an MSI package that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MsiProperties {
    /// `ProductName`.
    pub product: Option<String>,
    /// `ProductVersion`.
    pub version: Option<String>,
    /// `ProductCode`.
    pub product_code: Option<String>,
    /// `Manufacturer`.
    pub manufacturer: Option<String>,
    /// `MsiHiddenProperties`: what the installer keeps out of its log.
    pub hidden: Vec<String>,
    /// Whether the file carries a signature, valid or not.
    pub signed: bool,
}

/// Reads the Property table of an MSI package, natively.
///
/// # Errors
/// What the reader says of a damaged package.
pub fn msi_properties<F: Read + Seek>(file: F) -> io::Result<MsiProperties> {
    let mut package = msi::Package::open(file)?;
    let mut properties =
        MsiProperties { signed: package.has_digital_signature(), ..MsiProperties::default() };
    for row in package.select_rows(msi::Select::table("Property"))? {
        if row.len() < 2 {
            continue;
        }
        let (Some(name), Some(value)) = (row[0].as_str(), row[1].as_str()) else { continue };
        let value = value.to_owned();
        match name {
            "ProductName" => properties.product = Some(value),
            "ProductVersion" => properties.version = Some(value),
            "ProductCode" => properties.product_code = Some(value),
            "Manufacturer" => properties.manufacturer = Some(value),
            "MsiHiddenProperties" => {
                properties.hidden = value.split(';').map(|n| n.trim().to_owned()).collect();
            }
            _ => {}
        }
    }
    Ok(properties)
}

/// What kind of installer a file is, by its first bytes and not by its name.
///
/// # Errors
/// [`Code::PackageMissing`] when it is neither; an incomplete download often is neither.
pub fn kind_of(head: &[u8]) -> Result<PackageKind, Failure> {
    const COMPOUND: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    if head.starts_with(&COMPOUND) {
        Ok(PackageKind::Msi)
    } else if head.starts_with(b"MZ") {
        Ok(PackageKind::Exe)
    } else {
        Err(Failure::new(Code::PackageMissing, "the file is not an installer")
            .expected("an MSI package or a Windows program")
            .found(format!("a file that begins with {:02x?}", head.get(..8).unwrap_or(head)))
            .hint("download it again and compare its size and checksum with the vendor's"))
    }
}

/// Whether a program carries a certificate table (data directory 4), valid or not
/// (<https://learn.microsoft.com/windows/win32/debug/pe-format>).
///
/// # Errors
/// What reading the file reports.
pub fn exe_is_signed<F: Read + Seek>(mut file: F) -> io::Result<bool> {
    let mut at = |offset: u64, length: usize| -> io::Result<Vec<u8>> {
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = vec![0; length];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    };
    let u32_of = |b: &[u8]| b.first_chunk::<4>().map_or(0, |b| u32::from_le_bytes(*b));
    let header = u64::from(u32_of(&at(0x3c, 4)?));
    if at(header, 4)? != b"PE\0\0" {
        return Ok(false);
    }
    let optional = header + 24;
    let magic = at(optional, 2)?;
    // The data directories begin at 96 (PE32) or 112 (PE32+) of the optional header, their count just before.
    let directories = optional + if magic == [0x0b, 0x02] { 112 } else { 96 };
    if u32_of(&at(directories - 4, 4)?) <= 4 {
        return Ok(false);
    }
    Ok(u32_of(&at(directories + 4 * 8 + 4, 4)?) > 0)
}

/// What an exit code of Windows Installer means, for those that a person can do something about
/// (<https://learn.microsoft.com/windows/win32/msi/error-codes>).
#[must_use]
pub fn exit_code_hint(code: i32) -> Option<&'static str> {
    Some(match code {
        1601 => "the Windows Installer service cannot be reached; start the service msiserver",
        1602 => "a person cancelled the installation",
        1603 => "fatal error; look for \"Return value 3\" in the installer's log",
        1604 => "the installation is suspended and incomplete; run it again",
        1605 => "the product is not installed",
        1612 => "the installation source is gone; the original package is needed",
        1618 => "another installation is running; wait until it ends",
        1619 | 1620 => "the package cannot be opened; download it again",
        1625 => "a policy of this system forbids it",
        1633 => "the package is for another platform",
        1638 => "another version of this product is installed; it has to be removed first",
        1639 => "the command line has an error",
        1654 | 1925 => "the rights do not suffice; run as administrator",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn package(pairs: &[(&str, &str)]) -> Vec<u8> {
        let mut package = msi::Package::create(msi::PackageType::Installer, Cursor::new(Vec::new())).unwrap();
        let columns = vec![
            msi::Column::build("Property").primary_key().id_string(72),
            msi::Column::build("Value").localizable().text_string(0),
        ];
        package.create_table("Property", columns).unwrap();
        for (name, value) in pairs {
            package
                .insert_rows(msi::Insert::into("Property").row(vec![(*name).into(), (*value).into()]))
                .unwrap();
        }
        package.into_inner().unwrap().into_inner()
    }

    #[test]
    fn properties_are_read_from_the_package_itself() {
        let bytes = package(&[
            ("ProductName", "VIPRE Email Security - Server Edition"),
            ("ProductVersion", "5.1.200"),
            ("ProductCode", "{12345678-1234-1234-1234-123456789012}"),
            ("MsiHiddenProperties", "SVCPASSWORD;OTHER"),
            ("Anything", "else"),
        ]);
        assert_eq!(kind_of(&bytes).unwrap(), PackageKind::Msi);
        let found = msi_properties(Cursor::new(bytes)).unwrap();
        assert_eq!(found.version.as_deref(), Some("5.1.200"));
        assert_eq!(found.hidden, ["SVCPASSWORD", "OTHER"]);
        assert!(!found.signed && found.manufacturer.is_none());
    }

    #[test]
    fn a_torn_package_is_an_error_and_not_a_panic() {
        let bytes = package(&[("ProductName", "X")]);
        for end in (0..bytes.len()).step_by(97) {
            let _ = msi_properties(Cursor::new(&bytes[..end]));
        }
        assert!(msi_properties(Cursor::new(&bytes[..600])).is_err());
        assert!(kind_of(b"<html>").is_err());
        assert!(exe_is_signed(Cursor::new(b"MZ")).is_err());
    }
}
