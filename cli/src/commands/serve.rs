//! `serve`: the local web page.

use crate::{
    args::{Common, ServeArgs},
    output::Reply,
    serve,
};
use mailsec_core::Failure;

pub(crate) async fn serve(common: &Common, args: &ServeArgs) -> Result<Reply, Failure> {
    serve::serve(common, args).await
}
