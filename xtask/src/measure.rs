//! Time and peak memory of one process. The child half runs in a process of its
//! own, because the kernel keeps the peak over *all* children of a process.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::Result;

/// What one run of a command cost.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Cost {
    /// Seconds from start to exit.
    pub wall: f64,
    /// Seconds of CPU, user and system, over all threads.
    pub cpu: f64,
    /// Peak resident memory in MiB.
    pub peak: f64,
    /// The exit code.
    pub exit: i32,
}

/// Runs `command` once; its standard output goes to `output`.
pub fn cost(command: &[String], output: &Path) -> Result<Cost> {
    let done = Command::new(std::env::current_exe()?)
        .arg("measure")
        .arg(output)
        .args(command)
        .stderr(Stdio::inherit())
        .output()?;
    if !done.status.success() {
        return Err(format!("could not run {}", command.join(" ")).into());
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}

/// The middle one of several costs, each number by itself.
pub fn median(costs: &[Cost]) -> Cost {
    let middle = |number: fn(&Cost) -> f64| {
        let mut numbers: Vec<f64> = costs.iter().map(number).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Cost {
        wall: middle(|cost| cost.wall),
        cpu: middle(|cost| cost.cpu),
        peak: middle(|cost| cost.peak),
        exit: costs.first().map_or(0, |cost| cost.exit),
    }
}

/// `xtask measure OUTPUT COMMAND...`: runs the command and prints its [`Cost`] as JSON.
pub fn child(args: &[String]) -> Result {
    let [output, program, rest @ ..] = args else { return Err("usage: xtask measure OUTPUT COMMAND...".into()) };
    let start = Instant::now();
    let status = Command::new(program)
        .args(rest)
        .stdin(Stdio::null())
        .stdout(File::create(output)?)
        .stderr(Stdio::null())
        .env("NO_COLOR", "1")
        .status()
        .map_err(|error| format!("{program}: {error}"))?;
    let wall = start.elapsed().as_secs_f64();
    let (cpu, peak) = children()?;
    let cost = Cost { wall, cpu, peak, exit: status.code().unwrap_or(-1) };
    println!("{}", serde_json::to_string(&cost)?);
    Ok(())
}

#[cfg(unix)]
fn children() -> Result<(f64, f64)> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = (usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64 / 1e6;
    // Linux counts in KiB, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1 << 20 } else { 1 << 10 };
    Ok((cpu, usage.max_rss() as f64 / f64::from(unit)))
}

#[cfg(not(unix))]
fn children() -> Result<(f64, f64)> {
    Err("bench needs a Unix system".into())
}
