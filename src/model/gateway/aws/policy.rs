//! Resource policies: who may call an API at all, whatever its methods say.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html>

use super::super::{Access, AccessBy, Applied, Gateway, Node, Scope, Stated};
use super::value;
use crate::model::Why;
use crate::span::Place;

/// The policy that a document states. `name` is the property it stands under.
pub(super) fn document(policy: Node<'_>, name: &str, scope: Scope, gateway: &mut Gateway) -> Applied {
    let mut access = Access::new(name, AccessBy::Identity, policy.key_place());
    if policy.is_map() && !value::is_computed(policy) {
        statements(&policy.list("Statement"), &mut access);
    } else {
        access.restricts = Stated::Unknown(Why::NotRead, Some(policy.place()));
    }
    apply(access, policy.key_place(), scope, gateway)
}

fn apply(access: Access, place: Place, scope: Scope, gateway: &mut Gateway) -> Applied {
    Applied { policy: gateway.add_access(access), place, scope }
}

fn statements(statements: &[Node<'_>], access: &mut Access) {
    let mut open = false;
    let mut closes = false;
    for &statement in statements {
        let effect = value::text(statement.get("Effect"));
        let condition = statement.get("Condition");
        match effect.known().copied() {
            Some("Allow") if is_everyone(statement.get("Principal")) => match condition {
                None => open = true,
                Some(condition) => closes |= limits(condition, "IpAddress", access),
            },
            Some("Allow") => {}
            Some("Deny") => {
                // A list of addresses that are refused leaves everybody else in.
                let refuses_some = condition.is_some_and(|condition| condition.get("IpAddress").is_some());
                closes |= !refuses_some && condition.is_none_or(|condition| limits(condition, "NotIpAddress", access));
            }
            _ => access.restricts = Stated::Unknown(Why::Elsewhere, Some(statement.place())),
        }
    }
    if access.restricts.known().is_some() {
        access.restricts = Stated::Known(!statements.is_empty() && (closes || !open && access.every_address.is_none()));
    }
}

/// Whether a condition says who may call: any does, but a list of addresses that holds all of them.
fn limits(condition: Node<'_>, operator: &str, access: &mut Access) -> bool {
    let Some(addresses) = condition.get(operator) else { return true };
    access.by = AccessBy::Address;
    let all = addresses.children().flat_map(|list| if list.is_list() { list.children().collect() } else { vec![list] });
    let every = all.into_iter().find(|address| is_every_address(*address));
    access.every_address = access.every_address.or(every.map(Node::place));
    every.is_none()
}

fn is_every_address(address: Node<'_>) -> bool {
    matches!(address.text(), Some("0.0.0.0/0" | "::/0"))
}

fn is_everyone(principal: Option<Node<'_>>) -> bool {
    principal.is_some_and(|principal| {
        let named = principal.list("AWS");
        principal.text() == Some("*") || named.iter().any(|name| name.text() == Some("*"))
    })
}

/// Lists of SAM by which only some callers are let in, or only some are kept out.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-resourcepolicystatement.html>
const ALLOWS: [(&str, AccessBy); 5] = [
    ("IpRangeWhitelist", AccessBy::Address),
    ("AwsAccountWhitelist", AccessBy::Identity),
    ("SourceVpcWhitelist", AccessBy::Other),
    ("IntrinsicVpcWhitelist", AccessBy::Other),
    ("IntrinsicVpceWhitelist", AccessBy::Other),
];

/// The policy that SAM makes of its lists.
pub(super) fn lists(policy: Node<'_>, scope: Scope, gateway: &mut Gateway) -> Applied {
    let mut access = Access::new("ResourcePolicy", AccessBy::Other, policy.key_place());
    access.restricts = Stated::Known(false);
    if value::is_computed(policy) {
        access.restricts = Stated::Unknown(Why::Elsewhere, Some(policy.place()));
    }
    if let Some(custom) = policy.get("CustomStatements") {
        access.restricts = Stated::Known(true);
        let list = if custom.is_list() { custom.children().collect() } else { vec![custom] };
        statements(&list, &mut access);
    }
    for (name, by) in ALLOWS {
        if policy.get(name).is_none() {
            continue;
        }
        access.by = by;
        let every = policy.list(name).into_iter().find(|address| is_every_address(*address));
        access.every_address = access.every_address.or(every.map(Node::place));
        if every.is_none() {
            access.restricts = Stated::Known(true);
        }
    }
    apply(access, policy.key_place(), scope, gateway)
}
