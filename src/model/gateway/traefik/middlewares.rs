//! What middlewares do to the requests of a route. Each is worked out once, chains with what they hold; routers only
//! gather the results. Knows no carrier.
//!
//! Source: <https://doc.traefik.io/traefik/v3.7/reference/routing-configuration/http/middlewares/overview/>.

use std::collections::HashMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::conf::Conf;
use super::cors;
use super::dynamic::{Definition, Name, Provider, Reference};
use super::view::View;
use crate::model::Why;
use crate::model::gateway::{
    Access, AccessBy, Action, Auth, AuthServer, Consequence, DanglingName, Gateway, Ineffective, Jwt, Limit, Measure,
    Mechanism, Node, Purpose, RateKey, RateLimit, Set, Stated,
};
use crate::span::{FileId, Place};

/// Chains nest no deeper in what people write; Traefik itself refuses those that hold themselves.
const MAX_NESTING: usize = 32;

/// Those that neither let in nor keep out anybody, in small letters.
const HARMLESS: [&str; 9] = [
    "circuitbreaker",
    "compress",
    "contenttype",
    "encodedcharacters",
    "errors",
    "grpcweb",
    "inflightconn",
    "passtlsclientcert",
    "retry",
];

/// More policies of one sort than this are not kept for a route.
const MAX_POLICIES: usize = 64;

/// What middlewares do.
#[derive(Clone, Debug, Default)]
pub(super) struct Effects {
    pub(super) auths: Vec<u32>,
    pub(super) access: Vec<u32>,
    pub(super) rates: Vec<u32>,
    pub(super) cors: Vec<u32>,
    pub(super) body: Option<u32>,
    /// Whether `Strict-Transport-Security` is sent.
    pub(super) hsts: bool,
    /// Where requests are sent elsewhere, and whether that is the same URL over HTTPS.
    pub(super) redirects: Option<bool>,
    /// Prefixes that are taken off the path.
    pub(super) stripped: Vec<String>,
    /// The path that replaces the whole path; nothing inside: it is changed in a way that is not followed.
    pub(super) path: Option<Option<String>>,
    /// What depends on the client's address, as forwarded headers tell it, and whether that decides about access.
    pub(super) forwarded: Option<bool>,
    /// The same for the address of the peer, which the PROXY protocol tells.
    pub(super) peer: Option<bool>,
    /// Where forwarded headers of the request are handed on to a service that decides.
    pub(super) trusts: bool,
    /// Where an authentication service sets headers for the upstream.
    pub(super) identity: Option<Place>,
    /// Code that may do anything.
    pub(super) code: Option<Place>,
    /// What is not read, and may do anything.
    pub(super) unread: Option<Place>,
    /// A name that may be defined out of view.
    pub(super) lost: Option<Place>,
    /// Whether Traefik cannot build it, so that no router with it is served.
    pub(super) dead: bool,
}

impl Effects {
    /// Adds what another one does after it.
    pub(super) fn then(&mut self, other: &Self) {
        let append = |mine: &mut Vec<u32>, theirs: &[u32]| {
            for &policy in theirs {
                if mine.len() < MAX_POLICIES && !mine.contains(&policy) {
                    mine.push(policy);
                }
            }
        };
        append(&mut self.auths, &other.auths);
        append(&mut self.access, &other.access);
        append(&mut self.rates, &other.rates);
        append(&mut self.cors, &other.cors);
        self.body = other.body.or(self.body);
        self.hsts |= other.hsts;
        self.redirects = self.redirects.or(other.redirects);
        if self.stripped.len() < MAX_POLICIES {
            self.stripped.extend(other.stripped.iter().cloned());
        }
        self.path = other.path.clone().or(self.path.take());
        self.forwarded = self.forwarded.max(other.forwarded);
        self.peer = self.peer.max(other.peer);
        self.trusts |= other.trusts;
        self.identity = self.identity.or(other.identity);
        self.code = self.code.or(other.code);
        self.unread = self.unread.or(other.unread);
        self.lost = self.lost.or(other.lost);
        self.dead |= other.dead;
    }

