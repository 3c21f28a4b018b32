//! Reports made by hand from small documents.

use std::sync::Arc;

use gatelint::error::{Problem, ProblemCode};
use gatelint::finding::{Confidence, Finding, Message, Related, RuleIndex, RuleInfo, Severity, State};
use gatelint::report::{Coverage, Document, Format, ProblemReport, RenderOptions, Report, Unknown, Verdict, render};
use gatelint::source::{Limits, SourceMap, read};
use gatelint::span::{At, FileId, Place, Span};

/// Builds a report; findings are added in the order in which they are shown.
pub struct Fixture {
    pub report: Report,
}

impl Fixture {
    /// A report on these files; the first one is the document.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let mut sources = SourceMap::default();
        for (path, text) in files {
            let file = read(sources.next_id(), path, text.as_bytes().to_vec(), &Limits::default());
            sources.push(file);
        }
        let document = Document { file: FileId(0), kind: "openapi".to_owned(), version: "3.0.3".to_owned() };
        let report = Report {
            tool_version: "0.1.0".to_owned(),
            sources: Arc::new(sources),
            rules: Vec::new(),
            coverage: Vec::new(),
            documents: if files.is_empty() { Vec::new() } else { vec![document] },
            findings: Vec::new(),
            problems: Vec::new(),
            unknowns: Vec::new(),
            judged: files.len() as u32,
            ignored_files: 0,
            fail_on: Severity::High,
            verdict: Verdict::Pass,
        };
        Self { report }
    }

    /// Adds a rule.
    pub fn rule(&mut self, id: &str, severity: Severity) -> RuleIndex {
        self.report.coverage.push(Coverage::Judged(1));
        self.report.rules.push(RuleInfo {
            id: id.to_owned(),
            title: format!("Something about {id}"),
            severity,
            confidence: Confidence::High,
            profile: "default".to_owned(),
            kinds: vec!["server".to_owned()],
            owasp: vec!["API8:2023".to_owned()],
            cwe: vec![319],
            aliases: Vec::new(),
            fix: "Use `https`.\nIt costs nothing.\n\nA second paragraph.".to_owned(),
            fix_in: Vec::new(),
            url: format!("https://gatelint.example/rules/{id}"),
        });
        RuleIndex(self.report.rules.len() as u16 - 1)
    }

    /// The key of what a pointer leads to.
    pub fn key(&self, file: u32, pointer: &str) -> Place {
        Place::key(self.at(file, pointer))
    }

    /// The value a pointer leads to.
    pub fn value(&self, file: u32, pointer: &str) -> Place {
        Place::value(self.at(file, pointer))
    }

    fn at(&self, file: u32, pointer: &str) -> At {
        let file = FileId(file);
        let tree = self.report.sources.tree(file);
        let node = tree.at_pointer(tree.roots()[0], pointer).unwrap_or_else(|| panic!("no {pointer}"));
        At { file, node }
    }

    /// Adds a finding and gives it back to be changed.
    pub fn finding(&mut self, rule: RuleIndex, place: Place, message: &str) -> &mut Finding {
        let number = self.report.findings.len();
        self.report.findings.push(Finding {
            rule,
            kind: "openapi",
            severity: self.report.rules[rule.0 as usize].severity,
            confidence: Confidence::High,
            message: Message::plain(message),
            place,
            related: Vec::new(),
            more_related: 0,
            members: 1,
            discriminator: String::new(),
            fingerprint: format!("1:{number:032x}"),
            state: State::Open,
        });
        self.report.findings.last_mut().unwrap()
    }

    /// Adds a problem with the bytes `start..end` of a file.
    pub fn problem(&mut self, code: ProblemCode, file: u32, bytes: (u32, u32), message: &str, ignored: Option<&str>) {
        let problem = Problem::new(code, message, Span::new(FileId(file), bytes.0, bytes.1));
        self.report.problems.push(ProblemReport { problem, ignored: ignored.map(str::to_owned) });
    }

    /// Adds facts that could not be known.
    pub fn unknown(&mut self, why: &str, count: u32, place: Place) {
        self.report.unknowns.push(Unknown { why: why.to_owned(), count, place });
    }

    /// The report in a format.
    pub fn render(&mut self, format: Format) -> String {
        self.render_with(format, &RenderOptions::default())
    }

    /// The report in a format, with options.
    pub fn render_with(&mut self, format: Format, options: &RenderOptions) -> String {
        let report = &mut self.report;
        report.verdict = Verdict::of(&report.documents, &report.findings, &report.problems, report.fail_on);
        let mut out = Vec::new();
        render(format, report, options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }
}

/// A related place.
pub fn related(place: Place, message: &str) -> Related {
    Related { message: Message::plain(message), place }
}

/// A document with an unencrypted server and an open operation; the second file holds what it refers to.
pub const FILES: &[(&str, &str)] = &[
    (
        "apis/orders api.yaml",
        "openapi: 3.0.3
info: {title: Orders, version: \"1\"}
servers:
  - url: http://api.example.com
paths:
  /orders:
    post:
      security: []
      responses: {\"201\": {description: made}}
",
    ),
    (
        "apis/common.yaml",
        "schemes:
  key:
    type: apiKey
    in: query
    name: token
",
    ),
];

/// One of everything: open, suppressed and baselined findings, related places near, far and in another file, problems, unknowns.
pub fn one_of_everything() -> Fixture {
    let mut fixture = Fixture::new(FILES);
    let cleartext = fixture.rule("cleartext-server", Severity::High);
    let open = fixture.rule("explicit-public-write", Severity::Medium);
    let query = fixture.rule("api-key-in-query", Severity::Low);
    let url = fixture.value(0, "/servers/0/url");
    let security = fixture.key(0, "/paths/~1orders/post/security");
    let post = fixture.key(0, "/paths/~1orders/post");
    let scheme = fixture.key(1, "/schemes/key");
    let location = fixture.value(1, "/schemes/key/in");

    let first = fixture.finding(cleartext, url, "");
    first.message = Message {
        template: "server URL uses `{scheme}`, so traffic to `{host}` is not encrypted".into(),
        args: vec![("scheme".into(), "http".into()), ("host".into(), "api.example.com".into())],
    };
    first.related = vec![related(post, "credentials are sent here"), related(scheme, "the key that is sent")];
    first.members = 2;
    let second = fixture.finding(open, security, "`POST /orders` turns authentication off");
    second.confidence = Confidence::Medium;
    second.related = vec![related(post, "this operation writes")];
    second.more_related = 3;
    let third = fixture.finding(query, location, "key travels in the URL");
    third.state = State::Suppressed { by: "comment", reason: Some("internal only".to_owned()) };
    fixture.finding(query, scheme, "key travels in the URL").state = State::Baselined;
    fixture.unknown("unresolved reference", 2, post);
    fixture.problem(ProblemCode::UnresolvedReference, 0, (120, 128), "`common.yaml#/nowhere` does not exist", None);
    fixture.problem(ProblemCode::RefusedReference, 0, (0, 7), "`https://x.example/a` is remote", Some("vendored soon"));
    fixture.report.ignored_files = 12;
    fixture
}
