//! Directives with what follows from where they stand: what a level loses, which expressions are slow, what clients
//! can put into a text.

use std::collections::{HashMap, HashSet};

use super::super::origin::{OriginPattern, Subject};
use super::super::{Action, Directive, DirectiveBlock, LocationMatch};
use super::Lowering;
use super::access::argument;
use super::config::{Context, Line, Topic};
use super::limits::per_second;
use super::server::Server;
use super::upstream::{authority, host_of, is_resolved_late};
use super::variables::{Piece, condition, pieces, variables};
use crate::model::net::{HostClass, host_class};
use crate::model::pattern::{Facts, Growth};
use crate::span::Place;

/// Bits of what a directive decides.
const ACCESS: u32 = 1;
const LIMIT: u32 = 2;
const CORS: u32 = 4;

/// Steps that the search for slow texts may take, for all expressions and for one.
const MOST_STEPS: u64 = 40_000_000;
const MOST_STEPS_EACH: u64 = 200_000;

/// So many directives behind a `rewrite` are looked at.
const MOST_LATER: usize = 64;

/// Of a table so many entries are looked at.
const MOST_ENTRIES: usize = 1_000;

/// Directives that restrict who may call, unless they say `off`.
const RESTRICTIONS: &[&str] = &["deny", "auth_basic", "auth_request", "auth_jwt", "auth_oidc"];

/// The directives that are told.
const TOLD: &[&str] = &[
    "add_header",
    "alias",
    "allow",
    "error_log",
    "geo",
    "if",
    "limit_conn",
    "limit_req",
    "listen",
    "location",
    "map",
    "proxy_pass",
    "proxy_set_header",
    "resolver",
    "return",
    "rewrite",
    "root",
    "server_name",
    "set",
    "ssl_verify_client",
    "valid_referers",
];

