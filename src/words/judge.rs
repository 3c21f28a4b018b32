//! What names mean: credentials, auth endpoints, admin paths, placeholders (E6, E8
//! and the terms of the catalogue). Knows names only, no document.

use super::{ListId, WordLists, Words};

/// How surely a name is that of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Credential {
    /// A word or phrase that means nothing else (`password`, `access_token`).
    Strong,
    /// The head `token` alone.
    Bare,
    /// The head `token` after some other word (`device_token`).
    Weak,
}

/// Groups of auth endpoints, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthGroups(pub u32);

impl AuthGroups {
    /// Takes credentials.
    pub const LOGIN: Self = Self(1);
    /// Deals with tokens.
    pub const TOKEN: Self = Self(1 << 1);
    /// Issues tokens.
    pub const TOKEN_ISSUE: Self = Self(1 << 2);
    /// Makes an account.
    pub const ENROL: Self = Self(1 << 3);
    /// Gives an account back, or invites to one.
    pub const RECOVER: Self = Self(1 << 4);
    /// Sends or takes one-time codes.
    pub const ONE_TIME: Self = Self(1 << 5);
    /// Ends a session.
    pub const END: Self = Self(1 << 6);

    /// Whether it is in no group.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it is in (all of) that group.
    pub const fn contains(self, group: Self) -> bool {
        self.0 & group.0 == group.0
    }

    fn add(&mut self, group: Self) {
        self.0 |= group.0;
    }
}

/// The groups by their lists; those of the second column count only among words
/// about authentication.
const AUTH: [(&str, Option<&str>, AuthGroups); 6] = [
    ("auth-login", None, AuthGroups::LOGIN),
    ("auth-token", Some("auth-token-weak"), AuthGroups::TOKEN),
    ("auth-enrol", Some("auth-enrol-weak"), AuthGroups::ENROL),
    ("auth-recover", Some("auth-recover-weak"), AuthGroups::RECOVER),
    ("auth-one-time", Some("auth-one-time-weak"), AuthGroups::ONE_TIME),
    ("auth-end", None, AuthGroups::END),
];

/// Bits of the lists that are used here.
#[derive(Debug, Default)]
pub(super) struct Known {
    credential: u128,
    credential_parameter: u128,
    token_not_credential: u128,
    placeholder: u128,
    admin: u128,
    admin_first: u128,
    admin_word: u128,
    strong: [u128; 6],
    weak: [u128; 6],
    anywhere: u128,
    issue: u128,
    no_issue: u128,
    context: u128,
}

impl Known {
    pub(super) fn find(lists: &WordLists) -> Self {
        let bit = |name: &str| lists.id(name).map_or(0, ListId::bit);
        Self {
            credential: bit("credential"),
            credential_parameter: bit("credential-parameter"),
            token_not_credential: bit("token-not-credential"),
            placeholder: bit("placeholder"),
            admin: bit("admin"),
            admin_first: bit("admin-first"),
            admin_word: bit("admin-word"),
            strong: AUTH.map(|(strong, ..)| bit(strong)),
            weak: AUTH.map(|(_, weak, _)| weak.map_or(0, bit)),
            anywhere: bit("auth-anywhere"),
            issue: bit("auth-issue"),
            no_issue: bit("auth-no-issue"),
            context: bit("auth-context"),
        }
    }
}

impl WordLists {
    /// Whether a name is that of a credential (_credential name_ of the catalogue).
    /// `authorization` is one only for parameters.
    pub fn credential(&self, name: &str, in_parameter: bool) -> Option<Credential> {
        let words = Words::of(name);
        let head = self.hits_of(&words).head;
        let strong = self.known.credential | if in_parameter { self.known.credential_parameter } else { 0 };
        if head & strong != 0 {
            return Some(Credential::Strong);
        }
        let last = words.ends.len().checked_sub(1)?;
        if words.word(last) != "token" {
            return None;
        }
        match words.before(last) {
            None | Some("x") => Some(Credential::Bare),
            Some(word) if self.word_lists(word) & self.known.token_not_credential != 0 => None,
            Some(_) => Some(Credential::Weak),
        }
    }

    /// The lists that hold a word in lower case and in the singular.
    fn word_lists(&self, word: &str) -> u128 {
        self.entries.get(word).map_or(0, |entry| entry.lists)
    }

