//! Who may call: authentication, address lists, and conditions that refuse.
//!
//! `return` in a block ends a request before any of it: rewriting comes before access.

// `core`, not `std`: addresses as data, nothing that could connect.
use super::super::address::Range;
use super::super::{Access, AccessBy, Applied, Auth, AuthMode, AuthServer, Jwt, Mechanism, Node, Purpose, Stated};
use super::Lowering;
use super::config::{Context, Line, Topic};
use super::variables::{Condition, Piece, condition, pieces};
use crate::model::Why;
use crate::model::net::{HostClass, host_class};
use crate::span::Place;

/// What is known of who may call a location.
pub(super) struct Guard {
    pub auth: Stated<Vec<Applied>>,
    pub mode: AuthMode,
    pub off: Option<Place>,
    pub access: Stated<Vec<Applied>>,
    /// Whether nobody may.
    pub closed: bool,
}

/// Directives that name a way to authenticate; `off` cancels.
const SCHEMES: &[(&str, Mechanism)] = &[
    ("auth_basic", Mechanism::Basic),
    ("auth_request", Mechanism::External),
    ("auth_jwt", Mechanism::Jwt),
    ("auth_oidc", Mechanism::Oidc),
    ("auth_digest", Mechanism::Digest),
    ("auth_ldap", Mechanism::Ldap),
    ("auth_pam", Mechanism::Other),
    ("auth_gss", Mechanism::Other),
    ("auth_radius", Mechanism::Other),
];

/// Code that runs in the access phase, or before it, and may refuse.
pub(super) const CODE: &[&str] = &[
    "access_by_lua",
    "access_by_lua_block",
    "access_by_lua_file",
    "js_access",
    "perl",
    "rewrite_by_lua",
    "rewrite_by_lua_block",
    "rewrite_by_lua_file",
];

/// Of a level no more conditions are looked at.
pub(super) const MOST_CONDITIONS: usize = 64;

/// A condition that ends in a refusal.
#[derive(Clone, Copy)]
struct Refusal<'c, 's> {
    line: &'c Line<'s>,
    condition: Condition<'s>,
}

