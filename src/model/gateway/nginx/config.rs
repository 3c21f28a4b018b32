//! The directives of a unit with its includes worked in: blocks in blocks, and what holds on a level. Knows how
//! nginx inherits, not what any directive means.
//!
//! Sources: <https://nginx.org/en/docs/ngx_core_module.html#include>,
//! <https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header_inherit>.

use std::collections::HashMap;

use super::super::Node;
use super::include::{self, Found};
use crate::model::Why;
use crate::source::{SourceMap, Syntax};
use crate::span::{FileId, Place};

/// A unit has no more directives than this, each include counted as often as it is worked in.
const MOST_LINES: usize = 400_000;

/// Blocks and includes are followed to this depth.
const DEEPEST: usize = 64;

/// A directive.
#[derive(Debug)]
pub(super) struct Line<'s> {
    /// Its number among all lines.
    pub number: usize,
    /// Its name.
    pub name: &'s str,
    /// Its entry.
    pub node: Node<'s>,
    /// Its arguments.
    pub args: Vec<Node<'s>>,
    /// The block it stands in.
    pub level: usize,
    /// Its own block.
    pub block: Option<usize>,
}

impl<'s> Line<'s> {
    /// An argument.
    pub fn arg(&self, number: usize) -> Option<&'s str> {
        self.args.get(number)?.text()
    }

    /// The first argument, or nothing.
    pub fn value(&self) -> &'s str {
        self.arg(0).unwrap_or_default()
    }

    /// Where it stands: its name.
    pub fn place(&self) -> Place {
        self.node.key_place()
    }

    /// The arguments as texts.
    pub fn texts(&self) -> impl Iterator<Item = &'s str> + use<'s, '_> {
        self.args.iter().filter_map(|arg| arg.text())
    }

    /// The arguments as a person would write them.
    pub fn text(&self) -> String {
        self.texts().collect::<Vec<_>>().join(" ")
    }

    /// The value of an argument `name=value`.
    pub fn option(&self, name: &str) -> Option<&'s str> {
        self.texts().find_map(|text| text.strip_prefix(name)?.strip_prefix('='))
    }
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    Main,
    Http,
    Server,
    Location,
    If,
    LimitExcept,
    Upstream,
    /// `map`, `geo`, `split_clients`, `types`: its entries are no directives.
    Table,
    /// A file whose place is not in view.
    Fragment,
    /// `events`, `stream`, `mail` and others that serve no HTTP.
    Other,
}

impl Context {
    fn of(name: &str, outer: Self) -> Self {
        match name {
            _ if outer == Self::Other => Self::Other,
            "http" => Self::Http,
            "server" if outer != Self::Upstream => Self::Server,
            "location" => Self::Location,
            "if" => Self::If,
            "limit_except" => Self::LimitExcept,
            "upstream" => Self::Upstream,
            "map" | "geo" | "split_clients" | "types" | "charset_map" => Self::Table,
            _ => Self::Other,
        }
    }
}

/// A part of a block that is not in view.
#[derive(Clone, Copy, Debug)]
struct Unseen {
    what: Part,
    why: Why,
    place: Place,
}

/// What may stand in a part that is not in view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Anything.
    Anything,
    /// The level round it: seldom anything about who may call.
    Outer,
    /// Settings of TLS.
    Tls,
}

/// What is asked for, and may stand in a part that is not in view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// Who may call.
    Access,
    /// TLS.
    Tls,
    /// All else.
    Other,
}

/// A block.
#[derive(Debug)]
pub(super) struct Block<'s> {
    /// What it is.
    pub context: Context,
    /// The directive that it belongs to; none of a file.
    pub owner: Option<usize>,
    /// The block round it.
    pub parent: Option<usize>,
    /// Its directives, in order.
    pub lines: Vec<usize>,
    by_name: HashMap<&'s str, Vec<usize>>,
    unseen: Vec<Unseen>,
}

/// The directives of a unit.
#[derive(Debug)]
pub(super) struct Config<'s> {
    pub sources: &'s SourceMap,
    pub lines: Vec<Line<'s>>,
    pub blocks: Vec<Block<'s>>,
    /// Where the configuration begins.
    pub place: Option<Place>,
    /// Includes of which no file is in view.
    pub unresolved: Vec<(Why, Place)>,
}

