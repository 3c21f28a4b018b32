//! Attacks are carried out: a backtracking matcher counts its steps.

use proptest::prelude::*;

use super::syntax::Node;
use super::*;

const BUDGET: u64 = 200_000;

/// A matcher as validators have it, with the rules of ECMA-262 for loops.
struct Matcher<'p> {
    pattern: &'p Pattern,
    text: Vec<char>,
    steps: u64,
    most: u64,
}

impl Matcher<'_> {
    /// Whether a match begins at that place; gives up, as if it had matched, after `most` steps.
    fn matches(&mut self, node: &Node, at: usize, then: &mut dyn FnMut(&mut Self, usize) -> bool) -> bool {
        self.steps += 1;
        if self.steps > self.most {
            return true;
        }
        let c = self.text.get(at).map(|c| u32::from(*c));
        let reads = |good: bool| good && c.is_some();
        match node {
            Node::Chars(set) => {
                let set = self.pattern.sets[*set].ranges();
                let good = reads(set.iter().any(|(first, last)| c.is_some_and(|c| (*first..=*last).contains(&c))));
                good && then(self, at + 1)
            }
            Node::Dot => reads(!matches!(c, Some(0xa | 0xd | 0x2028 | 0x2029))) && then(self, at + 1),
            Node::Any => reads(true) && then(self, at + 1),
            Node::Start { .. } => at == 0 && then(self, at),
            Node::End { .. } => at == self.text.len() && then(self, at),
            Node::Sequence(items) => self.sequence(items, at, then),
            Node::Either(all) => all.iter().any(|one| self.matches(one, at, then)),
            Node::Repeat { inner, least, most } => self.repeat(inner, (*least, *most), 0, at, then),
            _ => unreachable!("no attack on {node:?}"),
        }
    }

    fn sequence(&mut self, items: &[Node], at: usize, then: &mut dyn FnMut(&mut Self, usize) -> bool) -> bool {
        match items.split_first() {
            None => then(self, at),
            Some((first, rest)) => self.matches(first, at, &mut |matcher, at| matcher.sequence(rest, at, then)),
        }
    }

    fn repeat(
        &mut self,
        inner: &Node,
        (least, most): (u64, Option<u64>),
        turns: u64,
        at: usize,
        then: &mut dyn FnMut(&mut Self, usize) -> bool,
    ) -> bool {
        let another = most.is_none_or(|most| turns < most)
            && self.matches(inner, at, &mut |matcher, end| {
                (end > at || turns < least) && matcher.repeat(inner, (least, most), turns + 1, end, then)
            });
        another || turns >= least && then(self, at)
    }
}

/// Steps until the text is refused where it begins, `most` if they are more; none if it matches.
fn steps(pattern: &Pattern, text: &str, most: u64) -> Option<u64> {
    let mut matcher = Matcher { pattern, text: text.chars().collect(), steps: 0, most };
    let matched = matcher.matches(&pattern.root, 0, &mut |_, _| true);
    (!matched || matcher.steps > most).then_some(matcher.steps.min(most))
}

/// Whether the work grows with the number of pumps as the attack says.
fn grows(pattern: &Pattern, attack: &Attack) -> bool {
    const MOST: u64 = 500_000;
    let at = |pumps| steps(pattern, &attack.text(pumps), MOST);
    let (few, many) = match attack.growth {
        Growth::Exponential => (at(3), at(13)),
        Growth::Polynomial => (at(40), at(80)),
    };
    let (Some(few), Some(many)) = (few, many) else { return false };
    many == MOST
        || match attack.growth {
            Growth::Exponential => many > few * 100,
            Growth::Polynomial => many * 10 > few * 27,
        }
}

#[track_caller]
fn growth(text: &str, growth: Option<Growth>) -> Option<Attack> {
    let facts = Facts::new(text, BUDGET);
    assert!(facts.is_read(), "{text}: {:?}", facts.problem);
    let attack = facts.attack();
    assert_eq!(attack.map(|attack| attack.growth), growth, "{text}: {attack:?}");
    if let Some(attack) = attack {
        assert!(grows(facts.pattern.as_ref().unwrap(), attack), "{text}: {attack:?}");
    }
    attack.cloned()
}