impl<'c, 's> Lowering<'c, 's, '_> {
    /// Who may call what stands on a level.
    pub(super) fn guard(&mut self, block: usize) -> Guard {
        let config = self.config;
        let mut applied = Vec::new();
        let mut off = None;
        for &(name, mechanism) in SCHEMES {
            let Some(line) = config.nearest(block, name) else { continue };
            if line.value() == "off" {
                let outer = config.blocks[line.level].parent.and_then(|outer| config.nearest(outer, name));
                off = off.or(outer.filter(|outer| outer.value() != "off").map(|_| line.place()));
                continue;
            }
            let policy = self.scheme(line, mechanism);
            applied.push(self.applied(policy, line.level, line.place()));
        }
        let any = config.nearest(block, "satisfy").is_some_and(|line| line.value() == "any");
        let (access, closed, is_open) = self.addresses(block, !applied.is_empty());
        if any && let Some(everyone) = is_open.filter(|_| !applied.is_empty()) {
            // Everyone is on the list, which is enough: nobody is asked.
            applied.clear();
            off = Some(everyone);
        }
        off = off.or(is_open);
        applied.extend(self.conditions(block));
        let code = CODE.iter().find_map(|name| config.nearest(block, name));
        let mut auth = self.stated(applied, block, Topic::Access);
        if let (Some(code), Stated::Absent | Stated::Unknown(..)) = (code, &auth) {
            auth = Stated::Unknown(Why::Code, Some(code.place()));
        }
        Guard { auth, mode: if any { AuthMode::Any } else { AuthMode::All }, off, access, closed }
    }

    fn scheme(&mut self, line: &Line<'s>, mechanism: Mechanism) -> u32 {
        let key = (line.place(), None);
        if let Some(&known) = self.memo.auth.get(&key) {
            return known;
        }
        let mut auth = Auth::new(line.name, mechanism, line.place());
        match mechanism {
            Mechanism::Jwt => auth.jwts.push(self.verifier(line)),
            Mechanism::External => self.decider(line),
            _ => {}
        }
        if let Some(token) = line.option("token").filter(|_| mechanism == Mechanism::Jwt)
            && let Some(name) = token.strip_prefix("$arg_")
        {
            auth.query = Some(super::super::Set::written(name.to_owned(), line.place()));
        }
        let number = self.gateway.add_auth(auth);
        self.memo.auth.insert(key, number);
        number
    }

    /// The verifier of `auth_jwt`: <https://nginx.org/en/docs/http/ngx_http_auth_jwt_module.html>.
    fn verifier(&mut self, line: &Line<'s>) -> u32 {
        let mut jwt = Jwt::new(line.place());
        let keys = self.config.nearest(line.level, "auth_jwt_key_request");
        jwt.public_keys = keys.is_some();
        // `auth_jwt_require` may test any claim.
        let required = self.config.nearest(line.level, "auth_jwt_require");
        let unknown = Stated::Unknown(Why::NotRead, required.map(Line::place));
        jwt.issuer = unknown.clone();
        jwt.audience = unknown;
        self.gateway.add_jwt(jwt)
    }

    /// The server that `auth_request` asks.
    fn decider(&mut self, line: &Line<'s>) {
        let config = self.config;
        let Some(server) = config.enclosing(line.level, Context::Server) else { return };
        let target = self.index.locations.get(&(server, line.value()));
        let pass = target.and_then(|&target| config.own(target, "proxy_pass"));
        if let Some(pass) = pass {
            let url = self.variables.expand(pass.value(), pass.level);
            let off = config.nearest(pass.level, "proxy_ssl_verify").filter(|line| line.value() == "off");
            let unverified = off.filter(|_| url.starts_with("https://")).map(Line::place);
            let place = pass.args.first().map_or(pass.place(), |arg| arg.place());
            self.gateway.auth_servers.push(AuthServer { url, place, purpose: Purpose::Decision, unverified });
        }
    }

    /// Conditions that refuse, of a level and of its server.
    fn refusals(&self, block: usize) -> Vec<Refusal<'c, 's>> {
        let config = self.config;
        let server = config.enclosing(block, Context::Server).filter(|&server| server != block);
        let levels = std::iter::once(block).chain(server);
        let lines = levels.flat_map(|level| config.all(level, "if").take(MOST_CONDITIONS));
        let refuses = lines.filter_map(|line| {
            let inner = line.block?;
            let code = config.own(inner, "return")?.value();
            let is_refusal = code.len() == 3 && code.starts_with('4');
            is_refusal.then_some(Refusal { line, condition: condition(line)? })
        });
        refuses.collect()
    }

    /// The condition that tests the result of the verification of a client's certificate.
    pub(super) fn certificate_check(&self, block: usize) -> Option<Place> {
        let is_check = |refusal: &Refusal<'c, 's>| {
            self.sources(refusal.condition).iter().any(|name| matches!(*name, "ssl_client_verify" | "ssl_client_s_dn"))
        };
        self.refusals(block).into_iter().find(is_check).map(|refusal| refusal.line.place())
    }

    /// The variables of the request that a condition depends on.
    fn sources(&self, condition: Condition<'s>) -> Vec<&'s str> {
        let mut found = Vec::new();
        let mut open: Vec<&'s str> = pieces(condition.left).into_iter().filter_map(name).collect();
        for _ in 0..16 {
            let Some(name) = open.pop() else { break };
            match self.variables.table(name) {
                Some(table) => open.extend(pieces(self.variables.source(table)).into_iter().filter_map(self::name)),
                None => found.push(name),
            }
        }
        found
    }

    /// Ways to authenticate that conditions make.
    fn conditions(&mut self, block: usize) -> Vec<Applied> {
        let mut all = Vec::new();
        for refusal in self.refusals(block) {
            let sources = self.sources(refusal.condition);
            let is_from = |starts: &[&str]| sources.iter().any(|name| starts.iter().any(|s| name.starts_with(s)));
            let mechanism = if is_from(&["ssl_client_verify", "ssl_client_s_dn", "ssl_client_fingerprint"]) {
                Mechanism::Certificate
            } else if is_from(&["secure_link"]) {
                Mechanism::Signature
            } else if self.compares_secret(refusal, &sources) {
                Mechanism::ApiKey
            } else {
                continue;
            };
            let place = refusal.line.place();
            let key = (place, None);
            let number = match self.memo.auth.get(&key) {
                Some(&known) => known,
                None => {
                    let mut auth = Auth::new("if", mechanism, place);
                    let query = sources.iter().find_map(|name| name.strip_prefix("arg_"));
                    auth.query = query.map(|name| super::super::Set::written(name.to_owned(), place));
                    if mechanism == Mechanism::ApiKey {
                        self.literals(refusal);
                    }
                    let number = self.gateway.add_auth(auth);
                    self.memo.auth.insert(key, number);
                    number
                }
            };
            all.push(self.applied(number, refusal.line.level, place));
        }
        all
    }

    /// Whether a condition refuses requests without a certain value of a header, a cookie or a parameter.
    fn compares_secret(&self, refusal: Refusal<'c, 's>, sources: &[&str]) -> bool {
        let is_credential = |name: &str| {
            let name = ["http_", "arg_", "cookie_"].iter().find_map(|start| name.strip_prefix(start));
            name.is_some_and(|name| {
                const MARKS: [&str; 7] = ["auth", "key", "token", "secret", "api", "password", "session"];
                MARKS.iter().any(|mark| name.contains(mark))
            })
        };
        if !sources.iter().any(|name| is_credential(name)) {
            return false;
        }
        let is_table = refusal.condition.variable().is_some_and(|name| self.variables.table(name).is_some());
        match refusal.condition.operator {
            // Without the value the request is refused; that something is there is no proof.
            "!=" => !refusal.condition.right.is_empty(),
            "!~" | "!~*" => refusal.condition.right.len() > 8,
            "" | "=" => is_table,
            _ => false,
        }
    }

    /// Notes the secrets that a condition, or the table it asks, compares with.
    fn literals(&mut self, refusal: Refusal<'c, 's>) {
        let table = refusal.condition.variable().and_then(|name| self.variables.table(name));
        let Some(entries) = table.and_then(|table| table.block) else {
            if let Some(value) = refusal.line.args.get(2).filter(|_| refusal.condition.regex().is_none()) {
                self.credential(value.text().unwrap_or_default(), value.place());
            }
            return;
        };
        for entry in self.config.each(entries) {
            let is_word = matches!(entry.name, "default" | "hostnames" | "volatile" | "include" | "");
            if !is_word && !entry.name.starts_with('~') {
                self.credential(entry.name, entry.place());
            }
        }
    }

    fn credential(&mut self, value: &str, place: Place) {
        let value = value.strip_prefix("Bearer ").or(value.strip_prefix("Basic ")).unwrap_or(value);
        if !value.starts_with('$') && !value.is_empty() {
            self.gateway.add_credential("API key", value, place);
        }
    }

    /// Address lists in force, whether nobody may pass, and where a level opens what an outer one closes, or lets
    /// everyone pass for whom `satisfy any` asks for credentials.
    fn addresses(&mut self, block: usize, has_auth: bool) -> (Stated<Vec<Applied>>, bool, Option<Place>) {
        let config = self.config;
        let mut all = Vec::new();
        let mut closed = false;
        let mut opened = None;
        let satisfy = config.nearest(block, "satisfy").filter(|line| line.value() == "any");
        let rules = config.group(block, &["allow", "deny"]);
        if let Some(&first) = rules.first() {
            let list = List::read(&rules);
            closed = list.closed && satisfy.is_none_or(|_| !has_auth);
            if satisfy.is_some() && has_auth {
                opened = list.everyone;
            }
            let outer = config.blocks[first.level].parent;
            let outer = outer.map(|outer| config.group(outer, &["allow", "deny"])).unwrap_or_default();
            if list.opens && !outer.is_empty() && List::read(&outer).restricts {
                opened = Some(first.place());
            }
            let either = satisfy.filter(|_| has_auth);
            let key = (first.place(), either.is_some());
            let number = match self.memo.access.get(&key) {
                Some(&known) => known,
                None => {
                    let mut access = Access::new("allow, deny", AccessBy::Address, first.place());
                    // Where a credential is enough as well, the list alone restricts nobody.
                    access.restricts = Stated::Known(list.restricts && either.is_none() && list.every.is_none());
                    access.unreachable_deny = list.unreachable;
                    access.every_address = list.every;
                    // Addresses that no entry names are asked for credentials, with and without `deny all`.
                    let replaces = either.filter(|_| list.admits && list.everyone.is_none());
                    access.instead_of_credentials = replaces.map(|line| (line.place(), list.public));
                    let number = self.gateway.add_access(access);
                    self.memo.access.insert(key, number);
                    number
                }
            };
            all.push(self.applied(number, first.level, first.place()));
        }
        for refusal in self.refusals(block) {
            const ADDRESS: [&str; 4] = ["remote_addr", "binary_remote_addr", "realip_remote_addr", "geoip"];
            let sources = self.sources(refusal.condition);
            if sources.iter().any(|name| ADDRESS.iter().any(|start| name.starts_with(start))) {
                let place = refusal.line.place();
                let number = match self.memo.access.get(&(place, false)) {
                    Some(&known) => known,
                    None => {
                        let access = Access::new("if", AccessBy::Address, place);
                        let number = self.gateway.add_access(access);
                        self.memo.access.insert((place, false), number);
                        number
                    }
                };
                all.push(self.applied(number, refusal.line.level, place));
            }
        }
        (self.stated(all, block, Topic::Access), closed, opened)
    }
}

