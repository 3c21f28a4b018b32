//! Authorizers: Lambda functions, user pools of Cognito, verifiers of tokens. Each carrier writes them in its own
//! keys; what they do is the same.
//!
//! Sources: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>.

use super::super::defaults::default;
use super::super::{Auth, AuthServer, Gateway, Jwt, Mechanism, Node, Purpose, Set, Setting, Stated};
use super::value;
use crate::discover::Format;
use crate::model::Why;
use crate::span::Place;

/// An authorizer, as a carrier writes it.
#[derive(Clone, Debug)]
pub(super) struct Authorizer<'s> {
    /// What people call it.
    pub name: &'s str,
    /// What defines it.
    pub place: Place,
    /// What it is.
    pub sort: Sort,
    /// Where it finds who calls: `method.request.header.Authorization`, `$request.querystring.token`.
    pub sources: Vec<(String, Place)>,
    /// For how many seconds its answer is kept: as written, and where.
    pub ttl: Option<Node<'s>>,
    /// Whether answers are kept where nothing is written: those of REST APIs are.
    pub keeps: bool,
    /// Whether only credentials of a certain shape reach the function.
    pub expression: Option<Node<'s>>,
    /// Whether the answer is a plain yes or no.
    pub simple: bool,
    /// The issuer and the audience of tokens.
    pub token: Option<Node<'s>>,
}

/// What an authorizer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A function that is given one header.
    Token,
    /// A function that is given the request.
    Request,
    /// A user pool.
    Pool,
    /// A verifier of tokens.
    Jwt,
    /// It cannot be told.
    Unknown,
}

impl Sort {
    /// The type as templates and documents write it.
    pub(super) fn parse(text: Option<&str>) -> Self {
        match text.map(str::to_ascii_lowercase).as_deref() {
            Some("token") => Self::Token,
            Some("request") => Self::Request,
            Some("cognito_user_pools") => Self::Pool,
            Some("jwt") => Self::Jwt,
            _ => Self::Unknown,
        }
    }
}

/// An answer that is kept and may be used for other requests than the one it was given for.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The authorizer: index of its `Auth`.
    pub auth: u32,
    /// How it is kept.
    pub how: &'static str,
    /// Where that is said.
    pub place: Place,
    /// From how many routes on it matters.
    pub routes: usize,
}

impl<'s> Authorizer<'s> {
    /// An authorizer of which nothing but its name is known.
    pub(super) const fn new(name: &'s str, place: Place, sort: Sort) -> Self {
        Self {
            name,
            place,
            sort,
            sources: Vec::new(),
            ttl: None,
            keeps: true,
            expression: None,
            simple: false,
            token: None,
        }
    }

    /// Notes the sources of a text or list: `a, b`.
    pub(super) fn add_sources(&mut self, node: Option<Node<'s>>) {
        let Some(node) = node else { return };
        let items = if node.is_list() { node.children().collect() } else { vec![node] };
        for item in items {
            let text = value::pattern(item).unwrap_or_default();
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            self.sources.extend(parts.map(|part| (part.to_owned(), item.place())));
        }
    }

    /// Adds it to the gateway.
    pub(super) fn add(&self, gateway: &mut Gateway, kept: &mut Vec<Kept>) -> u32 {
        let mechanism = match self.sort {
            Sort::Pool | Sort::Jwt => Mechanism::Jwt,
            Sort::Token | Sort::Request | Sort::Unknown => Mechanism::External,
        };
        let mut auth = Auth::new(self.name, mechanism, self.place);
        let query = self.sources.iter().find_map(|(source, place)| {
            let (_, name) = source.split_once("request.querystring.")?;
            Some(Set::written(name.to_owned(), *place))
        });
        auth.query = query;
        if self.sort == Sort::Jwt {
            auth.jwts.push(self.verifier(gateway));
        }
        let number = gateway.add_auth(auth);
        self.keep(number, kept);
        if self.sort == Sort::Token && self.expression.is_none() {
            // `Any` text in the header calls the function.
            kept.push(Kept { auth: number, how: "any credential", place: self.place, routes: 1 });
        }
        number
    }

