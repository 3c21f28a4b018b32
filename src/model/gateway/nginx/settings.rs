//! Settings that generic rules ask for, and surfaces that show or change the state of nginx.

use std::collections::HashSet;

use super::super::{Action, Admin, Concern, Origin, Power, Setting, Stated};
use super::Lowering;
use super::access::argument;
use super::config::{Context, Line, Topic};
use super::variables::variables;
use crate::span::Place;

/// Directives that show the state, and one that changes it.
const SURFACES: &[&str] = &["stub_status", "status", "api", "upstream_conf", "vhost_traffic_status_display"];

/// So many entries that trust every address are looked at.
const MOST_TRUSTED: usize = 16;

/// Folders that hold more than what is meant for all.
const WIDE: &[&str] = &["", "/etc", "/home", "/root", "/var", "/usr", "/opt", "/proc", "/srv"];

/// Variables of a log that hold credentials or bodies.
const PAYLOAD: &[&str] = &["request_body", "http_authorization", "http_cookie", "http_x_api_key", "resp_body"];

impl<'c, 's> Lowering<'c, 's, '_> {
    /// Surfaces of nginx itself that a location answers with.
    pub(super) fn admins(&mut self, block: usize, route: u32) {
        let config = self.config;
        for line in SURFACES.iter().filter_map(|name| config.own(block, name)) {
            // `status` of other blocks and `api` with a path are something else.
            if line.name == "status" && !line.args.is_empty() {
                continue;
            }
            let power = match line.name {
                "upstream_conf" => Power::Change,
                "api" if line.option("write") == Some("on") => Power::Change,
                _ => Power::Read,
            };
            let known = &self.gateway.routes[route as usize];
            let authenticated = known.auth.known().is_some_and(|auth| !auth.is_empty());
            let restricted = self.gateway.is_restricted_by_address(known);
            let protected = match (restricted, &known.auth) {
                _ if authenticated => Stated::Known(true),
                (Stated::Known(true), _) => Stated::Known(true),
                (Stated::Unknown(why, place), _) => Stated::Unknown(why, place),
                (_, &Stated::Unknown(why, place)) => Stated::Unknown(why, place),
                _ => Stated::Known(false),
            };
            let protected = if known.action == Action::Refuse { Stated::Known(true) } else { protected };
            let sockets = known.listeners.known().into_iter().flatten();
            let mut sockets = sockets.filter_map(|&number| self.gateway.listeners.get(number as usize)).peekable();
            let bind = if sockets.peek().is_some() {
                let open = sockets.find(|listener| listener.exposure == super::super::Exposure::Public);
                open.or_else(|| self.gateway.listeners.first()).map_or(Stated::Absent, |listener| listener.bind.clone())
            } else {
                Stated::Absent
            };
            let name = line.name.to_owned();
            let admin = Admin {
                name,
                place: line.place(),
                power,
                bind,
                route: Some(route),
                protected,
                published: Stated::Absent,
            };
            self.gateway.admins.push(admin);
        }
    }

    /// Further settings, each once.
    pub(super) fn settings(&mut self) {
        let config = self.config;
        let mut seen: HashSet<Place> = HashSet::new();
        let logs = config.lines.iter().filter(|line| line.name == "access_log");
        let used: HashSet<&str> = logs.filter_map(|line| line.arg(1)).collect();
        let mut trusted = 0;
        for line in &config.lines {
            if config.blocks[line.level].context == Context::Other || !seen.insert(line.place()) {
                continue;
            }
            match line.name {
                "autoindex" if line.value() == "on" => self.note(line, "on", Some(Concern::DirectoryListing), false),
                "server_tokens" if matches!(line.value(), "on" | "build") => {
                    self.note(line, line.value(), Some(Concern::VersionBanner), false);
                }
                "root" | "alias" if WIDE.contains(&line.value().trim_end_matches('/')) => {
                    let grave = matches!(line.value().trim_end_matches('/'), "" | "/etc" | "/root" | "/home" | "/proc");
                    self.note(line, line.value(), Some(Concern::WideRoot), grave);
                }
                "set_real_ip_from" if matches!(line.value(), "0.0.0.0/0" | "::/0") && trusted < MOST_TRUSTED => {
                    trusted += 1;
                    self.trusted(line);
                }
                "log_format" if used.contains(line.value()) => {
                    let holds = |text: &str| variables(text).any(|name| PAYLOAD.contains(&name));
                    if line.texts().skip(1).any(holds) {
                        self.note(line, line.value(), Some(Concern::PayloadLog), false);
                    }
                }
                name if is_code(name) => self.note(line, "", Some(Concern::InlineCode), false),
                _ => {}
            }
        }
        self.banner();
        self.upgrades();
    }

    /// By default the version is sent: <https://nginx.org/en/docs/http/ngx_http_core_module.html#server_tokens>.
    fn banner(&mut self) {
        let config = self.config;
        let http = config.blocks.iter().position(|block| block.context == Context::Http && block.owner.is_some());
        let Some(http) = http else { return };
        let is_said = config.own(http, "server_tokens").is_some() || config.unseen(http, Topic::Other).is_some();
        if let Some(owner) = config.owner(http).filter(|_| !is_said) {
            let place = owner.place();
            self.gateway.settings.push(Setting {
                concern: Some(Concern::VersionBanner),
                origin: Origin::Default,
                ..Setting::new("server_tokens", "on", place)
            });
        }
    }

    /// An address that anybody may claim matters where something depends on it.
    fn trusted(&mut self, line: &'c Line<'s>) {
        let config = self.config;
        let is_below = |level: usize| config.levels(level).any(|outer| outer == line.level);
        let (mut by_list, mut by_rate) = (false, false);
        for other in &config.lines {
            by_list |= matches!(other.name, "allow" | "deny") && other.value() != "all" && is_below(other.level);
            by_rate |= other.name == "limit_req" && is_below(other.level);
        }
        if by_list || by_rate {
            self.note(line, line.value(), Some(Concern::TrustForwarded), by_list);
        }
    }

    /// Notes that upgrades which clients choose are passed on by a route with access rules, past which they lead.
    pub(super) fn upgrade(&mut self, block: usize, number: u32) {
        let route = &self.gateway.routes[number as usize];
        let asks = route.auth.known().is_some_and(|auth| !auth.is_empty());
        if route.action != Action::Proxy || !asks && route.access.known().is_none_or(Vec::is_empty) {
            return;
        }
        let lines = self.config.group(block, &["proxy_set_header"]);
        let header = |name: &str| lines.iter().find(|line| line.value().eq_ignore_ascii_case(name));
        let Some(line) = header("Upgrade").filter(|line| line.arg(1) == Some("$http_upgrade")) else { return };
        let connection = header("Connection").and_then(|line| line.arg(1));
        if connection.is_some_and(|value| !value.is_empty() && !value.eq_ignore_ascii_case("close")) {
            self.memo.upgrades.entry(argument(line, 1)).or_default().push(number);
        }
    }

    fn upgrades(&mut self) {
        for (place, routes) in std::mem::take(&mut self.memo.upgrades) {
            self.gateway.settings.push(Setting {
                concern: Some(Concern::Upgrade),
                routes,
                ..Setting::new("proxy_set_header Upgrade", "$http_upgrade", place)
            });
        }
    }

    fn note(&mut self, line: &Line<'s>, value: &str, concern: Option<Concern>, grave: bool) {
        self.gateway.settings.push(Setting { concern, grave, ..Setting::new(line.name, value, line.place()) });
    }
}

/// Code that decides about access.
fn is_code(name: &str) -> bool {
    name == "js_access" || name.starts_with("access_by_lua")
}
