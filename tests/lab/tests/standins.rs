//! Shows that the lab itself is right, before anything is believed that is seen in it.
//!
//! Each test has machines of its own; none of them needs mailsec.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail it too")]

use mailsec_lab::{Agent, Faults, Lab, Package, RegistryValue, ShellFaults, layout};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const TRANSPORT: &str = layout::TRANSPORT_SERVICE;
const PLUGIN_MANAGER: &str = layout::PLUGIN_MANAGER_SERVICE;
const VIPRE_AGENTS: [&str; 2] = ["VipreLab Connection Agent", "VipreLab Content Agent"];

fn with_vipre_45() -> Lab {
    let lab = Lab::new().unwrap();
    lab.install_vipre_45().unwrap();
    lab
}

fn state(lab: &Lab, service: &str) -> String {
    lab.service(service).unwrap().map_or_else(|| "absent".to_owned(), |service| service.state)
}

/// The version that the agents' assembly on the disk is from.
fn assembly(lab: &Lab) -> Option<String> {
    let text = fs::read_to_string(lab.linux_path(layout::VIPRE_ASSEMBLY)).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}

/// Calls the shell with statements, and reads the frame as its caller has to.
fn shell(lab: &Lab, statements: &str) -> serde_json::Value {
    let ended = lab.powershell(&format!("$nonce = 'c0ffee'\r\n{statements}")).unwrap();
    frame(&ended.stdout).unwrap_or_else(|| panic!("no frame in {ended:?}"))
}

fn frame(stdout: &str) -> Option<serde_json::Value> {
    let (_, rest) = stdout.split_once("<<mailsec c0ffee\r\n")?;
    let (json, _) = rest.split_once("\r\nmailsec c0ffee>>\r\n")?;
    serde_json::from_str(json).ok()
}

fn unregister(lab: &Lab) {
    let lines =
        VIPRE_AGENTS.map(|name| format!("Uninstall-TransportAgent -Identity '{name}' -Confirm:$false"));
    assert_eq!(shell(lab, &lines.join("\n"))["ok"], true);
    restart_transport(lab);
}

/// Puts the product's agents back where they were: the cmdlets alone would leave them last and disabled.
fn register(lab: &Lab, before: &[Agent]) {
    let mut script = String::new();
    for (at, agent) in before.iter().enumerate().filter(|(_, a)| VIPRE_AGENTS.contains(&a.name.as_str())) {
        script += &format!(
            "Install-TransportAgent -Name '{0}' -TransportAgentFactory '{1}' -AssemblyPath '{2}' | Out-Null\n\
             Set-TransportAgent -Identity '{0}' -Priority {3}\nEnable-TransportAgent -Identity '{0}'\n",
            agent.name,
            agent.class_factory,
            agent.assembly_path,
            at + 1,
        );
    }
    let answer = shell(lab, &script);
    assert_eq!(answer["ok"], true, "{answer}");
    restart_transport(lab);
}

fn restart_transport(lab: &Lab) {
    lab.stop_service(TRANSPORT).unwrap();
    lab.start_service(TRANSPORT).unwrap();
}

fn scanned_by_vipre(lab: &Lab) -> bool {
    lab.send_mail(1).unwrap();
    let mail = lab.ledger().unwrap().pop().unwrap();
    assert!(mail.scanned_by.len() >= 9, "the built-in agents always scan: {mail:?}");
    VIPRE_AGENTS.iter().all(|name| mail.scanned_by.iter().any(|by| by == name))
}

/// The processes that still have a prefix in their environment.
fn processes_in(prefix: &Path) -> usize {
    let mark = format!("WINEPREFIX={}", prefix.display());
    let environments =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|e| fs::read(e.path().join("environ")).ok());
    environments.filter(|text| text.split(|b| *b == 0).any(|entry| entry == mark.as_bytes())).count()
}

