//! Hosts and URLs as facts: host classes (E11), registrable domains, and the URLs a
//! server can have (E2). Pure functions on text; knows no document.

// `core`, not `std`: addresses as data, nothing that could connect.
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::collections::{HashMap, HashSet};

use url::Host;

/// Where a host is reached (E11): the first that fits. In the order of
/// `fields::HOST_CLASSES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum HostClass {
    /// The machine itself: `localhost`, 127.0.0.0/8, `::1`, the unspecified address.
    Loopback,
    /// Private, link-local, shared (RFC 6598) and unique local addresses.
    Private,
    /// Names that only a local network resolves: `.local`, `.internal`, names without a dot.
    Internal,
    /// Names and addresses reserved for documentation (RFC 2606, RFC 5737, RFC 3849) or for no use at all.
    Reserved,
    /// Any other address.
    PublicIp,
    /// Any other name.
    PublicName,
    /// A free variable makes up (part of) the host.
    Open,
}

/// The scheme of a URL. In the order of `fields::URL_SCHEMES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
    /// `ws`
    Ws,
    /// `wss`
    Wss,
    /// `file`
    File,
    /// Anything else.
    Other,
}

impl Scheme {
    /// Whether traffic is not encrypted.
    pub const fn is_cleartext(self) -> bool {
        matches!(self, Self::Http | Self::Ws)
    }

    fn of(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "http" => Self::Http,
            "https" => Self::Https,
            "ws" => Self::Ws,
            "wss" => Self::Wss,
            "file" => Self::File,
            _ => Self::Other,
        }
    }

    const fn is_special(self) -> bool {
        matches!(self, Self::Http | Self::Https | Self::Ws | Self::Wss)
    }
}

/// Suffixes of names that only local networks resolve.
const INTERNAL: [&str; 12] = [
    "local",
    "internal",
    "lan",
    "corp",
    "test",
    "localhost",
    "localdomain",
    "intranet",
    "private",
    "home.arpa",
    // Services of Kubernetes without the cluster's own domain, and of Consul.
    "svc",
    "consul",
];

/// Reserved for examples (RFC 2606), and `invalid`, which never resolves.
const RESERVED: [&str; 6] = ["example.com", "example.net", "example.org", "example.edu", "example", "invalid"];

/// The class of a host: a name or an address, IPv6 with or without brackets, no port.
/// Addresses in hexadecimal, octal and short forms are understood as browsers do.
pub fn host_class(host: &str) -> HostClass {
    if host.contains(['{', '}']) {
        return HostClass::Open;
    }
    let host = host.trim().trim_end_matches('.');
    let bare = host.strip_prefix('[').map_or(host, |host| host.strip_suffix(']').unwrap_or(host));
    // A zone (`fe80::1%eth0`) says nothing about the class.
    let address = bare.split('%').next().unwrap_or(bare);
    if let Ok(address) = address.parse::<Ipv6Addr>() {
        return class_of_v6(address);
    }
    match Host::parse(host) {
        Ok(Host::Ipv4(address)) => class_of_v4(address),
        Ok(Host::Ipv6(address)) => class_of_v6(address),
        Ok(Host::Domain(name)) => class_of_name(&name),
        Err(_) => class_of_name(&host.to_lowercase()),
    }
}

fn class_of_name(name: &str) -> HostClass {
    let below = |suffix: &&str| name.strip_suffix(*suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if name == "localhost" {
        HostClass::Loopback
    } else if INTERNAL.iter().any(below) {
        HostClass::Internal
    } else if RESERVED.iter().any(below) {
        HostClass::Reserved
    } else if !name.contains('.') || is_below_no_public_suffix(name) {
        // Names without a dot are resolved by local search lists only (RFC 7085).
        HostClass::Internal
    } else {
        HostClass::PublicName
    }
}

/// Whether only the DNS of its own network can know a name: `db.backend-net`. Text that is no name (`<your domain>`)
/// says nothing of that.
fn is_below_no_public_suffix(name: &str) -> bool {
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    is_name && !psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known())
}

fn class_of_v4(address: Ipv4Addr) -> HostClass {
    let [a, b, ..] = address.octets();
    if address.is_loopback() || address.is_unspecified() {
        HostClass::Loopback
    } else if address.is_private() || address.is_link_local() || (a == 100 && b & 0xc0 == 64) {
        HostClass::Private
    } else if address.is_documentation() || a == 0 || a >= 224 || (a == 198 && b & 0xfe == 18) {
        HostClass::Reserved
    } else {
        HostClass::PublicIp
    }
}

fn class_of_v6(address: Ipv6Addr) -> HostClass {
    if address.is_loopback() || address.is_unspecified() {
        return HostClass::Loopback;
    }
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = || Ipv4Addr::from(u32::from(g) << 16 | u32::from(h));
    match (a, b) {
        // IPv4-mapped, and the NAT64 prefix of RFC 6052.
        (0, 0) if (c, d, e, f) == (0, 0, 0, 0xffff) => class_of_v4(embedded()),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => class_of_v4(embedded()),
        (0xfc00..=0xfdff, _) | (0xfe80..=0xfebf, _) => HostClass::Private,
        (0x2001, 0xdb8) | (0xff00.., _) => HostClass::Reserved,
        _ => HostClass::PublicIp,
    }
}

