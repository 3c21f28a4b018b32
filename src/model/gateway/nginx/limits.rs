//! Limits: of requests by time, of sizes, of waiting.

use super::super::size;
use super::super::{Applied, Ineffective, Limit, LimitInForce, Measure, RateKey, RateLimit, Stated};
use super::Lowering;
use super::access::argument;
use super::config::{Line, Topic};
use super::location::in_force;
use super::variables::variables;
use crate::model::Why;

impl<'c, 's> Lowering<'c, 's, '_> {
    /// The limits of requests that apply on a level.
    pub(super) fn rates(&mut self, block: usize) -> Stated<Vec<Applied>> {
        let lines = self.config.group(block, &["limit_req"]);
        let mut all = Vec::new();
        for line in lines {
            let number = self.rate(line);
            all.push(self.applied(number, line.level, line.place()));
        }
        self.stated(all, block, Topic::Other)
    }

    /// The zone of this name.
    pub(super) fn zone(&self, name: &str) -> Option<&'c Line<'s>> {
        self.index.zones.get(name).map(|&line| &self.config.lines[line])
    }

    fn rate(&mut self, line: &'c Line<'s>) -> u32 {
        if let Some(&known) = self.memo.rates.get(&line.place()) {
            return known;
        }
        let name = line.option("zone").unwrap_or_default();
        let mut rate = RateLimit::new(format!("limit_req zone={name}"), line.place());
        match self.zone(name) {
            Some(zone) => self.key(zone, &mut rate),
            None => rate.key = Stated::Unknown(Why::UnresolvedName, Some(line.place())),
        }
        let dry = self.config.nearest(line.level, "limit_req_dry_run").filter(|line| line.value() == "on");
        rate.ineffective = dry.map(|line| (line.place(), Ineffective::Shadow));
        let number = self.gateway.add_rate(rate);
        self.memo.rates.insert(line.place(), number);
        number
    }

    /// What a zone counts by. A key that also holds the peer's address is none that clients choose.
    fn key(&self, zone: &'c Line<'s>, rate: &mut RateLimit) {
        let mut names: Vec<&str> = variables(zone.value()).collect();
        for _ in 0..8 {
            let tables: Vec<Option<&str>> =
                names.iter().map(|name| self.variables.table(name).map(|table| self.variables.source(table))).collect();
            if tables.iter().all(Option::is_none) {
                break;
            }
            names = names
                .into_iter()
                .zip(tables)
                .flat_map(|(name, table)| table.map_or_else(|| vec![name], |source| variables(source).collect()))
                .collect();
        }
        const ADDRESS: [&str; 4] = ["binary_remote_addr", "remote_addr", "realip_remote_addr", "proxy_protocol_addr"];
        let header = names.iter().find_map(|name| name.strip_prefix("http_"));
        rate.key = Stated::Known(if names.iter().any(|name| ADDRESS.contains(name)) {
            RateKey::Address
        } else if names.iter().any(|name| {
            matches!(*name, "remote_user" | "ssl_client_s_dn" | "ssl_client_serial") || name.starts_with("jwt_claim_")
        }) {
            RateKey::Caller
        } else if let Some(header) = header {
            rate.client_header = Some((argument(zone, 0), header.replace('_', "-")));
            RateKey::Header
        } else if names.iter().all(|name| matches!(*name, "server_name" | "hostname" | "server_port")) {
            RateKey::All
        } else {
            RateKey::Other
        });
    }

    /// Limits of size and time in force on a level.
    pub(super) fn limits(&mut self, block: usize, handler: Option<&Line<'s>>) -> Vec<LimitInForce> {
        let waits = match handler.map(|handler| handler.name) {
            Some("grpc_pass") => "grpc_read_timeout",
            Some("fastcgi_pass") => "fastcgi_read_timeout",
            Some("uwsgi_pass") => "uwsgi_read_timeout",
            Some("scgi_pass") => "scgi_read_timeout",
            _ => "proxy_read_timeout",
        };
        vec![
            in_force(Measure::Body, self.limit(block, "client_max_body_size", Measure::Body)),
            in_force(Measure::Headers, self.limit(block, "client_header_timeout", Measure::Headers)),
            in_force(Measure::Upstream, self.limit(block, waits, Measure::Upstream)),
        ]
    }

    /// A limit that the nearest level sets. By default nginx has one of each:
    /// <https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size>.
    fn limit(&mut self, block: usize, name: &str, measure: Measure) -> Stated<Option<u32>> {
        let Some(line) = self.config.nearest(block, name) else {
            return match self.config.unseen(block, Topic::Other) {
                Some((why, place)) => Stated::Unknown(why, Some(place)),
                None => Stated::Known(None),
            };
        };
        if let Some(&known) = self.memo.limits.get(&line.place()) {
            return Stated::Known(Some(known));
        }
        let value = if measure == Measure::Body { size::bytes(line.value()) } else { seconds(line.value()) };
        let Some(value) = value else { return Stated::Unknown(Why::Template, Some(line.place())) };
        // Only a body of size 0 is one without a limit.
        let value = if measure == Measure::Body && value == 0.0 { f64::INFINITY } else { value };
        let limit = Limit { measure, value, place: line.place(), name: name.to_owned() };
        let number = self.gateway.add_limit(limit);
        self.memo.limits.insert(line.place(), number);
        Stated::Known(Some(number))
    }
}

/// A time: `60`, `60s`, `1h 30m`, `1d`.
fn seconds(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().ok()?;
        let unit_end = rest[end..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |at| end + at);
        total += number
            * match &rest[end..unit_end] {
                "ms" => 0.001,
                "" | "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                "w" => 604_800.0,
                "M" => 2_592_000.0,
                "y" => 31_536_000.0,
                _ => return None,
            };
        rest = rest[unit_end..].trim_start();
    }
    Some(total)
}

/// The requests per second of a zone.
pub(super) fn per_second(zone: &Line<'_>) -> Option<f64> {
    let rate = zone.option("rate")?;
    let (number, unit) = rate.split_at(rate.find('r')?);
    let number: f64 = number.parse().ok()?;
    match unit {
        "r/s" => Some(number),
        "r/m" => Some(number / 60.0),
        _ => None,
    }
}
