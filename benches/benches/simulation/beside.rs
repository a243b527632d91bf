//! The same shape in turmoil: a host that makes as many appends durable as an upgrade does, and calls another one as
//! often as an upgrade calls the server; with and without crashes of the first. What the calls do, and what decides
//! them, is left out.

use std::{cell::Cell, rc::Rc, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use turmoil::{
    Builder,
    fs::shim::std::fs::{OpenOptions, sync_dir},
    net::{TcpListener, TcpStream},
};

const PORT: u16 = 1_700;
const JOURNAL: &str = "/journal";
const TICK: Duration = Duration::from_millis(1);

/// What one run consists of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Appends, each with its flush.
    pub(crate) appends: usize,
    /// Bytes of one.
    pub(crate) bytes: usize,
    /// Calls of the other host, each with its answer.
    pub(crate) calls: usize,
}

/// Runs it to its end, with crashes once so many appends were begun.
pub(crate) fn run(shape: Shape, seed: u64, crashes: &[usize]) -> turmoil::Result {
    let (begun, done) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let mut sim = Builder::new()
        .tick_duration(TICK)
        .min_message_latency(Duration::ZERO)
        .max_message_latency(TICK)
        .simulation_duration(Duration::from_secs(3_600))
        .rng_seed(seed)
        .build();
    sim.host("server", || async {
        let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
        loop {
            let (mut stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                let mut call = [0; 64];
                while stream.read_exact(&mut call).await.is_ok() && stream.write_all(&call).await.is_ok() {}
            });
        }
    });
    let (counts, over) = (Rc::clone(&begun), Rc::clone(&done));
    sim.host("engine", move || engine(shape, Rc::clone(&counts), Rc::clone(&over)));
    let mut crashes = crashes.iter().copied().peekable();
    while !done.get() {
        sim.step()?;
        if crashes.next_if(|at| begun.get() >= *at).is_some() {
            sim.crash("engine");
            sim.bounce("engine");
        }
    }
    Ok(())
}

async fn engine(shape: Shape, begun: Rc<Cell<usize>>, done: Rc<Cell<bool>>) -> turmoil::Result {
    let mut journal = OpenOptions::new().create(true).append(true).read(true).open(JOURNAL)?;
    sync_dir("/")?;
    // What an earlier process made durable.
    let kept = usize::try_from(journal.metadata()?.len())? / shape.bytes;
    let mut stream = TcpStream::connect(("server", PORT)).await?;
    let line = vec![b'x'; shape.bytes];
    let mut call = [0; 64];
    for append in kept..shape.appends {
        begun.set(begun.get() + 1);
        std::io::Write::write_all(&mut journal, &line)?;
        journal.sync_all()?;
        for _ in append * shape.calls / shape.appends..(append + 1) * shape.calls / shape.appends {
            stream.write_all(&call).await?;
            stream.read_exact(&mut call).await?;
        }
    }
    done.set(true);
    Ok(())
}
