//! `cargo xtask bench`: what gatelint costs, as a whole process, beside a plain parse
//! of the same bytes. Ratios are printed because they travel between machines;
//! both sides run in turn, so that a busy moment hits both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::corpus::release_build;
use crate::measure::{Cost, cost, median};
use crate::{Result, corpus_folder, option, root};

/// Peak memory that a run may use beside [`MEMORY_FACTOR`] times its source.
const MEMORY_BASE_MIB: f64 = 16.0;
const MEMORY_FACTOR: f64 = 8.0;

/// Documents, the number that is compared, and the ratio that must not be exceeded.
const CASES: &[(&str, &str, Compare, f64)] = &[
    ("JSON, 13 MB", "github/api.github.com.json", Compare::Wall, 4.0),
    ("JSON, 20 MB in one line", "apis-guru/microsoft.com/graph.json", Compare::Wall, 2.0),
    ("JSON, 4 MB", "apis-guru/kubernetes.io.json", Compare::Wall, 4.0),
    ("YAML, 3 MB", "plaid/2020-09-14.yml", Compare::Wall, 2.0),
    ("YAML, 1.5 MB", "twilio/yaml/twilio_api_v2010.yaml", Compare::Wall, 2.0),
    ("YAML, 2,900 files", "digitalocean/specification", Compare::Cpu, 3.0),
];

/// About 50 KB: what a pre-commit hook sees.
const SMALL: &str = "train-travel/openapi.yaml";
const SMALL_LIMIT: f64 = 5.0;

/// How many times the CPU time of the default profile the whole catalogue may take.
const STRICT_LIMIT: f64 = 2.0;

/// How many times the CPU time of reading them all gateway configurations may take.
const GATEWAY_LIMIT: f64 = 2.0;

/// Copied 1 to 64 times.
const COPIED: &str = "adyen/json/CheckoutService-v71.json";

#[derive(Clone, Copy)]
enum Compare {
    Wall,
    Cpu,
}

/// What the cases run with.
struct Bench {
    gatelint: String,
    xtask: String,
    corpus: PathBuf,
    scratch: TempDir,
    runs: usize,
}

/// Runs the command.
pub fn run(args: &[String]) -> Result {
    let runs = option(args, "--runs")?.map_or(Ok(5), str::parse)?;
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--package", "xtask"])
        .current_dir(root())
        .status()?;
    if !built.success() {
        return Err("the release build of xtask failed".into());
    }
    let gatelint = release_build()?;
    let bench = Bench {
        xtask: gatelint.with_file_name(format!("xtask{}", std::env::consts::EXE_SUFFIX)).display().to_string(),
        gatelint: gatelint.display().to_string(),
        corpus: corpus_folder(args)?,
        scratch: tempfile::tempdir()?,
        runs,
    };
    println!("median of {} runs in turn; whole processes, default profile, text to a file\n", bench.runs);
    bench.documents()?;
    bench.small()?;
    bench.copies()?;
    bench.gateways()?;
    bench.strict()?;
    bench.rules()
}

impl Bench {
    fn documents(&self) -> Result {
        println!(
            "{:<25}{:>9}  {:>18}{:>7}  {:>18}{:>7}  {:>10}  {:>15}",
            "document", "MiB", "wall ms / parse", "ratio", "cpu ms / parse", "ratio", "at most", "peak MiB / max"
        );
        for (name, path, compare, limit) in CASES {
            let path = self.corpus.join(path);
            if !path.exists() {
                println!("{name:<25}  skipped: not in the corpus");
                continue;
            }
            let [ours, parse] = self.in_turn([self.check(&path), self.reference(&path)])?;
            let source = size(&path)? as f64 / f64::from(1 << 20);
            let memory = MEMORY_BASE_MIB + MEMORY_FACTOR * source;
            let (ratio, limit_name) = match compare {
                Compare::Wall => (ours.wall / parse.wall, "wall"),
                Compare::Cpu => (ours.cpu / parse.cpu, "cpu"),
            };
            println!(
                "{name:<25}{source:>9.2}  {:>18}{:>7.2}  {:>18}{:>7.2}  {:>10}  {:>15}{}{}",
                format!("{:.0} / {:.0}", ours.wall * 1e3, parse.wall * 1e3),
                ours.wall / parse.wall,
                format!("{:.0} / {:.0}", ours.cpu * 1e3, parse.cpu * 1e3),
                ours.cpu / parse.cpu,
                format!("{limit_name} {limit:.1}"),
                format!("{:.0} / {memory:.0}", ours.peak),
                if ratio > *limit { "  TOO SLOW" } else { "" },
                if ours.peak > memory { "  TOO BIG" } else { "" },
            );
        }
        Ok(())
    }

    fn small(&self) -> Result {
        let path = self.corpus.join(SMALL);
        let version = vec![self.gatelint.clone(), "--version".to_owned()];
        let [ours, version] = self.in_turn([self.check(&path), version])?;
        println!(
            "\n{SMALL}: {:.1} ms; `gatelint --version`: {:.1} ms; ratio {:.2}, at most {SMALL_LIMIT:.1}{}",
            ours.wall * 1e3,
            version.wall * 1e3,
            ours.wall / version.wall,
            if ours.wall / version.wall > SMALL_LIMIT { "  TOO SLOW" } else { "" },
        );
        Ok(())
    }

