//! JSON, GitHub annotations, GitLab Code Quality, JUnit and Markdown.

use std::collections::BTreeSet;
use std::str::FromStr;

use gatelint::error::ProblemCode;
use gatelint::finding::Severity;
use gatelint::report::{Format, RenderOptions, json};
use insta::assert_snapshot;
use serde_json::Value;

use super::fixture::{FILES, Fixture, one_of_everything};

/// `count` findings of one rule, all at one place.
fn many(count: usize, severity: Severity) -> Fixture {
    let mut fixture = Fixture::new(FILES);
    let rule = fixture.rule("cleartext-server", severity);
    let place = fixture.value(0, "/servers/0/url");
    for _ in 0..count {
        fixture.finding(rule, place, "server URL uses `http`");
    }
    fixture
}

#[test]
fn format_names_lead_there_and_back() {
    for format in Format::ALL {
        assert_eq!(Format::from_str(format.as_str()), Ok(*format));
    }
    let error = Format::from_str("yaml").unwrap_err().to_string();
    assert_eq!(
        error,
        "unknown format `yaml`, expected one of text, json, sarif, github, gitlab, junit, markdown, scorecard"
    );
}

#[test]
fn json_is_the_contract() {
    assert_snapshot!(one_of_everything().render(Format::Json), @r#"
    {
      "schema": "gatelint.report/1",
      "tool": {
        "name": "gatelint",
        "version": "0.1.0"
      },
      "verdict": "incomplete",
      "documents": [
        {
          "file": "apis/orders api.yaml",
          "kind": "openapi",
          "version": "3.0.3"
        }
      ],
      "findings": [
        {
          "rule": "cleartext-server",
          "severity": "high",
          "confidence": "high",
          "message": "server URL uses `http`, so traffic to `api.example.com` is not encrypted",
          "help": "Use `https`. It costs nothing.",
          "url": "https://gatelint.example/rules/cleartext-server",
          "location": {
            "file": "apis/orders api.yaml",
            "pointer": "/servers/0/url",
            "start": {
              "offset": 69,
              "line": 4,
              "column": 10
            },
            "end": {
              "offset": 91,
              "line": 4,
              "column": 32
            }
          },
          "related": [
            {
              "message": "credentials are sent here",
              "location": {
                "file": "apis/orders api.yaml",
                "pointer": "/paths/~1orders/post",
                "start": {
                  "offset": 114,
                  "line": 7,
                  "column": 5
                },
                "end": {
                  "offset": 118,
                  "line": 7,
                  "column": 9
                }
              }
            },
            {
              "message": "the key that is sent",
              "location": {
                "file": "apis/common.yaml",
                "pointer": "/schemes/key",
                "start": {
                  "offset": 11,
                  "line": 2,
                  "column": 3
                },
                "end": {
                  "offset": 14,
                  "line": 2,
                  "column": 6
                }
              }
            }
          ],
          "more-related": 0,
          "members": 2,
          "owasp": [
            "API8:2023"
          ],
          "cwe": [
            319
          ],
          "fingerprint": "1:00000000000000000000000000000000",
          "suppressed": null
        },
        {
          "rule": "explicit-public-write",
          "severity": "medium",
          "confidence": "medium",
          "message": "`POST /orders` turns authentication off",
          "help": "Use `https`. It costs nothing.",
          "url": "https://gatelint.example/rules/explicit-public-write",
          "location": {
            "file": "apis/orders api.yaml",
            "pointer": "/paths/~1orders/post/security",
            "start": {
              "offset": 126,
              "line": 8,
              "column": 7
            },
            "end": {
              "offset": 134,
              "line": 8,
              "column": 15
            }
          },
          "related": [
            {
              "message": "this operation writes",
              "location": {
                "file": "apis/orders api.yaml",
                "pointer": "/paths/~1orders/post",
                "start": {
                  "offset": 114,
                  "line": 7,
                  "column": 5
                },
                "end": {
                  "offset": 118,
                  "line": 7,
                  "column": 9
                }
              }
            }
          ],
          "more-related": 3,
          "members": 1,
          "owasp": [
            "API8:2023"
          ],
          "cwe": [
            319
          ],
          "fingerprint": "1:00000000000000000000000000000001",
          "suppressed": null
        },
        {
          "rule": "api-key-in-query",
          "severity": "low",
          "confidence": "high",
          "message": "key travels in the URL",
          "help": "Use `https`. It costs nothing.",
          "url": "https://gatelint.example/rules/api-key-in-query",
          "location": {
            "file": "apis/common.yaml",
            "pointer": "/schemes/key/in",
            "start": {
              "offset": 41,
              "line": 4,
              "column": 9
            },
            "end": {
              "offset": 46,
              "line": 4,
              "column": 14
            }
          },
          "related": [],
          "more-related": 0,
          "members": 1,
          "owasp": [
            "API8:2023"
          ],
          "cwe": [
            319
          ],
          "fingerprint": "1:00000000000000000000000000000002",
          "suppressed": {
            "by": "comment",
            "reason": "internal only"
          }
        },
        {
          "rule": "api-key-in-query",
          "severity": "low",
          "confidence": "high",
          "message": "key travels in the URL",
          "help": "Use `https`. It costs nothing.",
          "url": "https://gatelint.example/rules/api-key-in-query",
          "location": {
            "file": "apis/common.yaml",
            "pointer": "/schemes/key",
            "start": {
              "offset": 11,
              "line": 2,
              "column": 3
            },
            "end": {
              "offset": 14,
              "line": 2,
              "column": 6
            }
          },
          "related": [],
          "more-related": 0,
          "members": 1,
          "owasp": [
            "API8:2023"
          ],
          "cwe": [
            319
          ],
          "fingerprint": "1:00000000000000000000000000000003",
          "suppressed": "baseline"
        }
      ],
      "problems": [
        {
          "code": "unresolved-reference",
          "message": "`common.yaml#/nowhere` does not exist",
          "location": {
            "file": "apis/orders api.yaml",
            "pointer": "/paths/~1orders/post",
            "start": {
              "offset": 120,
              "line": 8,
              "column": 1
            },
            "end": {
              "offset": 128,
              "line": 8,
              "column": 9
            }
          },
          "ignored": null
        },
        {
          "code": "refused-reference",
          "message": "`https://x.example/a` is remote",
          "location": {
            "file": "apis/orders api.yaml",
            "pointer": "/openapi",
            "start": {
              "offset": 0,
              "line": 1,
              "column": 1
            },
            "end": {
              "offset": 7,
              "line": 1,
              "column": 8
            }
          },
          "ignored": "vendored soon"
        }
      ],
      "unknowns": [
        {
          "why": "unresolved reference",
          "count": 2,
          "location": {
            "file": "apis/orders api.yaml",
            "pointer": "/paths/~1orders/post",
            "start": {
              "offset": 114,
              "line": 7,
              "column": 5
            },
            "end": {
              "offset": 118,
              "line": 7,
              "column": 9
            }
          }
        }
      ],
      "summary": {
        "critical": 0,
        "high": 1,
        "medium": 1,
        "low": 0,
        "info": 0,
        "suppressed": 1,
        "baselined": 1,
        "unknown": 2,
        "ignored-files": 12
      }
    }
    "#);
}

#[test]
fn json_follows_its_own_schema() {
    let schema = serde_json::to_value(json::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for mut fixture in [one_of_everything(), Fixture::new(FILES), Fixture::new(&[])] {
        let report: Value = serde_json::from_str(&fixture.render(Format::Json)).unwrap();
        let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let mut wrong: Value = serde_json::from_str(&one_of_everything().render(Format::Json)).unwrap();
    wrong["findings"][0]["severity"] = "dreadful".into();
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn json_is_never_cut() {
    let report: Value = serde_json::from_str(&many(3000, Severity::Low).render(Format::Json)).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 3000);
    assert_eq!(report["summary"]["low"], 3000);
}

#[test]
fn github_shows_findings_and_problems_as_annotations() {
    assert_snapshot!(one_of_everything().render(Format::Github), @r#"
    ::error file=apis/orders api.yaml,line=8,col=1,endColumn=9,title=unresolved-reference::`common.yaml#/nowhere` does not exist
    ::error file=apis/orders api.yaml,line=4,col=10,endColumn=32,title=cleartext-server (high)::server URL uses `http`, so traffic to `api.example.com` is not encrypted%0AUse `https`. It costs nothing.%0Ahttps://gatelint.example/rules/cleartext-server
    ::warning file=apis/orders api.yaml,line=8,col=7,endColumn=15,title=explicit-public-write (medium)::`POST /orders` turns authentication off%0AUse `https`. It costs nothing.%0Ahttps://gatelint.example/rules/explicit-public-write
    ::notice file=apis/orders api.yaml,line=1,col=1,endColumn=8,title=refused-reference::`https://x.example/a` is remote%0Aignored by the settings: vendored soon
    "#);
}

#[test]
fn github_stops_at_ten_of_a_level_and_says_so() {
    let mut fixture = many(25, Severity::Critical);
    let medium = fixture.rule("missing-429", Severity::Medium);
    let place = fixture.key(0, "/paths");
    for _ in 0..12 {
        fixture.finding(medium, place, "no operation documents 429");
    }
    for _ in 0..5 {
        fixture.problem(ProblemCode::Syntax, 0, (0, 1), "broken", None);
    }
    let text = fixture.render(Format::Github);
    let count = |level: &str| text.lines().filter(|line| line.starts_with(level)).count();
    assert_eq!((count("::error "), count("::warning "), count("::notice ")), (10, 10, 1));
    assert_eq!(text.matches("title=syntax").count(), 3, "findings do not push every problem out");
    assert!(text.contains("::notice title=more::22 more annotations left out"), "{text}");
}

#[test]
fn a_github_annotation_ends_where_it_begins() {
    let mut fixture = Fixture::new(FILES);
    let rule = fixture.rule("cleartext-server", Severity::High);
    let place = fixture.value(0, "/paths");
    fixture.finding(rule, place, "many lines");
    let text = fixture.render(Format::Github);
    assert!(text.starts_with("::error file=apis/orders api.yaml,line=6,col=3,title="), "{text}");
}

#[test]
fn gitlab_issues_have_one_based_lines_and_a_name_in_the_description() {
    assert_snapshot!(one_of_everything().render(Format::Gitlab), @r#"
    [
      {
        "description": "cleartext-server: server URL uses `http`, so traffic to `api.example.com` is not encrypted",
        "check_name": "cleartext-server",
        "fingerprint": "ec306986d20ab00e9d4d1574120b034d",
        "severity": "critical",
        "location": {
          "path": "apis/orders api.yaml",
          "lines": {
            "begin": 4
          }
        }
      },
      {
        "description": "explicit-public-write: `POST /orders` turns authentication off",
        "check_name": "explicit-public-write",
        "fingerprint": "23f2761dfae36eaa8d405aeb290c0f73",
        "severity": "major",
        "location": {
          "path": "apis/orders api.yaml",
          "lines": {
            "begin": 8
          }
        }
      },
      {
        "description": "unresolved-reference: `common.yaml#/nowhere` does not exist",
        "check_name": "unresolved-reference",
        "fingerprint": "db3cfa876ea166f85ee80a958dba08fc",
        "severity": "critical",
        "location": {
          "path": "apis/orders api.yaml",
          "lines": {
            "begin": 8
          }
        }
      },
      {
        "description": "refused-reference: `https://x.example/a` is remote",
        "check_name": "refused-reference",
        "fingerprint": "32520c19c69e0ebaa9b2fe822b98da65",
        "severity": "info",
        "location": {
          "path": "apis/orders api.yaml",
          "lines": {
            "begin": 1
          }
        }
      }
    ]
    "#);
}

#[test]
fn gitlab_fingerprints_are_unique_even_where_findings_share_one() {
    let mut fixture = many(3, Severity::High);
    for finding in &mut fixture.report.findings {
        finding.fingerprint = "1:same".to_owned();
    }
    fixture.problem(ProblemCode::Syntax, 0, (0, 1), "broken", None);
    fixture.problem(ProblemCode::Syntax, 0, (2, 3), "broken", None);
    let issues: Vec<Value> = serde_json::from_str(&fixture.render(Format::Gitlab)).unwrap();
    let unique: BTreeSet<&str> = issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    assert_eq!((issues.len(), unique.len()), (5, 5));
}

#[test]
fn gitlab_fingerprints_do_not_move_with_lines() {
    let fingerprints = |head: &str| -> Vec<Value> {
        let document = format!("{head}servers:\n  - url: http://a.example\n");
        let mut fixture = Fixture::new(&[("api.yaml", &document)]);
        let rule = fixture.rule("cleartext-server", Severity::High);
        let place = fixture.value(0, "/servers/0/url");
        fixture.finding(rule, place, "server URL uses `http`");
        fixture.problem(ProblemCode::UnresolvedReference, 0, (head.len() as u32, head.len() as u32 + 1), "gone", None);
        let issues: Vec<Value> = serde_json::from_str(&fixture.render(Format::Gitlab)).unwrap();
        issues.iter().map(|issue| issue["fingerprint"].clone()).collect()
    };
    assert_eq!(fingerprints(""), fingerprints(&"# ten lines\n".repeat(10)));
}

#[test]
fn junit_fails_what_fails_the_run_and_skips_the_rest() {
    assert_snapshot!(one_of_everything().render(Format::Junit), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="gatelint" tests="4" skipped="2" failures="1" errors="1">
        <testsuite name="apis/orders api.yaml" tests="4" skipped="2" errors="1" failures="1">
            <testcase name="unresolved-reference at 8:1" classname="apis/orders api.yaml">
                <error message="`common.yaml#/nowhere` does not exist" type="unresolved-reference">apis/orders api.yaml:8:1: `common.yaml#/nowhere` does not exist</error>
            </testcase>
            <testcase name="refused-reference at 1:1" classname="apis/orders api.yaml">
                <skipped message="`https://x.example/a` is remote" type="refused-reference">apis/orders api.yaml:1:1: `https://x.example/a` is remote
    ignored by the settings: vendored soon</skipped>
            </testcase>
            <testcase name="cleartext-server at 4:10" classname="apis/orders api.yaml">
                <failure message="server URL uses `http`, so traffic to `api.example.com` is not encrypted" type="high">apis/orders api.yaml:4:10: high cleartext-server: server URL uses `http`, so traffic to `api.example.com` is not encrypted
    Use `https`. It costs nothing.
    https://gatelint.example/rules/cleartext-server</failure>
            </testcase>
            <testcase name="explicit-public-write at 8:7" classname="apis/orders api.yaml">
                <skipped message="`POST /orders` turns authentication off" type="medium">apis/orders api.yaml:8:7: medium explicit-public-write: `POST /orders` turns authentication off
    Use `https`. It costs nothing.
    https://gatelint.example/rules/explicit-public-write</skipped>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn junit_has_a_passed_case_for_a_clean_document() {
    assert_snapshot!(Fixture::new(FILES).render(Format::Junit), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="gatelint" tests="1" skipped="0" failures="0" errors="0">
        <testsuite name="apis/orders api.yaml" tests="1" skipped="0" errors="0" failures="0">
            <testcase name="no findings" classname="apis/orders api.yaml"/>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn junit_cases_of_one_place_have_different_names() {
    let text = many(3, Severity::High).render(Format::Junit);
    for name in ["cleartext-server at 4:10\"", "cleartext-server at 4:10 (2)\"", "cleartext-server at 4:10 (3)\""] {
        assert_eq!(text.matches(name).count(), 1, "{text}");
    }
}

#[test]
fn markdown_is_a_summary_for_people() {
    assert_snapshot!(one_of_everything().render(Format::Markdown), @r#"
    ## gatelint

    **incomplete&#58; 1 problem kept something from being judged; 1 finding at or above high**

    2 findings: 1 high, 1 medium (1 suppressed, 1 in the baseline)

    | Severity | Rule | Place | Finding |
    |---|---|---|---|
    | 🔴 high | [cleartext-server](https://gatelint.example/rules/cleartext-server) | apis/orders api.yaml&#58;4&#58;10 | server URL uses <code>http</code>, so traffic to <code>api.example.com</code> is not encrypted<br>Use <code>https</code>. It costs nothing. |
    | 🟠 medium (medium confidence) | [explicit-public-write](https://gatelint.example/rules/explicit-public-write) | apis/orders api.yaml&#58;8&#58;7 | <code>POST /orders</code> turns authentication off<br>Use <code>https</code>. It costs nothing. |

    ### Problems

    | Problem | State | Place | Message |
    |---|---|---|---|
    | unresolved-reference | not judged | apis/orders api.yaml&#58;8&#58;1 | <code>common.yaml&#35;/nowhere</code> does not exist |
    | refused-reference | ignored: vendored soon | apis/orders api.yaml&#58;1&#58;1 | <code>https&#58;//x.example/a</code> is remote |

    ### Not judged

    | Count |  | First at | Reason |
    |---|---|---|---|
    | 2 facts |  | apis/orders api.yaml&#58;7&#58;5 | unresolved reference |
    "#);
}

#[test]
fn markdown_links_places_to_the_revision() {
    let url = "https://github.com/o/r/blob/0a1b2c".to_owned();
    let options = RenderOptions { source_url: Some(url), ..RenderOptions::default() };
    let text = one_of_everything().render_with(Format::Markdown, &options);
    let link = "[apis/orders api.yaml&#58;4&#58;10](https://github.com/o/r/blob/0a1b2c/apis/orders%20api.yaml#L4)";
    assert!(text.contains(link), "{text}");
}

#[test]
fn markdown_stays_below_the_limit_of_a_summary_and_says_what_is_missing() {
    let text = many(20_000, Severity::High).render(Format::Markdown);
    assert!(text.len() < 1 << 20);
    let shown = text.lines().filter(|line| line.starts_with("| 🔴")).count();
    assert!(shown > 1000 && text.contains(&format!("{} more, see the other reports", 20_000 - shown)));
}