    /// Why its effects on access cannot be told.
    pub(super) fn unknown(&self) -> Option<(Why, Place)> {
        let code = self.code.map(|place| (Why::Code, place));
        let unread = self.unread.map(|place| (Why::NotRead, place));
        code.or(unread).or(self.lost.map(|place| (Why::UnresolvedName, place)))
    }
}

/// Works out middlewares when they are first asked for.
#[derive(Debug, Default)]
pub(super) struct Middlewares {
    done: HashMap<usize, Rc<Effects>>,
    missing: HashMap<(Name, FileId), Rc<Effects>>,
}

impl Middlewares {
    /// What the middleware of a name does, asked for in a file.
    pub(super) fn of(&mut self, reference: &Reference, view: &View<'_>, gateway: &mut Gateway) -> Rc<Effects> {
        self.resolve(reference, view, gateway, &mut Vec::new())
    }

    fn resolve(
        &mut self,
        reference: &Reference,
        view: &View<'_>,
        gateway: &mut Gateway,
        within: &mut Vec<usize>,
    ) -> Rc<Effects> {
        let file = reference.place.at.file;
        let definitions = &view.dynamic.middlewares;
        let Some(number) = definitions.find(view.input.sources, &reference.name, file) else {
            return self.missing(reference, view, gateway);
        };
        if let Some(done) = self.done.get(&number) {
            return Rc::clone(done);
        }
        if within.contains(&number) {
            return Rc::new(Effects { dead: true, ..Effects::default() });
        }
        let definition = definitions.get(number);
        if within.len() >= MAX_NESTING {
            return Rc::new(Effects { lost: Some(definition.place), ..Effects::default() });
        }
        within.push(number);
        let parts = definition.conf.children();
        // One that is of no kind, or of two, is not built.
        let mut effects = Effects { dead: parts.len() != 1 && view.template.is_none(), ..Effects::default() };
        for part in parts {
            if part.name().eq_ignore_ascii_case("chain") {
                for member in members(part, definition) {
                    let more = self.resolve(&member, view, gateway, within);
                    effects.then(&more);
                }
            } else {
                Reader { definition, view, gateway }.read(part, &mut effects);
            }
        }
        within.pop();
        let effects = Rc::new(effects);
        self.done.insert(number, Rc::clone(&effects));
        effects
    }

    /// A name that nothing in view defines: Traefik does not build the routers that use it.
    fn missing(&mut self, reference: &Reference, view: &View<'_>, gateway: &mut Gateway) -> Rc<Effects> {
        let key = (reference.name.clone(), reference.place.at.file);
        if let Some(known) = self.missing.get(&key) {
            return Rc::clone(known);
        }
        let dead = view.is_complete(reference, "Middleware");
        let mut effects = Effects { dead, ..Effects::default() };
        if dead {
            gateway.dangling.push(DanglingName {
                name: reference.shown.clone(),
                what: "middleware".to_owned(),
                place: reference.place,
                consequence: Consequence::Dead,
            });
        } else {
            effects.lost = Some(reference.place);
        }
        let effects = Rc::new(effects);
        self.missing.insert(key, Rc::clone(&effects));
        effects
    }
}

/// The middlewares of a chain.
fn members(chain: Conf<'_>, definition: &Definition<'_>) -> Vec<Reference> {
    if definition.provider == Provider::Crd {
        let items = chain.items("middlewares").into_iter();
        return items.filter_map(|item| Reference::object(item, &definition.namespace)).collect();
    }
    let texts = chain.texts("middlewares").into_iter();
    texts.map(|(text, place)| Reference::read(text, definition.provider, place)).collect()
}

/// One middleware while it is read.
struct Reader<'r, 'a> {
    definition: &'r Definition<'a>,
    view: &'r View<'a>,
    gateway: &'r mut Gateway,
}

