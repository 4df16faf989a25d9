//! Three pages for those who look after machines. Each is made when it is asked for; none takes anything in.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Askers at one time; more wait.
const ASKERS_MAX: usize = 16;
/// A request's headers, and the whole of a connection.
const HEADERS: Duration = Duration::from_secs(5);
const ALL: Duration = Duration::from_secs(60);
/// After a connection that could not be taken (no more files), the next is not tried at once.
const REST: Duration = Duration::from_secs(1);

/// What may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// `/healthz`: do the rounds get on? A supervisor starts the program anew when they do not.
    Alive,
    /// `/readyz`: is all well? A person looks when it is not.
    Ready,
    /// `/metrics`, in the text format of Prometheus.
    Metrics,
}

/// A page as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 200, or 503 (RFC 9110, 15.6.4) when it is not as it should be.
    pub well: bool,
    pub text: String,
}

/// A socket that listens.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// Begins to listen; port 0 is one the system picks.
    ///
    /// # Errors
    ///
    /// When the address is not this machine's, or another program listens there.
    pub async fn bind(address: SocketAddr) -> io::Result<Listener> {
        Ok(Listener(TcpListener::bind(address).await?))
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// When the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Answers with what `page` gives, until told to stop.
    pub async fn serve<F, A>(self, page: F, stop: CancellationToken)
    where
        F: Fn(Page) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Answer> + Send,
    {
        let askers = Arc::new(Semaphore::new(ASKERS_MAX));
        while let Ok(asker) = Arc::clone(&askers).acquire_owned().await {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = self.0.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(REST).await;
                continue;
            };
            let (page, stop) = (page.clone(), stop.clone());
            tokio::spawn(async move {
                let answer = service_fn(|request| answer(request, &page));
                let mut http = http1::Builder::new();
                http.timer(TokioTimer::new()).header_read_timeout(HEADERS).keep_alive(false);
                let served = timeout(ALL, http.serve_connection(TokioIo::new(stream), answer));
                tokio::select! {
                    () = stop.cancelled() => {}
                    // Whoever hangs up, or says what is no HTTP, is gone; nothing of ours depends on it.
                    _ = served => {}
                }
                drop(asker);
            });
        }
    }
}

async fn answer<F, A>(request: Request<Incoming>, page: &F) -> Result<Response<Full<Bytes>>, Infallible>
where
    F: Fn(Page) -> A,
    A: Future<Output = Answer>,
{
    let asked = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/healthz") => Ok(Page::Alive),
        (&Method::GET | &Method::HEAD, "/readyz") => Ok(Page::Ready),
        (&Method::GET | &Method::HEAD, "/metrics") => Ok(Page::Metrics),
        (&Method::GET | &Method::HEAD, _) => Err(StatusCode::NOT_FOUND),
        _ => Err(StatusCode::METHOD_NOT_ALLOWED),
    };
    let (status, text) = match asked {
        Ok(asked) => {
            let Answer { well, text } = page(asked).await;
            (if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, text)
        }
        Err(status) => (status, "There are /healthz, /readyz and /metrics.\n".to_owned()),
    };
    // Prometheus, text format 0.0.4; the other pages are plain text as well.
    let kind = match asked {
        Ok(Page::Metrics) => "text/plain; version=0.0.4; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
