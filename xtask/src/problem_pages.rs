//! `docs/problems/`: a page per problem code. The texts stand here; a code without
//! one does not compile.

use std::fmt::Write;

use gatelint::error::ProblemCode;

use crate::Result;
use crate::docs::GENERATED;
use crate::output::Output;

/// Writes all pages.
pub fn generate(output: &mut Output) -> Result {
    let mut table = format!(
        "{GENERATED}# Problems\n\nA problem is a statement about the run, not about an API: something was not judged. It is part of every report, \
         and all but `templated` end the run with exit 4, so that what was not read never passes as clean. One that is \
         known and accepted is listed under `ignore` in `gatelint.yaml`, by its code; it stays in the report.\n\n\
         | problem | meaning |\n|---|---|\n"
    );
    for code in ProblemCode::ALL {
        let text = text(code);
        let _ = writeln!(table, "| [{code}]({code}.md) | {} |", text.meaning);
        let page = format!(
            "{GENERATED}# {code}\n\n{}.\n\n{}\n\n## What to do\n\n{}\n\n## Exit code\n\n{}\n",
            text.meaning,
            text.detail,
            text.remedy,
            if code.is_incomplete() {
                "4, unless the problem is ignored in `gatelint.yaml`."
            } else {
                "Not changed by it: the problem is only noted."
            }
        );
        output.write(&format!("docs/problems/{code}.md"), &page)?;
    }
    output.write("docs/problems/README.md", &table)?;
    output.prune("docs/problems", ".md")
}

struct Text {
    meaning: &'static str,
    detail: &'static str,
    remedy: &'static str,
}

fn text(code: ProblemCode) -> Text {
    match code {
        ProblemCode::Syntax => Text {
            meaning: "The file is not well-formed YAML or JSON",
            detail: "The message says what was expected and where. What stands before the error is judged; what stands after it may be missing.",
            remedy: "Mend the syntax at the place that is shown. In YAML the usual cause is an indentation that differs from the line above, a tab, or a value that begins with `@`, `` ` ``, `%`, `*`, `&` or `!` and is not quoted. A file whose name ends in `.json`, or that starts like JSON, must be strict JSON: no comments, no trailing commas.",
        },
        ProblemCode::Encoding => Text {
            meaning: "The file is not UTF-8",
            detail: "OpenAPI documents are UTF-8 (RFC 8259, section 8.1; YAML 1.2 allows UTF-16 as well, which gatelint does not read). Invalid bytes are read as replacement characters.",
            remedy: "Save the file as UTF-8, for example with `iconv -f latin1 -t utf-8`.",
        },
        ProblemCode::TooDeep => Text {
            meaning: "The file is nested deeper than the limit",
            detail: "The limit, 256 levels, keeps a hostile document from exhausting memory or the stack. The part below the limit is not judged.",
            remedy: "Real documents stay far below it. If yours does not, name schemas under `components` and refer to them.",
        },
        ProblemCode::TooLarge => Text {
            meaning: "The file is larger than the limit",
            detail: "The limit is 256 MiB. The file is not judged.",
            remedy: "Split the document, or exclude the file if it is data that only looks like an API document.",
        },
        ProblemCode::Unreadable => Text {
            meaning: "The file could not be opened or read",
            detail: "The message holds the reason that the operating system gives.",
            remedy: "Check that the path is right, that it is a file, and that it may be read. In a checkout without submodules or large-file storage the file may be a placeholder.",
        },
        ProblemCode::Unrecognised => Text {
            meaning: "A file named on the command line is of no kind that gatelint knows",
            detail: "The kind is told from the content: an OpenAPI document has the root key `openapi` or `swagger`. Files that are *found* and have no kind are counted and left alone; one that is *named* was expected to be judged.",
            remedy: "Name the root document. A part of a document, such as `schemas/pet.yaml`, is judged through the root that refers to it. Hooks that pass whatever changed use `--files-are-changes`, which finds the roots.",
        },
        ProblemCode::UnresolvedReference => Text {
            meaning: "The target of a `$ref` does not exist",
            detail: "The file is missing, or it has nothing at the pointer after `#`. What depends on the target is unknown and not judged.",
            remedy: "Mend the reference. A pointer writes `/` inside a key as `~1` and `~` as `~0`; a relative path starts at the file that holds the `$ref`. If the target is generated, generate it before linting.",
        },
        ProblemCode::RefusedReference => Text {
            meaning: "A `$ref` is not followed, as it leads to another host or out of the project",
            detail: "gatelint opens no network connection and reads nothing outside the project root, since whoever writes the document could otherwise make a build machine fetch or read what they like. What depends on the target is unknown.",
            remedy: "Keep a copy in the repository and refer to that, or map the URL to the copy with `refs: { \"https://example.com/common.yaml\": ./vendored/common.yaml }` in `gatelint.yaml`.",
        },
        ProblemCode::UnsupportedVersion => Text {
            meaning: "The root key `openapi` or `swagger` has a version that gatelint does not know",
            detail: "Known are `swagger: \"2.0\"` and `openapi` 3.0, 3.1 and 3.2 with any patch number. A document of an unknown version is not judged, and never counts as clean.",
            remedy: "Mend the version if it is a slip (`3.0` needs its patch number: `3.0.3`; `2.0` needs quotes). For a newer version of OpenAPI, update gatelint.",
        },
        ProblemCode::Templated => Text {
            meaning: "The file is a template, not yet a document",
            detail: "It holds placeholders of a template language, such as `{{ .Values.host }}`. It is read as far as it goes; values that hold a placeholder are unknown.",
            remedy: "Nothing, if the rendered document is linted as well. Otherwise render it first and lint the result.",
        },
        ProblemCode::Internal => Text {
            meaning: "gatelint itself failed on this file",
            detail: "A bug. Other files of the run are judged as usual; the exit code is 70.",
            remedy: "Please [report it](https://github.com/gatelint/gatelint/issues), if possible with a document that shows it.",
        },
    }
}
