//! What holds for the whole of `infra/openapi.yaml`. It uses only keys that its format knows, its references lead to an
//! object, and no field of a change has a default.

use yaml_rust2::Yaml;
use yaml_rust2::yaml::Hash;

use super::routes::openapi;

/// What a key holds.
#[derive(Clone, Copy)]
enum Holds {
    /// Any value. The test does not look into it.
    Anything,
    /// A text.
    Text,
    /// An object of this kind.
    One(&'static str),
    /// A list of objects of this kind.
    List(&'static str),
    /// An object with names as keys. Each name holds an object of this kind.
    Named(&'static str),
}
use Holds::{Anything, List, Named, One, Text};

/// What an object of each kind may hold (`openapi` 3.1, JSON Schema 2020-12), as far as the file is likely to use it.
const KNOWN: [(&str, &str, Holds); 40] = [
    ("document", "openapi", Text),
    ("document", "info", One("info")),
    ("document", "servers security", Anything),
    ("document", "tags", List("tag")),
    ("document", "paths", Named("path")),
    ("document", "components", One("components")),
    ("info", "title version termsOfService summary description", Text),
    ("info", "contact", Anything),
    ("info", "license", One("licence")),
    ("licence", "name identifier url", Text),
    ("tag", "name description", Text),
    ("components", "schemas", Named("schema")),
    ("components", "responses", Named("response")),
    ("components", "parameters headers", Named("parameter")),
    ("components", "requestBodies", Named("body")),
    ("components", "securitySchemes", Named("security scheme")),
    ("security scheme", "type scheme bearerFormat name in description", Text),
    ("path", "get put post delete options head patch trace", One("operation")),
    ("path", "parameters", List("parameter")),
    ("operation", "operationId summary description", Text),
    ("operation", "tags security deprecated", Anything),
    ("operation", "parameters", List("parameter")),
    ("operation", "requestBody", One("body")),
    ("operation", "responses", Named("response")),
    ("parameter", "$ref name in style description", Text),
    ("parameter", "required explode deprecated example", Anything),
    ("parameter", "schema", One("schema")),
    ("body", "$ref description", Text),
    ("body", "required", Anything),
    ("body", "content", Named("media type")),
    ("response", "$ref description", Text),
    ("response", "headers", Named("parameter")),
    ("response", "content", Named("media type")),
    ("media type", "example examples encoding", Anything),
    ("media type", "schema", One("schema")),
    ("schema", SCHEMA_TEXTS, Text),
    ("schema", SCHEMA_VALUES, Anything),
    ("schema", "properties patternProperties dependentSchemas", Named("schema")),
    ("schema", "allOf anyOf oneOf prefixItems", List("schema")),
    (
        "schema",
        "items contains additionalProperties unevaluatedProperties propertyNames not if then else",
        One("schema"),
    ),
];
const SCHEMA_TEXTS: &str = "$ref title description format pattern contentMediaType contentEncoding";
const SCHEMA_VALUES: &str = "type enum const default examples required minimum maximum exclusiveMinimum exclusiveMaximum \
    multipleOf minLength maxLength minItems maxItems uniqueItems minProperties maxProperties readOnly writeOnly deprecated \
    dependentRequired discriminator";
/// What a key of an object of this kind holds. `None` if the format does not know the key. An unquoted comma in
/// `{description: One, two.}` makes such a key.
fn known(kind: &str, key: &str) -> Option<Holds> {
    let lists = |words: &str| words.split_whitespace().any(|word| word == key);
    KNOWN.iter().find(|(of, words, _)| *of == kind && lists(words)).map(|(_, _, holds)| *holds)
}

/// Collects the errors of an object of a kind, and of everything below it.
fn faults(value: &Yaml, kind: &'static str, place: &str, found: &mut Vec<String>) {
    if kind == "schema" && value.as_bool().is_some() {
        return;
    }
    let Some(fields) = value.as_hash() else {
        found.push(format!("{place} is no {kind}"));
        return;
    };
    for (key, below) in fields {
        let key = key.as_str().unwrap_or_default();
        let place = format!("{place}/{key}");
        match known(kind, key) {
            None => found.push(format!("{place}: OpenAPI has no such word in a {kind}")),
            Some(Anything) => {}
            Some(Text) if below.as_str().is_some_and(|text| !text.trim().is_empty()) => {}
            Some(Text) => found.push(format!("{place} is no text")),
            Some(One(kind)) => faults(below, kind, &place, found),
            Some(List(kind)) => below.as_vec().into_iter().flatten().for_each(|one| faults(one, kind, &place, found)),
            Some(Named(kind)) => {
                for (name, one) in below.as_hash().into_iter().flatten() {
                    faults(one, kind, &format!("{place}/{}", name.as_str().unwrap_or("?")), found);
                }
            }
        }
    }
}

/// The object that `#/…/…` refers to.
fn resolved<'a>(document: &'a Yaml, reference: &str) -> Option<&'a Yaml> {
    let path = reference.strip_prefix("#/")?;
    let found = path.split('/').fold(document, |object, name| &object[name]);
    (!found.is_badvalue()).then_some(found)
}

/// Visits every mapping below a value, and every mapping that one of them refers to.
fn reached<'a>(document: &'a Yaml, value: &'a Yaml, seen: &mut Vec<String>, visit: &mut impl FnMut(&'a Hash)) {
    match value {
        Yaml::Hash(fields) => {
            visit(fields);
            for (key, below) in fields {
                match (key.as_str(), below.as_str()) {
                    (Some("$ref"), Some(reference)) if !seen.iter().any(|known| known == reference) => {
                        seen.push(reference.to_owned());
                        let found =
                            resolved(document, reference).unwrap_or_else(|| panic!("{reference} leads nowhere"));
                        reached(document, found, seen, visit);
                    }
                    _ => reached(document, below, seen, visit),
                }
            }
        }
        Yaml::Array(entries) => entries.iter().for_each(|entry| reached(document, entry, seen, visit)),
        _ => {}
    }
}