impl<'a> Reader<'_, 'a> {
    fn read(&mut self, conf: Conf<'a>, effects: &mut Effects) {
        match conf.name().to_ascii_lowercase().as_str() {
            "basicauth" => effects.auths.push(self.users(conf, Mechanism::Basic)),
            "digestauth" => effects.auths.push(self.users(conf, Mechanism::Digest)),
            "forwardauth" => self.forward(conf, effects),
            // Of Traefik Hub: https://doc.traefik.io/traefik-hub/api-gateway/reference/routing/http/middlewares/overview
            "apikey" => effects.auths.push(self.plain(conf, Mechanism::ApiKey)),
            "jwt" => effects.auths.push(self.token(conf)),
            "oidc" => effects.auths.push(self.plain(conf, Mechanism::Oidc)),
            "oauthintrospection" | "oauthclientcredentials" => {
                effects.auths.push(self.plain(conf, Mechanism::OAuth2));
            }
            "hmac" => effects.auths.push(self.plain(conf, Mechanism::Signature)),
            "ldap" => effects.auths.push(self.plain(conf, Mechanism::Ldap)),
            "opa" => {
                let policy = Access::new("opa", AccessBy::External, conf.key_place());
                effects.access.push(self.gateway.add_access(policy));
            }
            "ipallowlist" | "ipwhitelist" => self.addresses(conf, effects),
            "ratelimit" | "inflightreq" => self.rate(conf, effects),
            "buffering" => {
                if let Some(size) = conf.get("maxRequestBodyBytes") {
                    let bytes = conf.number("maxRequestBodyBytes").unwrap_or(0.0);
                    let value = if bytes > 0.0 { bytes } else { f64::INFINITY };
                    let name = "buffering.maxRequestBodyBytes".to_owned();
                    let limit = Limit { measure: Measure::Body, value, place: size.key_place(), name };
                    effects.body = Some(self.gateway.add_limit(limit));
                }
            }
            "headers" => {
                effects.cors.extend(cors::read(conf, self.gateway));
                let custom = conf.get("customResponseHeaders").and_then(|set| set.get("Strict-Transport-Security"));
                effects.hsts |= conf.number("stsSeconds").is_some_and(|seconds| seconds > 0.0) || custom.is_some();
            }
            "redirectscheme" => {
                effects.redirects = Some(conf.str("scheme").is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")));
            }
            "redirectregex" => {
                let regex = conf.str("regex").unwrap_or_default();
                // Others concern some requests only.
                if regex.starts_with("^http://") && conf.str("replacement").is_some_and(|to| to.starts_with("https://"))
                {
                    effects.redirects = Some(true);
                }
            }
            "stripprefix" => {
                effects.stripped.extend(conf.texts("prefixes").into_iter().map(|(text, _)| text.to_owned()));
            }
            "replacepath" => effects.path = Some(conf.str("path").map(str::to_owned)),
            "addprefix" | "stripprefixregex" | "replacepathregex" => effects.path = Some(None),
            "plugin" => effects.code = Some(conf.key_place()),
            name if HARMLESS.contains(&name) => {}
            _ => effects.unread = Some(conf.key_place()),
        }
    }

    fn name(&self, conf: Conf<'_>) -> String {
        format!("{} {}", conf.name(), self.definition.shown)
    }

    fn plain(&mut self, conf: Conf<'_>, mechanism: Mechanism) -> u32 {
        let auth = Auth::new(self.name(conf), mechanism, self.definition.place);
        self.gateway.add_auth(auth)
    }

    /// Users with hashes of their passwords.
    fn users(&mut self, conf: Conf<'_>, mechanism: Mechanism) -> u32 {
        for (entry, place) in conf.texts("users") {
            self.user(entry, place, mechanism);
        }
        self.secret(conf, mechanism);
        let mut auth = Auth::new(self.name(conf), mechanism, self.definition.place);
        let removed = conf.get("removeHeader").map(|node| (conf.flag("removeHeader") == Some(true), node));
        auth.forwards = Some(match removed {
            Some((removed, node)) => Set::written(!removed, node.key_place()),
            None => Set::default(true, self.definition.place),
        });
        self.gateway.add_auth(auth)
    }

    /// A line of a list of users.
    fn user(&mut self, entry: &str, place: Place, mechanism: Mechanism) {
        // Digest: name, realm, hash of all three.
        let parts = if mechanism == Mechanism::Digest { 3 } else { 2 };
        let mut fields = entry.splitn(parts, ':');
        let name = fields.next().unwrap_or_default();
        let Some(hash) = fields.last() else { return };
        let is_md5 = mechanism == Mechanism::Digest && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let hash = if is_md5 { format!("{{MD5}}{hash}") } else { hash.to_owned() };
        self.gateway.add_credential(format!("password of the user `{name}`"), &hash, place);
    }

    /// The users in the `Secret` that a custom resource names: a list, or one with a password.
    ///
    /// Source: <https://doc.traefik.io/traefik/v3.7/reference/routing-configuration/http/middlewares/basicauth/>.
    fn secret(&mut self, conf: Conf<'_>, mechanism: Mechanism) {
        let (objects, sources) = (self.view.input.objects, self.view.input.sources);
        let Some(name) = conf.str("secret").filter(|_| self.definition.provider == Provider::Crd) else { return };
        let found = objects.find(sources, ("", "Secret"), &self.definition.namespace, name, conf.file());
        let Some(secret) = found.map(|object| object.node(sources)) else { return };
        let is_pair = secret.str("type") == Some("kubernetes.io/basic-auth");
        for (part, is_encoded) in [("stringData", false), ("data", true)] {
            for entry in secret.get(part).into_iter().flat_map(Node::children) {
                let text = entry.text().unwrap_or_default();
                let Some(text) = (if is_encoded { decoded(text) } else { Some(text.to_owned()) }) else { continue };
                if !is_pair {
                    text.lines()
                        .filter(|line| !line.is_empty())
                        .for_each(|line| self.user(line, entry.place(), mechanism));
                } else if entry.key() == Some("password") {
                    self.gateway.add_credential(format!("password in the secret `{name}`"), &text, entry.place());
                }
            }
        }
    }

    fn forward(&mut self, conf: Conf<'_>, effects: &mut Effects) {
        if let Some(address) = conf.get("address") {
            let unverified = conf.get("tls").and_then(|tls| tls.truth("insecureSkipVerify"));
            self.gateway.auth_servers.push(AuthServer {
                url: address.text().unwrap_or_default().to_owned(),
                place: address.place(),
                purpose: Purpose::Decision,
                unverified: unverified.map(Conf::key_place),
            });
        }
        let auth = Auth::new(self.name(conf), Mechanism::External, self.definition.place);
        effects.auths.push(self.gateway.add_auth(auth));
        effects.trusts |= conf.truth("trustForwardHeader").is_some();
        let headers = ["authResponseHeaders", "authResponseHeadersRegex", "headerField"];
        effects.identity = headers.into_iter().find_map(|name| conf.get(name)).map(Conf::key_place);
    }

    fn token(&mut self, conf: Conf<'_>) -> u32 {
        let mut jwt = Jwt::new(conf.key_place());
        if let Some(secret) = conf.get("signingSecret") {
            jwt.symmetric = Some(secret.key_place());
            self.gateway.add_credential("signing secret", secret.text().unwrap_or_default(), secret.place());
        }
        jwt.public_keys =
            ["publicKey", "jwksFile", "jwksUrl", "trustedIssuers"].iter().any(|key| conf.get(key).is_some());
        // Claims are checked by expressions that are not read.
        let unread = || Stated::Unknown(Why::NotRead, Some(conf.key_place()));
        (jwt.issuer, jwt.audience) = (unread(), unread());
        jwt.expiry = Stated::Unknown(Why::NotRead, Some(conf.key_place()));
        let mut auth = Auth::new(self.name(conf), Mechanism::Jwt, self.definition.place);
        auth.jwts.push(self.gateway.add_jwt(jwt));
        self.gateway.add_auth(auth)
    }

    fn addresses(&mut self, conf: Conf<'_>, effects: &mut Effects) {
        let ranges = conf.texts("sourceRange");
        let mut access = Access::new(self.name(conf), AccessBy::Address, self.definition.place);
        access.every_address = ranges.iter().find(|(range, _)| is_everyone(range)).map(|(_, place)| *place);
        access.restricts = Stated::Known(access.every_address.is_none() && !ranges.is_empty());
        effects.access.push(self.gateway.add_access(access));
        let strategy = conf.get("ipStrategy");
        let sink = if by_header(strategy) { &mut effects.forwarded } else { &mut effects.peer };
        *sink = Some(true);
    }

    fn rate(&mut self, conf: Conf<'_>, effects: &mut Effects) {
        let is_rate = conf.name().eq_ignore_ascii_case("rateLimit");
        let mut rate = RateLimit::new(self.name(conf), self.definition.place);
        let number = conf.number("average");
        let setting = conf.get("average");
        // A text that is no number says nothing yet.
        let is_off = number.is_some_and(|number| number <= 0.0) || setting.is_none();
        if is_rate && is_off {
            rate.ineffective = Some((setting.unwrap_or(conf).key_place(), Ineffective::Zero));
        }
        let criterion = conf.get("sourceCriterion");
        let header = criterion.and_then(|criterion| criterion.get("requestHeaderName"));
        let by_host = criterion.and_then(|criterion| criterion.truth("requestHost"));
        let strategy = criterion.and_then(|criterion| criterion.get("ipStrategy"));
        if [header, by_host, strategy].into_iter().flatten().count() > 1 {
            // They exclude each other: Traefik does not build it.
            effects.dead = true;
            return;
        }
        // Without a criterion `rateLimit` counts by address, `inFlightReq` by host.
        rate.key = Stated::Known(match (header, by_host, strategy) {
            (Some(_), ..) => RateKey::Header,
            (None, Some(_), _) => RateKey::Other,
            (None, None, Some(_)) => RateKey::Address,
            (None, None, None) if is_rate => RateKey::Address,
            (None, None, None) => RateKey::All,
        });
        rate.client_header = header.map(|header| (header.place(), header.text().unwrap_or_default().to_owned()));
        if rate.key == Stated::Known(RateKey::Address) {
            let sink = if by_header(strategy) { &mut effects.forwarded } else { &mut effects.peer };
            *sink = (*sink).max(Some(false));
        }
        let redis = conf.get("redis");
        rate.local = Some(match redis {
            Some(redis) => Set::written(false, redis.key_place()),
            None => Set::default(true, self.definition.place),
        });
        rate.replicated = self.view.replicated;
        if let Some(password) = redis.and_then(|redis| redis.get("password")) {
            self.gateway.add_credential("password of Redis", password.text().unwrap_or_default(), password.place());
        }
        effects.rates.push(self.gateway.add_rate(rate));
    }
}

