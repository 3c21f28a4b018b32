//! The baseline: findings that were there before, one JSON object a line, sorted.
//! It counts: two entries alike cover two findings. Knows no rule and opens no file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, RuleInfo, Severity, State};
use crate::source::SourceMap;

/// A finding that was there before.
///
/// The fingerprint alone decides whether it is the same one; the rest is for people who read the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The file, by path from the project root.
    pub file: String,
    /// JSON pointer of the place.
    pub pointer: String,
    /// Rule id.
    pub rule: String,
    /// Tells findings of one rule at one place apart.
    pub disc: String,
    /// The severity it had. A finding that is worse now is new.
    pub severity: Severity,
    /// The finding's fingerprint.
    pub fingerprint: String,
}

impl Entry {
    /// The entry for a finding.
    pub fn of(finding: &Finding, rules: &[RuleInfo], sources: &SourceMap) -> Self {
        Self {
            file: sources.file(finding.place.at.file).path.clone(),
            pointer: sources.pointer(finding.place),
            rule: rules[finding.rule.0 as usize].id.clone(),
            disc: finding.discriminator.clone(),
            severity: finding.severity,
            fingerprint: finding.fingerprint.clone(),
        }
    }
}

/// The findings that were there before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: Vec<Entry>,
}

/// The error of reading a baseline: a line that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the baseline is no entry: {why}")]
pub struct MalformedBaseline {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// What writing a baseline changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// The new baseline.
    pub baseline: Baseline,
    /// Entries it has more.
    pub added: usize,
    /// Entries it has no longer.
    pub removed: usize,
    /// New findings that were not added, since additions were not asked for.
    pub refused: usize,
}