/// The registrable domain of a host name by the Public Suffix List, in lower case:
/// `api.shop.co.uk` is of `shop.co.uk`. Addresses and public suffixes have none.
pub fn registrable_domain(host: &str) -> Option<String> {
    let host = host.trim().trim_end_matches('.').to_lowercase();
    if host.contains(['{', '}']) || is_address(&host) {
        return None;
    }
    psl::domain_str(&host).map(str::to_owned)
}

/// A host name and the domains above it: `login.acme.io`, `acme.io`, `io`.
pub fn domains(host: &str) -> impl Iterator<Item = &str> {
    let first = Some(host).filter(|host| !host.is_empty());
    std::iter::successors(first, |domain| domain.split_once('.').map(|(_, above)| above))
}

/// The labels of a host name left of its registrable domain; free variables are none.
pub fn labels(host: &str) -> impl Iterator<Item = &str> {
    let fixed = host.rfind('}').map_or(host, |end| host[end + 1..].split_once('.').map_or("", |(_, rest)| rest));
    let domain = registrable_domain(fixed).map_or(0, |domain| domain.len());
    let left = if domain == 0 { "" } else { &host[..host.trim_end_matches('.').len() - domain] };
    left.split('.').filter(|label| !label.is_empty() && !label.contains(['{', '}']))
}

fn is_address(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok() || matches!(Host::parse(host), Ok(Host::Ipv4(_) | Host::Ipv6(_)))
}

/// Scheme and host of a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The scheme; none where the URL is relative or a free variable is the scheme.
    pub scheme: Option<Scheme>,
    /// The host in lower case, without user, port and brackets. A free variable keeps its braces.
    pub host: Option<String>,
    /// Where the scheme ends, in bytes.
    scheme_end: usize,
}

impl Parts {
    /// The class of the host.
    pub fn class(&self) -> Option<HostClass> {
        self.host.as_deref().map(host_class)
    }
}

/// Reads scheme and host of a URL as clients do: case folded, blanks around it dropped.
pub fn parse(url: &str) -> Parts {
    let text = url.trim();
    let offset = url.len() - url.trim_start().len();
    let (scheme, rest, scheme_end) = match find_outside(text, |c| matches!(c, ':' | '/' | '\\' | '?' | '#')) {
        Some(colon) if text[colon..].starts_with(':') => {
            let (name, rest) = (&text[..colon], &text[colon + 1..]);
            if name.contains('{') && rest.starts_with("//") {
                (None, &rest[2..], colon)
            } else if is_scheme(name) && !starts_with_port(rest) {
                let scheme = Scheme::of(name);
                let after = match rest.strip_prefix("//") {
                    Some(after) => after,
                    // Clients take `https:/host` as well.
                    None if scheme.is_special() => rest.trim_start_matches(['/', '\\']),
                    None => return Parts { scheme: Some(scheme), host: None, scheme_end: offset + colon },
                };
                (Some(scheme), after, colon)
            } else {
                return Parts::default();
            }
        }
        _ if text.starts_with("//") => (None, &text[2..], 0),
        // What a free variable at the beginning stands for is open.
        _ if text.starts_with('{') => (None, text, 0),
        _ => return Parts::default(),
    };
    let end = find_outside(rest, |c| matches!(c, '/' | '\\' | '?' | '#')).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = authority.rfind('@').map_or(authority, |at| &authority[at + 1..]);
    let host = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((address, _)) => address,
        None => host
            .rfind(':')
            .filter(|colon| !host[*colon..].contains('}') || host[*colon..].starts_with(":{"))
            .map_or(host, |colon| &host[..colon]),
    };
    let host = (!host.is_empty()).then(|| host.to_lowercase());
    Parts { scheme, host, scheme_end: if scheme.is_some() { offset + scheme_end } else { 0 } }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// `localhost:8080/api` is a host and a port whose scheme was forgotten.
fn starts_with_port(rest: &str) -> bool {
    let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    digits.len() < rest.len() && (digits.is_empty() || digits.starts_with(['/', '?', '#']))
}

/// The first such character that stands in no `{variable}`.
fn find_outside(text: &str, stop: impl Fn(char) -> bool) -> Option<usize> {
    let mut inside = false;
    for (at, c) in text.char_indices() {
        match c {
            '{' => inside = true,
            '}' => inside = false,
            c if !inside && stop(c) => return Some(at),
            _ => {}
        }
    }
    None
}

/// A server variable.
#[derive(Clone, Debug, Default)]
pub struct Variable<'a> {
    /// Its name in the template.
    pub name: &'a str,
    /// Its `default`.
    pub default: Option<&'a str>,
    /// Its `enum`.
    pub values: Vec<&'a str>,
}

