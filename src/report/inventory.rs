//! The inventory of gateways: every listener and route, what protects it, and where each fact stands, as a table
//! for people and as JSON. Knows no rule: it shows what the model knows, and says what it does not.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use serde::Serialize;
use serde_json::ser::PrettyFormatter;

use super::{inert, json};
use crate::error::Problem;
use crate::model::gateway::{
    Action, Applied, Authentication, Gateway, Limit, Listener, Measure, Methods, Origin, Route, Set, Stated, path_text,
};
use crate::model::{Model, fields::gateway as names};
use crate::source::SourceMap;
use crate::span::Place;

/// The gateways of a run.
#[derive(Debug)]
pub struct Inventory {
    /// The files that places point into.
    pub sources: Arc<SourceMap>,
    /// A model per gateway.
    pub models: Vec<Model>,
    /// What of their files could not be read, ordered by file and position.
    pub problems: Vec<Problem>,
}

/// The JSON form: `gatelint.routes/1`.
#[derive(Serialize)]
struct Routes {
    schema: &'static str,
    gateways: Vec<GatewayRow>,
    problems: Vec<ProblemRow>,
}

#[derive(Serialize)]
struct ProblemRow {
    code: &'static str,
    message: String,
    at: String,
}

#[derive(Serialize)]
struct GatewayRow {
    format: &'static str,
    files: Vec<String>,
    listeners: Vec<ListenerRow>,
    routes: Vec<RouteRow>,
}

#[derive(Serialize)]
struct ListenerRow {
    name: String,
    at: String,
    protocol: Told<&'static str>,
    hosts: Vec<String>,
    exposure: &'static str,
    min_tls: Told<Said<&'static str>>,
    client_certificate: Told<Said<&'static str>>,
}

#[derive(Serialize)]
struct RouteRow {
    name: String,
    at: String,
    /// Empty: every host.
    hosts: Vec<String>,
    paths: Vec<Found>,
    methods: Told<Vec<String>>,
    action: &'static str,
    plaintext: Told<bool>,
    authentication: Told<&'static str>,
    auth: Told<Vec<Policy>>,
    access: Told<Vec<Policy>>,
    rate_limits: Told<Vec<Policy>>,
    cors: Told<Vec<Policy>>,
    body_limit: Told<Bound>,
    upstream_timeout: Told<Bound>,
    upstreams: Vec<Found>,
}

/// Something and where it stands.
#[derive(Serialize)]
struct Found {
    value: String,
    at: String,
}

/// A policy that applies.
#[derive(Serialize)]
struct Policy {
    name: String,
    scope: &'static str,
    at: String,
}

/// A limit in force; without a place it is the vendor's default.
#[derive(Serialize)]
struct Bound {
    value: String,
    at: Option<String>,
}

/// A value, and whether it was written or is a default.
#[derive(Serialize)]
struct Said<T> {
    value: T,
    by: &'static str,
    at: String,
}

/// What is known of a fact.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Told<T> {
    Known(T),
    Absent,
    Unknown { why: String, at: Option<String> },
}

