//! `demo`: the main job on a simulated server, with this very program as separate processes: planned, run, killed in
//! the middle of the installer together with the server's power, taken up again, restarted, finished, reported.

use crate::{
    args::DemoArgs,
    exit::Exit,
    output::{Reply, say, settle, system},
};
use mailsec_core::{Failure, engine::load, failure::Code, journal::WitnessReader, upgrade::StepState};
use mailsec_simulator::{SimHost, folder, worlds};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How many times faster than real the simulated server runs: some four minutes take some twelve seconds.
const SPEED: &str = "20";
/// The step in which the power fails.
const FATAL_STEP: &str = "run-installer";
/// The demo gives up when nothing happens for so long.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn demo(args: DemoArgs) -> Result<Reply, Failure> {
    let folder = match args.folder {
        Some(folder) => folder,
        None => std::env::temp_dir().join(format!("mailsec-demo-{}", uuid::Uuid::now_v7())),
    };
    if folder.join(folder::WORLD_FILE).exists() {
        return Err(Failure::new(Code::World, "there is a simulated server in that folder already")
            .found(folder.display().to_string())
            .hint("choose another folder"));
    }
    let demo = Demo {
        program: std::env::current_exe().map_err(|e| system("the program cannot find itself", e))?,
        folder,
    };
    demo.show()
}

struct Demo {
    program: PathBuf,
    folder: PathBuf,
}

impl Demo {
    fn show(&self) -> Result<Reply, Failure> {
        chapter("A simulated Exchange server with VIPRE Email Security for Exchange 4.5");
        SimHost::create(&self.folder, worlds::vipre_45())?;
        self.run(&["detect"], &[Exit::Done])?;

        chapter("The upgrade begins");
        let child = self.begin()?;
        self.kill_in_the_middle(child)?;

        chapter("The program was killed with kill -9, and the power of the server failed with it");
        folder::cut_power(&self.folder)?;
        self.run(&["status"], &[Exit::Done])?;

        chapter("The server boots, and the upgrade is taken up again");
        let mut processes = 2;
        let mut exit = self.run(&["resume"], &[Exit::Done, Exit::RestartPending])?;
        while exit == Exit::RestartPending as i32 {
            chapter("The server has restarted as planned");
            processes += 1;
            exit = self.run(&["resume"], &[Exit::Done, Exit::RestartPending])?;
        }

        chapter("The report");
        let report = self.folder.join("report.txt");
        self.run(&["report", "--out", &report.display().to_string()], &[Exit::Done])?;
        let text =
            std::fs::read_to_string(&report).map_err(|error| system("the report cannot be read", error))?;
        self.run(&["journal", "verify"], &[Exit::Done])?;
        let journal = self.state().join("journal");
        let ending = format!(
            "{text}\nThat took {processes} processes, one kill -9, one power cut and one planned restart.\n\
             Journal  {}\nReport   {}\nServer   {}\n",
            journal.display(),
            report.display(),
            self.folder.display()
        );
        Ok(Reply::new(
            ending,
            json!({ "journal": journal.display().to_string(), "report": report.display().to_string(), "server": self.folder.display().to_string(), "processes": processes }),
        ))
    }

    fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("--host")
            .arg(format!("sim:{}", self.folder.display()))
            .args([
                "--no-input",
                "--speed",
                SPEED,
                "--secret",
                "service-account-password=env:MAILSEC_DEMO_PASSWORD",
            ])
            .args(arguments)
            .env("MAILSEC_DEMO_PASSWORD", worlds::vipre::PASSWORD)
            .env_remove("MAILSEC_STATE")
            .stdin(Stdio::null());
        command
    }

    /// Runs this program to its end, its output as it comes.
    fn run(&self, arguments: &[&str], expected: &[Exit]) -> Result<i32, Failure> {
        say(&format!("$ mailsec {}", arguments.join(" ")));
        // What it says goes straight to the same terminal.
        settle();
        let status = self
            .command(arguments)
            .stdout(Stdio::from(std::io::stderr()))
            .status()
            .map_err(|error| system("the program cannot be started", error))?;
        let code = status.code().unwrap_or(-1);
        if expected.iter().any(|exit| *exit as i32 == code) {
            return Ok(code);
        }
        Err(Failure::new(
            Code::System,
            format!("`mailsec {}` ended otherwise than the demo expects", arguments.join(" ")),
        )
        .expected(format!("exit code {:?}", expected.iter().map(|exit| *exit as i32).collect::<Vec<_>>()))
        .found(format!("{status}"))
        .hint(format!("the simulated server is still there: {}", self.folder.display())))
    }

    fn begin(&self) -> Result<Child, Failure> {
        let arguments = [
            "run",
            "--yes",
            "--installer",
            worlds::installers::WANTS_RESTART,
            "--silent",
            "--credential-properties",
            "SIMACCOUNT,SIMPASSWORD",
            "--no-rules",
            "this simulated server has none",
        ];
        say(&format!("$ mailsec {}", arguments.join(" ")));
        // What it says goes straight to the same terminal.
        settle();
        self.command(&arguments)
            .stdout(Stdio::from(std::io::stderr()))
            .spawn()
            .map_err(|error| system("the program cannot be started", error))
    }

    /// Waits until the installer is under way, and a little longer; then kills the process without a warning.
    fn kill_in_the_middle(&self, mut child: Child) -> Result<(), Failure> {
        let began = Instant::now();
        while !self.in_flight() {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(Failure::new(Code::System, "the upgrade ended before it could be killed")
                    .found(status.to_string()));
            }
            if began.elapsed() > PATIENCE {
                _ = child.kill();
                return Err(Failure::new(
                    Code::TimeLimit,
                    "the upgrade did not come to the installer in time",
                ));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(400));
        child
            .kill()
            .and_then(|()| child.wait())
            .map_err(|error| system("the process cannot be killed", error))?;
        Ok(())
    }

    /// Whether the journal shows the fatal step as begun, without an outcome.
    fn in_flight(&self) -> bool {
        last_step(&self.state().join("journal")).is_some_and(|step| step == FATAL_STEP)
    }
}

fn last_step(journal: &Path) -> Option<String> {
    let reader = WitnessReader::new(journal);
    let upgrade = reader.upgrades().ok()?.pop()?;
    let state = load(&reader.read(upgrade).ok()?.envelopes).state;
    let flight = state.flight.as_ref()?;
    let done = matches!(state.steps.get(flight.step)?.state, StepState::Done(_));
    (!done).then(|| state.plan_steps().get(flight.step).map(|step| step.id.to_string())).flatten()
}

fn chapter(title: &str) {
    say(&format!("\n== {title}\n"));
}
