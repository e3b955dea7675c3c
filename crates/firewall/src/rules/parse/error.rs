//! What can be wrong.

/// A mistake, in the words that ufw has for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum Wrong {
    /// ufw prints its usage with it.
    #[error("Invalid syntax")]
    Syntax,
    #[error("Bad port")]
    SimplePort,
    #[error("Bad port '{0}'")]
    Port(String),
    #[error("Port ranges must be numeric")]
    PortRange,
    #[error("Must specify 'tcp' or 'udp' with multiple ports")]
    SeveralPorts,
    #[error("Could not find a profile matching '{0}'")]
    Profile(String),
    #[error("Could not find protocol")]
    NoProtocol,
    #[error("Unsupported protocol '{0}'")]
    Protocol(String),
    #[error("Invalid port with protocol '{0}'")]
    PortOfProtocol(&'static str),
    #[error("Invalid IPv6 address with protocol '{0}'")]
    Ipv6OfProtocol(&'static str),
    #[error("Protocol mismatch (from/to)")]
    ProtocolsOfEnds,
    #[error("Protocol mismatch with specified protocol {0}")]
    ProtocolMismatch(&'static str),
    #[error("Improper rule syntax ('{0}' specified with app rule)")]
    ProtocolOfProfile(&'static str),
    #[error("Bad source address")]
    Source,
    #[error("Bad destination address")]
    Destination,
    #[error("Mixed IP versions for 'from' and 'to'")]
    MixedFamilies,
    #[error("Need 'to' or 'from' clause")]
    NoEnd,
    #[error("Need 'from' or 'to' with '{0}'")]
    NoEndFor(String),
    #[error("Wrong number of arguments")]
    Count,
    #[error("Improper rule syntax")]
    Improper,
    #[error("Invalid token '{0}'")]
    Token(String),
    #[error("Invalid interface clause")]
    Interface,
    #[error("Invalid interface clause for route rule")]
    RouteInterface,
    #[error("Bad interface name{0}")]
    InterfaceName(&'static str),
    #[error("Option '{0}' not allowed here")]
    OptionPlace(String),
    #[error("Option '{0}' missing required argument")]
    OptionArgument(String),
    #[error("Bad rate '{0}': a number, '/', and second, minute, hour or day, as 10/minute")]
    Rate(String),
    #[error("Bad number '{0}' for '{1}': from 1 to {2}")]
    Number(String, &'static str, u32),
    #[error("Only one of 'from' and 'to' can be a named list")]
    TwoLists,
    #[error("A quotation mark has no partner")]
    Quotes,
}

/// A mistake, and which of the words it is about if one is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}")]
pub struct Mistake {
    /// What is wrong.
    pub wrong: Wrong,
    /// Counted from the action, which is 0.
    pub word: Option<usize>,
}

pub(super) type Found<T> = Result<T, Mistake>;

impl Wrong {
    pub(super) fn at<T>(self, word: usize) -> Found<T> {
        Err(Mistake { wrong: self, word: Some(word) })
    }

    pub(super) fn anywhere<T>(self) -> Found<T> {
        Err(Mistake { wrong: self, word: None })
    }
}
