//! Who runs this.

/// The logged-on user, as the environment has it. It is written into the report, and proves nothing.
pub(crate) fn actor() -> String {
    let user = ["USERNAME", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let domain = std::env::var("USERDOMAIN").ok();
    match (domain, user) {
        (Some(domain), Some(user)) => format!("{domain}\\{user}"),
        (None, Some(user)) => user,
        (_, None) => number().map_or_else(|| "unknown user".to_owned(), |number| format!("user {number}")),
    }
}

/// The user's number, where a scheduler or a container has set no name.
fn number() -> Option<u32> {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").ok()?).into();
    #[cfg(not(unix))]
    None
}
