//! What of Kong's own settings is in view: those of `kong.conf` or of the environment. Without them nobody can tell
//! where requests arrive and how large they may be.

use super::super::{Set, Stated};
use crate::model::Why;

/// Kong's own settings, as far as they are in view.
#[derive(Debug)]
pub(super) struct View {
    /// The limit of bodies where no plugin sets one.
    pub(super) body: Stated<Option<u32>>,
    pub(super) access_log: Stated<Set<bool>>,
    /// Whether more than one node is in view.
    pub(super) replicated: bool,
    pub(super) has_plain_listener: bool,
    /// Whether certificates of upstreams are verified where no service says so.
    pub(super) verifies_upstreams: bool,
    /// Plain and encrypted listeners, if they are known.
    listeners: Option<(Vec<u32>, Vec<u32>)>,
}

impl Default for View {
    fn default() -> Self {
        Self {
            body: Stated::Unknown(Why::Elsewhere, None),
            access_log: Stated::Unknown(Why::Elsewhere, None),
            replicated: false,
            has_plain_listener: false,
            verifies_upstreams: false,
            listeners: None,
        }
    }
}

impl View {
    /// The listeners that serve a route.
    pub(super) fn listeners_for(&self, plain: bool, encrypted: bool) -> Stated<Vec<u32>> {
        let Some((plain_ones, encrypted_ones)) = &self.listeners else { return Stated::Unknown(Why::Elsewhere, None) };
        let plain_ones = plain_ones.iter().filter(|_| plain);
        Stated::Known(plain_ones.chain(encrypted_ones.iter().filter(|_| encrypted)).copied().collect())
    }
}
