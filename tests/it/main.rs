//! The one integration binary: every test that looks at gatelint from outside.
// A helper of a test may fail the test.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

mod action;
mod answer_facts;
mod auth_causes;
mod auth_facts;
mod authorization_facts;
mod cli;
mod discover;
mod docs;
mod embedded;
mod facts;
mod findings;
mod formats;
mod gateway_circles;
mod gateways;
mod inventory_facts;
mod json_cases;
mod large_gateways;
mod model;
mod oracle;
mod pattern_facts;
mod reading;
mod reports;
mod robust;
mod routes;
mod rules;
mod sandbox;
mod settings;
mod suppress;
mod syntaxes;
mod testdata;
mod text_facts;
mod tidy;
