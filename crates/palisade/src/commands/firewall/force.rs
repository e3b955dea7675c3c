//! What is written is put in force: the kernel has it when the command returns.

use firewall::rules::Policy;
use firewall::{Firewall, FirewallError, Lists};

use crate::exit::{CommandError, Exit};

/// One transaction, read back; a policy that is not enabled takes all rules away.
pub(crate) fn put_in_force(policy: &Policy, lists: &Lists) -> Result<(), CommandError> {
    let applied = Firewall::open().and_then(|mut kernel| kernel.set_policy(policy, lists));
    applied.map(|_| ()).map_err(|error| {
        let exit = match error {
            FirewallError::MissingCapability => Exit::Permission,
            _ => Exit::Unavailable,
        };
        CommandError::new(exit, error)
    })
}