/// A text in Base64, with or without line breaks.
fn decoded(text: &str) -> Option<String> {
    let text: String = text.split_ascii_whitespace().collect();
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}

/// Whether the address is taken from forwarded headers.
fn by_header(strategy: Option<Conf<'_>>) -> bool {
    strategy.is_some_and(|strategy| {
        strategy.number("depth").is_some_and(|depth| depth > 0.0) || strategy.get("excludedIPs").is_some()
    })
}

/// Whether a range holds every address of its family.
pub(super) fn is_everyone(range: &str) -> bool {
    range.split_once('/').is_some_and(|(_, bits)| bits.trim() == "0")
}

/// What a redirect makes of a route.
pub(super) const fn redirect(to_https: bool, plaintext: Option<bool>) -> Option<Action> {
    match (to_https, plaintext) {
        // What arrives over TLS already is not redirected to it.
        (true, Some(false)) => None,
        (true, _) => Some(Action::HttpsRedirect),
        (false, _) => Some(Action::Redirect),
    }
}

/// Reads all middlewares, also those which no router uses.
pub(super) fn read_all(middlewares: &mut Middlewares, view: &View<'_>, gateway: &mut Gateway) {
    for definition in view.dynamic.middlewares.iter() {
        let reference = Reference {
            name: definition.name.clone(),
            shown: definition.shown.clone(),
            place: definition.place,
            namespace: definition.namespace.clone(),
        };
        middlewares.of(&reference, view, gateway);
    }
}
