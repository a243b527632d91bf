//! The ports on a real Windows or under Wine. Tests that change the machine are ignored: run them with `--ignored` on
//! a machine that may be thrown away.
#![cfg(windows)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use mailsec_core::{
    Code, Permit,
    host::{
        FileKind, Host, InstallRequest, InstallerOutcome, PackageKind, ProcessInfo, RegistryView,
        ServiceName, ServiceState, StartMode, UninstallRequest,
    },
    values::{AccountName, Digest, Secret, SecretRef, ServerPath},
};
use mailsec_windows::{SecretSources, WindowsConfig, WindowsHost, event_log, logon_task, service};
use std::{
    path::PathBuf,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

fn host() -> WindowsHost {
    WindowsHost::new(WindowsConfig::default()).unwrap()
}

fn permit() -> Permit {
    Permit::for_test("test")
}

fn server_path(path: &std::path::Path) -> ServerPath {
    ServerPath::new(path.to_str().unwrap())
}

fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.parent().unwrap().parent().unwrap().join("examples").join(name)
}

/// A password that the program writes is one that it takes again, however open the folder is.
#[test]
fn a_new_file_is_for_its_owner_and_administrators_wherever_it_lies() {
    use mailsec_windows::private::{check_unread, new_file};
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.txt");
    std::io::Write::write_all(&mut new_file(&own).unwrap(), b"secret").unwrap();
    assert_eq!(std::fs::read(&own).unwrap(), b"secret");
    assert_eq!(check_unread(&own).unwrap(), Ok(()));
    assert_eq!(new_file(&own).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn files_are_written_whole_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let (host, permit) = (host(), permit());
    let files = host.files();
    // Deeper than the old limit of 260 characters.
    let deep =
        (0..12).fold(server_path(folder.path()).join("new"), |p, _| p.join("a folder with a longer name"));
    let one = deep.join("one.txt");
    assert!(one.as_str().len() > 300);
    assert_eq!(files.stat(&one).await.unwrap(), None);
    assert!(files.free_space(&one).await.unwrap() > 0);
    files.write(&permit, &one, b"first").await.unwrap();
    files.write(&permit, &one, b"second").await.unwrap();
    assert_eq!(files.read(&one, 6).await.unwrap(), b"second");
    assert_eq!(files.read(&one, 5).await.unwrap_err().code, Code::FileUnreadable);
    let two = deep.join("two.txt");
    files.copy(&permit, &one, &two).await.unwrap();
    let (a, b) = (files.stat(&one).await.unwrap().unwrap(), files.stat(&two).await.unwrap().unwrap());
    assert_eq!((a.modified, a.size, a.kind), (b.modified, 6, FileKind::File));
    assert_eq!(files.digest(&two).await.unwrap(), Digest::of(b"second"));

    let tree = files.tree(&server_path(folder.path())).await.unwrap();
    assert_eq!(tree.len(), 2, "nothing unfinished stays behind: {tree:?}");
    assert!(tree[0].path.ends_with(r"\one.txt") && tree[0].digest == Digest::of(b"second"));

    let missing = deep.join("missing");
    assert_eq!(files.tree(&missing).await.unwrap_err().code, Code::FileMissing);
    assert_eq!(files.copy(&permit, &missing, &two).await.unwrap_err().code, Code::FileMissing);
    assert_eq!(files.read(&two, 99).await.unwrap(), b"second");
    files.remove(&permit, &server_path(folder.path()).join("new")).await.unwrap();
    files.remove(&permit, &one).await.unwrap();
    assert_eq!(files.stat(&one).await.unwrap(), None);
    for bad in ["relative", r"C:\a\..\b", r"C:\a:stream"] {
        assert_eq!(files.stat(&ServerPath::new(bad)).await.unwrap_err().code, Code::BadArgument, "{bad}");
    }
    assert_eq!(files.remove(&permit, &ServerPath::new(r"C:\")).await.unwrap_err().code, Code::BadArgument);
}

#[tokio::test]
async fn a_password_that_was_made_outlives_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("state").join("secrets");
    // Each is a program of its own: they share the folder only.
    let sources = || SecretSources::new().with_store(&store);
    let program =
        || WindowsHost::new(WindowsConfig { secrets: sources(), ..WindowsConfig::default() }).unwrap();
    let name = SecretRef::new("service-account-password");
    assert!(program().secrets().get(&name).await.unwrap().is_none());
    let made = Secret::new("Made-3x7-Password");
    sources().keep(name.clone(), made.clone()).unwrap();
    let kept = program().secrets().get(&name).await.unwrap().unwrap();
    assert_eq!(kept.expose(), made.expose());
    let file = store.join("service-account-password.dpapi");
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(8).any(|part| part == &made.expose().as_bytes()[..8]), "it is not in plain text");
    let outside = SecretRef::new(r"..\x");
    assert!(sources().keep(outside.clone(), made).is_err());
    assert!(program().secrets().get(&outside).await.unwrap().is_none());
    std::fs::write(&file, b"damaged").unwrap();
    assert_eq!(program().secrets().get(&name).await.unwrap_err().code, Code::SecretMissing);
}

#[tokio::test]
async fn a_log_that_nobody_cleaned_is_removed_by_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let (store, log) = (folder.path().join("secrets"), folder.path().join("install.log"));
    std::fs::create_dir(&store).unwrap();
    std::fs::write(&log, b"PASSWORD=x").unwrap();
    let note = store.join("unclean-log-1");
    std::fs::write(&note, log.to_str().unwrap()).unwrap();
    let secrets = SecretSources::new().with_store(&store);
    WindowsHost::new(WindowsConfig { secrets, ..WindowsConfig::default() }).unwrap();
    assert!(!log.exists() && !note.exists());
}

#[tokio::test]
async fn a_file_in_use_is_a_failure_that_may_pass() {
    use std::os::windows::fs::OpenOptionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("held.dll");
    std::fs::write(&path, b"x").unwrap();
    let held = std::fs::OpenOptions::new().read(true).share_mode(0).open(&path).unwrap();
    let (host, path) = (host(), server_path(&path));
    let failure = host.files().write(&permit(), &path, b"y").await.unwrap_err();
    assert_eq!(failure.remedy, mailsec_core::failure::Remedy::Retry, "{failure:?}");
    assert_eq!(host.files().digest(&path).await.unwrap_err().code, Code::FileUnreadable);
    drop(held);
    host.files().write(&permit(), &path, b"y").await.unwrap();
    assert_eq!(host.files().tree(&server_path(folder.path())).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_boot_identity_is_the_same_for_everybody() {
    let first = host().power().boot().await.unwrap();
    let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(boot_of_a_thread)).collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), first.0);
    }
}

