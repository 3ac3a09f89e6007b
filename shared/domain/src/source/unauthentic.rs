//! Why a post does not prove what its source asks for.

/// Why a post is not taken for genuine. For the log; the sender only reads that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthentic {
    /// There is no signature where the provider puts it.
    #[error("no signature")]
    NoSignature,
    /// The signature is not the one that the source's key gives.
    #[error("wrong signature")]
    WrongSignature,
    /// It was signed too long ago, or in the future.
    #[error("signed too long ago or in the future")]
    Stale,
    /// Its signature vouched for another event before.
    #[error("the signature was used for another event before")]
    Replayed,
    /// The source holds a key of a kind that the provider does not sign with.
    #[error("the source holds the wrong kind of key")]
    WrongVerification,
    /// The source's credentials are not in the header.
    #[error("no credentials")]
    NoCredentials,
    /// What is in the header is none of the source's credentials.
    #[error("wrong credentials")]
    WrongCredentials,
    /// It comes from outside the source's networks.
    #[error("sent from outside the source's networks")]
    ForeignNetwork,
    /// It is of an SNS topic that the source does not list.
    #[error("of a topic that the source does not list")]
    ForeignTopic,
    /// It names a certificate that Amazon SNS does not serve, or that is not one, or that is not valid now.
    #[error("signed with a certificate that is not Amazon's, or not valid now")]
    WrongCertificate,
}
