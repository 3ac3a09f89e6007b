//! Why a post does not prove what its source asks for.

/// Why a post is not accepted as genuine. This goes to the log; the sender only reads that the post is not authentic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerificationError {
    /// There is no signature where the provider puts it.
    #[error("no signature")]
    NoSignature,
    /// The signature does not match the source's key.
    #[error("wrong signature")]
    WrongSignature,
    /// The post was signed too long ago, or in the future.
    #[error("signed too long ago or in the future")]
    Stale,
    /// The signature was used for another event before.
    #[error("the signature was used for another event before")]
    Replayed,
    /// The source holds a kind of key that the provider does not sign with.
    #[error("the source has the wrong kind of key")]
    WrongVerification,
    /// The header for the source's credentials is missing.
    #[error("no credentials")]
    NoCredentials,
    /// The header holds none of the source's credentials.
    #[error("wrong credentials")]
    WrongCredentials,
    /// The post comes from outside the source's networks.
    #[error("sent from outside the source's networks")]
    ForeignNetwork,
    /// The SNS topic is not in the source's list.
    #[error("of a topic that the source does not list")]
    ForeignTopic,
    /// The certificate is not served by Amazon SNS, cannot be read, or is not valid now.
    #[error("signed with a certificate that is not Amazon's, or not valid now")]
    WrongCertificate,
}