impl Inventory {
    /// Writes the JSON form.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let gateways = self.models.iter().filter_map(Model::as_gateway).map(|gateway| self.gateway(gateway)).collect();
        let problems = self.problems.iter().map(|problem| ProblemRow {
            code: problem.code.as_str(),
            message: problem.message.clone(),
            at: self.line(problem.span.file, problem.span.start),
        });
        let routes = Routes { schema: "gatelint.routes/1", gateways, problems: problems.collect() };
        json::write_inert(&routes, PrettyFormatter::new(), out)
    }

    fn line(&self, file: crate::span::FileId, start: u32) -> String {
        let file = self.sources.file(file);
        format!("{}:{}", file.path, file.lines().line(start))
    }

    /// File and line of a place.
    fn at(&self, place: Place) -> String {
        let span = self.sources.span(place);
        self.line(span.file, span.start)
    }

    fn known<T, U>(&self, stated: &Stated<T>, value: impl FnOnce(&T) -> U) -> Told<U> {
        match stated {
            Stated::Known(known) => Told::Known(value(known)),
            Stated::Absent => Told::Absent,
            Stated::Unknown(why, place) => {
                Told::Unknown { why: why.to_string(), at: place.map(|place| self.at(place)) }
            }
        }
    }

    fn said<T>(&self, set: &Set<T>, value: &'static str) -> Said<&'static str> {
        let by = if set.origin == Origin::Written { "setting" } else { "default" };
        Said { value, by, at: self.at(set.place) }
    }

    fn gateway(&self, gateway: &Gateway) -> GatewayRow {
        let path = |&file: &crate::span::FileId| self.sources.file(file).path.clone();
        GatewayRow {
            format: gateway.format.as_str(),
            files: gateway.files.iter().map(path).collect(),
            listeners: gateway.listeners.iter().map(|listener| self.listener(gateway, listener)).collect(),
            routes: (0..).zip(&gateway.routes).map(|(number, route)| self.route(gateway, number, route)).collect(),
        }
    }

    fn listener(&self, gateway: &Gateway, listener: &Listener) -> ListenerRow {
        let tls = listener.tls.and_then(|number| gateway.tls.get(number as usize));
        let version = tls.map_or(&Stated::Absent, |tls| &tls.min_version);
        let certificate = tls.map_or(&Stated::Absent, |tls| &tls.client_certificate);
        ListenerRow {
            name: listener.name.clone(),
            at: self.at(listener.place),
            protocol: self.known(&listener.protocol, |protocol| names::PROTOCOLS[*protocol as usize]),
            hosts: listener.hosts.iter().map(ToString::to_string).collect(),
            exposure: names::EXPOSED_TO[listener.exposure as usize],
            min_tls: self.known(version, |set| self.said(set, names::TLS_VERSIONS[set.value as usize])),
            client_certificate: self
                .known(certificate, |set| self.said(set, names::CLIENT_CERTIFICATES[set.value as usize])),
        }
    }

    fn route(&self, gateway: &Gateway, number: u32, route: &Route) -> RouteRow {
        let policies = |list: &Stated<Vec<Applied>>, name: &dyn Fn(usize) -> Option<String>| {
            self.known(list, |applied| {
                let policy = |applied: &Applied| Policy {
                    name: name(applied.policy as usize).unwrap_or_default(),
                    scope: names::SCOPES[applied.scope as usize],
                    at: self.at(applied.place),
                };
                applied.iter().map(policy).collect()
            })
        };
        let bound = |measure| {
            self.known(&gateway.limit(route, measure), |limit| match limit {
                Some(limit) => Bound { value: limit.shown(), at: Some(self.at(limit.place)) },
                None => Bound { value: "default".to_owned(), at: None },
            })
        };
        let upstreams = route.upstreams.iter().filter_map(|&upstream| gateway.upstreams.get(upstream as usize));
        RouteRow {
            name: route.name.clone(),
            at: self.at(route.place),
            hosts: route.hosts.iter().map(ToString::to_string).collect(),
            paths: route
                .paths
                .iter()
                .map(|path| Found { value: path.pattern.to_string(), at: self.at(path.place) })
                .collect(),
            methods: self.known(&route.methods, methods),
            action: names::ACTIONS[route.action as usize],
            plaintext: self.known(&route.plaintext, |&plaintext| plaintext),
            authentication: self.known(gateway.derived().authentication(number), |state| state.as_str()),
            auth: policies(&route.auth, &|i| gateway.auths.get(i).map(|auth| auth.name.clone())),
            access: policies(&route.access, &|i| gateway.access.get(i).map(|access| access.name.clone())),
            rate_limits: policies(&route.rates, &|i| gateway.rates.get(i).map(|rate| rate.name.clone())),
            cors: policies(&route.cors, &|_| Some("cors".to_owned())),
            body_limit: bound(Measure::Body),
            upstream_timeout: bound(Measure::Upstream),
            upstreams: upstreams
                .map(|upstream| Found { value: upstream.name.clone(), at: self.at(upstream.place) })
                .collect(),
        }
    }

    /// The table for people.
    pub fn table(&self) -> String {
        let mut text = String::new();
        for gateway in self.models.iter().filter_map(Model::as_gateway) {
            if !text.is_empty() {
                text.push('\n');
            }
            self.section(gateway, &mut text);
        }
        for problem in &self.problems {
            let at = self.line(problem.span.file, problem.span.start);
            let _ = writeln!(text, "\nproblem: {at}: {}", problem.message);
        }
        if self.models.is_empty() {
            text.push_str("no gateway configuration found\n");
        }
        text.lines().map(|line| format!("{}\n", inert::defused(&inert::visible(line)))).collect()
    }

    fn section(&self, gateway: &Gateway, text: &mut String) {
        let files: Vec<_> = gateway.files.iter().map(|&file| self.sources.file(file).title()).collect();
        let _ = writeln!(text, "{}: {}", gateway.format.title(), files.join(", "));
        for listener in &gateway.listeners {
            let speaks = match listener.protocol.known() {
                Some(protocol) => names::PROTOCOLS[*protocol as usize],
                None => "?",
            };
            let _ = writeln!(text, "  listens on {} ({speaks})  {}", listener.name, self.at(listener.place));
        }
        let mut whys: Vec<String> = Vec::new();
        let heads = ["METHODS", "PATH", "HOSTS", "AUTH", "RATE", "BODY", "TIMEOUT", "UPSTREAM", "AT"];
        let mut rows = vec![heads.map(str::to_owned)];
        for (number, route) in (0..).zip(&gateway.routes) {
            rows.push(self.row(gateway, number, route, &mut whys));
        }
        if rows.len() == 1 {
            text.push_str("  no routes\n");
            return;
        }
        let mut widths = [0; 9];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in &rows {
            let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            let _ = writeln!(text, "  {}", cells.join("  ").trim_end());
        }
        for (number, why) in (1..).zip(whys) {
            let _ = writeln!(text, "  ?{number} {why}");
        }
    }

    fn row(&self, gateway: &Gateway, number: u32, route: &Route, whys: &mut Vec<String>) -> [String; 9] {
        let mut unknown = |why: String| {
            let index = whys.iter().position(|known| *known == why).unwrap_or_else(|| {
                whys.push(why);
                whys.len() - 1
            });
            format!("?{}", index + 1)
        };
        let mut cell = |known: Told<String>| match known {
            Told::Known(text) => text,
            Told::Absent => "-".to_owned(),
            Told::Unknown { why, .. } => unknown(why),
        };
        let paths: Vec<String> = route.paths.iter().map(|path| path_text(&path.pattern)).collect();
        let hosts: Vec<String> = route.hosts.iter().map(ToString::to_string).collect();
        let listed = |list: Vec<String>, all: &str| match list.as_slice() {
            [] => all.to_owned(),
            [one] => one.clone(),
            [first, rest @ ..] => format!("{first} +{}", rest.len()),
        };
        let limit = |limit: &Option<&Limit>| limit.map_or_else(|| "default".to_owned(), Limit::shown);
        // Nothing is sent to the upstream of a route that the gateway answers itself.
        let answers =
            matches!(route.action, Action::Redirect | Action::HttpsRedirect | Action::Refuse | Action::Respond);
        let upstreams = route.upstreams.iter().filter(|_| !answers);
        let upstreams = upstreams.filter_map(|&upstream| gateway.upstreams.get(upstream as usize));
        let upstreams: Vec<String> = upstreams.map(|upstream| upstream.name.clone()).collect();
        let auth = match gateway.derived().authentication(number) {
            Stated::Known(Authentication::None) => Told::Known("none".to_owned()),
            Stated::Known(state) => Told::Known(auth_names(gateway, route, *state)),
            state => self.known(state, |state| state.as_str().to_owned()),
        };
        [
            cell(self.known(&route.methods, |methods_in| methods(methods_in).join(","))),
            listed(paths, "/"),
            listed(hosts, "*"),
            cell(auth),
            cell(self.known(&route.rates, |rates| if rates.is_empty() { "-".to_owned() } else { "yes".to_owned() })),
            cell(self.known(&gateway.limit(route, Measure::Body), limit)),
            cell(self.known(&gateway.limit(route, Measure::Upstream), limit)),
            listed(upstreams, names::ACTIONS[route.action as usize]),
            self.at(route.place),
        ]
    }
}

/// The ways to authenticate, in short.
fn auth_names(gateway: &Gateway, route: &Route, state: Authentication) -> String {
    let applied = route.auth.known().into_iter().flatten();
    let auths = applied.filter_map(|applied| gateway.auths.get(applied.policy as usize));
    let mut ways: Vec<&str> = auths.map(|auth| names::MECHANISMS[auth.mechanism as usize]).collect();
    ways.dedup();
    let ways = if ways.is_empty() { "certificate".to_owned() } else { ways.join("+") };
    if state == Authentication::Optional { format!("{ways} (optional)") } else { ways }
}

fn methods(methods: &Methods) -> Vec<String> {
    match methods {
        Methods::All => vec!["all".to_owned()],
        Methods::Only(methods) => methods.iter().map(|(method, _)| method.clone()).collect(),
        Methods::AllBut(methods) => methods.iter().map(|method| format!("not {method}")).collect(),
    }
}
