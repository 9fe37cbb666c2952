//! The room for imports: a file takes memory and many reads of the log, so few are read at once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use events::WorkspaceId;
use service::problem::Problem;

/// Files that a process reads at once.
const IMPORTS_MAX: usize = 4;
const RETRY_AFTER_S: u32 = 30;

/// The workspaces whose files are read now.
#[derive(Clone, Default)]
pub(crate) struct Room(Arc<Mutex<HashSet<WorkspaceId>>>);

/// A seat in the room, until it is dropped.
pub(super) struct Seat {
    room: Room,
    workspace: WorkspaceId,
}

impl Room {
    /// Takes a seat, one for each workspace.
    pub(super) fn enter(&self, workspace: WorkspaceId) -> Result<Seat, Problem> {
        let mut within = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if within.contains(&workspace) {
            let title = "The workspace imports another file";
            return Err(Problem::conflict("import_running", title));
        }
        if within.len() >= IMPORTS_MAX {
            let (status, title) = (StatusCode::SERVICE_UNAVAILABLE, "Too many files are read");
            return Err(
                Problem::new(status, "busy", title).header(RETRY_AFTER, RETRY_AFTER_S.into())
            );
        }
        within.insert(workspace);
        drop(within);
        Ok(Seat {
            room: self.clone(),
            workspace,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut within = self.room.0.lock().unwrap_or_else(PoisonError::into_inner);
        within.remove(&self.workspace);
    }
}

#[cfg(test)]
mod tests {
    use super::{IMPORTS_MAX, Room};
    use events::WorkspaceId;
    use uuid::Uuid;

    fn workspace(number: usize) -> WorkspaceId {
        WorkspaceId::new(Uuid::from_u128(number as u128))
    }

    #[test]
    fn a_workspace_has_one_seat_and_gets_it_back() {
        let room = Room::default();
        let seat = room.enter(workspace(1)).unwrap();
        let refused = room.enter(workspace(1)).err().unwrap();
        assert_eq!(refused.error(), "import_running");
        drop(seat);
        assert!(room.enter(workspace(1)).is_ok());
    }

    #[test]
    fn there_are_only_so_many_seats() {
        let room = Room::default();
        let seats: Vec<_> = (0..IMPORTS_MAX)
            .map(|it| room.enter(workspace(it)))
            .collect();
        assert!(seats.iter().all(Result::is_ok));
        let refused = room.enter(workspace(IMPORTS_MAX)).err().unwrap();
        assert_eq!(refused.error(), "busy");
    }
}
