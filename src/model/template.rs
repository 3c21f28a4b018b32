//! The variables in a server URL: which are not defined, and which of them, without an
//! `enum`, leave it open whose host it is. Pure functions on text; knows no document.

use super::net::{self, Variable};

/// How much of a host a free variable is, in the order of `fields::COVERS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Covers {
    /// All of it, or a part of the registrable domain: it may be anybody's.
    Domain,
    /// Only labels left of a registrable domain that is fixed.
    Subdomain,
}

/// A variable without `enum` in the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// The variable, by its index.
    pub variable: usize,
    /// How much of the host it is.
    pub covers: Covers,
}

/// The names between braces.
pub fn names(template: &str) -> Vec<&str> {
    tokens(template).map(|(open, close)| &template[open + 1..close]).collect()
}

/// The variable without `enum` that leaves most of the host open, the first of equals.
pub fn free(template: &str, variables: &[Variable<'_>]) -> Option<Free> {
    // Names are replaced by numbers: hosts are compared in lower case.
    let mut text = String::with_capacity(template.len());
    let mut end = 0;
    for (open, close) in tokens(template) {
        let variable = variables.iter().position(|variable| variable.name == &template[open + 1..close]);
        text.push_str(&template[end..open]);
        match variable.map(|index| (index, variables[index].values.first())) {
            Some((_, Some(value))) => text.push_str(value),
            Some((index, None)) => text.push_str(&format!("{{{index}}}")),
            None => text.push_str("{}"),
        }
        end = close + 1;
    }
    text.push_str(&template[end..]);
    // `{basePath}/orders` with the default `/api` is a relative URL.
    let relative = |at: usize| at == 0 && !text.contains("//") && !has_host(template, variables);
    let host = net::parse(&text).host?;
    let free = tokens(&host).filter(|_| !relative(text.find('{').unwrap_or(0))).filter_map(|(open, close)| {
        let variable = host[open + 1..close].parse().ok()?;
        Some(Free { variable, covers: covers(&host[close + 1..]) })
    });
    free.min_by_key(|free| free.covers)
}

/// Whether the URL has a host if its variables have their defaults.
fn has_host(template: &str, variables: &[Variable<'_>]) -> bool {
    net::expand(template, variables).urls.iter().any(|url| url.parts.host.is_some())
}

/// What a variable is of a host that goes on with `rest`.
fn covers(rest: &str) -> Covers {
    let open = rest.contains('{');
    let fixed = rest.split_once('.').and_then(|(_, fixed)| net::registrable_domain(fixed));
    if open || fixed.is_some() { Covers::Subdomain } else { Covers::Domain }
}

/// Where the braces open and close, in bytes.
fn tokens(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let open = at + text[at..].find('{')?;
        let close = open + text[open..].find('}')?;
        at = close + 1;
        Some((open, close))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(template: &str) -> Option<(usize, Covers)> {
        let variable = |name, values: &[&'static str]| Variable { name, default: None, values: values.to_vec() };
        let path = Variable { name: "base", default: Some("/v1"), values: Vec::new() };
        let variables = [variable("Free", &[]), variable("region", &["eu", "us"]), path, variable("other", &[])];
        free(template, &variables).map(|free| (free.variable, free.covers))
    }

    #[test]
    fn a_variable_that_is_the_whole_host_or_part_of_the_domain_leaves_it_open() {
        for template in [
            "https://{Free}/v1",
            "https://{Free}:8443",
            "https://{Free}.com",
            "https://{Free}acme.io",
            "https://api.{Free}.co.uk",
            "{Free}/v1",
            "//{Free}",
        ] {
            assert_eq!(covered(template), Some((0, Covers::Domain)), "{template}");
        }
    }

    #[test]
    fn a_variable_left_of_a_fixed_domain_is_a_subdomain() {
        for template in
            ["https://{Free}.acme.io", "https://{Free}-api.acme.io/{other}", "wss://x-{Free}.{region}.acme.io"]
        {
            assert_eq!(covered(template), Some((0, Covers::Subdomain)), "{template}");
        }
        assert_eq!(covered("https://{Free}.{other}"), Some((3, Covers::Domain)));
    }

    #[test]
    fn port_path_enumerated_and_undefined_variables_leave_the_host_alone() {
        for template in [
            "https://api.acme.io:{Free}",
            "https://api.acme.io/{Free}",
            "https://{region}.acme.io",
            "https://{what}.io",
            "{base}/x",
        ] {
            assert_eq!(covered(template), None, "{template}");
        }
    }

    #[test]
    fn names_stand_between_braces() {
        assert_eq!(names("https://{a}.x.io:{b}/{c"), ["a", "b"]);
        assert!(names("https://x.io/}{").is_empty());
    }
}
