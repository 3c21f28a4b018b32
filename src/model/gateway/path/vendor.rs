//! Path patterns as vendors write them. What has no constructor here is one of the plain ones:
//!
//! | written as | read as |
//! |---|---|
//! | Envoy `path`, Istio `exact`, Traefik v3 `Path` | `exact` |
//! | Envoy `prefix`, Istio `prefix`, Traefik v3 `PathPrefix` | `raw_prefix` |
//! | Envoy `path_separated_prefix` | `segment_prefix` |
//! | Envoy `safe_regex`, Istio `regex` | `regex(.., Re2, Full)` |
//! | Traefik `PathRegexp` | `regex(.., Re2, Search)` |

use super::{Anchoring, Flavour, Language, PathPattern, Segment, Template, TextRegex};

impl PathPattern {
    /// Kong since 3.0: `~` makes an expression, anchored by a `^` in front of it; else characters are compared.
    ///
    /// Source: `path_val_transform` in <https://github.com/Kong/kong/blob/master/kong/router/transform.lua>.
    pub fn kong(path: &str) -> Self {
        match path.strip_prefix('~') {
            Some(source) => Self::regex(source, Flavour::Pcre, Anchoring::Start),
            None => Self::raw_prefix(path),
        }
    }

    /// Kong before 3.0, where unusual characters make an expression.
    ///
    /// Source: "Upgrading from 2.x to 3.0", <https://developer.konghq.com/gateway/breaking-changes/>.
    pub fn kong_before_3(path: &str) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "./-_~%".contains(c);
        if path.starts_with('~') || path.chars().all(is_plain) {
            Self::kong(path)
        } else {
            Self::regex(path, Flavour::Pcre, Anchoring::Start)
        }
    }

    /// The pattern of an nginx `location`; none for named ones, and for modifiers that nginx does not know.
    ///
    /// Source: <https://nginx.org/en/docs/http/ngx_http_core_module.html#location>.
    pub fn nginx(modifier: &str, path: &str) -> Option<Self> {
        match modifier {
            "=" => Some(Self::exact(path)),
            "" if path.starts_with('@') => None,
            "" | "^~" => Some(Self::raw_prefix(path)),
            "~" => Some(Self::regex(path, Flavour::Pcre, Anchoring::Search)),
            "~*" => Some(Self::regex(path, Flavour::Pcre, Anchoring::Search).ignoring_case()),
            _ => None,
        }
    }

    /// An Ingress path of type `Exact` or `Prefix`; none for other types, which each controller reads in its way.
    ///
    /// Source: <https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types>.
    pub fn ingress(path_type: &str, path: &str) -> Option<Self> {
        match path_type {
            "Exact" => Some(Self::exact(path)),
            "Prefix" => Some(Self::segment_prefix(path)),
            _ => None,
        }
    }

    /// A path of ingress-nginx in regex mode: `location ~* "^<path>"`.
    ///
    /// Source: <https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/>.
    pub fn ingress_nginx_regex(path: &str) -> Self {
        Self::regex(path, Flavour::Pcre, Anchoring::Start).ignoring_case()
    }

    /// A path match of Gateway API. `regex` says how the implementation applies expressions, if it is known.
    ///
    /// Source: `HTTPPathMatch` in <https://gateway-api.sigs.k8s.io/reference/spec/>.
    pub fn gateway_api(kind: &str, value: &str, regex: Option<(Flavour, Anchoring)>) -> Self {
        match (kind, regex) {
            ("Exact", _) => Self::exact(value),
            ("PathPrefix", _) => Self::segment_prefix(value),
            ("RegularExpression", Some((flavour, anchoring))) => Self::regex(value, flavour, anchoring),
            _ => Self::opaque(value),
        }
    }

    /// A path of AWS API Gateway: `{id}` is one segment, `{proxy+}` all that follow, but not none.
    ///
    /// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html>.
    pub fn aws(path: &str) -> Self {
        if path == "$default" { Self::any() } else { Self::braces(path) }
    }

    /// A path of a KrakenD endpoint: `{id}` is one segment, a `*` at the end all that follow.
    ///
    /// Source: <https://www.krakend.io/docs/endpoints/>, <https://www.krakend.io/docs/enterprise/endpoints/wildcard/>.
    pub fn krakend(path: &str) -> Self {
        match path {
            "/__catchall" => Self::any(),
            _ => match path.strip_suffix("/*") {
                Some(start) => Self::braces(&format!("{start}/{{**}}")),
                None => Self::braces(path),
            },
        }
    }

    /// A path of an Istio AuthorizationPolicy: `/a*`, `*/b`, `*`, and the segments `{*}` and `{**}`.
    ///
    /// Source: `Operation.paths` in <https://istio.io/latest/docs/reference/config/security/authorization-policy/>.
    pub fn istio_policy(path: &str) -> Self {
        if path.contains("{*}") || path.contains("{**}") {
            Self::braces(path)
        } else if path == "*" {
            Self::any()
        } else if let Some(start) = path.strip_suffix('*') {
            Self::raw_prefix(start)
        } else if let Some(end) = path.strip_prefix('*') {
            Self::regex(format!(".*{}", regex_syntax::escape(end)), Flavour::Re2, Anchoring::Full)
        } else {
            Self::exact(path)
        }
    }

    /// A `Path` or `PathPrefix` of Traefik v2, where `{name}` and `{name:expression}` may stand in the text.
    ///
    /// Source: <https://doc.traefik.io/traefik/v2.11/routing/routers/#rule>.
    pub fn traefik_v2(path: &str, is_prefix: bool) -> Self {
        if !path.contains('{') {
            return if is_prefix { Self::raw_prefix(path) } else { Self::exact(path) };
        }
        let mut source = String::from("^(?:");
        let mut left = path;
        while let Some((text, behind)) = left.split_once('{') {
            let Some(end) = closing_brace(behind) else { return Self::opaque(path) };
            let expression = behind[..end].split_once(':').map_or("[^/]+", |(_, expression)| expression);
            source.push_str(&regex_syntax::escape(text));
            source.push_str(&format!("(?:{expression})"));
            left = &behind[end + 1..];
        }
        source.push_str(&regex_syntax::escape(left));
        source.push_str(if is_prefix { ")" } else { ")$" });
        Self::regex(source, Flavour::Re2, Anchoring::Search)
    }

    /// Segments with braces: `{id}`, `{id=*}`, `{*}` and `*` are one segment; `{path+}` the rest of the
    /// path but not nothing; `{path=**}`, `{**}` and `**` the rest or nothing; `{name}.json` a part of a segment.
    pub fn braces(path: &str) -> Self {
        if !path.contains(['{', '*']) {
            return Self::exact(path);
        }
        let Some(text) = path.strip_prefix('/') else { return Self::opaque(path) };
        let Some(segments) = text.split('/').map(segment).collect::<Option<Vec<Segment>>>() else {
            return Self::opaque(path);
        };
        let rests = segments.iter().filter(|segment| matches!(segment, Segment::Rest { .. })).count();
        let template = Template { segments };
        match (rests, template.has_rest()) {
            (0, _) | (1, true) => Language::Template(template).into(),
            _ => Language::Regex(TextRegex::new(template.expression(), Flavour::Re2, Anchoring::Full, false)).into(),
        }
    }
}

