//! Locations as routes: which paths, what is done with a request, and what applies. Also a server as a whole, where
//! it answers by itself.

use super::super::path::{Language, PathPattern, Trick};
use super::super::{Action, LimitInForce, Location, Measure, Methods, Path, Precedence, Rewrite, Route, Set, Stated};
use super::Lowering;
use super::access::MOST_CONDITIONS;
use super::config::{Context, Line, Topic};
use super::server::{Server, Serves};
use super::upstream::HANDLERS;
use super::variables::{Piece, condition, pieces, variables};
use crate::model::Why;
use crate::span::Place;

/// Directives by which a location answers with what a module makes.
const MADE: &[&str] = &["stub_status", "status", "api", "upstream_conf", "vhost_traffic_status_display", "empty_gif"];

/// Code that makes the answer.
const CODE: &[&str] =
    &["js_content", "content_by_lua", "content_by_lua_block", "content_by_lua_file", "perl", "lua_content_by"];

/// What all locations of a server share.
struct Shared<'v> {
    server: &'v Server,
    listeners: Stated<Vec<u32>>,
    plaintext: Stated<bool>,
}

impl<'c, 's> Lowering<'c, 's, '_> {
    /// Adds the listeners and routes of a server.
    pub(super) fn server(&mut self, server: &Server) {
        let config = self.config;
        let mut locations = Vec::new();
        self.locations(server.block, &mut locations);
        let returns = self.returned(server.block);
        let serves = self.serves(server, &locations, returns);
        let numbers = self.listeners(server, &serves);
        let is_fragment = config.blocks[server.block].owner.is_none();
        let plain = server.sockets.iter().any(|socket| !socket.is_tls) && !self.redirects_itself(server.block);
        let unknown = || Why::Elsewhere;
        let shared = Shared {
            server,
            listeners: if is_fragment { Stated::Unknown(unknown(), None) } else { Stated::Known(numbers) },
            plaintext: if is_fragment { Stated::Unknown(unknown(), None) } else { Stated::Known(plain) },
        };
        // An unconditional answer of the server comes before any location.
        if returns.is_some() {
            self.whole(&shared);
            return;
        }
        let is_covered = locations.iter().any(|&block| self.pattern(block).is_some_and(|path| path.is_catch_all()));
        if !is_covered
            && !is_fragment
            && ["root", "proxy_pass"].iter().any(|name| config.own(server.block, name).is_some())
        {
            self.whole(&shared);
        }
        for block in locations {
            self.route(&shared, block);
        }
    }

    /// The locations below a block, nested ones behind the one they stand in.
    fn locations(&self, block: usize, found: &mut Vec<usize>) {
        for location in self.config.all(block, "location").filter_map(|line| line.block) {
            found.push(location);
            self.locations(location, found);
        }
    }

    fn serves(&self, server: &Server, locations: &[usize], returns: Option<Action>) -> Serves {
        let config = self.config;
        let actions: Vec<(Action, usize)> = match returns {
            Some(action) => vec![(action, server.block)],
            None => locations.iter().map(|&block| (self.action(block).0, block)).collect(),
        };
        let is_redirect = |(action, _): &&(Action, usize)| *action == Action::HttpsRedirect;
        let is_harmless = |(action, block): &(Action, usize)| match action {
            Action::HttpsRedirect | Action::Refuse | Action::Internal => true,
            // Certificates are asked for in plain text.
            _ => self.pattern(*block).is_some_and(|path| path.literal_prefix().starts_with("/.well-known")),
        };
        let all = actions.iter().any(|action| is_redirect(&action)) && actions.iter().all(is_harmless);
        let is_page = |(action, _): &(Action, usize)| matches!(action, Action::Files | Action::Redirect);
        let rejects = config.nearest(server.block, "ssl_reject_handshake").is_some_and(|line| line.value() == "on");
        let sends = |block: usize| {
            let mut headers = config.headers(block).into_iter();
            headers.any(|line| line.value().eq_ignore_ascii_case("Strict-Transport-Security"))
        };
        let has_hsts = sends(server.block) || locations.iter().any(|&block| sends(block));
        let more =
            ["more_set_headers", "more_set_input_headers"].iter().find_map(|name| config.nearest(server.block, name));
        let hsts = match (has_hsts, more, config.unseen(server.block, Topic::Other)) {
            (true, ..) => Stated::Known(true),
            (_, Some(line), _) => Stated::Unknown(Why::NotRead, Some(line.place())),
            (_, _, Some((why, place))) => Stated::Unknown(why, Some(place)),
            _ => Stated::Known(false),
        };
        Serves {
            redirects: all || self.redirects_itself(server.block),
            browsers: !rejects && actions.iter().any(is_page),
            hsts,
        }
    }

    /// Whether a server sends what arrives in plain text to HTTPS by a condition of its own.
    fn redirects_itself(&self, block: usize) -> bool {
        let config = self.config;
        config.all(block, "if").any(|line| {
            let on = condition(line).and_then(|condition| condition.variable());
            let about =
                on.is_some_and(|name| matches!(name, "scheme" | "https" | "http_x_forwarded_proto" | "server_port"));
            about && line.block.is_some_and(|inner| self.returned(inner) == Some(Action::HttpsRedirect))
        })
    }

    /// What an unconditional answer of a block does.
    pub(super) fn returned(&self, block: usize) -> Option<Action> {
        let config = self.config;
        let answer = config.each(block).find(|line| {
            line.name == "return" || line.name == "rewrite" && is_for_all(line.value()) && is_redirect(line)
        })?;
        if answer.name == "rewrite" {
            return Some(self.redirect(answer.arg(1).unwrap_or_default(), block));
        }
        let (code, target) = match (answer.arg(0), answer.arg(1)) {
            (Some(target), None) if target.parse::<u16>().is_err() => (302, target),
            (code, target) => (code.and_then(|code| code.parse().ok()).unwrap_or(0), target.unwrap_or_default()),
        };
        Some(match code {
            301 | 302 | 303 | 307 | 308 => self.redirect(target, block),
            400..=599 => Action::Refuse,
            0 => Action::Unknown,
            _ => Action::Respond,
        })
    }

    /// Whether a target is the same URL over HTTPS, or another place.
    fn redirect(&self, target: &str, block: usize) -> Action {
        let Some(rest) = target.strip_prefix("https://") else { return Action::Redirect };
        let host = match pieces(rest).first() {
            Some(Piece::Variable(name)) => name,
            _ => rest.split(['/', ':', '$']).next().unwrap_or_default(),
        };
        let server = self.config.enclosing(block, Context::Server);
        let mut names =
            server.into_iter().flat_map(|server| self.config.all(server, "server_name")).flat_map(Line::texts);
        let is_own = matches!(host, "host" | "server_name" | "http_host")
            || names.any(|name| name.trim_start_matches("www.") == host.trim_start_matches("www."));
        if is_own { Action::HttpsRedirect } else { Action::Redirect }
    }

    /// The paths of a location. One in another location is looked at only for what that one matches.
    pub(super) fn pattern(&self, block: usize) -> Option<PathPattern> {
        let (modifier, path) = modifier(self.config.owner(block)?);
        let pattern = PathPattern::nginx(modifier, path)?;
        let outer = self.outer(block).next().map_or(("", "/"), self::modifier);
        let is_inside = |start: &str| pattern.literal_prefix().starts_with(start);
        match (&pattern.language, outer) {
            (Language::Regex(_), ("" | "^~", start)) if start == "/" || is_inside(start) => Some(pattern),
            (Language::Regex(_), ("" | "^~", start)) if !path.starts_with('^') => {
                let within = format!("^{}.*(?:{path})", regex_syntax::escape(start));
                PathPattern::nginx(modifier, &within)
            }
            (Language::Regex(_), _) => Some(PathPattern::opaque(path)),
            _ => Some(pattern),
        }
    }

    /// The locations round a location, the nearest first.
    fn outer(&self, block: usize) -> impl Iterator<Item = &'c Line<'s>> {
        let config = self.config;
        let levels = config.levels(block).filter(move |&level| level != block);
        levels
            .filter(|&level| config.blocks[level].context == Context::Location)
            .filter_map(|level| config.owner(level))
    }

    /// How a location ranks among those of its server: in each of them, those inside are looked at before the
    /// expressions beside it. <https://nginx.org/en/docs/http/ngx_http_core_module.html#location>
    fn rank(&self, block: usize, pattern: &PathPattern) -> Precedence {
        let is_final = |owner: &Line<'s>| modifier(owner).0 == "^~";
        let outer: Vec<_> = self.outer(block).collect();
        if outer.iter().any(|owner| matches!(modifier(owner).0, "~" | "~*")) {
            return Precedence::Unknown;
        }
        let own = self.config.owner(block);
        Precedence::Location(match (&pattern.language, outer.first()) {
            (Language::Exact(_), _) => Location::Exact,
            (Language::RawPrefix(text), _) => {
                let outermost = outer.last().copied().or(own);
                Location::Prefix { length: 2 * text.len(), is_final: outermost.is_some_and(is_final) }
            }
            // Before what it stands in, and behind every longer prefix.
            (_, Some(nearest)) => Location::Prefix { length: 2 * modifier(nearest).1.len() + 1, is_final: true },
            (_, None) => Location::Expression,
        })
    }

    /// Whether nginx sends who leaves out the slash at the end of a location to it: where the location passes requests on.
    /// <https://nginx.org/en/docs/http/ngx_http_core_module.html#location>
    fn adds_slash(&self, block: usize, pattern: &PathPattern) -> bool {
        let ends = match &pattern.language {
            Language::Exact(text) | Language::RawPrefix(text) => text.len() > 1 && text.ends_with('/'),
            _ => false,
        };
        ends && HANDLERS.iter().any(|name| self.config.own(block, name).is_some())
    }

    /// What a location does with a request, and the directive that says so.
    pub(super) fn action(&self, block: usize) -> (Action, Option<&'c Line<'s>>) {
        let config = self.config;
        let is_named = config.owner(block).is_some_and(|owner| owner.value().starts_with('@'));
        let handler = HANDLERS.iter().find_map(|name| config.own(block, name));
        if is_named || config.own(block, "internal").is_some() {
            return (Action::Internal, handler);
        }
        if let Some(action) = self.returned(block) {
            return (action, None);
        }
        if handler.is_some() {
            return (Action::Proxy, handler);
        }
        if CODE.iter().any(|name| config.own(block, name).is_some()) {
            return (Action::Unknown, None);
        }
        if MADE.iter().any(|name| config.own(block, name).is_some()) {
            return (Action::Respond, None);
        }
        // A handler in an `if` answers some of the requests.
        let sometimes = config.all(block, "if").filter_map(|line| line.block);
        let sometimes = sometimes.flat_map(|inner| HANDLERS.iter().find_map(|name| config.own(inner, name))).next();
        if let Some(handler) = sometimes.or_else(|| self.fallback(block)) {
            return (Action::Proxy, Some(handler));
        }
        let is_rewritten = config.all(block, "rewrite").any(|line| is_for_all(line.value()) && !is_redirect(line));
        if is_rewritten {
            return (Action::Unknown, None);
        }
        (Action::Files, None)
    }

    /// The handler of the named location that `try_files` ends in.
    fn fallback(&self, block: usize) -> Option<&'c Line<'s>> {
        let config = self.config;
        let files = config.own(block, "try_files")?;
        let last = files.texts().last().filter(|last| last.starts_with('@'))?;
        let server = config.enclosing(block, Context::Server)?;
        let &named = self.index.locations.get(&(server, last))?;
        HANDLERS.iter().find_map(|name| config.own(named, name))
    }

    /// A route for all that a server answers by itself.
    fn whole(&mut self, shared: &Shared<'_>) {
        let mut route = Route::new("/", shared.server.place);
        route.paths = vec![Path { pattern: PathPattern::raw_prefix("/"), place: shared.server.place }];
        route.precedence = Precedence::Location(Location::Prefix { length: 0, is_final: false });
        self.fill(route, shared, shared.server.block);
    }

    fn route(&mut self, shared: &Shared<'_>, block: usize) {
        let config = self.config;
        let Some(owner) = config.owner(block) else { return };
        let place = owner.place();
        let mut route = Route::new(owner.text(), place);
        match self.pattern(block) {
            Some(pattern) => {
                let named = owner.args.last().map_or(place, |arg| arg.place());
                route.precedence = self.rank(block, &pattern);
                route.adds_slash = self.adds_slash(block, &pattern);
                route.paths = vec![Path { pattern, place: named }];
            }
            // A named location: no path leads to it.
            None => route.paths = vec![Path { pattern: PathPattern::opaque(owner.text()), place }],
        }
        self.fill(route, shared, block);
    }

    /// Fills in what applies to a route, and adds it.
    fn fill(&mut self, mut route: Route, shared: &Shared<'_>, block: usize) {
        route.listeners = shared.listeners.clone();
        route.plaintext = shared.plaintext.clone();
        route.hosts = shared.server.hosts.clone();
        let (action, handler) = match self.returned(block).filter(|_| block == shared.server.block) {
            Some(action) => (action, None),
            None => self.action(block),
        };
        route.action = action;
        let guard = self.guard(block);
        let returns = self.returned(block).is_some();
        if guard.closed && !returns && matches!(action, Action::Proxy | Action::Files | Action::Respond) {
            route.action = Action::Refuse;
        }
        route.auth = guard.auth;
        route.auth_mode = guard.mode;
        route.auth_off = guard.off;
        route.access = guard.access;
        if returns {
            // It answers before access is looked at.
            route.auth = Stated::Absent;
            route.access = Stated::Absent;
        }
        if let Some(handler) = handler {
            route.upstreams.extend(self.upstream(handler, block));
            route.rewrite = rewrite(handler, block == handler.level);
        }
        route.methods = self.methods(block);
        route.rates = self.rates(block);
        route.cors = self.cors(block);
        route.limits = self.limits(block, handler);
        route.access_log = self.access_log(block);
        route.streams = self.streams(block, handler);
        route.spellings = self.spellings(block);
        self.split(route, action, block);
    }

    /// Adds a route; where `limit_except` asks more of some methods than of others, as two. `action`: what it does for
    /// whom it lets pass.
    fn split(&mut self, mut route: Route, action: Action, block: usize) {
        let config = self.config;
        let Some(line) = config.own(block, "limit_except") else {
            self.add(route, block);
            return;
        };
        let (Some(inner), admitted) = (line.block, methods(line)) else {
            self.add(route, block);
            return;
        };
        let guard = self.guard(inner);
        let only: Vec<(String, Place)> = admitted.iter().map(|name| (name.clone(), line.place())).collect();
        if !guard.closed {
            let mut others = route.clone();
            others.action = action;
            others.methods = Stated::Known(Methods::AllBut(admitted));
            others.auth = guard.auth;
            others.access = guard.access;
            others.auth_off = None;
            others.auth_mode = guard.mode;
            route.methods = Stated::Known(Methods::Only(only));
            self.add(route, block);
            self.gateway.add_route(others);
            return;
        }
        route.methods = Stated::Known(Methods::Only(only));
        self.add(route, block);
    }

    fn add(&mut self, route: Route, block: usize) {
        let number = self.gateway.add_route(route);
        self.admins(block, number);
        self.upgrade(block, number);
        self.identity(block, number);
    }

    /// The methods that conditions leave.
    fn methods(&self, block: usize) -> Stated<Methods> {
        let config = self.config;
        let server = config.enclosing(block, Context::Server).filter(|&server| server != block);
        let mut refused = Vec::new();
        for line in std::iter::once(block).chain(server).flat_map(|level| config.all(level, "if").take(MOST_CONDITIONS))
        {
            let Some(condition) = condition(line).filter(|condition| condition.variable() == Some("request_method"))
            else {
                continue;
            };
            let code = line.block.and_then(|inner| config.own(inner, "return")).map_or("", |line| line.value());
            if !(code.len() == 3 && code.starts_with(['4', '5'])) {
                continue;
            }
            let names: Vec<String> = words(condition.right);
            match condition.operator {
                "!~" | "!~*" | "!=" => {
                    let admitted = names.into_iter().map(|name| (name, line.place()));
                    return Stated::Known(Methods::Only(admitted.collect()));
                }
                _ => refused.extend(names),
            }
        }
        match (refused.is_empty(), config.unseen(block, Topic::Access)) {
            (true, Some((why, place))) => Stated::Unknown(why, Some(place)),
            (true, None) => Stated::Known(Methods::All),
            (false, _) => Stated::Known(Methods::AllBut(refused)),
        }
    }

    /// Paths are compared decoded, without dots and, unless that is switched off, without doubled slashes:
    /// <https://nginx.org/en/docs/http/ngx_http_core_module.html#location>.
    fn spellings(&self, block: usize) -> Stated<Vec<Trick>> {
        let mut tricks = vec![Trick::TrailingSlash, Trick::Semicolon];
        if self.config.nearest(block, "merge_slashes").is_some_and(|line| line.value() == "off") {
            tricks.push(Trick::DoubleSlash);
        }
        Stated::Known(tricks)
    }

    fn access_log(&self, block: usize) -> Stated<Set<bool>> {
        let config = self.config;
        let lines = config.group(block, &["access_log"]);
        match lines.first() {
            Some(line) => Stated::Known(Set::written(lines.iter().any(|line| line.value() != "off"), line.place())),
            None => match config.unseen(block, Topic::Other) {
                Some((why, place)) => Stated::Unknown(why, Some(place)),
                // By default requests are logged: https://nginx.org/en/docs/http/ngx_http_log_module.html#access_log
                None => {
                    let place = config.owner(block).map(Line::place);
                    place.map(|place| Set::default(true, place)).into()
                }
            },
        }
    }

    fn streams(&self, block: usize, handler: Option<&Line<'s>>) -> bool {
        let headers = self.config.group(block, &["proxy_set_header"]);
        let upgrades = headers.iter().any(|line| line.value().eq_ignore_ascii_case("Upgrade"));
        let is_unbuffered = self.config.nearest(block, "proxy_buffering").is_some_and(|line| line.value() == "off");
        upgrades || is_unbuffered || handler.is_some_and(|line| line.name == "grpc_pass")
    }
}