    /// How its answers are kept, where that is more than for the request they were given for.
    fn keep(&self, auth: u32, kept: &mut Vec<Kept>) {
        let usual = || default(Format::Aws, "Authorizer.AuthorizerResultTtlInSeconds", None)?.parse().ok();
        let seconds = match value::read(self.ttl, Node::number) {
            Stated::Known(seconds) => seconds,
            Stated::Absent if self.keeps => usual().unwrap_or(0.0),
            Stated::Absent | Stated::Unknown(..) => 0.0,
        };
        if self.sort != Sort::Request || seconds <= 0.0 || self.sources.is_empty() {
            return;
        }
        let place = self.ttl.map_or(self.place, Node::place);
        // Values that are the same for all callers of a route.
        let common =
            |source: &str| source.contains("context.") || source.to_ascii_lowercase().contains("stagevariables.");
        let of_route = |source: &str| {
            ["routeKey", "resourcePath", "resourceId", "context.path", "context.http.path"]
                .iter()
                .any(|part| source.contains(part))
        };
        if self.sources.iter().all(|(source, _)| common(source)) {
            kept.push(Kept { auth, how: "all callers", place: self.sources[0].1, routes: 1 });
        } else if self.simple && !self.sources.iter().any(|(source, _)| of_route(source)) {
            kept.push(Kept { auth, how: "all routes", place, routes: 2 });
        }
    }

    /// What a verifier of tokens checks: issuer, audience, `exp`, `nbf` and `iat`, by public keys of the issuer.
    fn verifier(&self, gateway: &mut Gateway) -> u32 {
        let mut jwt = Jwt::new(self.place);
        jwt.public_keys = true;
        jwt.expiry = Stated::Known(Set::default(true, self.place));
        let Some(token) = self.token.filter(|token| !value::is_computed(*token)) else {
            jwt.issuer = Stated::Unknown(Why::Elsewhere, Some(self.place));
            jwt.audience = Stated::Unknown(Why::Elsewhere, Some(self.place));
            return gateway.add_jwt(jwt);
        };
        let find = |name: &str| value::given(token.get(name).or(token.get(&capital(name))));
        let issuer = find("issuer");
        jwt.issuer = issuer.map(|_| true).into();
        let audience = find("audience").filter(|list| !list.is_list() || list.children().next().is_some());
        jwt.audience = audience.map(|_| true).into();
        if let Some(issuer) = issuer {
            let url = value::pattern(issuer).unwrap_or_default();
            jwt.shared_keys = SHARED_KEYS.iter().any(|host| url.contains(host));
            if url.contains("://") {
                let server = AuthServer { url, place: issuer.place(), purpose: Purpose::Discovery, unverified: None };
                gateway.auth_servers.push(server);
            }
        }
        gateway.add_jwt(jwt)
    }
}

/// Hosts of identity providers that sign tokens for everybody's applications with the same keys.
const SHARED_KEYS: [&str; 4] =
    ["accounts.google.com", "login.microsoftonline.com", "appleid.apple.com", "token.actions.githubusercontent.com"];

/// A key as templates write it: with a capital.
fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Notes the answers that are kept, for authorizers of at least so many routes.
pub(super) fn note(kept: Vec<Kept>, gateway: &mut Gateway) {
    let mut users: Vec<Vec<u32>> = vec![Vec::new(); gateway.auths.len()];
    for (number, route) in (0..).zip(&gateway.routes) {
        for applied in route.auth.known().into_iter().flatten() {
            if let Some(users) = users.get_mut(applied.policy as usize).filter(|users| users.last() != Some(&number)) {
                users.push(number);
            }
        }
    }
    for kept in kept {
        let routes = users[kept.auth as usize].clone();
        if routes.len() >= kept.routes {
            let name = if kept.how == "any credential" {
                "Authorizer.IdentityValidationExpression"
            } else {
                "Authorizer.Caching"
            };
            gateway.settings.push(Setting { routes, ..Setting::new(name, kept.how, kept.place) });
        }
    }
}
