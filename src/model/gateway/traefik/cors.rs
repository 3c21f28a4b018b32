//! The CORS policy of a `headers` middleware.
//!
//! Source: <https://github.com/traefik/traefik/blob/master/pkg/middlewares/headers/header.go>: `*` is sent as it is,
//! an origin that an expression matches is sent back.

use super::conf::Conf;
use crate::model::gateway::origin::OriginPattern;
use crate::model::gateway::path::{Anchoring, Flavour};
use crate::model::gateway::{AnyOrigin, Cors, Gateway, Set, Stated};

/// The policy, if there is one.
pub(super) fn read(headers: Conf<'_>, gateway: &mut Gateway) -> Option<u32> {
    let list = headers.get("accessControlAllowOriginList");
    let regexes = headers.get("accessControlAllowOriginListRegex");
    let place = list.or(regexes)?.key_place();
    let mut cors = Cors::new(place);
    for (text, place) in headers.texts("accessControlAllowOriginList") {
        match OriginPattern::wildcard(text) {
            OriginPattern::Any => cors.any_origin = Some((Set::written((), place), AnyOrigin::Literal)),
            OriginPattern::Null => cors.null_origin = Some(place),
            _ => {}
        }
    }
    for (text, place) in headers.texts("accessControlAllowOriginListRegex") {
        let pattern = OriginPattern::regex(text, Flavour::Re2, Anchoring::Search);
        if pattern.admits_any_host() {
            cors.any_origin = Some((Set::written((), place), AnyOrigin::Echoed));
        } else if let Some(hostile) = pattern.hostile() {
            cors.hostile_origin.get_or_insert((place, hostile.text));
        }
    }
    cors.credentials = Stated::Known(match headers.get("accessControlAllowCredentials") {
        Some(node) => Set::written(headers.flag("accessControlAllowCredentials") == Some(true), node.key_place()),
        None => Set::default(false, place),
    });
    Some(gateway.add_cors(cors))
}
