//! Bans put back into the kernel: after a start, and after another program took them away.

use detect::jail::Ban;
use firewall::{Applied, Event, Firewall};
use tracing::warn;

use super::Keeper;
use crate::engine::clock::now;

pub(super) const KERNEL: &str = "kernel";

impl Keeper {
    /// The next few, so that a new ban never waits for many old ones.
    pub(super) fn restore_some(&mut self) {
        let troubled = self.troubles.contains_key(KERNEL);
        if self.restore.is_empty() && !troubled {
            if self.monitor.is_none() {
                self.start_monitor();
            }
            return;
        }
        let count = self.restore.len().min(Firewall::CHUNK);
        let waiting: Vec<Ban> = self.restore.drain(..count).collect();
        // Some may have ended since, or been prolonged.
        let live: Vec<Ban> =
            waiting.iter().filter_map(|ban| self.jails.book.get(ban.jail, ban.host)).collect();
        if troubled && !self.apply_policy() {
            self.restore.extend(live);
            return;
        }
        self.put_in_kernel(&live, now());
        if self.restore.is_empty() {
            self.kernel_trouble(None);
        }
    }

    /// From here on, what others do to the table is seen; what they did before is found by applying the policy.
    fn start_monitor(&mut self) {
        match self.firewall.monitor() {
            Ok(monitor) => {
                self.monitor = Some(monitor);
                self.take_rules();
                if self.apply_policy() {
                    self.kernel_trouble(None);
                }
            }
            Err(error) => self.kernel_trouble(Some(&error)),
        }
    }

    /// What other programs did to the table is undone.
    pub(super) fn see_kernel(&mut self) {
        let events = match self.monitor.as_mut().map(|monitor| monitor.read(&self.firewall)) {
            None => return,
            Some(Ok(events)) => events,
            Some(Err(error)) => {
                self.kernel_trouble(Some(&error));
                vec![Event::Overrun]
            }
        };
        let mut changed = false;
        for event in events {
            match event {
                Event::TableDeleted | Event::RulesChanged => changed = true,
                // Nobody knows what is gone.
                Event::Overrun => {
                    changed = true;
                    self.restore = self.jails.book.iter().collect();
                }
                Event::ElementDeleted { jail, net } => {
                    let id = self.jails.book.find_jail(&jail);
                    if let Some(ban) = id.and_then(|id| self.jails.book.get(id, net)) {
                        warn!("[{jail}] another program lifted the ban of {net}; it is put back");
                        self.restore.push_back(ban);
                    }
                }
            }
        }
        if changed {
            self.see_table();
        }
    }

    /// Makes the table mean the plan, and puts bans back into the sets that were made anew. False: the kernel said no.
    pub(super) fn apply_policy(&mut self) -> bool {
        match self.firewall.apply(&self.plan.policy()) {
            Ok(applied) => {
                self.ban_again(applied);
                true
            }
            Err(error) => {
                self.kernel_trouble(Some(&error));
                false
            }
        }
    }

    /// Those whose sets were made anew.
    pub(super) fn ban_again(&mut self, applied: Applied) {
        for name in applied.emptied {
            let id = self.jails.book.find_jail(&name);
            let bans: Vec<Ban> = self.jails.book.iter().filter(|ban| Some(ban.jail) == id).collect();
            self.restore.extend(bans);
        }
    }
}
