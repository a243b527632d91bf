//! `serve`: the local web page.

use crate::{
    args::{Common, ServeArgs},
    output::Reply,
    place::Which,
    serve::{self, Whose},
};
use mailsec_core::Failure;

pub(crate) async fn serve(common: &Common, args: &ServeArgs) -> Result<Reply, Failure> {
    let whose = match Which::parse(common)? {
        Which::Connect(_) => Whose::Management,
        Which::Windows | Which::Simulated(_) => Whose::Server,
    };
    serve::serve(common, args, whose).await
}