#[track_caller]
fn exponential(text: &str) -> Attack {
    growth(text, Some(Growth::Exponential)).unwrap()
}

#[track_caller]
fn polynomial(text: &str) -> Attack {
    growth(text, Some(Growth::Polynomial)).unwrap()
}

#[track_caller]
fn harmless(text: &str) {
    growth(text, None);
}

#[test]
fn loops_in_loops_are_exponential() {
    let attack = exponential("^(a+)+$");
    assert_eq!((attack.prefix.as_str(), attack.pump.as_str()), ("", "a"));
    for text in [
        "^(a*)*$",
        "^(a|a)*$",
        "^(a|b|ab)*$",
        "^([a-zA-Z0-9]+\\s?)+$",
        "^(\\w+\\s?)*$",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "^(a?b?)*$",
        "^((a|)+b?)*$",
        "^(?:x(?:a*){0,3})+$",
        "^x(a|aa)+y$",
        "(?:(?:a+)+)+b",
        "^((a*)b?)*$",
        "^([0-9]+(ns|us|µs|ms|s|m|h)?)+$",
        "^((\\d*(\\.\\d*)?h)|(\\d*(\\.\\d*)?m)|(\\d*(\\.\\d*)?s)|(\\d*(\\.\\d*)?ms))+$",
        "^([a-z]{1,63}\\.?){1,127}$",
    ] {
        exponential(text);
    }
}

#[test]
fn neighbours_that_share_letters_are_polynomial() {
    for text in [
        "^a*a*$",
        "^\\s*(.*?)\\s*$",
        "^[a-z]+[a-z0-9]+$",
        "^\\w+\\.?\\w+$",
        "^.*,.*,.*$",
        "^\\d+\\d+x",
        "^a{0,2000}a{0,2000}$",
    ] {
        polynomial(text);
    }
}

#[test]
fn plain_patterns_are_harmless() {
    for text in [
        "",
        "a",
        "^[a-z]+$",
        "^(ab)*$",
        "^(a|b)*$",
        "^([a-z]+\\.)*[a-z]+$",
        "^[A-Z]{2}[0-9]{1,30}$",
        "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        "^([1-5][0-9]{2}[,-]?)+$",
        "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        "^(a{1,3}b){1,40}$",
        "^a{0,20}a{0,20}$",
        "^[^@]+@[^@]+$",
        "^(a?)*$",
        "^(a|)*$",
        "^(?:a|b|)*c$",
        "^(?:a(?:b||c)*a\\.)+$",
        "^(?:x(?:a?)*y)+$",
        "^(?:x(?:a*)?y)+$",
    ] {
        harmless(text);
    }
}

#[test]
fn what_accepts_anything_that_follows_is_never_slow() {
    for text in ["(a+)+", "^(a*)*", "^\\s*", "^(a+)+.*", "(a|a)*b?"] {
        harmless(text);
    }
    exponential("(a+)+b");
    exponential("^(a+)+[\\s\\S]*b");
}

#[test]
fn a_pump_that_completes_a_match_is_not_the_only_one() {
    for text in ["(?:(?:b|[ab]|[ab]))*b", "(?:[bc]|[bc])*b", "x(?:[xy]|[xy])*x", "(?:(?:b|[ab])(?:b|[ab])*)*b"] {
        exponential(text);
    }
    polynomial("[bc]*[bc]*b");
}

#[test]
fn nothing_is_claimed_of_lookarounds_and_back_references() {
    for text in ["^(?=.{1,9}$)(a+)+$", "^(a+)\\1+$", "^\\b(a+)+$", "(?m:^(a+)+$)"] {
        harmless(text);
    }
}