fn boot_of_a_thread() -> Arc<str> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(host().power().boot()).unwrap().0
}

#[tokio::test]
async fn the_registry_is_read_in_both_views() {
    let host = host();
    let key = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
    let registry = host.registry();
    assert!(registry.exists(RegistryView::Wide, key).await.unwrap());
    assert!(registry.value(RegistryView::Wide, key, "CurrentVersion").await.unwrap().is_some());
    assert_eq!(registry.value(RegistryView::Wide, key, "no such value").await.unwrap(), None);
    assert!(!registry.exists(RegistryView::Narrow, r"SOFTWARE\no such key").await.unwrap());
}

#[tokio::test]
async fn services_are_found_and_unknown_ones_are_not() {
    let host = host();
    let list = host.services().list().await.unwrap();
    let known = list.iter().find(|s| s.name.same(&ServiceName::new("msiserver"))).unwrap();
    let got = host.services().get(&ServiceName::new("MSISERVER")).await.unwrap().unwrap();
    assert_eq!((&got.display, &got.account), (&known.display, &known.account));
    let absent = ServiceName::new("mailsec-no-such-service");
    assert_eq!(host.services().get(&absent).await.unwrap(), None);
    let failure = host.services().start(&permit(), &absent, Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(failure.code, Code::ServiceNotFound);
}

#[tokio::test]
async fn a_program_is_found_by_its_folder_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    // A program that waits without a window.
    let program = folder.path().join("waits.exe");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut child =
        Command::new(&program).args(["--exact", "waits_when_asked", "--include-ignored"]).spawn().unwrap();
    let (host, root) = (host(), server_path(folder.path()));
    let found = host.processes().under(&root).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].pid, found[0].is_service), (child.id(), false));
    let other = ProcessInfo { image: root.join("other.exe"), ..found[0].clone() };
    let failure = host.processes().close(&permit(), &other, Duration::ZERO).await.unwrap_err();
    assert_eq!(failure.code, Code::ProcessBusy);
    assert!(child.try_wait().unwrap().is_none());
    let begun = Instant::now();
    host.processes().close(&permit(), &found[0], Duration::from_secs(30)).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "without a window nobody is waited for");
    child.wait().unwrap();
    assert!(host.processes().under(&root).await.unwrap().is_empty());
    host.processes().close(&permit(), &found[0], Duration::ZERO).await.unwrap();
}

