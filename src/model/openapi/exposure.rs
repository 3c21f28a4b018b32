//! Exposure: what a caller without credentials can reach. An operation is public,
//! protected, or nobody can tell; what it takes and gives inherits that along the
//! graph. Knows security in effect (E1) and directions (E3), no rule.

use super::Api;
use super::graph::{IN, OUT};
use super::operation::{Operation, Role};
use super::security::Security;
use crate::model::Why;
use crate::span::Place;

/// Who can reach something, in the order of `fields::EXPOSURES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Anybody.
    Public,
    /// Only callers with credentials.
    Protected,
}

/// Why nobody can tell, and where knowledge ends.
pub type Unknown = (Why, Option<Place>);

/// No operation.
const NONE: u32 = u32::MAX;

/// The first operation, by index, of each verdict that reaches an object.
#[derive(Clone, Copy, Debug)]
struct Reach {
    public: u32,
    protected: u32,
    unknown: u32,
}

/// By object number and direction, worked out once per document in linear time.
#[derive(Debug)]
pub struct Reached {
    sent: Vec<Reach>,
    returned: Vec<Reach>,
}

impl Reached {
    /// Spreads the exposure of all incoming operations.
    pub fn new(api: &Api) -> Self {
        let nothing = Reach { public: NONE, protected: NONE, unknown: NONE };
        let objects = api.graph.objects.len();
        let mut reached = Self { sent: vec![nothing; objects], returned: vec![nothing; objects] };
        for index in 0..api.operations.len() as u32 {
            if let Some(verdict) = of_operation(api, index) {
                reached.spread(api, index, verdict);
            }
        }
        reached
    }

    /// An object is entered once per verdict and direction, so all operations together are linear.
    fn spread(&mut self, api: &Api, index: u32, verdict: Result<Exposure, Unknown>) {
        let operation = &api.operations[index as usize];
        let mut open = api.seeds(operation, &api.items);
        open.push((operation.number, IN));
        while let Some((number, bit)) = open.pop() {
            let reach = match bit {
                IN => &mut self.sent[number as usize],
                OUT => &mut self.returned[number as usize],
                _ => continue,
            };
            let first = match verdict {
                Ok(Exposure::Public) => &mut reach.public,
                Ok(Exposure::Protected) => &mut reach.protected,
                Err(_) => &mut reach.unknown,
            };
            if *first == NONE {
                *first = index;
                let edges = api.graph.out(number).iter();
                open.extend(edges.filter_map(|&(to, edge)| Some((to, api.graph.spread(to, edge, bit)?))));
            }
        }
    }

    /// The first public operation that takes (`IN`) or gives (`OUT`) an object, or does either.
    pub fn first_public(&self, number: u32, bits: u8) -> Option<u32> {
        self.reaches(number, bits).map(|reach| reach.public).min().filter(|&first| first != NONE)
    }

    /// Whether an object is reached from a public operation in one of the directions `bits`, else from an
    /// operation of which that is not known, else from a protected one.
    pub fn of(&self, api: &Api, number: u32, bits: u8) -> Option<Result<Exposure, Unknown>> {
        if self.first_public(number, bits).is_some() {
            return Some(Ok(Exposure::Public));
        }
        if let Some(unknown) = self.reaches(number, bits).map(|reach| reach.unknown).find(|&first| first != NONE) {
            return of_operation(api, unknown);
        }
        let is_protected = self.reaches(number, bits).any(|reach| reach.protected != NONE);
        is_protected.then_some(Ok(Exposure::Protected))
    }

    fn reaches(&self, number: u32, bits: u8) -> impl Iterator<Item = Reach> + '_ {
        let sent = (bits & IN != 0).then(|| self.sent[number as usize]);
        let returned = (bits & OUT != 0).then(|| self.returned[number as usize]);
        sent.into_iter().chain(returned)
    }
}

/// Exposure of an operation; `None` if no client calls it. Where the document defines no scheme
/// at all, an operation without `security` says nothing of who can call it.
pub fn of_operation(api: &Api, index: u32) -> Option<Result<Exposure, Unknown>> {
    let operation: &Operation = &api.operations[index as usize];
    if api.items[operation.item as usize].role != Role::Incoming {
        return None;
    }
    Some(match operation.security() {
        Some(Security::Protected) => Ok(Exposure::Protected),
        Some(Security::Undefined) if api.security.schemes.is_empty() => Err((Why::NoSecurityScheme, None)),
        Some(Security::Undefined | Security::PublicExplicit | Security::Optional) => Ok(Exposure::Public),
        None => Err(operation.unknown_security()),
    })
}
