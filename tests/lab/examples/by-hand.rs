//! A lab to look at: a machine with 4.5 on it, until Enter is pressed.

#[cfg(unix)]
fn main() -> Result<(), mailsec_lab::LabError> {
    use mailsec_lab::{Lab, LabError};
    use std::io::{self, Write as _};
    let lab = Lab::new()?;
    lab.install_vipre_45()?;
    let failed = |source| LabError::File { path: "the terminal".into(), source };
    writeln!(
        io::stdout(),
        "export WINEPREFIX={} WINEDEBUG=-all\nSMTP on 127.0.0.1:{}\nPress Enter to end it.",
        lab.prefix().display(),
        lab.smtp_port()
    )
    .and_then(|()| io::stdin().read_line(&mut String::new()))
    .map_err(failed)?;
    Ok(())
}

#[cfg(not(unix))]
fn main() {}
