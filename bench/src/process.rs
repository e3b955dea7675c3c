//! What processes hold and burn, as the kernel counts it.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;

/// Processes that are measured together.
pub(crate) struct Processes(Vec<u32>);

impl Processes {
    pub(crate) fn of(pid: u32) -> Self {
        Self(vec![pid])
    }

    /// A process and those that run still of which it is the ancestor.
    pub(crate) fn with_descendants(pid: u32) -> Self {
        let mut all = vec![pid];
        let mut asked = 0;
        while let Some(pid) = all.get(asked) {
            let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
            let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
            let children: Vec<u32> = lists
                .flat_map(|list| list.split_ascii_whitespace().flat_map(str::parse).collect::<Vec<_>>())
                .collect();
            all.extend(children);
            asked += 1;
        }
        Self(all)
    }

    /// Proportional set size of all, in KiB.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let sizes = self.0.iter().map(|pid| {
            let path = PathBuf::from(format!("/proc/{pid}/smaps_rollup"));
            let text = fs::read_to_string(&path)?;
            let size = text.lines().find_map(|line| line.strip_prefix("Pss:")?.split_whitespace().next());
            size.and_then(|size| size.parse::<u64>().ok())
                .with_context(|| format!("{} reads otherwise", path.display()))
        });
        sizes.sum()
    }

    /// Processor time of their threads so far. Threads that have ended are not in it.
    pub(crate) fn busy(&self) -> anyhow::Result<Duration> {
        let gone = Some(rustix::io::Errno::SRCH.raw_os_error());
        let mut sum = 0;
        for pid in &self.0 {
            for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
                // `NANOSECONDS-RUN NANOSECONDS-WAITED TURNS`
                let text = match fs::read_to_string(thread?.path().join("schedstat")) {
                    // It has just ended: before its file was opened, or before it was read.
                    Err(error) if error.kind() == ErrorKind::NotFound || error.raw_os_error() == gone => {
                        continue;
                    }
                    text => text?,
                };
                sum += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
            }
        }
        Ok(Duration::from_nanos(sum))
    }
}