#[test]
fn the_file_has_no_word_that_openapi_does_not_know() {
    let mut found = Vec::new();
    faults(&openapi(), "document", "#", &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_reference_leads_somewhere() {
    let document = openapi();
    let mut seen = Vec::new();
    reached(&document, &document, &mut seen, &mut |_| {});
    assert!(seen.len() > 50, "{seen:?}");
}

/// Generated clients send defaults. So a default would let a change of one field reset fields that others had set.
#[test]
fn nothing_that_a_change_reaches_has_a_default() {
    let document = openapi();
    let mut changes = Vec::new();
    for (path, item) in document["paths"].as_hash().unwrap() {
        for method in ["patch", "put"] {
            let body = &item[method]["requestBody"];
            if !body.is_badvalue() {
                let change = format!("{method} {}", path.as_str().unwrap());
                let mut defaults = 0;
                let has_default = |fields: &Hash| fields.contains_key(&Yaml::String("default".to_owned()));
                reached(&document, body, &mut Vec::new(), &mut |fields| defaults += usize::from(has_default(fields)));
                assert_eq!(defaults, 0, "{change}");
                changes.push(change);
            }
        }
    }
    assert!(changes.len() >= 7, "{changes:?}");
}

/// The checks find the mistakes that they are about.
#[test]
fn an_unquoted_comma_is_told() {
    let text = r##"{properties: {a: {type: string, description: A note, as it was.}, b: {$ref: "#/c"}}}"##;
    let schema = yaml_rust2::YamlLoader::load_from_str(text).unwrap().remove(0);
    let mut found = Vec::new();
    faults(&schema, "schema", "#", &mut found);
    assert_eq!(found, ["#/properties/a/as it was.: OpenAPI has no such word in a schema"]);
    assert!(resolved(&schema, "#/c").is_none());
}
