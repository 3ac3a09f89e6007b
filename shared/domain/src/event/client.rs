//! Who opened or clicked: address, program, device and place.

/// What is known of the person or program that opened or clicked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// The IP address, as text: some providers redact it, and the rest is not a valid address.
    pub ip: Option<String>,
    /// The user agent header.
    pub user_agent: Option<String>,
    /// The program, as the provider detected it, as in `Chrome`.
    pub name: Option<String>,
    /// The operating system, as the provider detected it, as in `OS X`.
    pub os: Option<String>,
    /// The kind of device, in the provider's words, as in `desktop`.
    pub device: Option<String>,
    /// The place, as the provider estimates it.
    pub geo: Geo,
    /// Whether a machine and not a person opened the email, as the provider detected it.
    pub machine: Option<bool>,
}

/// A place. Absent parts are unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Geo {
    /// Country, usually as ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Region or state.
    pub region: Option<String>,
    /// City.
    pub city: Option<String>,
}