impl<'s> Config<'s> {
    /// Reads the files of a unit.
    pub fn read(sources: &'s SourceMap, files: &[FileId]) -> Self {
        let mut known: Vec<FileId> = files.iter().copied().filter(|&file| is_nginx(sources, file)).collect();
        let prefix = include::prefix(sources, &known);
        known.sort_unstable();
        let mut reader = Reader {
            config: Self { sources, lines: Vec::new(), blocks: Vec::new(), place: None, unresolved: Vec::new() },
            files: &known,
            prefix,
            stack: Vec::new(),
            found: HashMap::new(),
        };
        let mut fragment = None;
        for file in include::roots(sources, &known) {
            let context = include::context(sources, file);
            // Files such as those of conf.d stand side by side on one level.
            let block = match (context, fragment) {
                (Context::Http, Some(block)) => block,
                _ => reader.config.add_block(context, None, None),
            };
            let first = Node::roots(sources, file).next();
            if let Some(place) = first.map(|root| root.place()) {
                if reader.config.place.is_none() || context == Context::Main {
                    reader.config.place = Some(place);
                }
                let outer = (context != Context::Main).then_some((Part::Outer, Why::Elsewhere));
                let part = (context == Context::Fragment || context == Context::Server)
                    .then_some((Part::Anything, Why::Elsewhere));
                let template = sources.file(file).templated.then_some((Part::Anything, Why::Template));
                let broken = !sources.file(file).problems.is_empty();
                let broken = (broken && template.is_none()).then_some((Part::Outer, Why::Unread));
                let unseen = template.or(part).or(outer).or(broken);
                let unseen = unseen.map(|(what, why)| Unseen { what, why, place });
                reader.config.blocks[block].unseen.extend(unseen);
            }
            if context == Context::Http {
                fragment = Some(block);
            }
            reader.file(file, block, 0);
        }
        reader.config
    }

    fn add_block(&mut self, context: Context, owner: Option<usize>, parent: Option<usize>) -> usize {
        let (lines, by_name, unseen) = (Vec::new(), HashMap::new(), Vec::new());
        self.blocks.push(Block { context, owner, parent, lines, by_name, unseen });
        self.blocks.len() - 1
    }

    /// The directives of this name that stand in a block.
    pub fn all(&self, block: usize, name: &str) -> impl DoubleEndedIterator<Item = &Line<'s>> {
        let found = self.blocks[block].by_name.get(name).map_or(&[][..], Vec::as_slice);
        found.iter().map(|&line| &self.lines[line])
    }

    /// The directives of this name that stand behind a line in its block.
    pub fn behind(&self, line: &Line<'s>, name: &str) -> impl Iterator<Item = &Line<'s>> {
        let found = self.blocks[line.level].by_name.get(name).map_or(&[][..], Vec::as_slice);
        let from = found.partition_point(|&number| number <= line.number);
        found[from..].iter().map(|&line| &self.lines[line])
    }

    /// The first directive of this name that stands in a block.
    pub fn own(&self, block: usize, name: &str) -> Option<&Line<'s>> {
        self.all(block, name).next()
    }

    /// The names of the directives of a block, each once, in order; none of a block that has too many.
    pub fn names(&self, block: usize) -> Vec<&'s str> {
        const MOST: usize = 128;
        let by_name = &self.blocks[block].by_name;
        if by_name.len() > MOST {
            return Vec::new();
        }
        let mut names: Vec<(usize, &'s str)> =
            by_name.iter().filter_map(|(name, lines)| Some((*lines.first()?, *name))).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }

    /// All directives of a block, in order.
    pub fn each(&self, block: usize) -> impl DoubleEndedIterator<Item = &Line<'s>> {
        self.blocks[block].lines.iter().map(|&line| &self.lines[line])
    }

    /// A block and those round it, inner ones first.
    pub fn levels(&self, block: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(block), |&block| self.blocks[block].parent)
    }

    /// A setting that the nearest level decides.
    pub fn nearest(&self, block: usize, name: &str) -> Option<&Line<'s>> {
        self.levels(block).find_map(|level| self.own(level, name))
    }

    /// The nearest level on which any of these directives stands: only what stands there is in force.
    pub fn level_of(&self, block: usize, names: &[&str]) -> Option<usize> {
        self.levels(block).find(|&level| names.iter().any(|name| self.own(level, name).is_some()))
    }

    /// The directives in force of a group that is inherited as a whole or not at all, in order.
    pub fn group(&self, block: usize, names: &[&str]) -> Vec<&Line<'s>> {
        let Some(level) = self.level_of(block, names) else { return Vec::new() };
        let lists = names.iter().filter_map(|name| self.blocks[level].by_name.get(name));
        let mut found: Vec<usize> = lists.flatten().copied().collect();
        found.sort_unstable();
        found.into_iter().map(|line| &self.lines[line]).collect()
    }

    /// Headers that are added on a level, with what `add_header_inherit merge` adds (since 1.29.3).
    pub fn headers(&self, block: usize) -> Vec<&Line<'s>> {
        let mut all = Vec::new();
        let mut from = Some(block);
        while let Some(level) = from.and_then(|from| self.level_of(from, &["add_header"])) {
            all.extend(self.all(level, "add_header"));
            let merges = self.nearest(level, "add_header_inherit").is_some_and(|line| line.value() == "merge");
            from = self.blocks[level].parent.filter(|_| merges);
        }
        all
    }

    /// Why something about a topic that is not found on a level may stand there all the same.
    pub fn unseen(&self, block: usize, topic: Topic) -> Option<(Why, Place)> {
        let fits = |unseen: &&Unseen| match unseen.what {
            Part::Anything => true,
            Part::Outer => topic != Topic::Access,
            Part::Tls => topic == Topic::Tls,
        };
        self.levels(block).find_map(|level| {
            let unseen = self.blocks[level].unseen.iter().find(fits)?;
            Some((unseen.why, unseen.place))
        })
    }

    /// The nearest block of a kind.
    pub fn enclosing(&self, block: usize, context: Context) -> Option<usize> {
        self.levels(block).find(|&level| self.blocks[level].context == context)
    }

    /// The directive of a block.
    pub fn owner(&self, block: usize) -> Option<&Line<'s>> {
        self.blocks[block].owner.map(|line| &self.lines[line])
    }
}