#[test]
#[ignore = "a helper of another test: waits to be ended"]
fn waits_when_asked() {
    std::thread::sleep(Duration::from_secs(60));
}

#[tokio::test]
#[ignore = "changes this machine's registry"]
async fn the_source_of_our_events_is_registered_written_to_and_removed() {
    let key = r"SYSTEM\CurrentControlSet\Services\EventLog\Application\mailsec";
    let (host, view) = (host(), RegistryView::Wide);
    for _ in 0..2 {
        event_log::register().unwrap();
        let file = host.registry().value(view, key, "EventMessageFile").await.unwrap().unwrap();
        assert!(file.to_lowercase().ends_with(r"\system32\eventcreate.exe"), "{file}");
        assert_eq!(host.registry().value(view, key, "TypesSupported").await.unwrap().as_deref(), Some("7"));
    }
    for kind in [event_log::Kind::Information, event_log::Kind::Warning, event_log::Kind::Error] {
        event_log::report(kind, 100, "a \0text\r\nof two lines").unwrap();
    }
    event_log::report(event_log::Kind::Error, 130, &"\u{1f4e7}".repeat(40_000)).unwrap();
    for _ in 0..2 {
        event_log::unregister().unwrap();
        assert!(!host.registry().exists(view, key).await.unwrap());
    }
}

#[test]
#[ignore = "changes this machine's tasks"]
fn the_task_of_log_on_is_registered_renewed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let kept = PathBuf::from(r"C:\windows\system32\Tasks").join(logon_task::NAME);
    logon_task::unregister().unwrap();
    for arguments in [vec!["status"], vec!["--state", r"C:\Böse & Söhne", "status"]] {
        logon_task::register(&PathBuf::from(r"C:\a b\mailsec.exe"), &arguments, folder.path()).unwrap();
        // Wine keeps the settings of a definition in UTF-8, and neither when it runs nor what.
        let definition = std::fs::read(&kept).unwrap().into_iter().filter(|byte| *byte != 0).collect();
        let definition = String::from_utf8(definition).unwrap();
        assert!(definition.contains("<StopIfGoingOnBatteries>false</"), "{definition}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the definition is left behind");
    }
    for _ in 0..2 {
        logon_task::unregister().unwrap();
        assert!(!kept.exists());
    }
}