/// What is gathered over all lines, once.
struct Overview<'s> {
    /// What variables decide.
    decides: HashMap<&'s str, u32>,
    /// Levels below which an upstream's name is resolved when a request comes.
    late: HashSet<usize>,
    /// Locations that restrict who may call, by server and the host they lead to, if any: the first two.
    restricted: HashMap<(usize, &'s str), Vec<usize>>,
    /// Locations that others ask for a decision, by server and name.
    asked: HashSet<(usize, &'s str)>,
    /// Servers, whether one is marked as default, and whether one refuses what is not its own, by socket.
    sockets: HashMap<String, (u32, bool, bool)>,
    /// The servers, by their blocks.
    servers: HashMap<usize, usize>,
    /// Servers that refuse paths with hidden segments, or serve no files.
    without_hidden: HashSet<usize>,
    /// Places of expressions that are slow, and whether exponentially.
    slow: HashMap<&'s str, bool>,
}

impl<'c, 's> Lowering<'c, 's, '_> {
    /// Adds the directives, each place once.
    pub(super) fn directives(&mut self, servers: &[Server]) {
        let overview = self.overview(servers);
        let config = self.config;
        let mut seen: HashMap<Place, Vec<usize>> = HashMap::new();
        for line in &config.lines {
            let context = config.blocks[line.level].context;
            if matches!(context, Context::Other | Context::Table) || TOLD.binary_search(&line.name).is_err() {
                continue;
            }
            let directive = self.directive(line, servers, &overview);
            // A file that is included twice is told twice only where it makes a difference.
            let known = seen.entry(directive.place).or_default();
            if known.len() < 4 && !known.iter().any(|&number| self.gateway.directives[number] == directive) {
                known.push(self.gateway.directives.len());
                self.gateway.directives.push(directive);
            }
        }
    }

    fn directive(&self, line: &'c Line<'s>, servers: &[Server], overview: &Overview<'s>) -> Directive {
        let config = self.config;
        let block = match config.blocks[line.level].context {
            Context::Main => DirectiveBlock::Main,
            Context::Http => DirectiveBlock::Http,
            Context::Server => DirectiveBlock::Server,
            Context::Location => DirectiveBlock::Location,
            Context::If => DirectiveBlock::If,
            _ => DirectiveBlock::Other,
        };
        let mut directive = Directive::new(line.name, line.text(), line.place(), block);
        let own = line.block.filter(|_| line.name == "location");
        directive.location =
            own.or_else(|| config.enclosing(line.level, Context::Location)).and_then(|level| self.matches(level));
        directive.first = config.own(line.level, line.name).is_some_and(|first| first.place() == line.place());
        directive.captures = line.texts().any(has_capture);
        let repeats =
            ["slice", "proxy_cache_background_update"].iter().find_map(|name| config.nearest(line.level, name));
        directive.repeated_by = repeats.filter(|line| !matches!(line.value(), "0" | "off")).map(Line::place);
        directive.capture_before_table = self.capture_before_table(line);
        directive.line_break = self.line_break(line);
        match line.name {
            "location" | "if" | "map" | "server_name" | "rewrite" => directive.slow = slow(self, line, overview),
            _ => {}
        }
        match line.name {
            "location" => {
                directive.inside = line.block.map(|inner| self.names(inner)).unwrap_or_default();
                directive.is_asked = self.is_asked(line, overview);
            }
            "if" => {
                directive.inside = line.block.map(|inner| self.names(inner)).unwrap_or_default();
                directive.foreign = self.foreign_referer(line);
            }
            "map" | "geo" => self.table(line, overview, &mut directive),
            "allow" | "return" => {
                directive.beside = self.names(line.level);
                directive.restricts_beside = self.restricts(line.level);
            }
            "add_header" | "proxy_set_header" => self.dropped_headers(line, &mut directive),
            "limit_req" | "limit_conn" => self.dropped_limits(line, &mut directive),
            "proxy_pass" => {
                let rest = line.value().split_once("://").map_or("", |(_, rest)| rest);
                directive.has_path = rest.contains('/') && variables(line.value()).next().is_none();
                let server = config.enclosing(line.level, Context::Server);
                let own = config.enclosing(line.level, Context::Location);
                let hosts = ["", host_of(rest)].into_iter();
                let others = hosts.filter_map(|host| overview.restricted.get(&(server?, host))).flatten();
                directive.others_restricted = others.into_iter().any(|&other| Some(other) != own);
            }
            "root" => directive.hidden_files = self.shows_hidden(line, overview),
            "valid_referers" => {
                directive.decides = overview.decides.get("invalid_referer").copied().unwrap_or_default();
                directive.foreign = self.foreign_names(line);
            }
            "resolver" => {
                directive.public_address = line.args.iter().find_map(|arg| {
                    let text = arg.text()?;
                    let host = text.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']'));
                    let host = host.map_or(text, |(host, _)| host);
                    (host_class(host) == HostClass::PublicIp).then(|| (arg.place(), host.to_owned()))
                });
                directive.resolves_late = overview.late.contains(&line.level);
            }
            "rewrite" => {
                let target = line.arg(1).unwrap_or_default();
                directive.redirects = super::location::is_redirect(line);
                // A `?` at the very end only drops the query.
                directive.has_query = target.strip_suffix('?').unwrap_or(target).contains('?');
                directive.captures = has_capture(target);
                directive.captures_later = self.captures_later(line);
            }
            "listen" | "ssl_verify_client" => {
                let server = config.enclosing(line.level, Context::Server);
                let server = server.and_then(|block| Some(&servers[*overview.servers.get(&block)?]));
                let socket = server.and_then(|server| match line.name {
                    "listen" => server.sockets.iter().find(|socket| socket.place == argument(line, 0)),
                    _ => server.sockets.iter().find(|socket| socket.is_tls),
                });
                if let Some(&(count, marked, refuses)) = socket.and_then(|socket| overview.sockets.get(&socket.key)) {
                    directive.socket_servers = count;
                    directive.socket_default = marked;
                    directive.refuses_misdirected = refuses;
                }
            }
            _ => {}
        }
        directive
    }

    fn overview(&self, servers: &[Server]) -> Overview<'s> {
        let config = self.config;
        let mut overview = Overview {
            decides: HashMap::new(),
            late: HashSet::new(),
            restricted: HashMap::new(),
            asked: HashSet::new(),
            sockets: HashMap::new(),
            servers: servers.iter().enumerate().map(|(number, server)| (server.block, number)).collect(),
            without_hidden: HashSet::new(),
            slow: HashMap::new(),
        };
        let mut misdirected = HashSet::new();
        let mut regexes: HashSet<&'s str> = HashSet::new();
        for line in &config.lines {
            let server = config.enclosing(line.level, Context::Server);
            match line.name {
                "if" => {
                    let code = line.block.and_then(|inner| config.own(inner, "return")).map_or("", |line| line.value());
                    let on = condition(line).map_or("", |condition| condition.left);
                    if code.len() == 3 && code.starts_with('4') {
                        for name in variables(on) {
                            *overview.decides.entry(name).or_default() |= ACCESS;
                        }
                    }
                }
                "auth_basic" | "auth_request" | "auth_jwt" => {
                    for name in line.arg(0).into_iter().flat_map(variables) {
                        *overview.decides.entry(name).or_default() |= ACCESS;
                    }
                }
                "limit_req_zone" | "limit_conn_zone" => {
                    for name in line.arg(0).into_iter().flat_map(variables) {
                        *overview.decides.entry(name).or_default() |= LIMIT;
                    }
                }
                "add_header" if line.value().eq_ignore_ascii_case("Access-Control-Allow-Origin") => {
                    for name in line.arg(1).into_iter().flat_map(variables) {
                        *overview.decides.entry(name).or_default() |= CORS;
                    }
                }
                "proxy_pass" if is_resolved_late(line) => overview.late.extend(config.levels(line.level)),
                "return" if line.value() == "421" => misdirected.extend(server),
                _ => {}
            }
            if RESTRICTIONS.contains(&line.name)
                && line.value() != "off"
                && let Some((server, location)) = server.zip(config.enclosing(line.level, Context::Location))
            {
                let target = config.own(location, "proxy_pass").map_or("", Line::value);
                let target = host_of(target.split_once("://").map_or("", |(_, rest)| rest));
                let known = overview.restricted.entry((server, target)).or_default();
                if known.len() < 2 && !known.contains(&location) {
                    known.push(location);
                }
            }
            if line.name == "auth_request"
                && let Some((server, name)) = server.zip(line.arg(0))
            {
                overview.asked.insert((server, name));
            }
            regexes.extend(expressions(line).into_iter().map(|(regex, _)| regex));
        }
        // What a table is made of decides what the table decides.
        for _ in 0..4 {
            let more: Vec<(&'s str, u32)> = overview
                .decides
                .iter()
                .filter_map(|(name, &bits)| Some((self.variables.table(name)?, bits)))
                .flat_map(|(table, bits)| variables(self.variables.source(table)).map(move |name| (name, bits)))
                .collect();
            for (name, bits) in more {
                *overview.decides.entry(name).or_default() |= bits;
            }
        }
        for server in servers {
            for socket in &server.sockets {
                let known = overview.sockets.entry(socket.key.clone()).or_default();
                known.0 += 1;
                // In a template the mark may be put in later.
                known.1 |= socket.is_default || config.unseen(server.block, Topic::Access).is_some();
                known.2 |= misdirected.contains(&server.block);
            }
            if self.refuses_hidden(server.block) {
                overview.without_hidden.insert(server.block);
            }
        }
        let budget = MOST_STEPS_EACH.min(MOST_STEPS / (regexes.len() as u64).max(1));
        for regex in regexes {
            let plain = regex.strip_prefix("(?i)").unwrap_or(regex).replace("(?P<", "(?<");
            if let Some(attack) = Facts::new(&plain, budget).attack() {
                overview.slow.insert(regex, attack.growth == Growth::Exponential);
            }
        }
        overview
    }

    /// How a location matches, and what.
    fn matches(&self, level: usize) -> Option<(LocationMatch, String)> {
        let owner = self.config.owner(level)?;
        let text = owner.text();
        let (modifier, path) = super::location::modifier(owner);
        let kind = match modifier {
            _ if text.starts_with('@') => LocationMatch::Named,
            "=" => LocationMatch::Exact,
            "^~" => LocationMatch::FinalPrefix,
            "~" | "~*" => LocationMatch::Regex,
            _ => LocationMatch::Prefix,
        };
        Some((kind, path.to_owned()))
    }

    fn names(&self, block: usize) -> Vec<String> {
        self.config.names(block).into_iter().map(str::to_owned).collect()
    }

    /// The first directive of a block that restricts who may call.
    fn restricts(&self, block: usize) -> Option<Place> {
        let config = self.config;
        RESTRICTIONS
            .iter()
            .filter_map(|name| config.own(block, name))
            .find(|line| line.value() != "off")
            .map(Line::place)
    }

    /// The variable of a line that can hold a line break which clients send.
    fn line_break(&self, line: &Line<'s>) -> Option<(Place, String)> {
        let is_redirect = |code: &str| matches!(code, "301" | "302" | "303" | "307" | "308");
        let number = match (line.name, line.args.len()) {
            ("return", 1) if ["http://", "https://", "$scheme"].iter().any(|start| line.value().starts_with(start)) => {
                0
            }
            ("return", 2) if is_redirect(line.value()) => 1,
            ("rewrite", _) if super::location::is_redirect(line) => 1,
            ("add_header" | "proxy_set_header", _) => 1,
            ("proxy_pass", _) => 0,
            _ => return None,
        };
        let mut names = variables(line.arg(number)?);
        // Own captures of a rewrite are escaped in the address it redirects to.
        let is_own = |name: &str| line.name == "rewrite" && name.starts_with(|c: char| c.is_ascii_digit());
        let name = names.find(|name| !is_own(name) && self.variables.variable(name, line).line_break)?;
        Some((argument(line, number), format!("${name}")))
    }

    /// The table with expressions that is read behind a capture without a name.
    fn capture_before_table(&self, line: &Line<'s>) -> Option<(Place, String)> {
        let has_regex = |name: &str| {
            let table = self.variables.table(name).filter(|table| table.name == "map");
            let block = table.and_then(|table| table.block);
            block.is_some_and(|block| {
                self.config.each(block).take(MOST_ENTRIES).any(|entry| entry.name.starts_with('~'))
            })
        };
        line.args.iter().find_map(|arg| {
            let mut is_behind = false;
            for piece in pieces(arg.text()?) {
                match piece {
                    Piece::Variable(name) if name.starts_with(|c: char| c.is_ascii_digit()) => is_behind = true,
                    Piece::Variable(name) if is_behind && has_regex(name) => {
                        return Some((arg.place(), format!("${name}")));
                    }
                    _ => {}
                }
            }
            None
        })
    }

    /// What an outer level sets with directives of this name, and is lost on this level.
    fn dropped_headers(&self, line: &Line<'s>, directive: &mut Directive) {
        let config = self.config;
        let Some(outer) = config.blocks[line.level].parent.filter(|_| directive.first) else { return };
        // What a condition answers by itself is no page.
        let answers = config.blocks[line.level].context == Context::If && config.own(line.level, "return").is_some();
        let merges = config.nearest(line.level, "add_header_inherit").is_some_and(|line| line.value() == "merge");
        if answers || merges && line.name == "add_header" {
            return;
        }
        let lost = if line.name == "add_header" { config.headers(outer) } else { config.group(outer, &[line.name]) };
        let own: HashSet<String> =
            config.all(line.level, line.name).map(|line| line.value().to_ascii_lowercase()).collect();
        for lost in lost.into_iter().filter(|lost| !own.contains(&lost.value().to_ascii_lowercase())) {
            let header = (lost.value().to_owned(), lost.place());
            if lost.name == "proxy_set_header" && lost.arg(1) == Some("") {
                directive.dropped_resets.push(header);
            } else {
                directive.dropped.push(header);
            }
        }
    }

    /// A later directive of a block that reads a capture without a name.
    fn captures_later(&self, line: &Line<'s>) -> Option<Place> {
        let reads =
            |other: &&Line<'s>| matches!(other.name, "set" | "rewrite") && other.arg(1).is_some_and(has_capture);
        let later = |name: &'static str| self.config.behind(line, name).take(MOST_LATER).find(reads).map(Line::place);
        later("set").or_else(|| later("rewrite"))
    }

    /// Zones that an outer level limits by, and that are lost on this level.
    fn dropped_limits(&self, line: &'c Line<'s>, directive: &mut Directive) {
        let config = self.config;
        let Some(outer) = config.blocks[line.level].parent.filter(|_| directive.first) else { return };
        let zone = |line: &Line<'s>| match line.name {
            "limit_req" => line.option("zone").unwrap_or_default().to_owned(),
            _ => line.value().to_owned(),
        };
        let rate = |line: &Line<'s>| match line.name {
            "limit_req" => self.zone(line.option("zone")?).and_then(per_second),
            _ => line.arg(1)?.parse().ok(),
        };
        let own: HashSet<String> = config.all(line.level, line.name).map(zone).collect();
        let least = config.all(line.level, line.name).map(rate).collect::<Option<Vec<f64>>>();
        let least = least.map(|rates| rates.into_iter().fold(f64::INFINITY, f64::min));
        for lost in config.group(outer, &[line.name]).into_iter().filter(|lost| !own.contains(&zone(lost))) {
            directive.dropped_stricter |= rate(lost).zip(least).is_some_and(|(lost, least)| lost < least);
            directive.dropped.push((zone(lost), lost.place()));
        }
    }

    fn table(&self, line: &'c Line<'s>, overview: &Overview<'s>, directive: &mut Directive) {
        let entries = line.block.into_iter().flat_map(|block| self.config.each(block));
        const WORDS: [&str; 7] = ["default", "hostnames", "volatile", "include", "ranges", "proxy", "delete"];
        let mut count = 0;
        for entry in entries {
            directive.has_default |= matches!(entry.name, "default" | "include");
            count += u32::from(!WORDS.contains(&entry.name));
        }
        directive.entries = Some(count);
        let name = line.texts().last().and_then(|name| name.strip_prefix('$')).unwrap_or_default();
        directive.decides = overview.decides.get(name).copied().unwrap_or_default();
        if directive.decides & ACCESS != 0 && self.variables.source(line) == "$http_referer" {
            let entries = line.block.into_iter().flat_map(|block| self.config.each(block)).take(MOST_ENTRIES);
            let mut regexes = entries.filter_map(|entry| Some((entry, entry.name.strip_prefix('~')?)));
            directive.foreign = regexes.find_map(|(entry, regex)| {
                let plain = regex.strip_prefix('*').unwrap_or(regex);
                let pattern = OriginPattern::nginx(plain, plain != regex, Subject::Referer);
                // What is let in has a value that is neither empty nor `0`, or the other way round: both are told.
                Some((entry.place(), pattern.hostile()?.text))
            });
        }
    }

    /// A referer of somebody else that a condition takes for one of its own.
    fn foreign_referer(&self, line: &Line<'s>) -> Option<(Place, String)> {
        let condition = condition(line).filter(|condition| condition.variable() == Some("http_referer"))?;
        let regex = condition.regex()?;
        let code = line.block.and_then(|inner| self.config.own(inner, "return")).map_or("", |line| line.value());
        // What is refused by an expression is a list of those that are kept out.
        if code.starts_with(['4', '5']) != condition.operator.starts_with('!') {
            return None;
        }
        let pattern = OriginPattern::nginx(regex, condition.operator.ends_with('*'), Subject::Referer);
        Some((argument(line, 2), pattern.hostile()?.text))
    }

    fn foreign_names(&self, line: &Line<'s>) -> Option<(Place, String)> {
        line.args.iter().find_map(|arg| {
            let regex = arg.text()?.strip_prefix('~')?;
            let hostile = OriginPattern::nginx(regex, true, Subject::RefererRest).hostile()?;
            Some((arg.place(), hostile.text))
        })
    }

    /// Whether a location that opens here is there to be asked by others only.
    fn is_asked(&self, line: &Line<'s>, overview: &Overview<'s>) -> bool {
        let config = self.config;
        let Some((server, name)) = config.enclosing(line.level, Context::Server).zip(line.texts().last()) else {
            return false;
        };
        if !overview.asked.contains(&(server, name)) {
            return false;
        }
        let target = |block: usize| {
            let pass = config.own(block, "proxy_pass")?.value();
            Some(authority(pass))
        };
        let Some(own) = line.block.and_then(target) else { return false };
        // A server that is open to all anyway has nothing to hide.
        let mut others = config.all(server, "location").take(MOST_ENTRIES).filter_map(|other| {
            let is_same = other.place() == line.place() || overview.asked.contains(&(server, other.texts().last()?));
            other.block.filter(|_| !is_same)
        });
        !others.any(|other| target(other) == Some(own))
    }

    /// Whether a server refuses paths with hidden segments, or has no files below them.
    fn refuses_hidden(&self, server: usize) -> bool {
        let config = self.config;
        let refuses = |location: &Line<'s>| {
            location.block.is_some_and(|block| {
                let closed = config.own(block, "deny").is_some_and(|line| line.value() == "all")
                    || self.returned(block) == Some(Action::Refuse);
                closed
                    && self
                        .pattern(block)
                        .is_some_and(|path| path.surely_admits("/.git/config") || path.surely_admits("/.env"))
            })
        };
        config.unseen(server, Topic::Access).is_some() || config.all(server, "location").any(refuses)
    }

    /// Whether hidden files below a root can be asked for.
    fn shows_hidden(&self, line: &Line<'s>, overview: &Overview<'s>) -> bool {
        let config = self.config;
        let Some(server) = config.enclosing(line.level, Context::Server) else { return false };
        if overview.without_hidden.contains(&server) || line.value() == "/dev/null" {
            return false;
        }
        let serves = |block: usize| {
            let is_open = self.pattern(block).is_some_and(|path| {
                let prefix = path.literal_prefix();
                let folder = prefix.trim_end_matches('/');
                // What begins like the name of a file leads to that file, and `/.well-known` is meant to be read.
                let name = folder.rsplit('/').next().unwrap_or_default();
                let is_folder = folder.len() < prefix.len() || !name.contains('.');
                is_folder && !prefix.starts_with("/.") && path.surely_admits(&format!("{folder}/.git/config"))
            });
            is_open && self.action(block).0 == Action::Files
        };
        match config.blocks[line.level].context {
            Context::Location => serves(line.level),
            Context::Server if self.returned(server).is_none() => {
                let mut locations = config.all(server, "location").filter_map(|line| line.block);
                locations.any(|block| config.own(block, "root").is_none() && serves(block))
            }
            _ => false,
        }
    }
}

