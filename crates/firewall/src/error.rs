use std::io;

/// Why the kernel does not hold what it should.
#[derive(Debug, thiserror::Error)]
pub enum FirewallError {
    /// The process may not change the firewall.
    #[error("not permitted to change nftables: CAP_NET_ADMIN is missing")]
    MissingCapability,
    /// The kernel has no nf_tables, or not for the inet family.
    #[error("this kernel has no nftables (CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET; module nf_tables)")]
    NoNfTables,
    /// No jail of that name in the policy that was applied.
    #[error("the firewall knows no jail {0:?}")]
    UnknownJail(String),
    /// Two jails of a policy have one name.
    #[error("two jails are named {0:?}")]
    DuplicateJail(String),
    /// A jail that would refuse nothing.
    #[error("jail {0:?} names no port")]
    NoPorts(String),
    /// A rule names a list of addresses that is not known.
    #[error("a rule names the address list {0:?}, which does not exist")]
    UnknownList(String),
    /// The kernel lacks a part that the policy needs, and could not load it.
    #[error(
        "the kernel has no {module}, which the rules need; try `modprobe {module}`. If there is no such module, the \
         kernel's package has not all of them (Debian's cloud kernels, Ubuntu without linux-modules-extra), or the host of \
         this container has to load it"
    )]
    MissingModule {
        /// Its name.
        module: String,
    },
    /// The table, a set or a rule is not there any more: somebody else deleted it. Apply the policy again.
    #[error("table inet palisade is not there or was changed by another program ({doing})")]
    Gone {
        /// What was tried.
        doing: &'static str,
    },
    /// The kernel refused.
    #[error("{doing}: {source}")]
    Kernel {
        /// What was tried.
        doing: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
    /// What was read back is not what was asked for.
    #[error("table inet palisade does not read back as it was written: {0}")]
    NotAsApplied(String),
}

impl FirewallError {
    pub(crate) fn kernel(doing: &'static str, source: io::Error) -> FirewallError {
        match source.raw_os_error() {
            Some(EPERM | EACCES) => FirewallError::MissingCapability,
            Some(ENOENT) => FirewallError::Gone { doing },
            _ => FirewallError::Kernel { doing, source },
        }
    }

    pub(crate) fn errno(doing: &'static str, errno: i32) -> FirewallError {
        FirewallError::kernel(doing, io::Error::from_raw_os_error(errno))
    }
}

/// Linux has the same numbers for these on every architecture.
const EPERM: i32 = 1;
const ENOENT: i32 = 2;
const EACCES: i32 = 13;
