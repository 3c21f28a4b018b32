//! Gateway configurations inside other files: those that a `ConfigMap` or `Secret` of Kubernetes holds for the gateway to
//! be started with.

use super::formats;
use crate::error::{Problem, ProblemCode};
use crate::source::{self, Limits, SourceFile, SourceMap};
use crate::span::{FileId, NodeId};

/// So many strings of one file are read: each is read along with the blanks before it.
const MOST: usize = 64;

/// Adds the gateway configurations that files of a run hold. Returns what could not be read of them.
pub fn embed(sources: &mut SourceMap, limits: &Limits) -> Vec<Problem> {
    let mut problems = Vec::new();
    let hosts: Vec<FileId> = sources.files().map(|file| file.id).collect();
    for id in hosts {
        let host = sources.file(id);
        let found: Vec<(String, NodeId)> =
            formats::files_in(host).map(|(name, node)| (name.to_owned(), node)).collect();
        for (count, (name, node)) in found.into_iter().enumerate() {
            let host = sources.file(id);
            let file = if count < MOST { source::embedded(sources.next_id(), host, node, &name, limits) } else { None };
            match file {
                Some(file) if formats::is_configuration(&file) => {
                    sources.push(file);
                }
                None if is_configuration(host, node, &name) => problems.push(unread(host, node, &name, count < MOST)),
                Some(_) | None => {}
            }
        }
    }
    problems
}

/// Whether a string that is not written as the file would be is a gateway configuration.
fn is_configuration(host: &SourceFile, node: NodeId, name: &str) -> bool {
    let text = host.tree.text(node).as_bytes().to_vec();
    formats::is_configuration(&source::read(host.id, name, text, &Limits::default()))
}

fn unread(host: &SourceFile, node: NodeId, name: &str, is_escaped: bool) -> Problem {
    let why = if is_escaped {
        "its string is folded or escaped: write it as a block (`|`)".to_owned()
    } else {
        format!("the file holds more than {MOST} of them")
    };
    let span = host.tree.key_span(node).unwrap_or_else(|| host.tree.span(node));
    Problem::new(ProblemCode::Embedded, format!("the configuration `{name}` is not read: {why}"), span)
}
