//! The progress bar: on standard error, on a terminal only, and only when a run
//! takes long enough for someone to wonder. Knows numbers, not what they count.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is over sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// A progress bar that stays hidden at first, and for ever where it would only be in the way.
pub struct Progress {
    bar: Option<ProgressBar>,
    start: Instant,
}

impl Progress {
    /// A bar for this run, if `wanted` and somebody is there to see it.
    pub fn new(wanted: bool) -> Self {
        let watched = wanted && stderr().is_terminal() && std::env::var_os("CI").is_none();
        let bar = watched.then(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} documents");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()).with_style(style)
        });
        Self { bar, start: Instant::now() }
    }

    /// Shows that `done` of `all` are done.
    pub fn step(&self, done: usize, all: usize) {
        let Some(bar) = &self.bar else { return };
        if self.start.elapsed() >= PATIENCE && bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
