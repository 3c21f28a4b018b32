//! Gateways of a few routes, made by hand: each relation where it holds, and where it must not.

use std::time::{Duration, Instant};

use super::super::path::{Anchoring, Flavour};
use super::super::{Applied, Auth, Location, Mechanism, Path, Precedence, Scope, Upstream};
use super::*;
use crate::discover::Format;
use crate::model::gateway::HostPattern;
use crate::span::{At, FileId, NodeId};
use crate::words::WordLists;

fn place(index: usize) -> Place {
    Place::value(At { file: FileId(0), node: NodeId(index as u32) })
}

fn gateway() -> Gateway {
    let mut gateway = Gateway::new(Format::Envoy, Vec::new(), place(0), WordLists::builtin());
    gateway.add_auth(Auth::new("jwt", Mechanism::Jwt, place(1)));
    let mut upstream = Upstream::new("app", place(2));
    upstream.hosts = vec!["app".to_owned()];
    gateway.add_upstream(upstream);
    gateway
}

fn applied() -> Stated<Vec<Applied>> {
    Stated::Known(vec![Applied { policy: 0, place: place(1), scope: Scope::Route }])
}

/// Adds a route in order: open, to the one upstream.
fn add(gateway: &mut Gateway, pattern: PathPattern, change: impl FnOnce(&mut Route)) -> u32 {
    let index = gateway.routes.len();
    let mut route = Route::new(pattern.to_string(), place(10 + 2 * index));
    route.paths = vec![Path { pattern, place: place(11 + 2 * index) }];
    route.precedence = Precedence::Order(index as u32);
    route.action = Action::Proxy;
    route.upstreams = vec![0];
    change(&mut route);
    gateway.add_route(route)
}

fn open(gateway: &mut Gateway, pattern: PathPattern) -> u32 {
    add(gateway, pattern, |_| {})
}

fn guarded(gateway: &mut Gateway, pattern: PathPattern) -> u32 {
    add(gateway, pattern, |route| route.auth = applied())
}

/// Adds a location of nginx.
fn location(gateway: &mut Gateway, modifier: &str, path: &str, change: impl FnOnce(&mut Route)) -> u32 {
    let kind = match modifier {
        "=" => Location::Exact,
        "~" | "~*" => Location::Expression,
        _ => Location::Prefix { length: path.len(), is_final: modifier == "^~" },
    };
    add(gateway, PathPattern::nginx(modifier, path).unwrap(), |route| {
        route.precedence = Precedence::Location(kind);
        change(route);
    })
}

fn auth(route: &mut Route) {
    route.auth = applied();
}

fn prefix(path: &str) -> PathPattern {
    PathPattern::raw_prefix(path)
}

