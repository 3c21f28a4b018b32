//! Where requests arrive and where they are sent: sockets, TLS, upstreams, administration surfaces. Data only.

use super::cipher::Weak;
use super::host::HostPattern;
use super::stated::{Set, Stated};
use super::tls::TlsVersion;
use crate::span::Place;

/// A socket on which requests arrive.
#[derive(Clone, Debug)]
pub struct Listener {
    /// What people call it: its name, else address and port.
    pub name: String,
    /// The bind, address or listen value.
    pub place: Place,
    /// The address.
    pub bind: Stated<Bind>,
    /// The port.
    pub port: Option<u16>,
    /// What is spoken.
    pub protocol: Stated<Protocol>,
    /// Hosts it answers; empty: all.
    pub hosts: Vec<HostPattern>,
    /// Its TLS settings: index.
    pub tls: Option<u32>,
    /// Whether everything that arrives in plain text is sent to HTTPS.
    pub redirects_to_https: Stated<bool>,
    /// Whether clients outside the own network can reach it.
    pub exposure: Exposure,
    /// Whether it sends `Strict-Transport-Security` on all that it serves.
    pub hsts: Stated<bool>,
    /// Whether it serves files or pages to browsers.
    pub serves_browsers: bool,
}

/// The address of a socket. In the order of `fields::BINDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Bind {
    /// All addresses.
    Any,
    /// The machine itself.
    Loopback,
    /// One address or name that is not loopback.
    Address,
    /// A unix socket or pipe.
    Unix,
}

/// What a listener or upstream speaks. In the order of `fields::PROTOCOLS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Protocol {
    /// HTTP in plain text.
    Http,
    /// HTTP over TLS.
    Https,
    /// HTTP/2 in plain text.
    H2c,
    /// gRPC in plain text.
    Grpc,
    /// gRPC over TLS.
    Grpcs,
    /// TLS that is passed through unopened.
    Passthrough,
    /// FastCGI, uwsgi, SCGI, memcached and the like.
    Application,
    /// Streams of bytes.
    Tcp,
}

impl Protocol {
    /// Whether requests travel in plain text.
    pub const fn is_plaintext(self) -> bool {
        matches!(self, Self::Http | Self::H2c | Self::Grpc)
    }

    /// Whether they travel over TLS.
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Grpcs | Self::Passthrough)
    }
}

/// Who can reach a listener. In the order of `fields::EXPOSED_TO`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Exposure {
    /// Clients of the API.
    #[default]
    Public,
    /// The own machine or network only.
    Internal,
}

/// TLS settings of a listener or of the connection to an upstream.
#[derive(Clone, Debug)]
pub struct Tls {
    /// What names them.
    pub place: Place,
    /// Whose they are.
    pub side: TlsSide,
    /// The lowest version accepted.
    pub min_version: Stated<Set<TlsVersion>>,
    /// The list of cipher suites as written, with the weak classes it admits.
    pub ciphers: Option<(Place, Vec<Weak>)>,
    /// What is asked of the client's certificate.
    pub client_certificate: Stated<Set<ClientCertificate>>,
}

/// Whose TLS settings. In the order of `fields::TLS_SIDES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TlsSide {
    /// Towards clients.
    Client,
    /// Towards an upstream.
    Upstream,
}

/// What a listener asks of the client's certificate. In the order of `fields::CLIENT_CERTIFICATES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ClientCertificate {
    /// It is asked for, and not needed.
    Optional,
    /// It is asked for or needed, and not verified.
    Unverified,
    /// It is needed and verified.
    Required,
    /// It is asked for, and a later check refuses requests without a verified one.
    Checked,
}

/// Where requests are sent.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// What people call it: its name, else its URL.
    pub name: String,
    /// The value that names the target.
    pub place: Place,
    /// Hosts without port, as written.
    pub hosts: Vec<String>,
    /// What is spoken to it.
    pub protocol: Stated<Protocol>,
    /// Whether its certificate is verified, and who says so.
    pub verified: Stated<Set<bool>>,
    /// The part of its host that request data decides, and where.
    pub chosen_by_client: Option<(Place, String)>,
    /// Whether its hosts are resolved by names of the own cluster, whatever they look like.
    pub in_cluster: bool,
    /// TLS settings: index.
    pub tls: Option<u32>,
}

impl Upstream {
    /// An upstream of which nothing but its hosts is known.
    pub fn new(name: impl Into<String>, place: Place) -> Self {
        Self {
            name: name.into(),
            place,
            hosts: Vec::new(),
            protocol: Stated::Absent,
            verified: Stated::Absent,
            chosen_by_client: None,
            in_cluster: false,
            tls: None,
        }
    }
}

/// An administration, status, metrics or debug surface.
#[derive(Clone, Debug)]
pub struct Admin {
    /// What it is: `Admin API`, `dashboard`, `stub_status`.
    pub name: String,
    /// The bind, address or listen value, or the route that leads to it.
    pub place: Place,
    /// What can be done with it.
    pub power: Power,
    /// The address it is bound to; `Absent` if only routes lead to it.
    pub bind: Stated<Bind>,
    /// The route that leads to it: index.
    pub route: Option<u32>,
    /// Whether callers need a credential, a certificate or an address of a list.
    pub protected: Stated<bool>,
    /// Whether its port is published outside the container; `Absent` where no container is in view.
    pub published: Stated<bool>,
}

/// What can be done with an administration surface. In the order of `fields::POWERS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Power {
    /// Whether the gateway lives.
    Ping,
    /// State can be read.
    Read,
    /// The configuration can be changed.
    Change,
}
