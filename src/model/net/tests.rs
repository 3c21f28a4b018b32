//! Tests of classes of hosts and addresses.

use super::*;
use crate::model::fields;

#[test]
fn classes_and_schemes_are_in_the_order_of_the_table_of_fields() {
    assert_eq!(fields::HOST_CLASSES[HostClass::Loopback as usize], "loopback");
    assert_eq!(fields::HOST_CLASSES[HostClass::Reserved as usize], "reserved");
    assert_eq!(fields::HOST_CLASSES[HostClass::PublicName as usize], "publicName");
    assert_eq!(fields::HOST_CLASSES[HostClass::Open as usize], "open");
    assert_eq!(fields::URL_SCHEMES[Scheme::Wss as usize], "wss");
    assert_eq!(fields::URL_SCHEMES[Scheme::Other as usize], "other");
}

#[track_caller]
fn all(class: HostClass, hosts: &[&str]) {
    for host in hosts {
        assert_eq!(host_class(host), class, "{host}");
    }
}

#[test]
fn the_machine_itself_is_loopback() {
    all(HostClass::Loopback, &["localhost", "LOCALHOST.", "127.0.0.1", "127.8.9.1", "::1", "[::1]", "0.0.0.0", "::"]);
}

#[test]
fn addresses_in_odd_forms_are_understood() {
    all(HostClass::Loopback, &["127.1", "2130706433", "0x7f.0.0.1", "017700000001", "::ffff:127.0.0.1"]);
    all(HostClass::Private, &["0xA9FEA9FE", "::ffff:10.0.0.1", "64:ff9b::a00:1"]);
}

#[test]
fn private_and_link_local_addresses_are_private() {
    all(
        HostClass::Private,
        &["10.1.2.3", "172.16.0.1", "172.31.255.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"],
    );
    all(HostClass::Private, &["fe80::1", "[fe80::1%25eth0]", "fd00:ec2::254", "fc00::1"]);
    all(HostClass::PublicIp, &["172.32.0.1", "100.128.0.1", "192.169.0.1"]);
}

#[test]
fn local_names_are_internal() {
    all(
        HostClass::Internal,
        &["printer.local", "metadata.google.internal", "a.b.corp", "x.lan", "api.test", "x.localhost"],
    );
    all(HostClass::Internal, &["backend", "db-1", "db.backend-net"]);
    all(HostClass::PublicName, &["local.example2.com", "mylocal.io", "internal.acme.com"]);
    all(HostClass::PublicName, &["xn--e1afmkfd.xn--p1ai", "registry.<your domain>"]);
}

#[test]
fn documentation_names_and_addresses_are_reserved() {
    all(HostClass::Reserved, &["example.com", "api.EXAMPLE.org", "shop.example", "x.invalid"]);
    all(HostClass::Reserved, &["192.0.2.1", "198.51.100.7", "203.0.113.9", "2001:db8::1", "255.255.255.255"]);
    all(HostClass::PublicName, &["example.io", "myexample.com", "example.com.acme.io"]);
}

#[test]
fn all_else_is_public() {
    all(HostClass::PublicIp, &["8.8.8.8", "2606:4700::1111", "[2606:4700::1111]"]);
    all(HostClass::PublicName, &["api.acme.io", "bücher.de", "1.2.3.4.5x.io", "a_b.acme.io"]);
}

#[test]
fn a_free_variable_leaves_the_host_open() {
    all(HostClass::Open, &["{host}", "{tenant}.example.com"]);
}

#[test]
fn registrable_domains_follow_the_public_suffix_list() {
    assert_eq!(registrable_domain("API.Shop.co.uk").as_deref(), Some("shop.co.uk"));
    assert_eq!(registrable_domain("login.acme.io.").as_deref(), Some("acme.io"));
    assert_eq!(registrable_domain("co.uk"), None);
    assert_eq!(registrable_domain("10.0.0.1"), None);
    assert_eq!(registrable_domain("{x}.acme.io"), None);
}

#[track_caller]
fn read(url: &str, scheme: Option<Scheme>, host: Option<&str>) {
    let parts = parse(url);
    assert_eq!((parts.scheme, parts.host.as_deref()), (scheme, host), "{url}");
}

