//! What a subscriber is told, whatever it is about, and whichever way it goes.

use super::cursor::Cursor;
use super::end::End;
use super::feed::Feed;
use super::told::Frames;

pub(super) trait Words: Send {
    /// What comes next, at once; `None` at the end.
    ///
    /// A call that is given up has taken nothing.
    fn next(&mut self) -> impl Future<Output = Option<Vec<Frames>>> + Send;

    /// Where to resume from who has been told all so far, if there is such a place.
    fn cursor(&self) -> Option<Cursor>;

    /// The same, unless the subscriber knows it already; from then on it does.
    fn moved(&mut self) -> Option<Cursor>;

    /// Why nothing comes any more.
    fn end(&self) -> End;
}

impl Words for Feed {
    async fn next(&mut self) -> Option<Vec<Frames>> {
        Self::next(self).await
    }

    fn cursor(&self) -> Option<Cursor> {
        Some(Self::cursor(self))
    }

    fn moved(&mut self) -> Option<Cursor> {
        Self::moved(self)
    }

    fn end(&self) -> End {
        End::Lagged(self.at())
    }
}
