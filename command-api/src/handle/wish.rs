//! What somebody wishes: a command, its aggregate, and what must be stored together with what comes of it.

use events::Subject;
use nats::NewMessage;

/// A command, its aggregate, and what must be stored together with what comes of it.
pub(crate) struct Wish<'a, C> {
    /// The aggregate's history.
    pub(crate) subject: Subject,
    pub(crate) command: &'a C,
    /// Values that are taken, so that nobody else can have them.
    pub(crate) claims: Vec<Claiming>,
    /// Values that this aggregate gives up, if it holds them.
    pub(crate) releases: Vec<Subject>,
    /// Events of other aggregates that happen in the same step.
    pub(crate) companions: Vec<NewMessage>,
    pub(crate) known: Known,
}

/// A value that is taken, and for whom.
#[derive(Clone, Debug)]
pub(crate) struct Claiming {
    /// The claim's subject.
    pub(crate) value: Subject,
    pub(crate) holder: Subject,
    /// The sequence of the message behind which it is taken: 0, or that of a release.
    pub(crate) behind: u64,
}

impl Claiming {
    /// Of a value that perhaps nobody ever had.
    pub(crate) const fn new(value: Subject, holder: Subject) -> Self {
        Self {
            value,
            holder,
            behind: 0,
        }
    }
}

/// What is known of the aggregate beforehand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing: its history is read.
    Nothing,
    /// Its id was made for this very wish, so that it has no history to read.
    New,
    /// The rest of the wish was made for this version; at another one, the wish must be made anew.
    Version(u64),
}

impl<'a, C> Wish<'a, C> {
    /// About an aggregate that may have a history.
    pub(crate) const fn on(subject: Subject, command: &'a C) -> Self {
        Self {
            subject,
            command,
            claims: Vec::new(),
            releases: Vec::new(),
            companions: Vec::new(),
            known: Known::Nothing,
        }
    }

    /// About an aggregate that begins with it.
    pub(crate) fn of_new(subject: Subject, command: &'a C) -> Self {
        Self {
            known: Known::New,
            ..Self::on(subject, command)
        }
    }

    /// The same, of an aggregate that takes these values.
    pub(crate) fn claiming(mut self, values: impl IntoIterator<Item = Subject>) -> Self {
        let holder = &self.subject;
        let claims = values.into_iter();
        self.claims = claims.map(|it| Claiming::new(it, holder.clone())).collect();
        self
    }

    /// About an aggregate at this version, to which claims, releases and companions belong.
    pub(crate) fn at(subject: Subject, version: u64, command: &'a C) -> Self {
        Self {
            known: Known::Version(version),
            ..Self::on(subject, command)
        }
    }
}
