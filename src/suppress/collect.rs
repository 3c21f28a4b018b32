//! Finds the suppressions of a run: in comments, in extensions, in the settings.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use super::comment::{self, Directive};
use super::{By, Entry, Scope, Suppressions};
use crate::error::{Problem, ProblemCode};
use crate::settings::{Date, Settings};
use crate::source::{Comment, NodeKind, SourceFile, SourceMap};
use crate::span::{At, FileId, NodeId, Part, Place};

/// Collects the suppressions in `files` and in the settings. `extensions` are
/// the objects that carry `x-gatelint-ignore`, with its value. What is
/// malformed is a problem and silences nothing.
pub fn collect(
    sources: &SourceMap,
    files: &BTreeSet<FileId>,
    extensions: &BTreeSet<(At, At)>,
    settings: &Settings,
) -> (Suppressions, Vec<Problem>) {
    let mut entries = Vec::new();
    let mut problems = Vec::new();
    if !settings.ignores_apply {
        return (Suppressions::default(), problems);
    }
    for &id in files {
        let file = sources.file(id);
        for comment in &file.tree.comments {
            let text = &file.text[comment.span.start as usize..comment.span.end as usize];
            let read = match comment::parse(text) {
                None => continue,
                Some(Ok(directive)) => scope(file, comment, &directive).map(|found| (directive, found)),
                Some(Err(why)) => Err(why),
            };
            match read {
                Ok((directive, (scope, node))) => {
                    let part = Part::Bytes(comment.span.start, comment.span.end);
                    let place = Place { at: At { file: id, node }, part };
                    entries.extend(directive.rules.into_iter().map(|rule| Entry {
                        rule,
                        by: By::Comment(place),
                        scope: scope.clone(),
                        reason: directive.reason.clone(),
                        until: directive.until,
                        used: AtomicBool::new(false),
                    }));
                }
                Err(why) => problems.push(Problem::new(ProblemCode::Syntax, why, comment.span)),
            }
        }
    }
    for &(owner, value) in extensions {
        extension(sources, owner, value, &mut entries, &mut problems);
    }
    entries.extend(settings.ignores.iter().map(|ignore| Entry {
        rule: ignore.rule.clone(),
        by: By::Settings(ignore.origin.clone()),
        scope: Scope::Pattern(Box::new(ignore.clone())),
        reason: ignore.reason.clone(),
        until: ignore.until,
        used: AtomicBool::new(false),
    }));
    (Suppressions::new(entries, settings.now), problems)
}

/// What a comment covers, and the node it is reported at.
fn scope(file: &SourceFile, comment: &Comment, directive: &Directive) -> Result<(Scope, NodeId), String> {
    let root = file.tree.roots().first().copied().unwrap_or(NodeId(0));
    if directive.whole_file {
        let first = file.tree.roots().first().map_or(u32::MAX, |&root| file.tree.begin(root));
        let leads = comment.alone && comment.span.start < first;
        let misplaced = || "`ignore-file` must stand on a line of its own before the first key".to_owned();
        return if leads { Ok((Scope::File(file.id), root)) } else { Err(misplaced()) };
    }
    match covered(file, comment) {
        Some(node) => Ok((Scope::Nodes(file.id, file.tree.subtree(node)), node)),
        // It covers nothing, and so it will be told as unused.
        None => Ok((Scope::Nodes(file.id, 0..0), root)),
    }
}

/// The entry a comment covers: the outermost that begins on its line, or, if it
/// stands alone, on the next line that is no comment.
fn covered(file: &SourceFile, comment: &Comment) -> Option<NodeId> {
    let lines = file.lines();
    let mut line = lines.line(comment.span.start);
    if comment.alone {
        line += 1;
        while line <= lines.count() && file.text[lines.range(&file.text, line)].trim_start().starts_with('#') {
            line += 1;
        }
    }
    if line > lines.count() {
        return None;
    }
    let range = lines.range(&file.text, line);
    let outermost = file.tree.beginning_in(range.clone()).find(|&id| file.tree.parent(id).is_some());
    outermost.or_else(|| {
        // The last line of something that began further up.
        let blanks = file.text[range.clone()].len() - file.text[range.clone()].trim_start().len();
        let node = file.tree.at_offset((range.start + blanks) as u32)?;
        file.tree.parent(node).map(|_| node)
    })
}

/// Reads `x-gatelint-ignore`: a list of rule ids, or of `{rule, reason, until}`.
fn extension(sources: &SourceMap, owner: At, value: At, entries: &mut Vec<Entry>, problems: &mut Vec<Problem>) {
    let tree = sources.tree(value.file);
    let node = tree.resolve(value.node);
    let mut fail = |node: NodeId, why: &str| problems.push(Problem::new(ProblemCode::Syntax, why, tree.span(node)));
    let items: Vec<NodeId> = match tree.kind(node) {
        NodeKind::Seq => tree.children(node).collect(),
        NodeKind::Str => vec![node],
        _ => {
            return fail(
                node,
                "`x-gatelint-ignore` is a list of rule ids, or of mappings with `rule`, `reason` and `until`",
            );
        }
    };
    if items.is_empty() {
        return fail(node, "`x-gatelint-ignore` names no rule");
    }
    for item in items {
        let at = tree.resolve(item);
        let (mut rule, mut reason, mut until) = (tree.str(at).map(str::to_owned), None, None);
        let mut wrong = None;
        for child in tree.children(at).filter(|_| tree.kind(at) == NodeKind::Map) {
            let text = tree.str(tree.resolve(child)).map(str::to_owned);
            match (tree.key(child), text) {
                (Some("rule"), Some(text)) => rule = Some(text),
                (Some("reason"), Some(text)) => reason = Some(text),
                (Some("until"), Some(text)) => match text.parse::<Date>() {
                    Ok(date) => until = Some(date),
                    Err(error) => wrong = Some((child, error.to_string())),
                },
                _ => wrong = Some((child, "expected `rule`, `reason` or `until`, each a string".to_owned())),
            }
        }
        match (rule.filter(|rule| !rule.is_empty()), wrong) {
            (_, Some((child, why))) => fail(child, &why),
            (None, None) => fail(item, "an entry of `x-gatelint-ignore` names no rule"),
            (Some(rule), None) => entries.push(Entry {
                rule,
                by: By::Extension(Place::value(At { file: value.file, node: item })),
                scope: Scope::Nodes(owner.file, sources.tree(owner.file).subtree(owner.node)),
                reason,
                until,
                used: AtomicBool::new(false),
            }),
        }
    }
}