/// Whether a text uses a capture without a name.
fn has_capture(text: &str) -> bool {
    variables(text).any(|name| name.len() == 1 && matches!(name.as_bytes(), [b'1'..=b'9']))
}

/// The expressions of a line, each with where it stands: an argument, or an entry of its block.
fn expressions<'s>(line: &Line<'s>) -> Vec<(&'s str, usize)> {
    match line.name {
        "location" => {
            let (modifier, path) = super::location::modifier(line);
            if modifier.starts_with('~') { vec![(path, line.args.len() - 1)] } else { Vec::new() }
        }
        "if" => condition(line).and_then(|condition| condition.regex()).map(|regex| (regex, 2)).into_iter().collect(),
        "rewrite" => line.arg(0).map(|regex| (regex, 0)).into_iter().collect(),
        "server_name" => {
            let names = line.texts().enumerate();
            names.filter_map(|(number, name)| Some((name.strip_prefix('~')?, number))).collect()
        }
        name if name.starts_with('~') => vec![(name.trim_start_matches('~').trim_start_matches('*'), 0)],
        _ => Vec::new(),
    }
}

/// The expression of a line that is slow to refuse a text.
fn slow<'s>(lowering: &Lowering<'_, 's, '_>, line: &Line<'s>, overview: &Overview<'s>) -> Option<(Place, bool)> {
    let of_line = expressions(line)
        .into_iter()
        .find_map(|(regex, number)| overview.slow.get(regex).map(|&doubles| (argument(line, number), doubles)));
    let entries = line.block.filter(|_| line.name == "map").into_iter().flat_map(|block| lowering.config.each(block));
    of_line.or_else(|| {
        entries.take(MOST_ENTRIES).find_map(|entry| {
            let (regex, _) = expressions(entry).into_iter().next()?;
            overview.slow.get(regex).map(|&doubles| (entry.place(), doubles))
        })
    })
}
