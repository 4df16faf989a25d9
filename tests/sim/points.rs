//! Points at which something may happen to a step that is under way: the edges of its transactions, and what it says to
//! the mailbox and to the mail server. Between two points nothing is kept and nobody is told, so a program that dies at
//! any line dies, as far as anybody can tell, at one of these.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use redress::store::{EDGES, Edge, Edges};
use tokio::sync::Notify;

/// What happens at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The database, the mailbox or the mail server fails.
    Fail,
    /// The program dies.
    Die,
    /// Others do something first.
    Wait,
}

/// How the database is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weather {
    #[default]
    Fine,
    /// Another program holds the file: nothing can be written.
    Locked,
    /// Nothing can be committed.
    Full,
}

#[derive(Default)]
struct State {
    /// After so many more points, this.
    plan: Option<(u32, Fate)>,
    weather: Weather,
    /// So many times it is felt.
    weather_left: u32,
    halted: Option<Fate>,
    /// What happened, for the trace.
    happened: Vec<String>,
}

/// All points of one world.
#[derive(Default)]
pub struct Points {
    state: Mutex<State>,
    halted: Notify,
    goes_on: Notify,
}

/// How a step came out of it.
pub enum Ran<T> {
    Done(T),
    Died,
    /// It goes on when [`Points::go_on`] is called.
    Waits(Pin<Box<dyn Future<Output = T>>>),
}

impl Points {
    pub fn plan(&self, plan: Option<(u32, Fate)>) {
        self.state.lock().unwrap().plan = plan;
    }

    /// The weather changes, and clears up after it was felt so often.
    pub fn set_weather(&self, weather: Weather, felt: u32) {
        let mut state = self.state.lock().unwrap();
        (state.weather, state.weather_left) = (weather, felt);
    }

    /// Why nothing can be done at this edge.
    fn feel_weather(&self, edge: Edge) -> Option<&'static str> {
        let mut state = self.state.lock().unwrap();
        let broken = match (state.weather, edge) {
            (Weather::Locked, Edge::Begin) => "database is locked",
            (Weather::Full, Edge::Commit) => "database or disk is full",
            _ => return None,
        };
        state.weather_left = state.weather_left.saturating_sub(1);
        if state.weather_left == 0 {
            state.weather = Weather::Fine;
        }
        Some(broken)
    }

    pub fn weather(&self) -> Weather {
        self.state.lock().unwrap().weather
    }

    /// What happened since it was last asked.
    pub fn happened(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().happened)
    }

    /// A point outside the database; an error when what is asked there is to fail.
    pub async fn pass(&self, point: &str) -> Result<(), ()> {
        self.reach(point, true).await
    }

    async fn reach(&self, point: &str, may_wait: bool) -> Result<(), ()> {
        let fate = {
            let mut state = self.state.lock().unwrap();
            let fate = match &mut state.plan {
                Some((0, Fate::Wait)) if !may_wait => None,
                Some((0, fate)) => Some(*fate),
                Some((left, _)) => {
                    *left -= 1;
                    None
                }
                None => None,
            };
            if let Some(fate) = fate {
                state.plan = None;
                state.happened.push(format!("{fate:?} at {point}"));
                state.halted = (fate != Fate::Fail).then_some(fate);
            }
            fate
        };
        match fate {
            None => Ok(()),
            Some(Fate::Fail) => Err(()),
            Some(Fate::Die) => {
                self.halted.notify_one();
                pending().await
            }
            Some(Fate::Wait) => {
                self.halted.notify_one();
                self.goes_on.notified().await;
                Ok(())
            }
        }
    }

    pub fn go_on(&self) {
        self.goes_on.notify_one();
    }
}

impl Edges for Points {
    fn at(&self, edge: Edge) -> BoxFuture<'_, sqlx::Result<()>> {
        async move {
            if let Some(why) = self.feel_weather(edge) {
                return Err(sqlx::Error::Protocol(why.to_owned()));
            }
            // At a commit the one connection that writes is held: nobody else could do anything.
            let failed = self.reach(&format!("{edge:?}"), edge != Edge::Commit).await;
            failed.map_err(|()| sqlx::Error::Protocol("a fault of the simulation".to_owned()))
        }
        .boxed()
    }
}

/// Runs a step until it is done, dies or waits.
pub async fn ride<T>(points: &Arc<Points>, step: impl Future<Output = T> + 'static) -> Ran<T> {
    let edges: Arc<dyn Edges> = Arc::clone(points) as _;
    go(points, Box::pin(EDGES.scope(edges, step))).await
}

/// Goes on with a step that waited.
pub async fn go<T>(points: &Points, mut step: Pin<Box<dyn Future<Output = T>>>) -> Ran<T> {
    tokio::select! {
        biased;
        () = points.halted.notified() => {
            match points.state.lock().unwrap().halted.take() {
                Some(Fate::Wait) => Ran::Waits(step),
                _ => Ran::Died,
            }
        }
        done = &mut step => Ran::Done(done),
    }
}
