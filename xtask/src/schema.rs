//! `cargo xtask schema`: the JSON Schemas of what gatelint reads and writes, as
//! `gatelint schema` prints them, for editors that fetch them by URL.

use crate::Result;
use crate::docs::printed;
use crate::output::Output;

/// Writes `docs/schema/`.
pub fn generate(output: &mut Output) -> Result {
    for of in ["settings", "rule", "report"] {
        let schema = printed(&format!("schema {of}"))?;
        output.write(&format!("docs/schema/{of}.json"), &(schema + "\n"))?;
    }
    output.prune("docs/schema", ".json")
}