    fn copies(&self) -> Result {
        let original = self.corpus.join(COPIED);
        println!("\ncopies of {COPIED}:");
        println!("{:>8}{:>12}{:>12}{:>16}{:>12}", "copies", "wall", "cpu", "cpu per copy", "peak MiB");
        let mut copies = 0;
        for wanted in [1, 2, 4, 8, 16, 32, 64] {
            let folder = self.scratch.path().join("copies");
            fs::create_dir_all(&folder)?;
            while copies < wanted {
                copies += 1;
                fs::copy(&original, folder.join(format!("{copies}.json")))?;
            }
            let [ours] = self.in_turn([self.check(&folder)])?;
            println!(
                "{wanted:>8}{:>9.0} ms{:>9.0} ms{:>13.1} ms{:>12.1}",
                ours.wall * 1e3,
                ours.cpu * 1e3,
                ours.cpu * 1e3 / f64::from(wanted),
                ours.peak
            );
        }
        Ok(())
    }

    /// All gateway configurations in one run, beside reading and parsing them with our own readers.
    fn gateways(&self) -> Result {
        let Some(folder) = self.corpus.parent().map(|corpus| corpus.join("gateway")).filter(|folder| folder.is_dir())
        else {
            println!("\ngateway configurations: skipped: not in the corpus");
            return Ok(());
        };
        let read = vec![self.xtask.clone(), "read".to_owned(), folder.display().to_string()];
        let [ours, read] = self.in_turn([self.check(&folder), read])?;
        let ratio = ours.cpu / read.cpu;
        println!(
            "\ngateway configurations, {:.1} MiB: cpu {:.0} ms, reading and parsing alone {:.0} ms; ratio {ratio:.2}, at most {GATEWAY_LIMIT:.1}{}",
            size(&folder)? as f64 / f64::from(1 << 20),
            ours.cpu * 1e3,
            read.cpu * 1e3,
            if ratio > GATEWAY_LIMIT { "  TOO SLOW" } else { "" },
        );
        let slowest = Command::new(&self.xtask).arg("slowest").arg(&folder).output()?;
        print!("slowest, each alone: {}", String::from_utf8_lossy(&slowest.stdout));
        Ok(())
    }

    /// The whole catalogue beside the default profile.
    fn strict(&self) -> Result {
        println!("\nprofile strict beside default, cpu:");
        let documents = CASES.iter().map(|(name, path, ..)| (*name, self.corpus.join(path)));
        for (name, path) in documents.filter(|(_, path)| path.exists()).chain([("all", self.corpus.clone())]) {
            let strict = [self.check(&path), vec!["--profile".to_owned(), "strict".to_owned()]].concat();
            let [default, strict] = self.in_turn([self.check(&path), strict])?;
            let ratio = strict.cpu / default.cpu;
            println!(
                "{name:<25}{:>8.0} ms{:>8.0} ms{ratio:>7.2}, at most {STRICT_LIMIT:.1}{}",
                default.cpu * 1e3,
                strict.cpu * 1e3,
                if ratio > STRICT_LIMIT { "  TOO SLOW" } else { "" },
            );
        }
        Ok(())
    }

    /// The rules that take much of a run.
    fn rules(&self) -> Result {
        println!("\nrules of profile strict, each alone on a warm model, of a run on one thread:");
        for (_, path, ..) in CASES.iter().filter(|(_, path, ..)| self.corpus.join(path).is_file()) {
            let done = Command::new(&self.xtask)
                .arg("rule-costs")
                .arg(self.corpus.join(path))
                .env("RAYON_NUM_THREADS", "1")
                .output()?;
            if !done.status.success() {
                return Err(format!("rule-costs {path}: {}", String::from_utf8_lossy(&done.stderr)).into());
            }
            print!("{path}: {}", String::from_utf8_lossy(&done.stdout));
        }
        Ok(())
    }

    fn check(&self, path: &Path) -> Vec<String> {
        let flags = ["check", "--no-config", "--no-progress", "--allow-empty"].map(str::to_owned);
        [vec![self.gatelint.clone()], flags.to_vec(), vec![path.display().to_string()]].concat()
    }

    fn reference(&self, path: &Path) -> Vec<String> {
        vec![self.xtask.clone(), "reference".to_owned(), path.display().to_string()]
    }

    /// Runs the commands in turn, after one run of each that warms the file cache.
    fn in_turn<const N: usize>(&self, commands: [Vec<String>; N]) -> Result<[Cost; N]> {
        let output = self.scratch.path().join("output");
        let mut costs = vec![Vec::new(); N];
        for round in 0..=self.runs {
            for (command, costs) in commands.iter().zip(&mut costs) {
                let cost = cost(command, &output)?;
                if ![0, 1, 4].contains(&cost.exit) {
                    return Err(format!("{} ended with {}", command.join(" "), cost.exit).into());
                }
                if round > 0 {
                    costs.push(cost);
                }
            }
        }
        let mut medians = costs.iter().map(|costs| median(costs));
        Ok(std::array::from_fn(|_| medians.next().unwrap_or_else(|| median(&[]))))
    }
}

/// Bytes of a file, or of all documents below a folder.
fn size(path: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in walkdir::WalkDir::new(path) {
        let entry = entry?;
        if entry.file_type().is_file() {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}