/// A value of a server variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// The variable, by its index.
    pub variable: usize,
    /// The item of its `enum`; `None`: its `default`.
    pub value: Option<usize>,
}

/// A URL that a server can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    /// The URL, variables filled in. A variable without a value stays as it is.
    pub text: String,
    /// Its scheme and host.
    pub parts: Parts,
    /// The variable value that its scheme comes from.
    pub scheme_from: Option<Pick>,
}

/// The URLs a server can have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// At least one, at most [`MOST_URLS`]; the first variable changes fastest.
    pub urls: Vec<ServerUrl>,
    /// Whether there are more.
    pub capped: bool,
}

/// How many URLs of one server are looked at.
pub const MOST_URLS: usize = 64;

/// How many bytes they may have together.
const MOST_BYTES: usize = 1 << 20;

/// The URLs of a template over `enum` and `default` of its variables. Variables
/// in the path tell nothing about scheme and host: they have one value each.
pub fn expand(template: &str, variables: &[Variable<'_>]) -> Expansion {
    let by_name: HashMap<&str, usize> = variables.iter().enumerate().map(|(index, v)| (v.name, index)).collect();
    let path = path_start(template);
    let mut tokens = Vec::new();
    // What varies: the variable and its values.
    let mut wheels: Vec<(usize, Vec<(Pick, &str)>)> = Vec::new();
    let mut at = 0;
    while let Some(open) = template[at..].find('{').map(|open| at + open) {
        let Some(close) = template[open..].find('}').map(|close| open + close) else { break };
        tokens.push(Token::Text(&template[at..open]));
        let variable = by_name.get(&template[open + 1..close]).copied();
        let values = variable.map(|index| choices(index, &variables[index], open >= path)).unwrap_or_default();
        match variable {
            Some(variable) if !values.is_empty() => {
                let wheel = wheels.iter().position(|(known, _)| *known == variable).unwrap_or_else(|| {
                    wheels.push((variable, values));
                    wheels.len() - 1
                });
                tokens.push(Token::Wheel(wheel));
            }
            _ => tokens.push(Token::Text(&template[open..=close])),
        }
        at = close + 1;
    }
    tokens.push(Token::Text(&template[at..]));

    let mut expansion = Expansion::default();
    let mut position = vec![0; wheels.len()];
    let mut bytes = 0;
    loop {
        let url = fill(&tokens, &wheels, &position);
        bytes += url.text.len();
        expansion.urls.push(url);
        let mut carry = 0;
        while carry < wheels.len() {
            position[carry] += 1;
            if position[carry] < wheels[carry].1.len() {
                break;
            }
            position[carry] = 0;
            carry += 1;
        }
        if carry == wheels.len() {
            return expansion;
        }
        if expansion.urls.len() == MOST_URLS || bytes > MOST_BYTES {
            expansion.capped = true;
            return expansion;
        }
    }
}

enum Token<'a> {
    Text(&'a str),
    Wheel(usize),
}

/// The distinct values of a variable; of one in the path the default, else the first.
fn choices<'a>(variable: usize, of: &Variable<'a>, in_path: bool) -> Vec<(Pick, &'a str)> {
    if in_path && let Some(default) = of.default {
        return vec![(Pick { variable, value: None }, default)];
    }
    let mut seen = HashSet::new();
    let listed = of.values.iter().enumerate().map(|(index, value)| (Pick { variable, value: Some(index) }, *value));
    let default = of.default.map(|value| (Pick { variable, value: None }, value));
    let most = if in_path { 1 } else { usize::MAX };
    listed.chain(default).filter(|(_, value)| seen.insert(*value)).take(most).collect()
}

/// Where the path of a template begins, in bytes.
fn path_start(template: &str) -> usize {
    let authority = template.find("://").map_or(0, |at| at + 3);
    let authority = if authority == 0 && template.starts_with("//") { 2 } else { authority };
    find_outside(&template[authority..], |c| matches!(c, '/' | '?' | '#')).map_or(template.len(), |at| authority + at)
}

fn fill(tokens: &[Token<'_>], wheels: &[(usize, Vec<(Pick, &str)>)], position: &[usize]) -> ServerUrl {
    let mut text = String::new();
    let mut picks = Vec::new();
    for token in tokens {
        match token {
            Token::Text(part) => text.push_str(part),
            Token::Wheel(wheel) => {
                let (pick, value) = wheels[*wheel].1[position[*wheel]];
                picks.push((text.len(), pick));
                text.push_str(value);
            }
        }
    }
    let parts = parse(&text);
    let scheme_from = parts
        .scheme
        .and_then(|_| picks.iter().rev().find(|(start, _)| *start <= parts.scheme_end).map(|(_, pick)| *pick));
    ServerUrl { text, parts, scheme_from }
}

#[cfg(test)]
mod tests;
