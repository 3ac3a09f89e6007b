//! The places that a new provider needs and that no compiler asks for: fixtures, fuzz targets, lists and documents.
//!
//! CONTRIBUTING.md, "Adding a provider", has all places in their order.

use std::path::{Path, PathBuf};

use serde_json::Value;
use shared::provider::{Proof, Provider};

/// The tables of the reference that have a row for each provider, and whether the generic body has one too.
const FACTS: [(&str, bool); 4] = [
    ("Proof that a post is genuine", true),
    ("Answers and retries", false),
    ("Formats", true),
    ("Identity of an event", false),
];

/// What the places are asked about a provider.
struct Subject {
    word: String,
    /// The name of its variant.
    variant: String,
    signs: bool,
    /// Its body is ours: no service documents it, and nobody sent us a fixture of it.
    is_generic: bool,
}

impl Subject {
    fn of(provider: Provider) -> Self {
        Self {
            word: provider.as_str().to_owned(),
            variant: format!("{provider:?}"),
            signs: provider.proof() != Some(Proof::IngestKey),
            is_generic: provider == Provider::Generic,
        }
    }

    /// The places where the provider is missing.
    fn missing_places(&self) -> Vec<String> {
        let Self { word, .. } = self;
        let wanted = [
            (self.is_generic || has_fixtures(word), format!("tests/fixtures/{word} and its entries in index.json")),
            (
                self.is_generic || !self.signs || has_signed_fixture(word),
                format!("tests/fixtures/index.json: a fixture of {word} with a good signature"),
            ),
            (self.has_target("parse"), format!("tests/fuzz: the target parse_{word}, in Cargo.toml too")),
            (
                !self.signs || self.has_target("verify"),
                format!("tests/fuzz: the target verify_{word}, in Cargo.toml too"),
            ),
            (
                self.signs || says_that_it_does_not_sign(word),
                format!("infra/openapi.yaml: {word} among the providers that GivenVerification does not accept"),
            ),
            (
                has_row(&read("docs/guide/sources.md"), word),
                format!("docs/guide/sources.md: a row of {word} in the table \"What each provider has to prove\""),
            ),
            (self.is_generic || is_named_in_readme(word), format!("README.md: {word} in the first lines")),
        ];
        let facts = read("docs/reference/provider-facts.md");
        let facts = FACTS.map(|(heading, of_generic)| {
            let present = (self.is_generic && !of_generic) || has_row(section(&facts, heading), word);
            (present, format!("docs/reference/provider-facts.md: a row of {word} in the table \"{heading}\""))
        });
        wanted.into_iter().chain(facts).filter(|(present, _)| !present).map(|(_, place)| place).collect()
    }

    /// Whether there is a fuzz target, which is about this provider.
    fn has_target(&self, kind: &str) -> bool {
        let name = format!("{kind}_{}", self.word);
        let code = std::fs::read_to_string(root().join(format!("tests/fuzz/targets/{name}.rs"))).unwrap_or_default();
        let call = format!("fuzz::{kind}(domain::provider::Provider::{}, data)", self.variant);
        code.contains(&call) && read("tests/fuzz/Cargo.toml").contains(&format!("name = \"{name}\""))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The entries of the index for this provider.
fn entries(word: &str) -> Vec<Value> {
    let index: Value = serde_json::from_str(&read("tests/fixtures/index.json")).unwrap();
    let entries = index["fixtures"].as_array().unwrap().iter();
    entries.filter(|entry| entry["provider"] == word).cloned().collect()
}

fn has_fixtures(word: &str) -> bool {
    entries(word).iter().any(|entry| entry["file"].as_str().unwrap().starts_with(&format!("{word}/")))
}

fn has_signed_fixture(word: &str) -> bool {
    entries(word).iter().any(|entry| entry["auth"]["valid"] == true)
}

fn says_that_it_does_not_sign(word: &str) -> bool {
    let text = read("infra/openapi.yaml");
    let sentence = text.split_once("It is refused for providers that do not sign:").unwrap().1;
    sentence.split_once('.').unwrap().0.contains(&format!("`{word}`"))
}

/// The part of a page under a heading.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let after = page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no heading {heading}")).1;
    after.split("\n## ").next().unwrap()
}

/// Whether the first cell of a table's row names the provider.
fn has_row(text: &str, word: &str) -> bool {
    let rows = text.lines().filter_map(|line| line.strip_prefix('|'));
    rows.filter_map(|row| row.split('|').next()).any(|cell| cell.contains(&format!("`{word}`")))
}

/// Whether the paragraph above the README's picture names the provider, in any case.
fn is_named_in_readme(word: &str) -> bool {
    let readme = read("README.md").to_lowercase();
    let beginning = readme.split("```").next().unwrap();
    beginning.split(|letter: char| !letter.is_alphanumeric()).any(|named| named == word)
}

#[test]
fn every_provider_is_in_every_place() {
    let missing: Vec<_> = Provider::of_sources().flat_map(|provider| Subject::of(provider).missing_places()).collect();
    assert!(missing.is_empty(), "to be added (see CONTRIBUTING.md):\n{}", missing.join("\n"));
}

/// A target that was renamed in one place only would fuzz another provider than it says, or none.
#[test]
fn every_fuzz_target_is_of_a_provider() {
    for target in std::fs::read_dir(root().join("tests/fuzz/targets")).unwrap() {
        let file = target.unwrap().file_name().into_string().unwrap();
        let (_, word) = file.strip_suffix(".rs").unwrap().split_once('_').unwrap();
        assert!(word == "credentials" || Provider::of_sources().any(|provider| provider.as_str() == word), "{file}");
    }
}

#[test]
fn each_place_that_lacks_a_provider_is_named() {
    let acme = |signs| {
        let subject = Subject { word: "acme".to_owned(), variant: "Acme".to_owned(), signs, is_generic: false };
        subject.missing_places().join("\n")
    };
    insta::assert_snapshot!(acme(true), @r#"
    tests/fixtures/acme and its entries in index.json
    tests/fixtures/index.json: a fixture of acme with a good signature
    tests/fuzz: the target parse_acme, in Cargo.toml too
    tests/fuzz: the target verify_acme, in Cargo.toml too
    docs/guide/sources.md: a row of acme in the table "What each provider has to prove"
    README.md: acme in the first lines
    docs/reference/provider-facts.md: a row of acme in the table "Proof that a post is genuine"
    docs/reference/provider-facts.md: a row of acme in the table "Answers and retries"
    docs/reference/provider-facts.md: a row of acme in the table "Formats"
    docs/reference/provider-facts.md: a row of acme in the table "Identity of an event"
    "#);
    insta::assert_snapshot!(acme(false), @r#"
    tests/fixtures/acme and its entries in index.json
    tests/fuzz: the target parse_acme, in Cargo.toml too
    infra/openapi.yaml: acme among the providers that GivenVerification does not accept
    docs/guide/sources.md: a row of acme in the table "What each provider has to prove"
    README.md: acme in the first lines
    docs/reference/provider-facts.md: a row of acme in the table "Proof that a post is genuine"
    docs/reference/provider-facts.md: a row of acme in the table "Answers and retries"
    docs/reference/provider-facts.md: a row of acme in the table "Formats"
    docs/reference/provider-facts.md: a row of acme in the table "Identity of an event"
    "#);
}
