//! A program whose input and output are a terminal.

use super::running::terminal;
use rustix::termios::{Winsize, tcsetwinsize};
use std::{
    fs::File,
    io::Read,
    process::{Command, Stdio},
};

/// What a terminal of so many columns got from a program, and how that ended.
pub(crate) fn on_screen(mut command: Command, columns: u16) -> (String, Option<i32>) {
    let (keyboard, terminal) = terminal();
    let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal, size).unwrap();
    let end = |terminal: &File| Stdio::from(terminal.try_clone().unwrap());
    command.stdin(end(&terminal)).stdout(end(&terminal)).stderr(end(&terminal));
    let mut child = command.spawn().unwrap();
    // The command has copies of its own: the last end that is closed must be the child's.
    drop((command, terminal));
    let mut got = Vec::new();
    let mut keyboard = keyboard;
    let mut buffer = [0; 4096];
    // On Linux a terminal whose other end is gone answers with an error.
    while let Ok(count @ 1..) = keyboard.read(&mut buffer) {
        got.extend_from_slice(&buffer[..count]);
    }
    (String::from_utf8_lossy(&got).into_owned(), child.wait().unwrap().code())
}
