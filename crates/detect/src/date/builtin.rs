//! The dates that are known without a datepattern, in the order in which they are tried.

/// A pattern and a date that it reads.
pub(super) const PATTERNS: [(&str, &str); 17] = [
    (
        r"%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T|  ?)%H:%M:%S(?:[.,]%f)?(?:\s*%z)?",
        "2024-06-01T12:34:56.123456+02:00",
    ),
    (r"(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?", "Sat Jun  1 12:34:56.123 2024"),
    (r"(?:%a )?%b %d %ExY %k:%M:%S(?:\.%f)?", "Sat Jun 01 2024 12:34:56.123"),
    (r"%d(?P<_sep>[-/])%m(?P=_sep)(?:%ExY|%Exy) %k:%M:%S", "01/06/2024 12:34:56"),
    (r"%d(?P<_sep>[-/])%b(?P=_sep)%ExY[ :]?%H:%M:%S(?:\.%f)?(?: %z)?", "01/Jun/2024:12:34:56 +0200"),
    (r"%m/%d/%ExY:%H:%M:%S", "06/01/2024:12:34:56"),
    (r"%m-%d-%ExY %k:%M:%S(?:\.%f)?", "06-21-2024 12:34:56.252"),
    ("EPOCH", "1717238096"),
    (r"{^LN-BEG}%H:%M:%S", "12:34:56"),
    (r"^<%m/%d/%Exy@%H:%M:%S>", "<06/01/24@12:34:56>"),
    (r"%Exy%Exm%Exd  ?%H:%M:%S", "240601 12:34:56"),
    (r"%b %d, %ExY %I:%M:%S %p", "Jun 01, 2024 12:34:56 PM"),
    (r"^%b-%d-%Exy %k:%M:%S", "Jun-01-24 12:34:56"),
    (r"%ExY%Exm%Exd(?:-|T|  ?)%ExH:?%ExM:?%ExS(?:[.,]%f)?(?:\s*%z)?", "20240601T123456"),
    (r"(?:%Z )?(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?", "PDT Jun  1 12:34:56"),
    (r"(?:%z )?(?:%a )?%b %d %k:%M:%S(?:\.%f)?(?: %ExY)?", "+00:00 Jun  1 12:34:56.011 2024"),
    ("TAI64N", "@40000000665b0b1a2457537c"),
];