#[tokio::test]
#[ignore = "installs the service mailsec on this machine"]
async fn our_service_runs_stops_and_takes_another_account() {
    let exe = example("sample-service.exe");
    let (host, permit, name) = (host(), permit(), ServiceName::new(service::NAME));
    let limit = Duration::from_secs(30);
    service::uninstall().unwrap();
    service::install(exe.clone(), vec!["run".into()], None).unwrap();
    service::install(exe.clone(), vec!["run".into()], None).unwrap();
    let get = async || host.services().get(&name).await.unwrap().unwrap();
    let installed = get().await;
    assert_eq!((installed.state, installed.start), (ServiceState::Stopped, StartMode::Automatic));
    assert!(installed.image.unwrap().same(&server_path(&exe)));
    assert_eq!(installed.started, None);

    let before = host.clock().now();
    host.services().start(&permit, &name, limit).await.unwrap();
    host.services().start(&permit, &name, limit).await.unwrap();
    let running = get().await;
    assert!(running.is_running() && running.started.unwrap() >= before.min(running.started.unwrap()));
    assert!(running.started.unwrap().since(before) < limit);
    let processes = host.processes().under(&server_path(exe.parent().unwrap())).await.unwrap();
    assert!(processes.iter().any(|p| p.is_service && p.image.same(&server_path(&exe))), "{processes:?}");
    host.services().stop(&permit, &name, limit).await.unwrap();
    host.services().stop(&permit, &name, limit).await.unwrap();
    assert_eq!(get().await.state, ServiceState::Stopped);

    for mode in [StartMode::Disabled, StartMode::Manual, StartMode::AutomaticDelayed, StartMode::Automatic] {
        match host.services().set_start(&permit, &name, mode).await {
            Ok(()) => assert_eq!(get().await.start, mode),
            // Wine knows no delayed start.
            Err(failure) => assert!(mode == StartMode::AutomaticDelayed, "{failure:?}"),
        }
        if mode == StartMode::Disabled {
            let failure = host.services().start(&permit, &name, limit).await.unwrap_err();
            assert_eq!(failure.code, Code::ServiceStart, "{failure:?}");
        }
    }
    let account = AccountName::parse(r".\svc-test").unwrap();
    match host.services().set_log_on(&permit, &name, &account, &Secret::new("p w\"x")).await {
        Ok(()) => assert_eq!(&*get().await.account, r".\svc-test"),
        // Windows looks the account up, Wine does not.
        Err(failure) => assert_eq!(failure.code, Code::ServiceConfig, "{failure:?}"),
    }
    service::uninstall().unwrap();
    service::uninstall().unwrap();
    assert!(host.services().get(&name).await.unwrap().is_none_or(|s| !s.is_running()));
}

#[tokio::test]
#[ignore = "installs the service mailsec on this machine"]
async fn a_service_that_dies_is_a_failed_start() {
    let (host, permit, name) = (host(), permit(), ServiceName::new(service::NAME));
    service::install(example("sample-service.exe"), vec!["run".into(), "exit".into(), "7".into()], None)
        .unwrap();
    // Ends at once: either seen while starting, or it counted as running for a moment.
    let started = host.services().start(&permit, &name, Duration::from_secs(20)).await;
    if let Err(failure) = started {
        assert_eq!(failure.code, Code::ServiceStart);
        assert!(failure.found.unwrap().contains('7'));
    }
    host.services().stop(&permit, &name, Duration::from_secs(20)).await.unwrap();
    service::install(PathBuf::from(r"C:\no such program.exe"), vec![], None).unwrap();
    let failure = host.services().start(&permit, &name, Duration::from_secs(5)).await.unwrap_err();
    assert!(matches!(failure.code, Code::ServiceStart | Code::TimeLimit), "{failure:?}");
    service::uninstall().unwrap();
}

#[tokio::test]
#[ignore = "installs the package in MAILSEC_TEST_MSI on this machine, and removes it"]
async fn an_msi_package_is_installed_and_removed() {
    let package = ServerPath::new(std::env::var("MAILSEC_TEST_MSI").expect("MAILSEC_TEST_MSI"));
    let (host, permit) = (host(), permit());
    let found = host.packages().inspect(&package).await.unwrap();
    assert_eq!(found.kind, PackageKind::Msi);
    let (product, version) = (found.product.unwrap(), found.version.unwrap());
    let code = found.product_code.unwrap();
    let temp = tempfile::tempdir().unwrap();
    let log = server_path(temp.path()).join("logs").join("install.log");
    let secrets = [("SVCPASSWORD".to_owned(), Secret::new("s3cr\"et w0rd"))];
    let request = InstallRequest {
        package: &package,
        kind: PackageKind::Msi,
        arguments: &["SVCACCOUNT=LAB\\svc vipre".to_owned()],
        secret_properties: &secrets,
        log: &log,
        limit: Duration::from_secs(120),
    };
    assert_eq!(host.packages().install(&permit, request).await.unwrap(), InstallerOutcome::Done);
    let text = std::fs::read(temp.path().join("logs").join("install.log")).unwrap_or_default();
    let text: String = String::from_utf8_lossy(&text).replace('\0', "");
    assert!(!text.contains("s3cr"), "{text}");
    let installed = host.packages().installed().await.unwrap();
    let entry = installed.iter().find(|p| p.key.eq_ignore_ascii_case(&code)).expect("an Uninstall entry");
    assert_eq!((entry.name.as_str(), entry.version.as_str()), (product.as_str(), version.as_str()));
    assert!(!host.packages().busy().await.unwrap());
    let uninstall = || UninstallRequest {
        product_code: &code,
        secret_properties: &[],
        log: &log,
        limit: Duration::from_secs(120),
    };
    assert_eq!(host.packages().uninstall(&permit, uninstall()).await.unwrap(), InstallerOutcome::Done);
    let left = host.packages().installed().await.unwrap();
    assert!(!left.iter().any(|p| p.key.eq_ignore_ascii_case(&code)), "{left:?}");
    assert_eq!(
        host.packages().uninstall(&permit, uninstall()).await.unwrap(),
        InstallerOutcome::Failed(1605)
    );
}

