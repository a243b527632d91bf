//! The installer packages of the lab.

use crate::artifacts::Artifacts;
use crate::error::{Result, at};
use crate::tools;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// An installer package, as Windows sees it in `C:\lab\packages`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Package {
    /// "VIPRE Email Security for Exchange" 4.5.2.
    Vipre45,
    /// "VIPRE Email Security - Server Edition" 5.1.3: removes 4.5 and keeps its settings.
    Vipre51,
    /// The same, ending with 3010: done, and a restart is required.
    Vipre51Reboot,
    /// The same, ending with 1603 before it changed anything.
    Vipre51Refused,
    /// The same, ending with 1603 after it removed 4.5: neither version is left.
    Vipre51Halfway,
    /// Another product of the same vendor.
    OtherProduct,
    /// "ESET Mail Security" 4.5: without a command line tool.
    Eset45,
    /// 6.5.
    Eset65,
    /// 7.3, the first that may be installed over.
    Eset73,
    /// A later one.
    Eset111,
}

impl Package {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Vipre45,
        Self::Vipre51,
        Self::Vipre51Reboot,
        Self::Vipre51Refused,
        Self::Vipre51Halfway,
        Self::OtherProduct,
        Self::Eset45,
        Self::Eset65,
        Self::Eset73,
        Self::Eset111,
    ];

    /// The package's path on the lab's Windows.
    pub fn path(self) -> String {
        format!(r"C:\lab\packages\{}", self.file())
    }

    /// The package's file name.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Vipre45 => "vipre-4.5.2.msi",
            Self::Vipre51 => "vipre-5.1.3.msi",
            Self::Vipre51Reboot => "vipre-5.1.3-reboot.msi",
            Self::Vipre51Refused => "vipre-5.1.3-refused.msi",
            Self::Vipre51Halfway => "vipre-5.1.3-halfway.msi",
            Self::OtherProduct => "other-product.msi",
            Self::Eset45 => "eset-4.5.msi",
            Self::Eset65 => "eset-6.5.msi",
            Self::Eset73 => "eset-7.3.msi",
            Self::Eset111 => "eset-11.1.msi",
        }
    }

    /// The version it installs.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Vipre45 => "4.5.2",
            Self::OtherProduct => "12.3.1",
            Self::Eset45 => "4.5.10023",
            Self::Eset65 => "6.5.10059",
            Self::Eset73 => "7.3.10011",
            Self::Eset111 => "11.1.10010",
            _ => "5.1.3",
        }
    }

    /// The name under which it is listed once installed.
    pub const fn product_name(self) -> &'static str {
        match self {
            Self::Vipre45 => "VIPRE Email Security for Exchange",
            Self::OtherProduct => "VIPRE Lab Endpoint Agent",
            Self::Eset45 | Self::Eset65 | Self::Eset73 | Self::Eset111 => {
                "ESET Mail Security for Microsoft Exchange Server"
            }
            _ => "VIPRE Email Security - Server Edition",
        }
    }

    /// Its product code.
    pub const fn product_code(self) -> &'static str {
        match self {
            Self::Vipre45 => "{5A0F1E2C-4B3D-4000-8000-000000000452}",
            Self::Vipre51 => "{5A0F1E2C-4B3D-4000-8000-000000000513}",
            Self::Vipre51Reboot => "{5A0F1E2C-4B3D-4000-8000-000000001513}",
            Self::Vipre51Refused => "{5A0F1E2C-4B3D-4000-8000-000000002513}",
            Self::Vipre51Halfway => "{5A0F1E2C-4B3D-4000-8000-000000003513}",
            Self::OtherProduct => "{5A0F1E2C-4B3D-4000-8000-0000000AB900}",
            Self::Eset45 => "{E5E70000-4B3D-4000-8000-000000000450}",
            Self::Eset65 => "{E5E70000-4B3D-4000-8000-000000000650}",
            Self::Eset73 => "{E5E70000-4B3D-4000-8000-000000000730}",
            Self::Eset111 => "{E5E70000-4B3D-4000-8000-000000001110}",
        }
    }

    /// What wixl cannot express, as statements on the finished package.
    const fn changes(self) -> &'static [&'static str] {
        match self {
            Self::Vipre51Reboot => &[
                "INSERT INTO InstallExecuteSequence (Action, Condition, Sequence) VALUES ('ScheduleReboot', '', 6650)",
            ],
            Self::Vipre51Refused => &[
                "INSERT INTO LaunchCondition (Condition, Description) VALUES ('LABALLOWED', 'The lab forbids it.')",
            ],
            // After the files are there and the service runs: what a vendor's own action at the end would do.
            Self::Vipre51Halfway => &[
                "INSERT INTO CustomAction (Action, Type, Source, Target) VALUES ('LabFails', 19, '', 'The lab fails it.')",
                "INSERT INTO InstallExecuteSequence (Action, Condition, Sequence) VALUES ('LabFails', 'NOT REMOVE', 6550)",
            ],
            Self::Eset45 | Self::Eset65 | Self::Eset73 | Self::Eset111 => &[
                // Before another version is removed by this one's installation.
                "INSERT INTO CustomAction (Action, Type, Source, Target) VALUES ('LabUpgrading', 50, 'LABTOOL', 'eset upgrading')",
                "INSERT INTO InstallExecuteSequence (Action, Condition, Sequence) VALUES ('LabUpgrading', 'NOT REMOVE', 1390)",
                // Before anything is removed: without the password nothing is.
                "INSERT INTO CustomAction (Action, Type, Source, Target) VALUES ('LabRemoving', 50, 'LABTOOL', 'eset removing [PASSWORD]')",
                "INSERT INTO InstallExecuteSequence (Action, Condition, Sequence) VALUES ('LabRemoving', 'REMOVE=\"ALL\"', 1395)",
                // When the files are there.
                "INSERT INTO CustomAction (Action, Type, Source, Target) VALUES ('LabInstalled', 50, 'LABTOOL', 'eset installed')",
                "INSERT INTO InstallExecuteSequence (Action, Condition, Sequence) VALUES ('LabInstalled', 'NOT REMOVE', 6560)",
            ],
            _ => &[],
        }
    }

    /// The name in its assembly.
    const fn assembly(self) -> &'static str {
        match self {
            Self::Eset45 | Self::Eset65 | Self::Eset73 | Self::Eset111 => "EsetLab.TransportAgent",
            _ => "VipreLab.TransportAgent",
        }
    }

    /// The source of the package.
    const fn source(self) -> &'static str {
        match self {
            Self::OtherProduct => "other-product.wxs",
            Self::Eset45 | Self::Eset65 | Self::Eset73 | Self::Eset111 => "eset.wxs",
            _ => "vipre.wxs",
        }
    }

    pub(crate) fn build(self, artifacts: &Artifacts) -> Result<()> {
        let package = artifacts.folder().join(self.file());
        let log = package.with_extension("log");
        let limit = Duration::from_secs(60);
        let assembly = package.with_extension("dll");
        let assembly_name = assembly.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Big enough that a copy of it can be caught half-way, and different in every version.
        let line = format!("{} {} (not a real assembly)\r\n", self.assembly(), self.version());
        at(&assembly, fs::write(&assembly, line.repeat(4096)))?;
        // A later version's name of it says nothing to who looks for the tool of 4.x.
        let tool = if self == Self::Eset45 { "LabUnused.exe" } else { "ecmd.exe" };
        let mut wixl = Command::new("wixl");
        wixl.args(["-a", "x64"])
            .arg("-D")
            .arg(format!("Name={}", self.product_name()))
            .arg("-D")
            .arg(format!("Version={}", self.version()))
            .arg("-D")
            .arg(format!("ProductCode={}", self.product_code()))
            .arg("-D")
            .arg(format!("Assembly={assembly_name}"))
            .arg("-D")
            .arg(format!("Tool={tool}"))
            .arg("-o")
            .arg(&package)
            .arg(self.source())
            // It takes the files of a package only by names relative to the source.
            .current_dir(artifacts.folder());
        tools::build(&mut wixl, &log, limit)?;
        // Once installed, the package says where: what a detection reads from the uninstall key.
        let location = [
            "INSERT INTO CustomAction (Action, Type, Source, Target) VALUES ('LabLocation', 51, 'ARPINSTALLLOCATION', '[INSTALLDIR]')",
            "INSERT INTO InstallExecuteSequence (Action, Condition, Sequence) VALUES ('LabLocation', '', 1350)",
        ];
        for change in location.iter().chain(self.changes()) {
            let mut msibuild = Command::new("msibuild");
            msibuild.arg(&package).arg("-q").arg(change);
            tools::build(&mut msibuild, &log, limit)?;
        }
        Ok(())
    }
}
