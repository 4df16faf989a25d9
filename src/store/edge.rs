//! Where transactions begin and end, and what the simulation lets happen there.
//!
//! A program that dies, a full disk or a locked file can change what is kept only at these edges: between them everything
//! is undone. No task of the daemon has [`Edges`]; a test gives them to the steps it runs, as `tests/sim/` does.

use std::sync::Arc;

use futures::future::BoxFuture;

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// About to begin, to write.
    Begin,
    /// About to begin, to read.
    Read,
    /// About to be committed.
    Commit,
    /// Committed, and nobody knows yet.
    Committed,
}

/// What happens at an edge: nothing, a failure of the database, or a wait that may never end.
pub trait Edges: Send + Sync {
    fn at(&self, edge: Edge) -> BoxFuture<'_, sqlx::Result<()>>;
}

tokio::task_local! {
    pub static EDGES: Arc<dyn Edges>;
}

pub(super) async fn pass(edge: Edge) -> sqlx::Result<()> {
    match EDGES.try_with(Arc::clone) {
        Ok(edges) => edges.at(edge).await,
        Err(_) => Ok(()),
    }
}