#[test]
fn patterns_that_accept_everything_are_known() {
    for text in [
        "",
        "^.*$",
        ".*",
        ".+",
        "^.+$",
        "[\\s\\S]*",
        "^[\\s\\S]+$",
        "a*",
        "^",
        "$",
        "^(.|\\n)*$",
        "[^]",
        ".",
        "^[\\w\\W]{1,}$",
        "^(.*|a)$",
        "x|.*",
        "^$|^.+$",
    ] {
        assert!(Facts::new(text, BUDGET).accepts_everything(), "{text}");
    }
    for text in [
        "^.{0,100}$",
        "^\\S+$",
        "\\S",
        "a",
        "^a*$",
        "^$",
        "..",
        "^.*a$",
        "[^\\n]",
        "^(?!x).*$",
        "^[ -~]*$",
        "\\.*\\.",
        ".*\\S.*",
        "^.{2,}$",
    ] {
        assert!(!Facts::new(text, BUDGET).accepts_everything(), "{text}");
    }
}

#[test]
fn what_is_meant_to_look_anywhere_is_anchored() {
    for text in ["abc", "\\{name\\}", "\\S", "\\S+", "a", ".^", "$."] {
        assert_eq!(Facts::new(text, 0).anchors(), (true, true), "{text}");
    }
    for text in ["[0-9]+", "abc|def", "ab?", "a.c", "\\S{2}", "\\s"] {
        assert_eq!(Facts::new(text, 0).anchors(), (false, false), "{text}");
    }
}

#[test]
fn the_loose_alternative_is_named() {
    let loose = |text: &str| Facts::new(text, 0).loose_alternative().map(|range| text[range].to_owned());
    assert_eq!(loose("^a$|^b"), Some("^b".to_owned()));
    assert_eq!(loose("a|^b$"), Some("a".to_owned()));
    assert_eq!(loose("^(a|b)"), None);
    assert_eq!(loose("^a$|^b$"), None);
}

#[test]
fn hostile_patterns_cost_little() {
    let nested = format!("^{}a{}$", "(".repeat(100), "*)*".repeat(100));
    for text in [
        nested,
        "(a|b)?".repeat(10_000),
        "(a{1,1000}){1,1000}".to_owned(),
        "^((((a{1,100}){1,100}){1,100}){1,100}){1,100}$".to_owned(),
        format!("^({})*$", "a?".repeat(1000)),
        format!("^({})*$", "(a|b|)".repeat(500)),
        format!("^{}$", "[a-z]*".repeat(400)),
        format!("^({}x)*$", "[a-z]?".repeat(400)),
        (0x100..0x1000).filter_map(char::from_u32).map(|c| format!("[a-{c}]*")).collect(),
        format!("^({})*$", (0..200).map(|i| format!("a{{{i}}}b|")).collect::<String>()),
        "(?:\\p{L}\\p{N}?)*".repeat(20),
    ] {
        let start = std::time::Instant::now();
        let facts = Facts::new(&text, 20_000);
        let judged = (facts.attack(), facts.accepts_everything(), facts.longest(), facts.anchors());
        std::hint::black_box(judged);
        // Far more than it takes: what it guards against takes hours.
        assert!(start.elapsed().as_secs() < 20, "{:.60} took {:?}", text, start.elapsed());
    }
}

/// Small patterns over two letters.
fn small() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => Just("a".to_owned()),
        2 => Just("b".to_owned()),
        2 => Just("[ab]".to_owned()),
        1 => Just(String::new()),
    ];
    let node = leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            (inner.clone(), prop_oneof!["\\*", "\\+", "\\?", Just("{0,2}".to_owned()), Just("{2}".to_owned())])
                .prop_map(|(inner, times)| format!("(?:{inner}){times}")),
            proptest::collection::vec(inner.clone(), 1..3).prop_map(|items| items.concat()),
            proptest::collection::vec(inner, 2..4).prop_map(|items| format!("(?:{})", items.join("|"))),
        ]
    });
    (node, "\\^?", "c?\\$?").prop_map(|(node, start, end)| format!("{start}{node}{end}"))
}

