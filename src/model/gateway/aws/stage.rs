//! Stages: limits, logs and caches of the methods that are deployed to them.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-apigateway-stage-methodsetting.html>

use std::collections::HashMap;

use super::super::{Applied, Concern, Gateway, Node, RateKey, RateLimit, Scope, Set, Setting, Stated};
use super::value;
use crate::model::Why;
use crate::span::Place;

/// What the stages of an API set for its routes.
#[derive(Clone, Debug, Default)]
pub(super) struct Stage {
    /// Whether any stage is in view.
    pub seen: bool,
    /// Limits by path and method; `*` stands for all.
    rates: HashMap<(String, String), Applied>,
    /// A setting that is not written out and may limit anything.
    unknown: Option<Place>,
    /// Whether requests are logged: the first stage says so.
    log: Option<Set<bool>>,
    log_unknown: Option<Place>,
    /// Whether the stage that is read keeps answers at all.
    has_cache: bool,
    /// Where answers are kept in clear text, or at all, by path and method.
    caches: HashMap<(String, String), Cache>,
}

/// Answers of methods that are kept.
#[derive(Clone, Debug)]
struct Cache {
    place: Place,
    encrypted: bool,
}

/// All paths, all methods.
pub(super) const EVERY: &str = "*";

impl Stage {
    /// Says whether a stage has a cluster that keeps answers: without one, no setting of a method keeps any.
    pub(super) fn cache(&mut self, cluster: Option<Node<'_>>) {
        self.has_cache = !matches!(value::flag(cluster), Stated::Absent | Stated::Known(false));
    }

    /// Reads the settings of methods of REST APIs.
    pub(super) fn methods(&mut self, settings: &[Node<'_>], gateway: &mut Gateway) {
        for &setting in settings {
            if value::is_computed(setting) {
                self.unknown = Some(setting.place());
                continue;
            }
            let path = setting.get("ResourcePath").and_then(value::pattern).unwrap_or_default().replace("~1", "/");
            let path = path.strip_prefix("//").map(|rest| format!("/{rest}")).unwrap_or(path);
            let path = if matches!(path.as_str(), "" | "/*" | "*") { EVERY } else { &path };
            let method = setting.str("HttpMethod").unwrap_or(EVERY).to_ascii_uppercase();
            self.method(setting, path, &method, gateway);
        }
    }

    /// Reads the settings of routes of HTTP APIs: those for all, and those by route key.
    pub(super) fn routes(&mut self, all: Option<Node<'_>>, each: Option<Node<'_>>, gateway: &mut Gateway) {
        if let Some(settings) = all {
            self.method(settings, EVERY, EVERY, gateway);
        }
        for settings in each.into_iter().flat_map(Node::children) {
            let Some(key) = settings.key() else { continue };
            let (method, path) = key.split_once(' ').unwrap_or((EVERY, key));
            self.method(settings, path, if method == "ANY" { EVERY } else { method }, gateway);
        }
    }

    /// Says that the stage stands in another file.
    pub(super) fn elsewhere(&mut self, place: Place) {
        self.unknown.get_or_insert(place);
        self.log_unknown.get_or_insert(place);
    }

    /// Reads where requests are logged; `place` is what names the stage.
    pub(super) fn log(&mut self, setting: Option<Node<'_>>, place: Place) {
        self.seen = true;
        let log = match value::given(setting) {
            Some(setting) if value::is_computed(setting) => {
                self.log_unknown = Some(setting.place());
                return;
            }
            Some(setting) => Set::written(true, setting.key_place()),
            None => Set::default(false, place),
        };
        self.log.get_or_insert(log);
    }

    /// Reads the settings of a path and method; `*` for all.
    pub(super) fn method(&mut self, setting: Node<'_>, path: &str, method: &str, gateway: &mut Gateway) {
        if value::is_computed(setting) {
            self.unknown = Some(setting.place());
            return;
        }
        if let Some(node) = value::given(setting.get("ThrottlingRateLimit")) {
            let mut rate = RateLimit::new("ThrottlingRateLimit", node.key_place());
            rate.key = Stated::Known(RateKey::All);
            let scope = if path == EVERY { Scope::Global } else { Scope::Route };
            let applied = Applied { policy: gateway.add_rate(rate), place: node.key_place(), scope };
            self.rates.entry((path.to_owned(), method.to_owned())).or_insert(applied);
        }
        if setting.is_true("DataTraceEnabled")
            && let Some(node) = setting.get("DataTraceEnabled")
        {
            gateway.settings.push(Setting {
                concern: Some(Concern::PayloadLog),
                ..Setting::new("MethodSettings.DataTraceEnabled", "true", node.key_place())
            });
        }
        if self.has_cache
            && setting.is_true("CachingEnabled")
            && let Some(node) = setting.get("CachingEnabled")
        {
            let encrypted =
                !matches!(value::flag(setting.get("CacheDataEncrypted")), Stated::Absent | Stated::Known(false));
            let cache = Cache { place: node.key_place(), encrypted };
            self.caches.entry((path.to_owned(), method.to_owned())).or_insert(cache);
        }
    }

    /// The limits of a route, by its path and method (`*` for all).
    pub(super) fn rates(&self, path: &str, method: &str) -> Stated<Vec<Applied>> {
        let at = |path: &str, method: &str| self.rates.get(&(path.to_owned(), method.to_owned()));
        let found = at(path, method).or(at(path, EVERY)).or(at(EVERY, method)).or(at(EVERY, EVERY));
        match (found, self.unknown) {
            (Some(applied), _) => Stated::Known(vec![applied.clone()]),
            (None, Some(place)) => Stated::Unknown(Why::Elsewhere, Some(place)),
            (None, None) => Stated::Absent,
        }
    }

    /// Whether requests are logged.
    pub(super) fn logged(&self) -> Stated<Set<bool>> {
        match (&self.log, self.log_unknown) {
            (Some(log), _) if log.value => Stated::Known(log.clone()),
            (_, Some(place)) => Stated::Unknown(Why::Elsewhere, Some(place)),
            (Some(log), None) => Stated::Known(log.clone()),
            (None, None) => Stated::Absent,
        }
    }

    /// Notes answers that are kept in clear text.
    pub(super) fn note_caches(&self, gateway: &mut Gateway) {
        let mut clear: Vec<Place> =
            self.caches.values().filter(|cache| !cache.encrypted).map(|cache| cache.place).collect();
        clear.sort_by_key(|place| place.at);
        for place in clear {
            super::note("MethodSettings.CacheDataEncrypted", "false", place, false, Vec::new(), gateway);
        }
    }

    /// Where answers of a path are kept: only those to `GET` are.
    pub(super) fn cached(&self, path: &str) -> Option<Place> {
        let at = |path: &str, method: &str| self.caches.get(&(path.to_owned(), method.to_owned()));
        let found = at(path, "GET").or(at(path, EVERY)).or(at(EVERY, "GET")).or(at(EVERY, EVERY));
        found.map(|cache| cache.place)
    }
}