/// A segment as it is written; none if it has a form that is not known.
fn segment(text: &str) -> Option<Segment> {
    let Some((start, behind)) = text.split_once('{') else {
        return Some(match text {
            "*" => Segment::Parameter { name: String::new() },
            "**" => Segment::Rest { name: String::new(), allow_empty: true },
            _ if text.contains('*') => return None,
            _ => Segment::Literal(text.to_owned()),
        });
    };
    let (inner, end) = behind.split_once('}')?;
    if end.contains(['{', '}', '*']) || start.contains(['}', '*']) {
        return None;
    }
    let (name, form) = match inner {
        "*" | "**" => ("", inner),
        _ => match inner.strip_suffix('+') {
            Some(name) => (name, "+"),
            None => inner.split_once('=').unwrap_or((inner, "*")),
        },
    };
    let name = name.to_owned();
    if name.contains(['*', ':', '?']) {
        return None;
    }
    match form {
        "*" if start.is_empty() && end.is_empty() => Some(Segment::Parameter { name }),
        "*" => Some(Segment::Mixed { start: start.to_owned(), end: end.to_owned() }),
        _ if !(start.is_empty() && end.is_empty()) => None,
        "+" => Some(Segment::Rest { name, allow_empty: false }),
        "**" => Some(Segment::Rest { name, allow_empty: true }),
        _ => None,
    }
}

/// Where the brace closes that was opened before the text.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

impl Template {
    /// The template as an expression for the whole path.
    fn expression(&self) -> String {
        let escape = |text: &str| regex_syntax::escape(text);
        self.segments
            .iter()
            .map(|segment| match segment {
                Segment::Literal(text) => format!("/{}", escape(text)),
                Segment::Parameter { .. } => "/[^/]+".to_owned(),
                Segment::Mixed { start, end } => format!("/{}[^/]+{}", escape(start), escape(end)),
                Segment::Rest { allow_empty: true, .. } => "(?:/.*)?".to_owned(),
                Segment::Rest { .. } => "/.+".to_owned(),
            })
            .collect()
    }
}
