//! Inline flags: `(?i)`, `(?s-m:...)`.

use super::{Flags, Parser, Result};

/// The flags in force at one place of the pattern.
#[derive(Clone, Copy)]
pub(super) struct Modes {
    pub(super) ignorecase: bool,
    pub(super) multiline: bool,
    pub(super) dotall: bool,
    pub(super) verbose: bool,
}

impl From<Flags> for Modes {
    fn from(flags: Flags) -> Modes {
        let Flags { multiline, ignorecase, dotall } = flags;
        Modes { ignorecase, multiline, dotall, verbose: false }
    }
}

/// Whom inline flags concern.
pub(super) enum Scope {
    /// `(?i)`: the whole pattern.
    All(Modes),
    /// `(?i:`: the group that begins.
    Group(Modes),
}

impl Parser<'_> {
    /// After `(?`, up to and with the closing `)` or the `:`.
    pub(super) fn inline_flags(&mut self) -> Result<Scope> {
        let mut modes = self.modes;
        let on = self.flag_letters()?;
        for flag in &on {
            self.set(&mut modes, *flag, true)?;
        }
        if self.eat(')') {
            return Ok(Scope::All(modes));
        }
        if self.eat('-') {
            let off = self.flag_letters()?;
            if off.is_empty() {
                return Err(self.error("missing flag"));
            }
            for flag in off {
                if flag == 'u' {
                    return Err(self.error("bad inline flags: cannot turn off flags 'a', 'u' and 'L'"));
                }
                if on.contains(&flag) {
                    return Err(self.error("bad inline flags: flag turned on and off"));
                }
                self.set(&mut modes, flag, false)?;
            }
        }
        if !self.eat(':') {
            return Err(self.error("missing -, : or )"));
        }
        Ok(Scope::Group(modes))
    }

    fn flag_letters(&mut self) -> Result<Vec<char>> {
        let mut letters = Vec::new();
        while let Some(char) = self.peek().filter(|char| char.is_alphabetic()) {
            if letters.len() == 32 {
                return Err(self.error("too many flags"));
            }
            letters.push(char);
            self.pos += char.len_utf8();
        }
        Ok(letters)
    }

    fn set(&self, modes: &mut Modes, flag: char, on: bool) -> Result<()> {
        match flag {
            'i' => modes.ignorecase = on,
            'm' => modes.multiline = on,
            's' => modes.dotall = on,
            'x' => modes.verbose = on,
            'u' => {}
            'a' => return Err(self.error("flag 'a' (ASCII) is not supported")),
            'L' => return Err(self.error("bad inline flags: cannot use 'L' flag with a str pattern")),
            _ => return Err(self.error(format!("unknown flag {flag:?}"))),
        }
        Ok(())
    }
}
