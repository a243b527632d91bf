//! A process that is still running, and what others do meanwhile.

use super::{Place, Ran};
use mailsec_core::{engine::load, journal::WitnessReader, upgrade::State};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::{
    cell::RefCell,
    fs::File,
    io::{Read, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::{JoinHandle, sleep},
    time::{Duration, Instant},
};

/// After this a process hangs. Nothing else is measured in real time.
const HANGS: Duration = Duration::from_secs(120);

/// A process under way; killed when it is dropped.
pub(crate) struct Running {
    child: RefCell<Child>,
    out: Vec<JoinHandle<String>>,
    keyboard: Option<File>,
    journal: PathBuf,
}

impl Running {
    /// Starts the program on a server.
    pub(crate) fn start<'a>(place: &Place, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self::with_keyboard(place, arguments, None)
    }

    /// Starts the program on a server, at a terminal.
    pub(crate) fn at_a_terminal<'a>(place: &Place, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self::with_keyboard(place, arguments, Some(terminal()))
    }

    /// Starts the program on a server, at a terminal that is its own: what asks for passwords opens that one.
    pub(crate) fn at_its_own_terminal<'a>(
        place: &Place,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let inner = place.command(arguments);
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(inner.get_program()).args(inner.get_args());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Self::spawn(place, command, Some(terminal()))
    }

    /// Reads its terminal until a text comes; returns all that came.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) -> String {
        let mut terminal = self.keyboard.as_ref().expect("it has a terminal");
        let mut all = Vec::new();
        while !String::from_utf8_lossy(&all).contains(text) {
            let mut byte = [0];
            assert_eq!(terminal.read(&mut byte).unwrap(), 1, "it shows no {text:?}");
            all.extend(byte);
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    fn with_keyboard<'a>(
        place: &Place,
        arguments: impl IntoIterator<Item = &'a str>,
        keyboard: Option<(File, File)>,
    ) -> Self {
        Self::spawn(place, place.command(arguments), keyboard)
    }

    fn spawn(place: &Place, mut command: Command, keyboard: Option<(File, File)>) -> Self {
        let (keyboard, terminal) = keyboard.unzip();
        if let Some(terminal) = terminal {
            command.stdin(Stdio::from(terminal));
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = vec![collect(child.stdout.take().unwrap())];
        out.push(collect(child.stderr.take().unwrap()));
        Self { child: RefCell::new(child), out, keyboard, journal: place.journal() }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.borrow().id()
    }

    /// Holds it where it is, as a system without time for it would.
    pub(crate) fn stops(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn goes_on(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    /// As Ctrl-C does.
    pub(crate) fn is_interrupted(&self) {
        self.signal(rustix::process::Signal::INT);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child.borrow());
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Waits until the journal has the intent to run a step.
    #[track_caller]
    pub(crate) fn reaches(&self, step: &str) {
        self.waits_for(step, |state| {
            let flight = state.flight.as_ref().map(|flight| flight.step);
            flight.and_then(|at| state.plan_steps().get(at)).is_some_and(|now| now.id.as_str() == step)
        });
    }

    /// Waits until a gate is open.
    #[track_caller]
    pub(crate) fn reaches_gate(&self, gate: &str) {
        self.waits_for(gate, |state| state.gate.as_ref().is_some_and(|open| open.id.as_str() == gate));
    }

    #[track_caller]
    fn waits_for(&self, what: &str, holds: impl Fn(&State) -> bool) {
        let began = Instant::now();
        while !self.state().is_some_and(|state| holds(&state)) {
            assert!(self.child.borrow_mut().try_wait().unwrap().is_none(), "it ended before {what}");
            assert!(began.elapsed() < HANGS, "it does not come to {what}");
            sleep(Duration::from_millis(5));
        }
    }

    /// Waits until something else is so, while it runs.
    #[track_caller]
    pub(crate) fn waits_until(&self, holds: impl Fn() -> bool, what: &str) {
        let began = Instant::now();
        while !holds() {
            assert!(self.child.borrow_mut().try_wait().unwrap().is_none(), "it ended before {what}");
            assert!(began.elapsed() < HANGS, "it does not come that {what}");
            sleep(Duration::from_millis(5));
        }
    }

    fn state(&self) -> Option<State> {
        let reader = WitnessReader::new(&self.journal);
        let upgrade = reader.upgrades().ok()?.pop()?;
        Some(load(&reader.read(upgrade).ok()?.envelopes).state)
    }

    /// Types at its terminal.
    pub(crate) fn types(&self, text: &str) {
        let mut keyboard = self.keyboard.as_ref().expect("it has a terminal");
        keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ends(mut self) -> Ran {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.borrow_mut().try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < HANGS, "it does not end");
            sleep(Duration::from_millis(5));
        };
        let mut texts = self.out.drain(..).map(|thread| thread.join().unwrap().into_bytes());
        let (stdout, stderr) = (texts.next().unwrap(), texts.next().unwrap());
        Ran::from(std::process::Output { status, stdout, stderr })
    }

    /// Kills it and waits until it is gone.
    pub(crate) fn kill(self) {
        self.child.borrow_mut().kill().unwrap();
        self.child.borrow_mut().wait().unwrap();
    }
}

/// Both ends of a new terminal: the one that types, and the program's.
pub(super) fn terminal() -> (File, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    // Not yet anybody's own terminal, least of all this test's.
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
    let terminal = rustix::fs::open(name, flags, rustix::fs::Mode::empty()).unwrap();
    (File::from(master), File::from(terminal))
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.child.get_mut().kill();
        _ = self.child.get_mut().wait();
    }
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        _ = from.read_to_string(&mut text);
        text
    })
}
