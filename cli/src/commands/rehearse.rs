//! `rehearse`: a plan on a copy of its server.

use super::{REHEARSABLE, VERSION, plan as plans, product};
use crate::{
    args::{Common, RehearseArgs},
    exit::Exit,
    output::Reply,
    place::{State, read_facts},
    show,
};
use mailsec_core::Failure;
use mailsec_simulator::{captured::rehearsable, explore::parallel, rehearsal};
use serde_json::json;
use std::time::Instant;

pub(crate) fn rehearse(common: &Common, args: &RehearseArgs) -> Result<Reply, Failure> {
    let plan = plans::read(&args.plan)?;
    rehearsable(&plan)?;
    let state = State::only(common);
    let (captured, state) = match &args.captured {
        // With a file no server is needed; where one is named, the result is kept with it.
        Some(file) => (read_facts(file)?, state.ok()),
        None => {
            let state = state?;
            (state.kept_facts(&plan)?, Some(state))
        }
    };
    let Some(product) = REHEARSABLE.into_iter().find(|known| known.describe().key == plan.product) else {
        return Err(product(&plan.product)
            .err()
            .unwrap_or_else(|| unreachable!("every product is rehearsable")));
    };
    let began = Instant::now();
    let result = rehearsal::rehearse(product, &captured, &plan, VERSION, parallel::cores())?;
    let took = began.elapsed();
    let kept = state.map(|state| state.keep_rehearsal(&result)).transpose()?;
    let text = show::rehearsal(&result, took, kept.as_deref());
    let json = json!({
        "hash": result.hash(),
        "converges": result.converges(),
        "kept": kept.map(|file| file.display().to_string()),
        "rehearsal": result,
    });
    let exit = if result.converges() { Exit::Done } else { Exit::Diverges };
    Ok(Reply::new(text, json).exit(exit))
}
