//! Who opened or clicked, with what, and where.

/// What reported an open or a click.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// As text: providers redact it to things that are no address.
    pub ip: Option<String>,
    /// The user agent header.
    pub user_agent: Option<String>,
    /// The program, by the provider's judgement, as in `Chrome`.
    pub name: Option<String>,
    /// The operating system, likewise, as in `OS X`.
    pub os: Option<String>,
    /// What kind of device, in the provider's words, as in `desktop`.
    pub device: Option<String>,
    /// Where the provider thinks it was.
    pub geo: Geo,
    /// A machine, not a person, opened it, by the provider's judgement.
    pub machine: Option<bool>,
}

/// A place, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Geo {
    /// Country, usually as ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Region or state.
    pub region: Option<String>,
    /// City.
    pub city: Option<String>,
}