struct Reader<'s, 'f> {
    config: Config<'s>,
    files: &'f [FileId],
    prefix: String,
    /// Files that are being read: an include of one of them is a cycle.
    stack: Vec<FileId>,
    /// What includes led to, by folder and path.
    found: HashMap<(String, &'s str), Found>,
}

impl<'s> Reader<'s, '_> {
    fn file(&mut self, file: FileId, block: usize, depth: usize) {
        if self.stack.contains(&file) || depth > DEEPEST {
            return;
        }
        self.stack.push(file);
        for root in Node::roots(self.config.sources, file).filter(|root| root.is_map()) {
            self.entries(root, block, depth);
        }
        self.stack.pop();
    }

    fn entries(&mut self, map: Node<'s>, block: usize, depth: usize) {
        for node in map.children() {
            if self.config.lines.len() >= MOST_LINES || depth > DEEPEST {
                let unseen = Unseen { what: Part::Anything, why: Why::NotRead, place: node.key_place() };
                self.config.blocks[block].unseen.push(unseen);
                return;
            }
            let Some(name) = node.key() else { continue };
            let mut args: Vec<Node<'s>> = node.children().collect();
            let inner = args.pop_if(|last| last.is_map());
            if name == "include" && self.config.blocks[block].context != Context::Table {
                self.include(node, args.first().copied(), block, depth);
            }
            let line = self.config.lines.len();
            self.config.lines.push(Line { number: line, name, node, args, level: block, block: None });
            self.config.blocks[block].lines.push(line);
            self.config.blocks[block].by_name.entry(name).or_default().push(line);
            if let Some(inner) = inner {
                let context = Context::of(name, self.config.blocks[block].context);
                let own = self.config.add_block(context, Some(line), Some(block));
                self.config.lines[line].block = Some(own);
                self.entries(inner, own, depth + 1);
            }
        }
    }

    fn include(&mut self, node: Node<'s>, path: Option<Node<'s>>, block: usize, depth: usize) {
        let Some(path) = path.and_then(Node::text) else { return };
        let sources = self.config.sources;
        let key = (sources.folder(node.file()).to_owned(), path);
        let find = || include::find(sources, self.files, &self.prefix, node.file(), path);
        let (what, why) = match self.found.entry(key).or_insert_with(find).clone() {
            Found::Files(files) => {
                files.into_iter().for_each(|file| self.file(file, block, depth + 1));
                return;
            }
            Found::Harmless => return,
            Found::Tls => (Part::Tls, Why::UnresolvedInclude),
            Found::Servers => (Part::Outer, Why::UnresolvedInclude),
            Found::Template => (Part::Anything, Why::Template),
            Found::Nothing => (Part::Anything, Why::UnresolvedInclude),
        };
        // Outside of `http` nothing can stand that servers inherit.
        if self.config.blocks[block].context == Context::Main && why == Why::UnresolvedInclude {
            return;
        }
        let place = node.key_place();
        self.config.blocks[block].unseen.push(Unseen { what, why, place });
        if what == Part::Anything {
            self.config.unresolved.push((why, place));
        }
    }
}

/// Whether a file of the run is written in nginx's language.
pub(super) fn is_nginx(sources: &SourceMap, file: FileId) -> bool {
    sources.file(file).syntax == Syntax::Nginx
}