    /// The segment that makes a path an _admin path_: of the base path (of server URL or
    /// `basePath`) or of the path itself, parameters as `{name}`.
    pub fn admin_segment<'s>(&self, base: &[&'s str], path: &[&'s str]) -> Option<&'s str> {
        let known = &self.known;
        let whole = |segment: &str, lists: u128| is_static(segment) && self.hits(segment).whole & lists != 0;
        let named = |segment: &str| {
            let hits = self.hits(segment);
            is_static(segment) && (hits.whole & known.admin != 0 || hits.any & known.admin_word != 0)
        };
        let first = path.iter().find(|segment| !is_version(segment));
        base.iter()
            .find(|segment| whole(segment, known.admin))
            .or_else(|| path.iter().find(|segment| named(segment)))
            .or_else(|| first.filter(|segment| whole(segment, known.admin_first)))
            .copied()
    }

    /// The groups of auth endpoints an operation belongs to (E8). `path_segments`
    /// without the base path, parameters as `{name}`; `tags` are those of the operation.
    pub fn auth_groups(&self, path_segments: &[&str], operation_id: Option<&str>, tags: &[&str]) -> AuthGroups {
        let mut groups = AuthGroups::default();
        self.groups_of_path(path_segments, &mut groups);
        if let Some(id) = operation_id {
            let words = Words::of(id);
            for start in self.starts(&words, tags) {
                self.groups_of_operation_id(&words, start, &mut groups);
            }
        }
        groups
    }

    fn groups_of_path(&self, segments: &[&str], groups: &mut AuthGroups) {
        let known = &self.known;
        let anywhere =
            segments.iter().any(|segment| is_static(segment) && self.hits(segment).whole & known.anywhere != 0);
        if anywhere {
            groups.add(AuthGroups::TOKEN);
        }
        let Some(last) = segments.iter().rposition(|segment| is_static(segment)) else { return };
        let words = Words::of(segments[last]);
        let hits = self.hits(segments[last]);
        let before = &segments[..last];
        let weak_counts = before.iter().all(|segment| self.about_authentication(segment));
        // `/verify` alone verifies anything, `/phone/verify` a phone.
        let followed = self.before_context(&words, 0);
        let in_context = followed != 0 || before.iter().any(|segment| !is_neutral(segment));
        let weak = |lists: u128, group| {
            let counts = weak_counts && (group != AuthGroups::ONE_TIME || in_context);
            if counts { lists } else { 0 }
        };
        let mut lists = hits.whole;
        lists |= followed;
        if last > 0 && is_static(segments[last - 1]) {
            lists |= self.hits(&format!("{}-{}", segments[last - 1], segments[last])).whole;
        }
        for (index, (.., group)) in AUTH.into_iter().enumerate() {
            if lists & (known.strong[index] | weak(known.weak[index], group)) != 0 {
                groups.add(group);
            }
        }
        let issues = hits.whole & known.issue != 0 || anywhere && hits.head & known.issue != 0;
        if groups.contains(AuthGroups::TOKEN) && issues && hits.any & known.no_issue == 0 {
            groups.add(AuthGroups::TOKEN_ISSUE);
        }
    }

    /// Whether a segment before a weak word lets it count.
    fn about_authentication(&self, segment: &str) -> bool {
        if is_neutral(segment) {
            return true;
        }
        let words = Words::of(segment);
        let context = |index| self.word_lists(words.word(index)) & self.known.context != 0;
        is_static(segment)
            && (self.hits_of(&words).whole & self.known.context != 0 || (0..words.ends.len()).all(context))
    }

    /// The lists that hold the words from `start` on which are followed by a word about authentication.
    fn before_context(&self, words: &Words, start: usize) -> u128 {
        let mut lists = 0;
        for end in start + 1..words.ends.len().min(start + super::SPAN) {
            if self.word_lists(words.word(end)) & self.known.context != 0 {
                lists |= self.span_lists(words, start, end);
            }
        }
        lists
    }

    fn span_lists(&self, words: &Words, start: usize, end: usize) -> u128 {
        self.at(words, start, end)
            .map_or(0, |entry| entry.lists & if end - start > 1 { !entry.short } else { u128::MAX })
    }

    /// Where the words proper of an operationId may begin: at its first word, after
    /// a tag, and after a controller name.
    fn starts(&self, words: &Words, tags: &[&str]) -> impl Iterator<Item = usize> {
        let count = words.ends.len();
        let tag = tags.iter().filter_map(|tag| {
            let tag = Words::of(tag);
            // A tag may be cut into other words than the operationId.
            words.text.strip_prefix(&tag.text).filter(|_| !tag.text.is_empty())?;
            words.ends.iter().position(|end| *end == tag.text.len())
        });
        let tag = tag.max().map(|index| index + 1);
        let controller = (0..count).find(|index| words.word(*index) == "controller").map(|index| index + 1);
        [Some(0), tag, controller.filter(|start| Some(*start) != tag)]
            .into_iter()
            .flatten()
            .filter(move |start| *start < count)
    }

    fn groups_of_operation_id(&self, words: &Words, start: usize, groups: &mut AuthGroups) {
        let known = &self.known;
        let count = words.ends.len();
        let mut lists = 0;
        for end in start + 1..=count.min(start + super::SPAN) {
            lists |= self.span_lists(words, start, end);
        }
        let weak = self.before_context(words, start);
        for (index, (.., group)) in AUTH.into_iter().enumerate() {
            if lists & known.strong[index] != 0 || weak & known.weak[index] != 0 {
                groups.add(group);
            }
        }
        // `oauthToken` issues tokens, `oauth2PermissionGrants` lists something.
        let alone_or_next = (start + 1..=count.min(start + super::SPAN)).any(|end| {
            let next = if end == count { known.issue } else { self.word_lists(words.word(end)) };
            self.span_lists(words, start, end) & known.issue != 0 && next & (known.issue | known.context) != 0
        });
        let rest = (start..count).fold(0, |all, index| all | self.word_lists(words.word(index)));
        if groups.contains(AuthGroups::TOKEN) && alone_or_next && rest & known.no_issue == 0 {
            groups.add(AuthGroups::TOKEN_ISSUE);
        }
    }

    /// Whether a value only stands for another one (_placeholder_): its first word
    /// is in `placeholder`, it is a template, or it is masked. A leading `Bearer` or
    /// `Basic` does not count. An empty value is a placeholder.
    pub fn placeholder(&self, value: &str) -> bool {
        let value = value.trim();
        let value = ["bearer ", "basic ", "token "]
            .iter()
            .find(|scheme| value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
            .map_or(value, |scheme| value[scheme.len()..].trim_start());
        let template = [("<", ">"), ("{", "}"), ("${", "}")];
        if value.is_empty()
            || template.iter().any(|(open, close)| value.starts_with(open) && value.ends_with(close))
            || value.contains("***")
            || value.chars().all(|c| matches!(c, '*' | '•'))
        {
            return true;
        }
        if self.exact_hits(value) & self.known.placeholder != 0 {
            return true;
        }
        // Long values are judged by their beginning: the first words are enough.
        let beginning = value.char_indices().nth(64).map_or(value, |(end, _)| &value[..end]);
        let words = Words::of(beginning);
        (1..=words.ends.len().min(super::SPAN)).any(|end| self.span_lists(&words, 0, end) & self.known.placeholder != 0)
            || words.ends.first().is_some_and(|_| self.exact_hits(words.word(0)) & self.known.placeholder != 0)
    }
}

fn is_static(segment: &str) -> bool {
    !segment.contains('{')
}

/// `v1`, `v2beta1`, `1.0`, `2024-01-01`; also a version that is a parameter (`v{version}`).
/// Whether a path segment, a version or `api`, says nothing of what follows it.
pub fn is_neutral(segment: &str) -> bool {
    is_version(segment) || segment.is_empty() || segment.eq_ignore_ascii_case("api")
}

fn is_version(segment: &str) -> bool {
    let Some(open) = segment.find('{') else {
        let digits = segment.strip_prefix(['v', 'V']).unwrap_or(segment);
        return digits.starts_with(|c: char| c.is_ascii_digit())
            && (digits.len() < segment.len() || digits.bytes().all(|b| b.is_ascii_digit() || b".-_".contains(&b)));
    };
    let words = Words::of(&segment[open..]);
    segment.ends_with('}') && words.ends.len().checked_sub(1).is_some_and(|last| words.word(last) == "version")
}
