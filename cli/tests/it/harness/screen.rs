//! A program whose input and output are a terminal.

use super::running::terminal;
use rustix::termios::{Winsize, tcsetwinsize};
use std::{
    fs::File,
    io::{Read, Write},
    process::{Child, Command, Stdio},
};

/// What a terminal of so many columns got from a program, and how that ended.
pub(crate) fn on_screen(command: Command, columns: u16) -> (String, Option<i32>) {
    Screen::start(command, columns, "").ends()
}

/// A program under way.
pub(crate) struct Screen {
    child: Child,
    keyboard: File,
}

impl Screen {
    /// Starts it at a terminal of so many columns, at which something was typed before.
    pub(crate) fn start(mut command: Command, columns: u16, typed: &str) -> Self {
        let (mut keyboard, terminal) = terminal();
        let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        keyboard.write_all(typed.as_bytes()).unwrap();
        let end = |terminal: &File| Stdio::from(terminal.try_clone().unwrap());
        command.stdin(end(&terminal)).stdout(end(&terminal)).stderr(end(&terminal));
        // The command has copies of its own; it goes with this function: the last end that is closed must be the child's.
        Self { child: command.spawn().unwrap(), keyboard }
    }

    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Reads to its end.
    pub(crate) fn ends(mut self) -> (String, Option<i32>) {
        let mut got = Vec::new();
        let mut buffer = [0; 4096];
        // On Linux a terminal whose other end is gone answers with an error.
        while let Ok(count @ 1..) = self.keyboard.read(&mut buffer) {
            got.extend_from_slice(&buffer[..count]);
        }
        (String::from_utf8_lossy(&got).into_owned(), self.child.wait().unwrap().code())
    }
}