#[tokio::test]
async fn a_program_as_installer_gets_its_log_and_its_true_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let log = server_path(folder.path()).join("exe.log");
    let system = ServerPath::new(r"C:\windows\system32\cmd.exe");
    let (host, permit) = (host(), permit());
    let run = async |command: &str, limit| {
        let arguments = ["/c".to_owned(), command.to_owned()];
        let request = InstallRequest {
            package: &system,
            kind: PackageKind::Exe,
            arguments: &arguments,
            secret_properties: &[],
            log: &log,
            limit: Duration::from_secs(limit),
        };
        host.packages().install(&permit, request).await
    };
    // The Unix side of Wine would see 3010 modulo 256.
    assert_eq!(run("echo hello& exit 3010", 20).await.unwrap(), InstallerOutcome::RestartNeeded);
    assert!(String::from_utf8_lossy(&host.files().read(&log, 99).await.unwrap()).contains("hello"));
    assert_eq!(run("exit 1603", 20).await.unwrap(), InstallerOutcome::Failed(1603));
    let failure = run("ping -n 4 127.0.0.1", 0).await.unwrap_err();
    assert_eq!(failure.code, Code::TimeLimit);
}

#[tokio::test]
async fn what_is_no_installer_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = server_path(folder.path()).join("page.msi");
    let host = host();
    assert_eq!(host.packages().inspect(&path).await.unwrap_err().code, Code::PackageMissing);
    host.files().write(&permit(), &path, b"<html>not found</html>").await.unwrap();
    assert_eq!(host.packages().inspect(&path).await.unwrap_err().code, Code::PackageMissing);
    let program = host.packages().inspect(&server_path(&std::env::current_exe().unwrap())).await.unwrap();
    assert_eq!(program.kind, PackageKind::Exe);
    assert_eq!(program.signature, mailsec_core::host::Signature::Absent);
}

#[tokio::test]
async fn an_installer_outlives_its_caller() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("installs.exe");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let begun = Instant::now();
    let mut caller = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "runs_an_installer", "--include-ignored"])
        .env("MAILSEC_TEST_INSTALLER", &program)
        .spawn()
        .unwrap();
    while !folder.path().join("begun").exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the installer starts");
        std::thread::sleep(Duration::from_millis(50));
    }
    caller.kill().unwrap();
    caller.wait().unwrap();
    assert!(!folder.path().join("done").exists());
    while !folder.path().join("done").exists() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the installer goes on to its end");
        std::thread::sleep(Duration::from_millis(50));
    }
    // Its file is in use until it has ended.
    while folder.path().join("installs.exe").exists() && std::fs::remove_file(&program).is_err() {
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test]
#[ignore = "a helper of another test: runs an installer and is killed"]
async fn runs_an_installer() {
    let program = PathBuf::from(std::env::var_os("MAILSEC_TEST_INSTALLER").unwrap());
    let arguments = ["--exact", "is_an_installer", "--include-ignored"].map(str::to_owned);
    let request = InstallRequest {
        package: &server_path(&program),
        kind: PackageKind::Exe,
        arguments: &arguments,
        secret_properties: &[],
        log: &server_path(&program.with_extension("log")),
        limit: Duration::from_secs(60),
    };
    let _ = host().packages().install(&permit(), request).await;
}

#[test]
#[ignore = "a helper of another test: stands for an installer"]
fn is_an_installer() {
    let folder = std::env::current_exe().unwrap();
    std::fs::write(folder.with_file_name("begun"), b"").unwrap();
    std::thread::sleep(Duration::from_secs(3));
    std::fs::write(folder.with_file_name("done"), b"").unwrap();
}