#[test]
fn scheme_and_host_are_read_without_case_user_and_port() {
    read("https://api.acme.io/v1", Some(Scheme::Https), Some("api.acme.io"));
    read(" HTTP://User:pw@API.acme.io:8080/x?y ", Some(Scheme::Http), Some("api.acme.io"));
    read("ws://[::1]:80/x", Some(Scheme::Ws), Some("::1"));
    read("https:/acme.io/", Some(Scheme::Https), Some("acme.io"));
    read("https://acme.io:{port}/x", Some(Scheme::Https), Some("acme.io"));
    read("file:///etc/passwd", Some(Scheme::File), None);
    read("urn:uuid:1", Some(Scheme::Other), None);
    read("ftp://acme.io", Some(Scheme::Other), Some("acme.io"));
}

#[test]
fn relative_urls_have_neither_scheme_nor_host() {
    for url in ["", "/", "/v1", "v1/x", "api.acme.io/v1", "./x", "/{basePath}", "?x=http://y"] {
        read(url, None, None);
    }
    read("localhost:8080/api", None, None);
}

#[test]
fn a_url_may_leave_the_scheme_open() {
    read("//cdn.acme.io/x", None, Some("cdn.acme.io"));
    read("{scheme}://acme.io", None, Some("acme.io"));
    read("{server}/v1", None, Some("{server}"));
    read("https://{host}:8080", Some(Scheme::Https), Some("{host}"));
}

fn var<'a>(name: &'a str, default: Option<&'a str>, values: &[&'a str]) -> Variable<'a> {
    Variable { name, default, values: values.to_vec() }
}

fn texts(expansion: &Expansion) -> Vec<&str> {
    expansion.urls.iter().map(|url| url.text.as_str()).collect()
}

#[test]
fn a_template_is_expanded_over_enum_and_default() {
    let expansion = expand(
        "{scheme}://{host}/v1",
        &[var("scheme", Some("https"), &["https", "HTTP"]), var("host", Some("a.io"), &["b.io"])],
    );
    assert_eq!(texts(&expansion), ["https://b.io/v1", "HTTP://b.io/v1", "https://a.io/v1", "HTTP://a.io/v1"]);
    assert!(!expansion.capped);
}

#[test]
fn the_value_that_makes_the_scheme_is_known() {
    let expansion = expand("{scheme}://a.io", &[var("scheme", Some("https"), &["https", "http"])]);
    assert_eq!(expansion.urls[1].parts.scheme, Some(Scheme::Http));
    assert_eq!(expansion.urls[1].scheme_from, Some(Pick { variable: 0, value: Some(1) }));
    let expansion = expand("{base}/v1", &[var("base", Some("http://a.io"), &[])]);
    assert_eq!(expansion.urls[0].scheme_from, Some(Pick { variable: 0, value: None }));
    let expansion = expand("http{s}://a.io", &[var("s", Some(""), &["s"])]);
    let clear = expansion.urls.iter().find(|url| url.parts.scheme == Some(Scheme::Http)).unwrap();
    assert_eq!(clear.text, "http://a.io");
    assert_eq!(expand("http://{h}", &[var("h", Some("a.io"), &[])]).urls[0].scheme_from, None);
}

#[test]
fn a_variable_without_a_value_stays_open() {
    let expansion = expand("https://{host}/{x}", &[var("x", None, &[])]);
    assert_eq!(texts(&expansion), ["https://{host}/{x}"]);
    assert_eq!(expansion.urls[0].parts.class(), Some(HostClass::Open));
    assert_eq!(expand("https://{host", &[]).urls.len(), 1);
}

#[test]
fn variables_of_the_path_do_not_multiply() {
    let many: Vec<String> = (0..100).map(|n| format!("v{n}")).collect();
    let values: Vec<&str> = many.iter().map(String::as_str).collect();
    let expansion = expand("https://a.io/{v}/{w}", &[var("v", Some("v7"), &values), var("w", None, &values)]);
    assert_eq!(texts(&expansion), ["https://a.io/v7/v0"]);
    assert!(!expansion.capped);
}

#[test]
fn too_many_urls_are_cut_off_and_said_so() {
    let many: Vec<String> = (0..100).map(|n| format!("h{n}")).collect();
    let values: Vec<&str> = many.iter().map(String::as_str).collect();
    let expansion = expand(
        "{s}://{a}.{b}",
        &[var("s", None, &["https", "http"]), var("a", None, &values), var("b", None, &values)],
    );
    assert_eq!(expansion.urls.len(), MOST_URLS);
    assert!(expansion.capped);
    assert!(expansion.urls.iter().any(|url| url.parts.scheme == Some(Scheme::Http)));
}

#[test]
fn a_variable_used_twice_has_one_value_at_a_time() {
    let expansion = expand("https://{x}.{x}.io", &[var("x", None, &["a", "b"])]);
    assert_eq!(texts(&expansion), ["https://a.a.io", "https://b.b.io"]);
}
