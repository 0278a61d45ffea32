//! When a server stops: on Ctrl-C and on SIGTERM.

/// Done at the first signal to stop. A second one ends the program at once.
pub(super) async fn signal() {
    next().await;
    tracing::info!("stopping: finishing what is under way");
    tokio::spawn(async {
        next().await;
        std::process::exit(130);
    });
}

#[cfg(unix)]
async fn next() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::warn!("cannot listen for signals; stop the program by ending it");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn next() {
    tokio::signal::ctrl_c().await.ok();
}
