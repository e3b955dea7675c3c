//! What a daemon at rest holds of memory and does not need.

use std::ffi::c_void;
use std::ops::Range;
use std::{fs, io};

use rustix::mm::{Advice, madvise};

/// Where the code of this program and of its libraries is mapped.
#[derive(Clone, Debug)]
pub struct Code(Vec<Range<usize>>);

impl Code {
    /// By `/proc/self/maps`: to be asked before a sandbox hides it.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn find() -> io::Result<Self> {
        Ok(Self(fs::read_to_string("/proc/self/maps")?.lines().filter_map(code).collect()))
    }

    /// Gives back what the start has taken and rest does not need: free memory of the heap, and the pages of code that are
    /// mapped, most of them for once. What runs on is mapped again as it is reached, from the page cache.
    pub fn release(&self) {
        for range in &self.0 {
            let (start, length) = (range.start as *mut c_void, range.end - range.start);
            // SAFETY: the range is a private mapping of a file that has never been writable, so its pages are as they
            // are in the file, and will be the same when they are read again.
            let released = unsafe { madvise(start, length, Advice::LinuxDontNeed) };
            debug_assert!(released.is_ok(), "{released:?}");
        }
        // SAFETY: it takes the allocator's own locks, and touches free memory only.
        #[cfg(target_env = "gnu")]
        unsafe {
            libc::malloc_trim(0);
        }
    }
}

/// The range of a line of `maps`, if code from a file is there.
fn code(line: &str) -> Option<Range<usize>> {
    let mut words = line.split_ascii_whitespace();
    let (range, rights, inode) = (words.next()?, words.next()?, words.nth(2)?);
    let (start, end) = range.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    (rights == "r-xp" && inode != "0").then_some(address(start)?..address(end)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_from_files_is_meant() {
        let line = "55d0c0a00000-55d0c0b00000 r-xp 00001000 fd:01 1234    /usr/sbin/palisade";
        assert_eq!(code(line), Some(0x55d0_c0a0_0000..0x55d0_c0b0_0000));
        assert_eq!(code("7ffd1000-7ffd3000 r-xp 00000000 00:00 0    [vdso]"), None);
        assert_eq!(code("7ffd1000-7ffd3000 rw-p 00001000 fd:01 1234    /usr/lib/libc.so.6"), None);
    }

    #[test]
    fn a_program_that_has_released_its_code_goes_on() {
        let code = Code::find().unwrap();
        assert!(code.0.len() > 1, "that of the program and of the C library");
        code.release();
        code.release();
        assert_eq!(Code::find().unwrap().0, code.0);
    }
}
