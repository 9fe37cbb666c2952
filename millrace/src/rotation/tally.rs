//! What became of the keys.

use std::fmt;

use events::UserId;

/// So many users are named whose keys can't be opened.
const NAMED_MAX: usize = 10;

/// What became of one user's key.
pub(super) enum Outcome {
    /// The first key has wrapped it now.
    Anew,
    /// The first key had wrapped it before.
    Already,
    /// It was destroyed meanwhile, and stays so.
    Gone,
    /// Somebody else stored it in another wrapping meanwhile: the next pass looks at that.
    Overtaken,
    /// None of the keys opens it.
    Unopened(UserId),
}

/// How many of each there were.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Whether the installation's secret had another wrapping when this began.
    pub(super) is_secret_anew: bool,
    pub(super) anew: u64,
    pub(super) already: u64,
    pub(super) gone: u64,
    pub(super) overtaken: u64,
    pub(super) unopened: u64,
    /// The first of them.
    pub(super) strangers: Vec<UserId>,
    pub(super) passes: usize,
}

impl Tally {
    pub(super) fn take(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Anew => self.anew += 1,
            Outcome::Already => self.already += 1,
            Outcome::Gone => self.gone += 1,
            Outcome::Overtaken => self.overtaken += 1,
            Outcome::Unopened(user) => {
                self.unopened += 1;
                if self.strangers.len() < NAMED_MAX {
                    self.strangers.push(*user);
                }
            }
        }
    }

    /// Whether nothing was found that an older key had wrapped.
    pub(super) const fn is_all_done(&self) -> bool {
        !self.is_secret_anew && self.anew == 0 && self.overtaken == 0 && self.unopened == 0
    }

    /// Adds a further pass, which finds again what those before it have wrapped.
    pub(super) fn add(&mut self, pass: Self) {
        if self.passes == 0 {
            self.already = pass.already;
        }
        self.passes += 1;
        self.is_secret_anew |= pass.is_secret_anew;
        self.anew += pass.anew;
        self.gone += pass.gone;
        self.overtaken += pass.overtaken;
        self.unopened += pass.unopened;
        self.strangers.extend(pass.strangers);
    }

    pub(super) const fn looked_at(&self) -> u64 {
        self.anew + self.already + self.gone + self.overtaken + self.unopened
    }

    /// What there is to say when keys can't be opened.
    pub(super) fn complaint(&self) -> String {
        let strangers: Vec<_> = self.strangers.iter().map(ToString::to_string).collect();
        format!(
            "{} users' keys can be opened by no key of DATA_KEY, so they stay as they are; \
             give the key that has wrapped them, too, and run this again \
             ({} others were wrapped anew). The first of these users: {}",
            self.unopened,
            self.anew,
            strangers.join(", ")
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = if self.is_secret_anew {
            "wrapped anew"
        } else {
            "wrapped by the first key already"
        };
        writeln!(f, "The installation's secret: {secret}.")?;
        writeln!(
            f,
            "Users' keys: {} wrapped anew, {} wrapped by the first key already, {} destroyed meanwhile.",
            self.anew, self.already, self.gone
        )?;
        if self.overtaken > 0 {
            writeln!(
                f,
                "{} were stored anew by others meanwhile.",
                self.overtaken
            )?;
        }
        write!(
            f,
            "Nothing is wrapped by an older key any more: every process may be started with the first key alone."
        )?;
        if !self.is_secret_anew && self.anew == 0 {
            write!(
                f,
                "\nThere was nothing to do. If that is a surprise: the new key must be the first in DATA_KEY."
            )?;
        }
        Ok(())
    }
}