#[test]
fn transport_scans_locks_and_refuses_to_start_without_an_assembly() {
    let lab = with_vipre_45();
    let names: Vec<_> = lab.agents().unwrap().into_iter().map(|agent| agent.name).collect();
    assert_eq!(names.len(), 11);
    assert_eq!(names[4..6], VIPRE_AGENTS, "in the middle of the order");
    let plugin_manager = lab.service(PLUGIN_MANAGER).unwrap().unwrap();
    assert_eq!(plugin_manager.display_name, "VIPRE Email Security Plugin Manager");
    assert_eq!((plugin_manager.state.as_str(), plugin_manager.start_type.as_str()), ("Running", "AutoStart"));
    assert!(scanned_by_vipre(&lab));

    let delete = ["cmd", "/c", "del", "/f", layout::VIPRE_ASSEMBLY];
    lab.run(&delete).unwrap();
    assert_eq!(assembly(&lab).as_deref(), Some("4.5.2"), "a running transport holds the assembly");
    lab.stop_service(TRANSPORT).unwrap();
    assert!(lab.send_mail(1).is_err(), "a stopped transport has no port");
    lab.run(&delete).unwrap();
    assert_eq!(assembly(&lab), None, "a stopped one does not");

    assert!(lab.start_service(TRANSPORT).is_err());
    let transport = lab.service(TRANSPORT).unwrap().unwrap();
    assert_eq!((transport.state.as_str(), transport.exit_code), ("Stopped", 16023));
    let events = lab.events().unwrap();
    assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), [7001, 16023]);
    assert!(events[0].message.contains(layout::VIPRE_ASSEMBLY));
    assert!(events[0].message.contains("due to error 'Invalid agent assembly path.'"));

    // What Microsoft documents as the way back: mail flows again, unscanned.
    let disable = VIPRE_AGENTS.map(|name| format!("Disable-TransportAgent '{name}' -Confirm:$false"));
    assert_eq!(shell(&lab, &disable.join("\n"))["ok"], true);
    lab.start_service(TRANSPORT).unwrap();
    assert!(!scanned_by_vipre(&lab));
}