fn name<'t>(piece: Piece<'t>) -> Option<&'t str> {
    if let Piece::Variable(name) = piece { Some(name) } else { None }
}

/// What a list of `allow` and `deny` comes to.
#[derive(Default)]
struct List {
    /// Whether requests from some addresses only pass.
    restricts: bool,
    /// Whether no request passes.
    closed: bool,
    /// Whether it admits everyone by `allow all`, before it refuses anyone.
    opens: bool,
    /// The `allow` that everyone reaches who is not refused by name, or everyone of one family of addresses.
    everyone: Option<Place>,
    /// Whether some address is admitted.
    admits: bool,
    /// Whether an address that is admitted is a public one.
    public: bool,
    /// The entry that admits every address, in a list that ends in a refusal.
    every: Option<Place>,
    /// Refusals behind something that admits what they refuse.
    unreachable: Vec<Place>,
}

impl List {
    /// The first entry that fits decides: <https://nginx.org/en/docs/http/ngx_http_access_module.html>.
    fn read(rules: &[&Line<'_>]) -> Self {
        /// Of longer lists the later entries are not compared with each other.
        const MOST: usize = 256;
        let mut list = Self::default();
        let mut allowed: Vec<Range> = Vec::new();
        let mut ends = false;
        for (number, line) in rules.iter().enumerate() {
            let range = Range::parse(line.value());
            match (line.name, range) {
                ("deny", Some(range)) => {
                    if number < MOST && allowed.iter().any(|allowed| allowed.holds(range)) {
                        list.unreachable.push(line.place());
                    }
                    let is_all = matches!(range, Range::All);
                    if is_all && !ends {
                        list.restricts = !list.opens;
                        list.closed = allowed.is_empty() && !list.admits;
                    }
                    ends |= is_all;
                }
                ("allow", Some(range)) if !ends => {
                    list.admits = true;
                    if matches!(range, Range::All | Range::Net(_, 0)) {
                        list.everyone = list.everyone.or(Some(line.place()));
                    }
                    match range {
                        Range::All => list.opens |= number == 0 || allowed.len() == number,
                        Range::Net(_, 0) => list.every = list.every.or(Some(line.place())),
                        Range::Net(address, _) => {
                            list.public |= host_class(&address.to_string()) == HostClass::PublicIp;
                        }
                    }
                    // Every address as a network is told apart from `all`: it is no deliberate opening.
                    if !matches!(range, Range::Net(_, 0)) {
                        allowed.push(range);
                    }
                }
                ("allow", None) => list.admits = true,
                _ => {}
            }
        }
        if !list.restricts {
            list.every = None;
        }
        list.public |= list.every.is_some() || list.opens;
        list
    }
}

/// The place of an argument, or of the directive if it has none.
pub(super) fn argument(line: &Line<'_>, number: usize) -> Place {
    line.args.get(number).map_or_else(|| line.place(), |arg: &Node<'_>| arg.place())
}