/// How a location compares, and what with; `=/x` and `~x` may be written without a space.
pub(super) fn modifier<'s>(owner: &Line<'s>) -> (&'s str, &'s str) {
    match (owner.arg(0), owner.arg(1)) {
        (Some(modifier), Some(path)) => (modifier, path),
        (Some(text), None) => {
            let modifier = ["=", "^~", "~*", "~"].into_iter().find(|modifier| text.starts_with(modifier));
            text.split_at(modifier.map_or(0, str::len))
        }
        _ => ("", ""),
    }
}

/// Whether an expression of `rewrite` fits every path.
fn is_for_all(regex: &str) -> bool {
    matches!(
        regex,
        "^" | ".*" | "^.*" | "^.*$" | "(.*)" | "^(.*)" | "^(.*)$" | "^/(.*)" | "^/(.*)$" | "^/?(.*)$" | "/(.*)"
    )
}

/// Whether a `rewrite` sends the client elsewhere.
pub(super) fn is_redirect(line: &Line<'_>) -> bool {
    let target = line.arg(1).unwrap_or_default();
    matches!(line.arg(2), Some("redirect" | "permanent"))
        || ["http://", "https://", "$scheme"].iter().any(|start| target.starts_with(start))
}

/// The methods that `limit_except` names; `GET` stands for `HEAD` too.
///
/// Source: <https://nginx.org/en/docs/http/ngx_http_core_module.html#limit_except>.
fn methods(line: &Line<'_>) -> Vec<String> {
    let mut names: Vec<String> = line.texts().map(str::to_ascii_uppercase).collect();
    if names.iter().any(|name| name == "GET") && !names.iter().any(|name| name == "HEAD") {
        names.push("HEAD".to_owned());
    }
    names
}

/// The methods in an expression such as `^(GET|POST)$`.
fn words(regex: &str) -> Vec<String> {
    let names = regex.split(|c: char| !c.is_ascii_alphabetic()).filter(|name| name.len() > 2);
    names.map(str::to_ascii_uppercase).collect()
}

/// What `proxy_pass` makes of the path.
fn rewrite(handler: &Line<'_>, is_own: bool) -> Rewrite {
    if handler.name != "proxy_pass" || !is_own {
        return Rewrite::None;
    }
    let url = handler.value();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    match rest.find('/') {
        _ if variables(url).next().is_some() => Rewrite::Unknown,
        Some(at) => Rewrite::Prefix(rest[at..].to_owned()),
        None => Rewrite::None,
    }
}

/// A measure and the limit in force.
pub(super) fn in_force(measure: Measure, limit: Stated<Option<u32>>) -> LimitInForce {
    LimitInForce { measure, limit }
}