#[test]
fn an_upgrade_keeps_the_settings_and_a_refused_one_changes_nothing() {
    let lab = with_vipre_45();
    let rules = lab.settings_folder().join("CustomRulesLab.xml");
    fs::write(&rules, "<rules><rule name=\"the operator's own\"/></rules>").unwrap();
    let (settings, agents) = (lab.settings_digest().unwrap(), lab.agents().unwrap());

    assert_eq!(lab.install(Package::Vipre51Refused, &[]).unwrap().code, 1603);
    assert_eq!(lab.vipre_version().unwrap().as_deref(), Some("4.5.2"));
    assert_eq!(assembly(&lab).as_deref(), Some("4.5.2"));
    assert_eq!(state(&lab, PLUGIN_MANAGER), "Running");
    assert!(scanned_by_vipre(&lab));

    unregister(&lab);
    assert!(!scanned_by_vipre(&lab));
    let ended = lab.install(Package::Vipre51, &[r"LABACCOUNT=LAB\pim", "LABPASSWORD=lab"]).unwrap();
    assert_eq!(ended.code, 0, "nothing held the assembly, so no restart is needed");
    assert_eq!(lab.vipre_version().unwrap().as_deref(), Some("5.1.3"));
    assert_eq!(assembly(&lab).as_deref(), Some("5.1.3"));
    assert_eq!(lab.settings_digest().unwrap(), settings);
    let plugin_manager = lab.service(PLUGIN_MANAGER).unwrap().unwrap();
    assert_eq!(plugin_manager.account.as_deref(), Some(r"LAB\pim"));
    assert_eq!(plugin_manager.state, "Running");
    let listed = |package: Package, value: &str| {
        let key = format!(r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\{}", package.product_code());
        lab.read_registry(&key, value).unwrap()
    };
    assert_eq!(listed(Package::Vipre45, "DisplayName"), None);
    let name = RegistryValue::Text("VIPRE Email Security - Server Edition".to_owned());
    assert_eq!(listed(Package::Vipre51, "DisplayName"), Some(name));
    let place = RegistryValue::Text(format!(r"{}\", layout::VIPRE_FOLDER));
    assert_eq!(listed(Package::Vipre51, "InstallLocation"), Some(place));

    register(&lab, &agents);
    assert_eq!(lab.agents().unwrap(), agents, "order, enabled flags and paths as before");
    assert!(scanned_by_vipre(&lab));
}

#[test]
fn installers_tell_the_truth_about_restarts_and_failures() {
    let lab = with_vipre_45();
    // Agents still registered: the installer cannot replace what transport holds.
    assert_eq!(lab.install(Package::Vipre51, &[]).unwrap().code, 3010);
    assert_eq!(lab.vipre_version().unwrap().as_deref(), Some("5.1.3"), "the registry is ahead of the files");
    assert_eq!(assembly(&lab).as_deref(), Some("4.5.2"));
    let renames = (r"SYSTEM\CurrentControlSet\Control\Session Manager", "PendingFileRenameOperations");
    assert!(lab.read_registry(renames.0, renames.1).unwrap().is_some());
    lab.reboot().unwrap();
    assert_eq!(assembly(&lab).as_deref(), Some("5.1.3"));
    assert_eq!(lab.read_registry(renames.0, renames.1).unwrap(), None);
    assert!(scanned_by_vipre(&lab));
    assert_eq!(lab.install(Package::Vipre45, &[]).unwrap().code, 1603, "no way back to an older version");
    assert_eq!(lab.run(&["msiexec", "/x", Package::Vipre45.product_code(), "/qn"]).unwrap().code, 1605);

    let lab = with_vipre_45();
    let settings = lab.settings_digest().unwrap();
    unregister(&lab);
    assert_eq!(lab.install(Package::OtherProduct, &[]).unwrap().code, 0, "the wrong package installs well");
    assert_eq!(lab.vipre_version().unwrap().as_deref(), Some("4.5.2"));
    assert_eq!(lab.install(Package::Vipre51Halfway, &[]).unwrap().code, 1603);
    assert_eq!((lab.vipre_version().unwrap(), assembly(&lab)), (None, None), "neither version is left");
    assert_eq!(state(&lab, PLUGIN_MANAGER), "absent");
    assert_eq!(lab.settings_digest().unwrap(), settings);
    assert_eq!(lab.install(Package::Vipre51Reboot, &[]).unwrap().code, 3010);
    assert_eq!(assembly(&lab).as_deref(), Some("5.1.3"));

    // An installer that was killed leaves whatever it had done; the same one again completes it.
    let lab = with_vipre_45();
    unregister(&lab);
    let mut installer = lab.spawn(&["msiexec", "/i", &Package::Vipre51.path(), "/qn"]).unwrap();
    std::thread::sleep(Duration::from_millis(400));
    installer.kill_9().unwrap();
    lab.kill_9("msiexec");
    assert_eq!(lab.settings_digest().unwrap(), settings);
    let code = lab.install(Package::Vipre51, &[]).unwrap().code;
    assert!([0, 3010].contains(&code), "{code}");
    assert_eq!(
        (lab.vipre_version().unwrap().as_deref(), assembly(&lab).as_deref()),
        (Some("5.1.3"), Some("5.1.3"))
    );
    assert_eq!(lab.settings_digest().unwrap(), settings);
}

#[test]
fn machines_lose_no_acknowledged_mail_and_come_up_again() {
    let lab = with_vipre_45();
    let key = r"SOFTWARE\mailsec\Boot";
    // A key without values and with nothing but volatile keys in it is not kept, so the parent gets a value.
    lab.write_registry(r"SOFTWARE\mailsec", "Lasting", "stays", false).unwrap();
    lab.write_registry(key, "Id", "first", true).unwrap();
    let first = Some(RegistryValue::Text("first".to_owned()));
    assert_eq!(lab.read_registry(key, "Id").unwrap(), first, "it outlives the program that wrote it");
    let sender = lab.start_sender(Duration::from_millis(5));
    std::thread::sleep(Duration::from_millis(500));

    assert_eq!(lab.run(&["shutdown.exe", "/r", "/t", "0"]).unwrap().code, 0);
    assert_eq!(lab.restarts_asked_for().unwrap(), [["/r", "/t", "0"]]);
    assert_eq!(state(&lab, TRANSPORT), "Running", "asking is not doing");
    lab.reboot().unwrap();
    assert_eq!(lab.read_registry(key, "Id").unwrap(), None, "a volatile key ends with the boot");
    let lasting = Some(RegistryValue::Text("stays".to_owned()));
    assert_eq!(lab.read_registry(r"SOFTWARE\mailsec", "Lasting").unwrap(), lasting);
    assert_eq!(
        (state(&lab, TRANSPORT), state(&lab, PLUGIN_MANAGER)),
        ("Running".to_owned(), "Running".to_owned())
    );

    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(300));
        lab.power_cut().unwrap();
        assert_eq!(state(&lab, TRANSPORT), "Running");
    }
    assert_eq!(lab.kill_9("MSExchangeTransport.exe"), 1);
    assert_eq!(state(&lab, TRANSPORT), "Running", "Wine's service manager does not notice; see README.md");
    lab.start_service(TRANSPORT).unwrap();
    let report = sender.finish().unwrap();
    assert!(report.acknowledged.len() > 20 && report.failed_attempts > 0, "{report:?}");
    assert_eq!(report.queued, Vec::<String>::new());
    assert_eq!(lab.lost(&report).unwrap(), Vec::<String>::new());
    let sequences: Vec<_> = lab.ledger().unwrap().iter().map(|mail| mail.sequence).collect();
    assert_eq!(sequences, (1..=sequences.len() as u64).collect::<Vec<_>>());

    let prefix = lab.prefix().to_owned();
    drop(lab);
    assert_eq!(processes_in(&prefix), 0);
    assert!(!prefix.exists());
}

#[test]
fn the_shell_behaves_as_exchanges_does_and_misbehaves_on_request() {
    let lab = with_vipre_45();
    assert_eq!(lab.run(&["cmd", "/c", "exit", "3010"]).unwrap().code, 3010, "exit codes are whole");
    let answer = shell(
        &lab,
        "Get-TransportAgent -Identity 'nobody'\nEnable-TransportAgent 'nobody'\nGet-TransportAgent",
    );
    assert_eq!((&answer["ok"], &answer["done"]), (&false.into(), &1.into()));
    assert!(
        answer["error"]["message"].as_str().unwrap().starts_with("Transport agent \"nobody\" isn't found.")
    );
    let answer = shell(
        &lab,
        "$results += Get-TransportAgent 'nobody'\nGet-TransportAgent 'Malware Agent' -TransportService FrontEnd",
    );
    assert_eq!(answer["results"][0].as_array().unwrap().len(), 11, "an unknown identity gets all");
    assert_eq!(answer["results"][1].as_array().unwrap().len(), 0, "the front end has its own list");
    let answer = shell(&lab, "Set-TransportAgent 'Malware Agent' -Priority 1");
    assert_eq!(
        answer["warnings"][0],
        "The following service restart is required for the change(s) to take effect : MSExchangeTransport"
    );
    let get = "$nonce = 'c0ffee'\nGet-TransportAgent";
    let fault = |powershell: ShellFaults| {
        lab.set_faults(&Faults { powershell, ..Faults::default() }).unwrap();
    };
    fault(ShellFaults { half_frame: true, times: Some(1), ..ShellFaults::default() });
    let ended = lab.powershell(get).unwrap();
    assert!(ended.code == 0 && ended.stdout.contains("<<mailsec c0ffee") && frame(&ended.stdout).is_none());
    assert!(frame(&lab.powershell(get).unwrap().stdout).is_some(), "once only");
    fault(ShellFaults { noise: true, exit_code: 7, ..ShellFaults::default() });
    let ended = lab.powershell(get).unwrap();
    assert_eq!(ended.code, 7);
    assert!(!ended.stdout.starts_with("<<mailsec c0ffee") && frame(&ended.stdout).is_some());
    fault(ShellFaults { die_after: Some(1), times: Some(1), ..ShellFaults::default() });
    let two = "Disable-TransportAgent 'DLP Policy Agent' -Confirm:$false\nDisable-TransportAgent 'Malware Agent' -Confirm:$false";
    assert_eq!(lab.powershell(&format!("$nonce = 'c0ffee'\n{two}")).unwrap().stdout, "");
    let disabled: Vec<_> = lab.agents().unwrap().into_iter().filter(|a| !a.enabled).map(|a| a.name).collect();
    assert_eq!(disabled, ["DLP Policy Agent"], "the first statement was executed, the second was not");

    // A shell that loaded an assembly holds it until it ends, and one that hangs can be ended from outside.
    fs::copy(lab.linux_path(layout::VIPRE_ASSEMBLY), lab.linux_path(r"C:\lab\held.dll")).unwrap();
    fault(ShellFaults { hang_after_seconds: 60, ..ShellFaults::default() });
    let install =
        "Install-TransportAgent -Name 'Held' -TransportAgentFactory 'F' -AssemblyPath 'C:\\lab\\held.dll'";
    let encoded = mailsec_lab::base64::encode_command(&format!("$nonce = 'c0ffee'\n{install}"));
    let mut hanging = lab.spawn(&["powershell.exe", "-NonInteractive", "-EncodedCommand", &encoded]).unwrap();
    let since = Instant::now();
    while lab.agents().unwrap().len() < 12 {
        assert!(since.elapsed() < Duration::from_secs(20), "{:?}", hanging.stderr());
    }
    let delete = ["cmd", "/c", "del", "/f", r"C:\lab\held.dll"];
    lab.run(&delete).unwrap();
    assert!(lab.linux_path(r"C:\lab\held.dll").exists() && hanging.is_running());
    hanging.kill_9().unwrap();
    lab.run(&delete).unwrap();
    assert!(!lab.linux_path(r"C:\lab\held.dll").exists());
    let late = lab.run_within(
        &["powershell.exe", "-NonInteractive", "-EncodedCommand", &encoded],
        Duration::from_secs(2),
    );
    assert!(late.is_err());

    lab.set_variable("LAB_WORD", "seen");
    let mut cmd = lab
        .spawn_with_input(&["cmd", "/v:on", "/c", "set /p LINE= & echo %LAB_WORD% & set LINE"], "typed\r\n")
        .unwrap();
    assert_eq!(cmd.wait(Duration::from_secs(20)).unwrap(), Some(0));
    assert!(
        cmd.stdout().unwrap().contains("seen") && cmd.stdout().unwrap().contains("LINE=typed"),
        "{cmd:?}"
    );

    // The console stays open until somebody closes it.
    let console = lab.spawn(&[&format!(r"{}\VipreLabConsole.exe", layout::VIPRE_FOLDER)]).unwrap();
    let since = Instant::now();
    while lab.kill_9("VipreLabConsole") == 0 {
        assert!(since.elapsed() < Duration::from_secs(20));
    }
    drop(console);
    let images: Vec<_> = lab.processes().iter().map(mailsec_lab::Process::image).collect();
    assert!(!images.iter().any(|image| image == "powershell" || image == "viprelabconsole"), "{images:?}");
}
