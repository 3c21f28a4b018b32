# Shortcuts; everything works without just as well.

# what continuous integration runs
ci:
    .ci/run

test *args:
    cargo test {{ args }}

lint:
    cargo fmt --all -- --check
    cargo clippy --workspace --all-targets -- -D warnings

# everything that is generated and committed
generate:
    cargo xtask gen
    cargo xtask docs
    cargo xtask schema

# a rule file to fill in
new-rule id:
    cargo xtask new-rule {{ id }}

# rules' own examples and mutants
test-rules:
    cargo run --quiet -- test rules

corpus *args:
    cargo xtask corpus {{ args }}

bench *args:
    cargo xtask bench {{ args }}

# needs cargo-fuzz and a nightly toolchain: targets are yaml, json, toml, nginx, check
fuzz target:
    cargo +nightly fuzz run {{ target }}
