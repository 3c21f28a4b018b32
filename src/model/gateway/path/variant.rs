//! Other spellings of a path that some servers read as the same path, and gateways as another.

/// What makes a spelling differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trick {
    /// A slash at the end: `/admin/`.
    TrailingSlash,
    /// A slash twice: `//admin`. A gateway that merges slashes takes it back.
    DoubleSlash,
    /// A slash as `%2F`. A gateway that decodes or refuses escaped slashes takes it back.
    EscapedSlash,
    /// A segment `.`: `/./admin`. A gateway that normalises paths takes it back.
    Dot,
    /// A segment `..`: `/x/../admin`. A gateway that normalises paths takes it back.
    DotDot,
    /// A parameter of the path: `/admin;x`, which Java servers leave out.
    Semicolon,
    /// Letters of another case: `/ADMIN`.
    Case,
}

impl Trick {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::TrailingSlash,
        Self::DoubleSlash,
        Self::EscapedSlash,
        Self::Dot,
        Self::DotDot,
        Self::Semicolon,
        Self::Case,
    ];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TrailingSlash => "a slash at the end",
            Self::DoubleSlash => "a doubled slash",
            Self::EscapedSlash => "an escaped slash",
            Self::Dot => "a dot segment",
            Self::DotDot => "a parent segment",
            Self::Semicolon => "a path parameter",
            Self::Case => "letters of another case",
        }
    }

    /// The path in that spelling; none if it has no such spelling.
    pub fn apply(self, path: &str) -> Option<String> {
        let rest = path.strip_prefix('/').filter(|rest| !rest.is_empty())?;
        let spelled = match self {
            Self::TrailingSlash => match path.strip_suffix('/') {
                Some(bare) => bare.to_owned(),
                None => format!("{path}/"),
            },
            Self::DoubleSlash => format!("//{rest}"),
            Self::EscapedSlash => {
                let (before, after) =
                    path.rsplit_once('/').filter(|(before, after)| !before.is_empty() && !after.is_empty())?;
                format!("{before}%2F{after}")
            }
            Self::Dot => format!("/./{rest}"),
            Self::DotDot => format!("/x/..{path}"),
            Self::Semicolon => format!("{};x", path.trim_end_matches('/')),
            Self::Case => path.to_ascii_uppercase(),
        };
        (spelled != path).then_some(spelled)
    }
}

/// A path in another spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The spelling.
    pub path: String,
    /// How it differs.
    pub trick: Trick,
}

/// The other spellings of a path.
pub fn variants(path: &str) -> impl Iterator<Item = Variant> {
    Trick::ALL.into_iter().filter_map(move |trick| Some(Variant { path: trick.apply(path)?, trick }))
}