impl Baseline {
    /// A baseline of these entries.
    pub fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort();
        Self { entries }
    }

    /// Reads a baseline. Blank lines are passed over.
    ///
    /// # Errors
    /// At the first line that is no entry.
    pub fn parse(text: &str) -> Result<Self, MalformedBaseline> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let entries = lines.map(|(index, line)| {
            serde_json::from_str(line).map_err(|error| MalformedBaseline { line: index + 1, why: error.to_string() })
        });
        entries.collect::<Result<_, _>>().map(Self::new)
    }

    /// The text of the baseline file.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for entry in &self.entries {
            // Plain strings and an enum: there is nothing that could fail.
            text += &serde_json::to_string(entry).unwrap_or_default();
            text.push('\n');
        }
        text
    }

    /// The entries, sorted by place.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Marks the open findings that were there before and are no worse.
    pub fn apply(&self, findings: &mut [Finding]) {
        let mut left = self.by_fingerprint();
        for finding in findings.iter_mut().filter(|finding| finding.state == State::Open) {
            if let Some(severities) = left.get_mut(finding.fingerprint.as_str())
                && let Some(at) = severities.iter().position(|&severity| severity >= finding.severity)
            {
                severities.remove(at);
                finding.state = State::Baselined;
            }
        }
    }

    fn by_fingerprint(&self) -> BTreeMap<&str, Vec<Severity>> {
        let mut map: BTreeMap<&str, Vec<Severity>> = BTreeMap::new();
        for entry in &self.entries {
            map.entry(&entry.fingerprint).or_default().push(entry.severity);
        }
        for severities in map.values_mut() {
            severities.sort_unstable();
        }
        map
    }

    /// The baseline after a run that found `current`. Entries of files that
    /// `judged` does not hold stay as they are. New findings are only taken in
    /// if `add` says so: a baseline that grows by itself hides what is new.
    pub fn update(&self, current: Vec<Entry>, judged: &dyn Fn(&str) -> bool, add: bool) -> Update {
        let mut old: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in &self.entries {
            old.entry(&entry.fingerprint).or_default().push(entry);
        }
        let mut update = Update::default();
        let mut kept = Vec::new();
        let mut current: Vec<Entry> = current;
        // The worst one first, so that it finds the old entry that covers it.
        current.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.cmp(b)));
        for entry in current {
            let before = old.get_mut(entry.fingerprint.as_str());
            let known = before.and_then(|entries| {
                let at = entries.iter().position(|old| old.severity >= entry.severity);
                at.or_else(|| (!add && !entries.is_empty()).then_some(0)).map(|at| entries.remove(at))
            });
            match known {
                // A finding that got worse keeps its old entry, which no longer covers it.
                Some(old) if old.severity < entry.severity => {
                    update.refused += 1;
                    kept.push(old.clone());
                }
                Some(_) => kept.push(entry),
                None if add => {
                    update.added += 1;
                    kept.push(entry);
                }
                None => update.refused += 1,
            }
        }
        for entry in old.into_values().flatten() {
            if judged(&entry.file) {
                update.removed += 1;
            } else {
                kept.push(entry.clone());
            }
        }
        update.baseline = Self::new(kept);
        update
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::finding::{Confidence, Message, RuleIndex};
    use crate::span::{At, FileId, NodeId, Place};

    fn entry(fingerprint: &str, severity: Severity) -> Entry {
        Entry {
            file: "api.yaml".into(),
            pointer: "/paths".into(),
            rule: "missing-429".into(),
            disc: String::new(),
            severity,
            fingerprint: fingerprint.into(),
        }
    }

    fn finding(fingerprint: &str, severity: Severity) -> Finding {
        Finding {
            rule: RuleIndex(0),
            kind: "openapi",
            severity,
            confidence: Confidence::High,
            message: Message { template: Arc::from(""), args: Vec::new() },
            place: Place::key(At { file: FileId(0), node: NodeId(0) }),
            related: Vec::new(),
            more_related: 0,
            members: 1,
            discriminator: String::new(),
            fingerprint: fingerprint.into(),
            state: State::Open,
        }
    }

    #[test]
    fn a_baseline_reads_what_it_writes() {
        let baseline = Baseline::new(vec![entry("1:b", Severity::Low), entry("1:a", Severity::High)]);
        assert_eq!(Baseline::parse(&baseline.to_text()), Ok(baseline));
    }

    #[test]
    fn a_malformed_line_is_told_by_its_number() {
        let text = format!("{}<<<<<<< HEAD\n", Baseline::new(vec![entry("1:a", Severity::Low)]).to_text());
        assert_eq!(Baseline::parse(&text).map_err(|error| error.line), Err(2));
    }

    #[test]
    fn two_entries_alike_cover_two_findings_and_not_three() {
        let baseline = Baseline::new(vec![entry("1:a", Severity::High), entry("1:a", Severity::High)]);
        let mut findings = vec![finding("1:a", Severity::High); 3];
        baseline.apply(&mut findings);
        assert_eq!(findings.iter().filter(|finding| finding.state == State::Baselined).count(), 2);
    }

    #[test]
    fn a_finding_that_got_worse_is_new() {
        let baseline = Baseline::new(vec![entry("1:a", Severity::Medium)]);
        let mut findings = vec![finding("1:a", Severity::High), finding("1:a", Severity::Low)];
        baseline.apply(&mut findings);
        assert_eq!(findings[0].state, State::Open);
        assert_eq!(findings[1].state, State::Baselined);
    }

    #[test]
    fn a_suppressed_finding_uses_up_no_entry() {
        let baseline = Baseline::new(vec![entry("1:a", Severity::High)]);
        let mut findings = vec![finding("1:a", Severity::High), finding("1:a", Severity::High)];
        findings[0].state = State::Suppressed { by: "comment", reason: None };
        baseline.apply(&mut findings);
        assert_eq!(findings[1].state, State::Baselined);
    }

    #[test]
    fn new_findings_are_only_added_on_request() {
        let old = Baseline::new(vec![entry("1:a", Severity::Low), entry("1:gone", Severity::Low)]);
        let current = vec![entry("1:a", Severity::Low), entry("1:new", Severity::Low)];
        let update = old.update(current.clone(), &|_| true, false);
        assert_eq!((update.added, update.removed, update.refused), (0, 1, 1));
        assert_eq!(update.baseline.entries(), [entry("1:a", Severity::Low)]);
        let update = old.update(current.clone(), &|_| true, true);
        assert_eq!((update.added, update.removed, update.refused), (1, 1, 0));
        assert_eq!(update.baseline.entries(), current);
    }

    #[test]
    fn a_finding_that_got_worse_is_not_written_down_by_itself() {
        let old = Baseline::new(vec![entry("1:a", Severity::Low)]);
        let worse = vec![entry("1:a", Severity::High)];
        let update = old.update(worse.clone(), &|_| true, false);
        assert_eq!((update.refused, update.baseline), (1, old.clone()));
        let update = old.update(worse.clone(), &|_| true, true);
        assert_eq!((update.added, update.removed), (1, 1));
        assert_eq!(update.baseline, Baseline::new(worse));
    }

    #[test]
    fn entries_of_files_that_were_not_judged_stay() {
        let old = Baseline::new(vec![entry("1:a", Severity::Low)]);
        let update = old.update(Vec::new(), &|_| false, false);
        assert_eq!((update.removed, update.baseline), (0, old));
    }
}
