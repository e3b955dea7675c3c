//! The systemd journal, through libsystemd, which is opened when it is needed: hosts without it run the rest.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{self, NonNull};

use libloading::Library;

/// The library's name carries its ABI version.
const LIBRARY: &str = "libsystemd.so.0";
/// `SD_JOURNAL_SYSTEM`: what services and the kernel log, not users' own journals.
const SYSTEM: c_int = 1 << 2;
/// `SD_JOURNAL_INVALIDATE`: files came or went.
const INVALIDATE: c_int = 2;

/// Why there is no journal to read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No libsystemd, or one that lacks what every version has.
    #[error("cannot use {LIBRARY}: {0}")]
    Library(#[from] libloading::Error),
    /// Nothing writes a journal here.
    #[error("no journal in {0} or {1}: does systemd-journald run?", ROOTS[0], ROOTS[1])]
    Absent,
    /// The library cannot open the journal.
    #[error("cannot open the journal: {0}")]
    Journal(#[source] io::Error),
}

/// Where this host's journal is: until the next boot, and kept.
pub const ROOTS: [&str; 2] = ["/run/log/journal", "/var/log/journal"];

type Handle = *mut c_void;
/// Takes the journal and returns a number or a negative error.
type Plain = unsafe extern "C" fn(Handle) -> c_int;
type WithText = unsafe extern "C" fn(Handle, *const c_char) -> c_int;
type TimeOf = unsafe extern "C" fn(Handle, *mut u64) -> c_int;
type DataOf = unsafe extern "C" fn(Handle, *mut *const c_void, *mut usize) -> c_int;

/// The functions that are used, as `sd-journal.h` declares them; its ABI is stable.
struct Functions {
    open: unsafe extern "C" fn(*mut Handle, c_int) -> c_int,
    open_directory: unsafe extern "C" fn(*mut Handle, *const c_char, c_int) -> c_int,
    close: unsafe extern "C" fn(Handle),
    add_match: unsafe extern "C" fn(Handle, *const c_void, usize) -> c_int,
    add_disjunction: Plain,
    set_data_threshold: unsafe extern "C" fn(Handle, usize) -> c_int,
    next: Plain,
    previous_skip: unsafe extern "C" fn(Handle, u64) -> c_int,
    seek_head: Plain,
    seek_tail: Plain,
    seek_realtime: unsafe extern "C" fn(Handle, u64) -> c_int,
    seek_cursor: WithText,
    test_cursor: WithText,
    get_cursor: unsafe extern "C" fn(Handle, *mut *mut c_char) -> c_int,
    get_realtime: TimeOf,
    get_monotonic: unsafe extern "C" fn(Handle, *mut u64, *mut [u8; 16]) -> c_int,
    restart_data: unsafe extern "C" fn(Handle),
    enumerate_data: DataOf,
    get_fd: Plain,
    process: Plain,
}

impl Functions {
    fn load(library: &Library) -> Result<Self, libloading::Error> {
        macro_rules! symbol {
            ($name:literal) => {{
                // SAFETY: the field that it goes to has the type of sd-journal.h.
                let symbol = unsafe { library.get(concat!($name, "\0").as_bytes()) };
                *symbol?
            }};
        }
        Ok(Self {
            open: symbol!("sd_journal_open"),
            open_directory: symbol!("sd_journal_open_directory"),
            close: symbol!("sd_journal_close"),
            add_match: symbol!("sd_journal_add_match"),
            add_disjunction: symbol!("sd_journal_add_disjunction"),
            set_data_threshold: symbol!("sd_journal_set_data_threshold"),
            next: symbol!("sd_journal_next"),
            previous_skip: symbol!("sd_journal_previous_skip"),
            seek_head: symbol!("sd_journal_seek_head"),
            seek_tail: symbol!("sd_journal_seek_tail"),
            seek_realtime: symbol!("sd_journal_seek_realtime_usec"),
            seek_cursor: symbol!("sd_journal_seek_cursor"),
            test_cursor: symbol!("sd_journal_test_cursor"),
            get_cursor: symbol!("sd_journal_get_cursor"),
            get_realtime: symbol!("sd_journal_get_realtime_usec"),
            get_monotonic: symbol!("sd_journal_get_monotonic_usec"),
            restart_data: symbol!("sd_journal_restart_data"),
            enumerate_data: match symbol_since_246(library) {
                Some(skips_unreadable) => skips_unreadable,
                None => symbol!("sd_journal_enumerate_data"),
            },
            get_fd: symbol!("sd_journal_get_fd"),
            process: symbol!("sd_journal_process"),
        })
    }
}

/// Passes over fields that this library cannot decompress, where the older one stops.
fn symbol_since_246(library: &Library) -> Option<DataOf> {
    // SAFETY: the type is that of sd-journal.h.
    unsafe { library.get::<DataOf>(b"sd_journal_enumerate_available_data\0") }.ok().map(|symbol| *symbol)
}

/// An open journal and a place in it. libsystemd ties it to one thread.
pub struct Journal {
    functions: Functions,
    handle: NonNull<c_void>,
    /// Unloaded after the handle is closed.
    _library: Library,
    _one_thread: PhantomData<*mut ()>,
}

impl Journal {
    /// Opens this host's system journal, or the journal files of a directory.
    pub fn open(directory: Option<&Path>) -> Result<Self, OpenError> {
        if directory.is_none() && !ROOTS.iter().any(|root| Path::new(root).is_dir()) {
            return Err(OpenError::Absent);
        }
        // SAFETY: libsystemd's initialisers have no requirements.
        let library = unsafe { Library::new(LIBRARY) }?;
        let functions = Functions::load(&library)?;
        let path = directory.map(|path| CString::new(path.as_os_str().as_bytes())).transpose();
        let path = path.map_err(|error| OpenError::Journal(error.into()))?;
        let mut handle = ptr::null_mut();
        // SAFETY: the handle is a valid place to write to, the path ends with zero and is only read during the call.
        let result = unsafe {
            match &path {
                Some(path) => (functions.open_directory)(&mut handle, path.as_ptr(), 0),
                None => (functions.open)(&mut handle, SYSTEM),
            }
        };
        check(result).map_err(OpenError::Journal)?;
        let handle =
            NonNull::new(handle).ok_or_else(|| OpenError::Journal(io::ErrorKind::NotFound.into()))?;
        Ok(Self { functions, handle, _library: library, _one_thread: PhantomData })
    }

    /// Narrows to entries with `FIELD=value`. Of one field any, of several fields all must be there.
    pub fn add_match(&mut self, field: &[u8]) -> io::Result<()> {
        // SAFETY: the handle is open; the bytes are copied during the call.
        check(unsafe {
            (self.functions.add_match)(self.handle.as_ptr(), field.as_ptr().cast(), field.len())
        })?;
        Ok(())
    }

    /// What is added from here on is an alternative to what was added before.
    pub fn add_disjunction(&mut self) -> io::Result<()> {
        self.call(self.functions.add_disjunction).map(drop)
    }

    /// Fields longer than this may be cut, which spares decompressing them.
    pub fn set_data_threshold(&mut self, bytes: usize) -> io::Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { (self.functions.set_data_threshold)(self.handle.as_ptr(), bytes) }).map(drop)
    }

    /// To the next entry; `false` if there is none yet.
    pub fn advance(&mut self) -> io::Result<bool> {
        self.call(self.functions.next).map(|moved| moved > 0)
    }

    /// Back by up to so many entries; says by how many.
    pub fn previous(&mut self, entries: u32) -> io::Result<u32> {
        // SAFETY: the handle is open.
        let moved = unsafe { (self.functions.previous_skip)(self.handle.as_ptr(), entries.into()) };
        Ok(check(moved)?.unsigned_abs())
    }

    /// Before the first entry.
    pub fn seek_head(&mut self) -> io::Result<()> {
        self.call(self.functions.seek_head).map(drop)
    }

    /// After the last entry; only going back works from there.
    pub fn seek_tail(&mut self) -> io::Result<()> {
        self.call(self.functions.seek_tail).map(drop)
    }

    /// Before the first entry at or after this time, in microseconds since the epoch.
    pub fn seek_time(&mut self, micros: u64) -> io::Result<()> {
        // SAFETY: the handle is open.
        check(unsafe { (self.functions.seek_realtime)(self.handle.as_ptr(), micros) }).map(drop)
    }

    /// Before the entry of a cursor, or, if that is gone, before the one nearest to it.
    pub fn seek_cursor(&mut self, cursor: &str) -> io::Result<()> {
        self.with_text(self.functions.seek_cursor, cursor).map(drop)
    }

    /// Whether the cursor is of the entry that we are at.
    pub fn is_at(&mut self, cursor: &str) -> io::Result<bool> {
        self.with_text(self.functions.test_cursor, cursor).map(|same| same > 0)
    }

    /// The name of the entry that we are at.
    pub fn cursor(&mut self) -> io::Result<String> {
        let mut text = ptr::null_mut();
        // SAFETY: the handle is open and the text a valid place to write to.
        check(unsafe { (self.functions.get_cursor)(self.handle.as_ptr(), &mut text) })?;
        // SAFETY: on success it is a string that ends with zero, allocated with malloc, and ours.
        let cursor = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
        // SAFETY: as above; not used afterwards.
        unsafe { libc::free(text.cast()) };
        Ok(cursor)
    }

    /// When journald took the entry, in microseconds since the epoch.
    pub fn time(&mut self) -> io::Result<u64> {
        let mut micros = 0;
        // SAFETY: the handle is open and the time a valid place to write to.
        check(unsafe { (self.functions.get_realtime)(self.handle.as_ptr(), &mut micros) })?;
        Ok(micros)
    }

    /// The same in microseconds since its boot.
    pub fn time_since_boot(&mut self) -> io::Result<u64> {
        let (mut micros, mut boot) = (0, [0; 16]);
        // SAFETY: the handle is open; time and boot id (16 bytes) are valid places to write to.
        check(unsafe { (self.functions.get_monotonic)(self.handle.as_ptr(), &mut micros, &mut boot) })?;
        Ok(micros)
    }

    /// Shows each field of the entry as `FIELD=value`.
    pub fn fields(&mut self, show: &mut impl FnMut(&[u8])) -> io::Result<()> {
        // SAFETY: the handle is open.
        unsafe { (self.functions.restart_data)(self.handle.as_ptr()) };
        loop {
            let (mut data, mut len) = (ptr::null(), 0);
            // SAFETY: the handle is open; data and length are valid places to write to.
            let more = unsafe { (self.functions.enumerate_data)(self.handle.as_ptr(), &mut data, &mut len) };
            if check(more)? == 0 || data.is_null() {
                return Ok(());
            }
            // SAFETY: on success so many bytes are readable there until the journal is used again, which the borrow
            // of `self` prevents while they are shown.
            show(unsafe { std::slice::from_raw_parts(data.cast(), len) });
        }
    }

    /// Readable when journal files change. It comes late for entries: a quarter of a second after they are written.
    pub fn fd(&mut self) -> io::Result<BorrowedFd<'_>> {
        let fd: RawFd = self.call(self.functions.get_fd)?;
        // SAFETY: the journal keeps the descriptor open until it is closed, which the borrow of `self` prevents.
        Ok(unsafe { BorrowedFd::borrow_raw(fd) })
    }

    /// Takes notice of what the descriptor says; `true` if journal files came or went.
    pub fn process(&mut self) -> io::Result<bool> {
        self.call(self.functions.process).map(|change| change == INVALIDATE)
    }

    fn call(&self, function: Plain) -> io::Result<c_int> {
        // SAFETY: the handle is open, and used by this thread alone, since the type is not `Send`.
        check(unsafe { function(self.handle.as_ptr()) })
    }

    fn with_text(&self, function: WithText, text: &str) -> io::Result<c_int> {
        let text = CString::new(text)?;
        // SAFETY: the handle is open; the text ends with zero and is only read during the call.
        check(unsafe { function(self.handle.as_ptr(), text.as_ptr()) })
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // SAFETY: the handle is open and not used afterwards.
        unsafe { (self.functions.close)(self.handle.as_ptr()) };
    }
}

fn check(result: c_int) -> io::Result<c_int> {
    match result {
        0.. => Ok(result),
        error => Err(io::Error::from_raw_os_error(-error)),
    }
}