fn words(longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        last = last.iter().flat_map(|word| ["a", "b"].map(|c| format!("{word}{c}"))).collect();
        all.extend(last.clone());
    }
    all
}

/// The worst growth that trying out short texts shows.
fn tried_out(pattern: &Pattern) -> Option<Attack> {
    let mut worst = None;
    for prefix in words(2) {
        for pump in words(3).into_iter().skip(1) {
            for suffix in ["", "!", "a!", "b!"] {
                for growth in [Growth::Exponential, Growth::Polynomial] {
                    let (prefix, pump, suffix) = (prefix.clone(), pump.clone(), suffix.to_owned());
                    let attack = Attack { growth, prefix, pump, suffix };
                    let is_worse = worst.as_ref().is_none_or(|old: &Attack| old.growth != Growth::Exponential);
                    if is_worse && really_grows(pattern, &attack) {
                        worst = Some(attack);
                    }
                }
            }
        }
    }
    worst
}

/// As [`grows`], but sure: three sizes.
fn really_grows(pattern: &Pattern, attack: &Attack) -> bool {
    const MOST: u64 = 20_000;
    let at = |pumps| steps(pattern, &attack.text(pumps), MOST);
    let sizes = match attack.growth {
        Growth::Exponential => [at(4), at(8), at(12)],
        Growth::Polynomial => [at(8), at(16), at(32)],
    };
    let [Some(small), Some(middle), Some(large)] = sizes else { return false };
    match attack.growth {
        Growth::Exponential => middle > small * 6 && (large == MOST || large > middle * 12),
        Growth::Polynomial => large < MOST && middle * 10 > small * 27 && large * 10 > middle * 30,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_claim_holds(text in small()) {
        let facts = Facts::new(&text, BUDGET);
        if let Some(attack) = facts.attack() {
            prop_assert!(grows(facts.pattern.as_ref().unwrap(), attack), "{}: {:?}", text, attack);
        }
    }

    #[test]
    fn nothing_slow_goes_unseen(text in small()) {
        let facts = Facts::new(&text, BUDGET);
        let pattern = facts.pattern.as_ref().unwrap();
        if let Some(worst) = tried_out(pattern) {
            let claim = facts.attack().map(|attack| attack.growth);
            let seen = claim == Some(Growth::Exponential) || claim == Some(worst.growth);
            prop_assert!(seen, "{}: claimed {:?}, but {:?}", text, claim, worst);
        }
    }

    #[test]
    fn what_accepts_everything_matches_an_engine(text in small()) {
        let facts = Facts::new(&text, BUDGET);
        let regex = regress::Regex::new(&text).unwrap();
        let mut texts = words(5);
        texts.extend(["c", "!", "ac", "bac!", "cc"].map(str::to_owned));
        let all = texts[1..].iter().all(|text| regex.find(text).is_some());
    prop_assert_eq!(facts.accepts_everything(), all, "{}", text);
    }
}

/// The scalars under `pattern` in the documents of the corpus, read line by line.
fn patterns_of_corpus() -> Vec<String> {
    let Ok(folder) = std::env::var("GATELINT_CORPUS") else { return Vec::new() };
    let files = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
    let mut found: Vec<String> = texts
        .flat_map(|text| {
            let values = text.lines().filter_map(|line| {
                let line = line.trim().trim_start_matches("- ").trim_end_matches(',');
                let value = line.strip_prefix("pattern: ").or_else(|| line.strip_prefix("\"pattern\": "))?;
                serde_yaml::from_str::<String>(value).ok()
            });
            values.collect::<Vec<String>>()
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn every_claim_on_real_patterns_holds() {
    for text in patterns_of_corpus() {
        let facts = Facts::new(&text, BUDGET);
        if let Some(attack) = facts.attack() {
            let pattern = facts.pattern.as_ref().unwrap();
            assert!(grows(pattern, attack), "{text}: {attack:?}");
        }
        let compiles = regress::Regex::with_flags(&text, "u").is_ok() || regress::Regex::new(&text).is_ok();
        assert!(compiles || !facts.is_read(), "{text}");
    }
}
