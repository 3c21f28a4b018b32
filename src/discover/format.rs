//! The gateway formats there are, and sets of them. Knows their names, not what
//! they look like.

use std::fmt;

/// A language that gateways are configured in. Policies of Envoy Gateway belong
/// to the Gateway API, custom resources of a gateway to that gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Kong: decK and db-less files, `kong.conf`, `KONG_*` variables, `KongPlugin` and its like.
    Kong,
    /// nginx, also where a `ConfigMap` holds its configuration.
    Nginx,
    /// `Ingress` of Kubernetes, whatever controller reads it.
    Ingress,
    /// The Gateway API of Kubernetes, with the policies of Envoy Gateway.
    GatewayApi,
    /// Istio: `Gateway`, `VirtualService`, and its security policies.
    Istio,
    /// Envoy: bootstrap files and lists of resources.
    Envoy,
    /// Traefik: static and dynamic files, labels, arguments and custom resources.
    Traefik,
    /// API Gateway of AWS: extensions of OpenAPI, CloudFormation and SAM.
    Aws,
    /// KrakenD.
    Krakend,
}

impl Format {
    /// All formats, in the order of the documentation.
    pub const ALL: [Format; 9] = [
        Self::Kong,
        Self::Nginx,
        Self::Ingress,
        Self::GatewayApi,
        Self::Istio,
        Self::Envoy,
        Self::Traefik,
        Self::Aws,
        Self::Krakend,
    ];

    /// The stable kebab-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kong => "kong",
            Self::Nginx => "nginx",
            Self::Ingress => "ingress",
            Self::GatewayApi => "gateway-api",
            Self::Istio => "istio",
            Self::Envoy => "envoy",
            Self::Traefik => "traefik",
            Self::Aws => "aws",
            Self::Krakend => "krakend",
        }
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Kong => "Kong",
            Self::Nginx => "nginx",
            Self::Ingress => "Kubernetes Ingress",
            Self::GatewayApi => "Gateway API",
            Self::Istio => "Istio",
            Self::Envoy => "Envoy",
            Self::Traefik => "Traefik",
            Self::Aws => "AWS API Gateway",
            Self::Krakend => "KrakenD",
        }
    }

    /// Whether its documents are objects of Kubernetes only, which are judged with all others of a run.
    pub const fn is_kubernetes(self) -> bool {
        matches!(self, Self::Ingress | Self::GatewayApi | Self::Istio)
    }

    /// The format of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of formats: one file may be several.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Formats(u16);

impl Formats {
    /// No format.
    pub const NONE: Self = Self(0);

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether `format` is among them.
    pub const fn contains(self, format: Format) -> bool {
        self.0 & format.bit() != 0
    }

    /// Takes in `format`.
    pub const fn insert(&mut self, format: Format) {
        self.0 |= format.bit();
    }

    /// These and `others`.
    #[must_use]
    pub const fn union(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// The formats, in the order of [`Format::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Format> {
        Format::ALL.into_iter().filter(move |&format| self.contains(format))
    }
}

impl From<Format> for Formats {
    fn from(format: Format) -> Self {
        Self(format.bit())
    }
}

impl FromIterator<Format> for Formats {
    fn from_iter<I: IntoIterator<Item = Format>>(formats: I) -> Self {
        formats.into_iter().fold(Self::NONE, |set, format| set.union(format.into()))
    }
}

impl fmt::Debug for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_lists_it_in_order() {
        let set: Formats = [Format::Aws, Format::Kong, Format::Aws].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Format::Kong, Format::Aws]);
        assert!(set.contains(Format::Aws) && !set.contains(Format::Nginx) && set.len() == 2);
        assert!(Formats::NONE.is_empty() && !set.is_empty());
    }

    #[test]
    fn every_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.as_str()), Some(format));
        }
        assert_eq!(Format::parse("Kong"), None);
    }
}
