//! What each rule costs: the time it takes to evaluate it alone on a model that is
//! warm, as a share of a whole run in the profile `strict`, on one thread.
//! What rules share (reading, the model, facts worked out once) is charged to none.

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use gatelint::model::Model;
use gatelint::rule::compile::Choice;
use gatelint::rule::{Catalog, by_profile};
use gatelint::settings::{Profile, Settings};
use gatelint::words::WordLists;
use gatelint::{Inputs, Rules, check, evaluate, resolve};

use crate::Result;

/// Shares of a run from here on are named.
const NAMED: f64 = 0.05;
/// The shortest of so many runs counts: noise only ever adds.
const RUNS: usize = 3;

/// `xtask rule-costs FILE`: prints the rules that take more than [`NAMED`] of a run.
pub fn run(args: &[String]) -> Result {
    let [path] = args else { return Err("usage: xtask rule-costs FILE".into()) };
    let bytes = fs::read(path)?;
    let files = BTreeMap::from([("api".to_owned(), bytes.clone())]);
    let settings = Settings { profile: Profile::Strict, ..Settings::default() };
    let rules = Rules::builtin(&settings)?;
    let whole = shortest(|| drop(black_box(check(Inputs::in_memory(&files), &settings, &rules))));

    let lists = WordLists::builtin();
    let sources = resolve::load(vec![("api".to_owned(), bytes)], &files, &settings.limits, &settings.refs);
    let root = sources.find("api").ok_or("the file was not read")?;
    let model = Model::openapi(Arc::new(sources), root, lists.clone(), settings.now);
    let model = model.ok_or("no OpenAPI document")?.map_err(|problem| problem.message)?;
    let catalog = Catalog::builtin()?;
    let compile = |choose: &dyn Fn(&str) -> bool| {
        catalog.compile(&lists, |file| Choice { enabled: choose(&file.id.value), ..by_profile(Profile::Strict)(file) })
    };
    let all = compile(&|_| true).map_err(|errors| format!("{errors:?}"))?;
    black_box(evaluate::evaluate(&model, &all));
    let none = compile(&|_| false).map_err(|errors| format!("{errors:?}"))?;
    let idle = shortest(|| drop(black_box(evaluate::evaluate(&model, &none))));

    let mut costs = Vec::new();
    for info in all.infos() {
        let alone = compile(&|id| id == info.id).map_err(|errors| format!("{errors:?}"))?;
        let time = shortest(|| drop(black_box(evaluate::evaluate(&model, &alone)))) - idle;
        costs.push((time / whole, &info.id));
    }
    costs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let together: f64 = costs.iter().map(|(share, _)| share).sum();
    let named: Vec<String> = costs
        .iter()
        .take_while(|(share, _)| *share > NAMED)
        .map(|(share, id)| format!("{id} {:.1} %", share * 100.0))
        .collect();
    let named = if named.is_empty() { "none".to_owned() } else { named.join(", ") };
    let (share, dearest) = costs.first().ok_or("there are no rules")?;
    println!(
        "run {:.0} ms, rules {:.0} %, dearest {dearest} {:.1} %, above {:.0} %: {named}",
        whole * 1e3,
        together * 100.0,
        share * 100.0,
        NAMED * 100.0
    );
    Ok(())
}

/// Seconds of the shortest run.
fn shortest(mut work: impl FnMut()) -> f64 {
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}