/// Relations as `relation route others path`.
#[track_caller]
fn assert_pairs(gateway: &Gateway, expected: &[&str]) {
    let found: Vec<String> = gateway
        .pairs()
        .iter()
        .map(|pair| {
            let others: Vec<String> = pair.others.iter().map(ToString::to_string).collect();
            format!("{:?} {} {} {}", pair.relation, pair.route, others.join(","), pair.path)
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn an_open_route_that_stands_first_bypasses_what_follows() {
    let mut gateway = gateway();
    open(&mut gateway, prefix("/"));
    guarded(&mut gateway, prefix("/admin"));
    guarded(&mut gateway, PathPattern::exact("/me"));
    assert_pairs(&gateway, &["Bypass 0 1,2 /admin"]);
}

#[test]
fn an_exception_carved_out_of_a_guarded_tree_is_meant() {
    let mut gateway = gateway();
    open(&mut gateway, PathPattern::exact("/login"));
    open(&mut gateway, prefix("/public/"));
    open(&mut gateway, PathPattern::regex("^/(docs|assets)/.*$", Flavour::Re2, Anchoring::Search));
    add(&mut gateway, prefix("/"), |route| {
        route.auth = applied();
        route.name = "all".to_owned();
    });
    assert_pairs(&gateway, &[]);
}

#[test]
fn an_exception_for_some_methods_is_meant() {
    let mut gateway = gateway();
    add(&mut gateway, prefix("/items"), |route| {
        route.methods = Stated::Known(Methods::Only(vec![("GET".to_owned(), place(5))]));
    });
    guarded(&mut gateway, prefix("/items"));
    assert_pairs(&gateway, &[]);
}

#[test]
fn an_expression_that_cuts_across_a_guarded_location_bypasses_it() {
    let mut gateway = gateway();
    location(&mut gateway, "", "/admin", auth);
    location(&mut gateway, "^~", "/safe", auth);
    location(&mut gateway, "~", "\\.php$", |_| {});
    assert_pairs(&gateway, &["Bypass 2 0 /admin/x.php"]);
}

#[test]
fn an_expression_cuts_across_where_any_segment_may_come_first() {
    let expression = |source: &str| PathPattern::regex(source, Flavour::Pcre, Anchoring::Search);
    for (source, cuts) in
        [("\\.php$", true), ("^/.*/export$", true), ("^/(docs|assets)/", false), ("^/[^/]+/public$", false)]
    {
        let mut gateway = gateway();
        open(&mut gateway, expression(source));
        guarded(&mut gateway, prefix("/"));
        let bypasses = gateway.pairs().iter().any(|pair| pair.relation == Relation::Bypass);
        assert_eq!(bypasses, cuts, "{source}");
    }
}

#[test]
fn the_longest_prefix_decides_whether_expressions_are_tried() {
    let mut gateway = gateway();
    location(&mut gateway, "^~", "/a", auth);
    location(&mut gateway, "", "/a/b", auth);
    location(&mut gateway, "~", "\\.php$", |_| {});
    assert_pairs(&gateway, &["Bypass 2 1 /a/b/x.php"]);
}

#[test]
fn each_path_of_a_route_may_rank_apart() {
    let mut gateway = gateway();
    let ranks = |ranks: &[i64]| Precedence::Ranks(ranks.iter().map(|&rank| vec![rank]).collect());
    add(&mut gateway, prefix("/a"), |route| {
        route.paths.push(Path { pattern: prefix("/b"), place: place(5) });
        route.precedence = ranks(&[1, 3]);
    });
    add(&mut gateway, prefix("/a/x"), |route| {
        route.auth = applied();
        route.paths.push(Path { pattern: prefix("/b/x"), place: place(6) });
        route.precedence = ranks(&[2, 2]);
    });
    assert_pairs(&gateway, &["Bypass 0 1 /b/x"]);
}

#[test]
fn a_longer_prefix_takes_back_what_a_shorter_one_opens() {
    let mut gateway = gateway();
    location(&mut gateway, "", "/", |_| {});
    location(&mut gateway, "", "/admin", auth);
    assert_pairs(&gateway, &[]);
}

#[test]
fn what_refuses_odd_names_by_an_expression_is_no_route_to_guard() {
    let mut gateway = gateway();
    location(&mut gateway, "~", "\\.php$", |_| {});
    location(&mut gateway, "~", "/\\.ht", |route| route.action = Action::Refuse);
    assert_pairs(&gateway, &[]);
}

#[test]
fn a_third_route_may_take_the_path_back() {
    let mut gateway = gateway();
    guarded(&mut gateway, PathPattern::regex(".*\\.php$", Flavour::Re2, Anchoring::Search));
    open(&mut gateway, PathPattern::regex("^/.*\\.php$", Flavour::Re2, Anchoring::Search));
    guarded(&mut gateway, prefix("/admin"));
    let found: Vec<Relation> = gateway.pairs().iter().map(|pair| pair.relation).collect();
    assert!(!found.contains(&Relation::Bypass), "{:?}", gateway.pairs());
}

#[test]
fn hosts_that_come_first_keep_routes_apart() {
    let mut both = gateway();
    open(&mut both, prefix("/"));
    add(&mut both, prefix("/admin"), |route| {
        route.auth = applied();
        route.hosts = vec![HostPattern::Exact("a.test".to_owned())];
    });
    assert_pairs(&both, &[]);
    let mut one = gateway();
    one.hosts_first = false;
    open(&mut one, prefix("/"));
    add(&mut one, prefix("/admin"), |route| {
        route.auth = applied();
        route.hosts = vec![HostPattern::Exact("a.test".to_owned())];
    });
    assert_pairs(&one, &["Bypass 0 1 /admin"]);
}

#[test]
fn hosts_that_share_nothing_do_not_compete() {
    let mut gateway = gateway();
    gateway.hosts_first = false;
    for (host, is_open) in [("*.a.test", true), ("*.b.test", false), ("x.a.test", false)] {
        add(&mut gateway, prefix("/"), |route| {
            route.hosts = vec![HostPattern::wildcard(host, crate::model::gateway::host::Depth::Many)];
            if !is_open {
                route.auth = applied();
            }
        });
    }
    assert_pairs(&gateway, &["Bypass 0 2 /"]);
}

#[test]
fn nothing_is_said_where_precedence_or_policies_are_unknown() {
    let mut unknown = gateway();
    add(&mut unknown, prefix("/"), |route| route.precedence = Precedence::Unknown);
    guarded(&mut unknown, prefix("/admin"));
    assert_pairs(&unknown, &[]);
    let mut partial = gateway();
    partial.partial = Some((crate::model::Why::NotRead, place(0)));
    open(&mut partial, prefix("/"));
    guarded(&mut partial, prefix("/admin"));
    assert_pairs(&partial, &["Shadowed 1 0 /admin"]);
    let mut opaque = gateway();
    guarded(&mut opaque, PathPattern::opaque("?"));
    open(&mut opaque, prefix("/"));
    guarded(&mut opaque, prefix("/admin"));
    assert_pairs(&opaque, &["Shadowed 2 1 /admin"]);
}

#[test]
fn conditions_and_listeners_keep_routes_apart() {
    let mut gateway = gateway();
    add(&mut gateway, prefix("/"), |route| route.conditions = vec![place(7)]);
    add(&mut gateway, prefix("/"), |route| {
        route.plaintext = Stated::Known(true);
        route.action = Action::HttpsRedirect;
    });
    add(&mut gateway, prefix("/"), |route| {
        route.plaintext = Stated::Known(false);
        route.auth = applied();
    });
    assert_pairs(&gateway, &[]);
}

#[test]
fn a_route_behind_a_wider_one_never_wins() {
    let mut gateway = gateway();
    guarded(&mut gateway, prefix("/api"));
    guarded(&mut gateway, PathPattern::exact("/api/users"));
    add(&mut gateway, prefix("/api"), |route| route.conditions = vec![place(7)]);
    guarded(&mut gateway, prefix("/other"));
    assert_pairs(&gateway, &["Shadowed 1 0 /api/users", "Shadowed 2 0 /api"]);
}

#[test]
fn of_two_equal_routes_the_policies_count() {
    let mut gateway = gateway();
    guarded(&mut gateway, prefix("/a"));
    open(&mut gateway, prefix("/a"));
    guarded(&mut gateway, prefix("/b"));
    guarded(&mut gateway, prefix("/b"));
    open(&mut gateway, prefix("/c"));
    guarded(&mut gateway, prefix("/c"));
    assert_pairs(&gateway, &["Duplicate 1 0 /a", "Shadowed 3 2 /b", "Bypass 4 5 /c"]);
}

#[test]
fn an_open_route_without_a_boundary_takes_more_than_it_says() {
    let mut gateway = gateway();
    location(&mut gateway, "", "/", auth);
    location(&mut gateway, "", "/public", |_| {});
    location(&mut gateway, "", "/assets/", |_| {});
    location(&mut gateway, "~", "^/users/\\d+", |_| {});
    location(&mut gateway, "~", "^/items/\\d+$", |_| {});
    assert_pairs(&gateway, &["Loose 1 0 /publicx", "Loose 3 0 /users/1x"]);
}

#[test]
fn another_spelling_leads_round_an_exact_guard() {
    let mut gateway = gateway();
    let slashes = Stated::Known(vec![Trick::TrailingSlash, Trick::Case]);
    location(&mut gateway, "=", "/admin", |route| {
        route.auth = applied();
        route.spellings = slashes.clone();
    });
    location(&mut gateway, "", "/", |_| {});
    location(&mut gateway, "=", "/x.php", |route| {
        route.action = Action::Refuse;
        route.spellings = slashes.clone();
    });
    // Nothing is known of the spellings of this one.
    location(&mut gateway, "=", "/other", auth);
    // It has another upstream.
    location(&mut gateway, "=", "/third", |route| {
        route.auth = applied();
        route.upstreams = Vec::new();
        route.spellings = slashes;
    });
    assert_pairs(&gateway, &["Confusion 0 1 /admin/"]);
    assert_eq!(gateway.pairs()[0].trick, Some(Trick::TrailingSlash));
}

#[test]
fn an_older_version_with_fewer_policies_is_named() {
    let mut gateway = gateway();
    open(&mut gateway, prefix("/api/v1/users"));
    guarded(&mut gateway, prefix("/api/v2/users"));
    guarded(&mut gateway, prefix("/api/v1/orders"));
    guarded(&mut gateway, prefix("/api/v2/orders"));
    open(&mut gateway, prefix("/api/v3/orders"));
    assert_pairs(&gateway, &["Older 0 1 /api/v1/users"]);
    assert_eq!(gateway.pairs()[0].lacks, [Missing::Authentication]);
}

#[test]
fn versions_are_segments() {
    assert_eq!(versioned("/api/v1/users"), Some((vec![1], "/api/v/users".to_owned())));
    assert_eq!(versioned("/v2.1"), Some((vec![2, 1], "/v".to_owned())));
    assert_eq!(versioned("/video/via"), None);
}

#[test]
fn large_gateways_take_no_longer_than_their_size() {
    const MANY: usize = 5000;
    let shapes: [fn(usize) -> PathPattern; 4] = [
        |i| prefix(&format!("/s{i}/api")),
        |i| prefix(&"/a".repeat(1 + i % 100)),
        |i| PathPattern::regex(format!("x{i}$"), Flavour::Pcre, Anchoring::Search),
        |i| if i == 0 { PathPattern::any() } else { PathPattern::aws(&format!("/s/{{a}}/{i}/{{b}}")) },
    ];
    for (number, shape) in shapes.into_iter().enumerate() {
        for hosts_first in [true, false] {
            let mut gateway = gateway();
            gateway.hosts_first = hosts_first;
            for i in 0..MANY {
                add(&mut gateway, shape(i), |route| {
                    if i % 2 == 1 {
                        route.auth = applied();
                    }
                    if i % 3 == 0 {
                        route.hosts = vec![HostPattern::Exact(format!("h{}.test", i % 7))];
                    }
                });
            }
            let start = Instant::now();
            let found = gateway.pairs().len();
            let taken = start.elapsed();
            assert!(taken < Duration::from_secs(20), "shape {number}: {taken:?} for {found}");
        }
    }
}

#[test]
fn who_leaves_out_the_slash_is_sent_to_the_guarded_path() {
    let guard = |sends: bool| {
        let mut gateway = gateway();
        location(&mut gateway, "", "/admin/", |route| {
            auth(route);
            route.adds_slash = sends;
            route.spellings = Stated::Known(vec![Trick::TrailingSlash]);
        });
        location(&mut gateway, "", "/", |_| {});
        gateway
    };
    assert_pairs(&guard(false), &["Confusion 0 1 /admin"]);
    assert_pairs(&guard(true), &[]);
    let mut with_own = guard(true);
    location(&mut with_own, "=", "/admin", |_| {});
    assert_pairs(&with_own, &["Confusion 0 2 /admin"]);
}
