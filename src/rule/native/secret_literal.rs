//! `secret-literal`: secrets of known providers, written anywhere in the files
//! that a document is made of. Knows where texts lie; what a secret looks like
//! is in `secrets`.

use sha2::{Digest, Sha256};

use crate::model::Model;
use crate::secrets::find_secrets;
use crate::span::{At, Part, Place};

use super::NativeHit;

/// Finds secrets in all files that the document reaches.
pub(super) fn run(model: &Model) -> Vec<NativeHit> {
    let mut hits = Vec::new();
    for id in model.files() {
        let file = model.sources().file(id);
        for secret in find_secrets(&file.text) {
            let (start, end) = (secret.start as u32, secret.end as u32);
            let Some(node) = file.tree.at_offset(start) else { continue };
            let digest = Sha256::digest(&file.text.as_bytes()[secret.start..secret.end]);
            hits.push(NativeHit {
                place: Place { at: At { file: id, node }, part: Part::Bytes(start, end) },
                args: vec![("kind", secret.kind())],
                // The value must not leave the file it stands in, so its digest tells secrets apart.
                discriminator: digest[..8].iter().map(|byte| format!("{byte:02x}")).collect(),
            });
        }
    }
    hits
}
