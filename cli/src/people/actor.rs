//! Who runs this.

/// The logged-on user, as the environment has it. It is written into the report, and proves nothing.
pub(crate) fn actor() -> String {
    let user = ["USERNAME", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let domain = std::env::var("USERDOMAIN").ok();
    match (domain, user) {
        (Some(domain), Some(user)) => format!("{domain}\\{user}"),
        (None, Some(user)) => user,
        (_, None) => "unknown user".to_owned(),
    }
}
