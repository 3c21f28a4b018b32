//! Directives of configurations that are lists of directives in blocks: what stands in each, and what follows from
//! where it stands. Data only.

use crate::span::Place;

/// A directive that matters for security.
#[derive(Clone, Debug, PartialEq)]
pub struct Directive {
    /// Its name.
    pub name: String,
    /// Its arguments as a person would write them.
    pub value: String,
    /// Where it stands.
    pub place: Place,
    /// The block it stands in.
    pub block: DirectiveBlock,
    /// The location round it, or that it opens: how it matches, and its path.
    pub location: Option<(LocationMatch, String)>,
    /// Whether it is the first of its name in its block.
    pub first: bool,
    /// The names of the directives of its own block, each once.
    pub inside: Vec<String>,
    /// The names of the directives beside it, each once.
    pub beside: Vec<String>,
    /// The first directive beside it that restricts who may call.
    pub restricts_beside: Option<Place>,
    /// The variable in it that can hold a line break.
    pub line_break: Option<(Place, String)>,
    /// What an outer level sets with directives of its group, and is lost here.
    pub dropped: Vec<(String, Place)>,
    /// Headers that an outer level sets to nothing, and that pass here.
    pub dropped_resets: Vec<(String, Place)>,
    /// Whether a limit that is lost here is stricter than all that stand here.
    pub dropped_stricter: bool,
    /// What its result decides: bits in the order of `fields::DECISIONS`.
    pub decides: u32,
    /// An origin or referer of somebody else that an expression in it admits, and the expression.
    pub foreign: Option<(Place, String)>,
    /// An expression in it that can be made to backtrack for long, and whether the work doubles with each character.
    pub slow: Option<(Place, bool)>,
    /// The number of entries of a table, without its default.
    pub entries: Option<u32>,
    /// Whether a table has a default.
    pub has_default: bool,
    /// An address in it that belongs to the public network.
    pub public_address: Option<(Place, String)>,
    /// Whether a name that is only known when a request comes is resolved below it.
    pub resolves_late: bool,
    /// Whether an upstream URL in it has a path.
    pub has_path: bool,
    /// Whether other locations of its server restrict who may call, and lead to the same upstream or to none.
    pub others_restricted: bool,
    /// Whether files whose names begin with a dot can be asked for below it.
    pub hidden_files: bool,
    /// Whether other locations ask the one that it opens for a decision on each request.
    pub is_asked: bool,
    /// How many servers share its socket.
    pub socket_servers: u32,
    /// Whether one of the servers of its socket is marked as the default.
    pub socket_default: bool,
    /// Whether a server of its socket refuses requests that belong to another one (status 421).
    pub refuses_misdirected: bool,
    /// Whether it uses captures without a name (`$1`).
    pub captures: bool,
    /// Whether its text has a `?` where an address is put together.
    pub has_query: bool,
    /// Whether it sends clients elsewhere.
    pub redirects: bool,
    /// A later directive of its block that uses captures without a name.
    pub captures_later: Option<Place>,
    /// The variable of a table with expressions that stands behind such a capture.
    pub capture_before_table: Option<(Place, String)>,
    /// The directive by which requests are repeated in part or in the background on its level.
    pub repeated_by: Option<Place>,
}

impl Directive {
    /// A directive of which nothing but its text is known.
    pub fn new(name: impl Into<String>, value: impl Into<String>, place: Place, block: DirectiveBlock) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            place,
            block,
            location: None,
            first: false,
            inside: Vec::new(),
            beside: Vec::new(),
            restricts_beside: None,
            line_break: None,
            dropped: Vec::new(),
            dropped_resets: Vec::new(),
            dropped_stricter: false,
            decides: 0,
            foreign: None,
            slow: None,
            entries: None,
            has_default: false,
            public_address: None,
            resolves_late: false,
            has_path: false,
            others_restricted: false,
            hidden_files: false,
            is_asked: false,
            socket_servers: 0,
            socket_default: false,
            refuses_misdirected: false,
            captures: false,
            has_query: false,
            redirects: false,
            captures_later: None,
            capture_before_table: None,
            repeated_by: None,
        }
    }
}

/// The block that a directive stands in. In the order of `fields::DIRECTIVE_BLOCKS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DirectiveBlock {
    /// The file.
    Main,
    /// `http`.
    Http,
    /// `server`.
    Server,
    /// `location`.
    Location,
    /// `if`.
    If,
    /// Another block, or one that is out of view.
    Other,
}

/// How a location matches. In the order of `fields::LOCATION_MATCHES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum LocationMatch {
    /// One path.
    Exact,
    /// Paths that begin so.
    Prefix,
    /// Paths that begin so, and no expression is tried.
    FinalPrefix,
    /// An expression.
    Regex,
    /// By name, from other locations.
    Named,
}
