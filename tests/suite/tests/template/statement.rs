//! The statements of a role, and what they allow. The evaluator knows the part of IAM that our policies use: statements
//! that allow, texts with `*`, and the operators of conditions in [`Condition::holds`]. It fails on any other.
//!
//! IAM refuses what no statement allows.

use std::collections::BTreeMap;

use yaml_rust2::Yaml;

use super::template;

/// A call, as IAM sees it.
pub(crate) struct Request<'a> {
    pub(crate) action: &'a str,
    /// As the template names it: `EventsTable.Arn`.
    pub(crate) resource: &'a str,
    /// The condition keys that AWS sets for this call, with their values.
    pub(crate) context: BTreeMap<&'a str, Vec<String>>,
}

/// A statement that allows actions.
pub(crate) struct Statement {
    pub(crate) actions: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) conditions: Vec<Condition>,
}

/// One condition of a statement. All of them must hold.
pub(crate) struct Condition {
    pub(crate) operator: String,
    pub(crate) key: String,
    pub(crate) values: Vec<String>,
}

/// The statements of the policies of `role`.
pub(crate) fn statements(role: &str) -> Vec<Statement> {
    let template = template();
    let policies = template["Resources"][role]["Properties"]["Policies"].as_vec().unwrap();
    let statements = policies.iter().flat_map(|policy| policy["PolicyDocument"]["Statement"].as_vec().unwrap());
    statements.map(Statement::read).collect()
}

/// The texts of a list, or of one text.
pub(crate) fn list(value: &Yaml) -> Vec<String> {
    match value {
        Yaml::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        Yaml::String(one) => vec![one.clone()],
        _ => Vec::new(),
    }
}

impl Statement {
    fn read(statement: &Yaml) -> Self {
        assert_eq!(statement["Effect"].as_str(), Some("Allow"), "the evaluator knows only statements that allow");
        let mut conditions = Vec::new();
        for (operator, keys) in statement["Condition"].as_hash().into_iter().flatten() {
            for (key, values) in keys.as_hash().unwrap() {
                let (operator, key) = (operator.as_str().unwrap().to_owned(), key.as_str().unwrap().to_owned());
                conditions.push(Condition { operator, key, values: list(values) });
            }
        }
        Self { actions: list(&statement["Action"]), resources: list(&statement["Resource"]), conditions }
    }

    /// Whether this statement is about the action on the resource, apart from its conditions.
    pub(crate) fn is_about(&self, action: &str, resource: &str) -> bool {
        self.actions.iter().any(|listed| listed == action) && self.resources.iter().any(|listed| listed == resource)
    }

    /// The values that the conditions with this operator compare `key` with.
    pub(crate) fn values_of(&self, operator: &str, key: &str) -> Vec<String> {
        let found = self.conditions.iter().filter(|condition| condition.operator == operator && condition.key == key);
        found.flat_map(|condition| condition.values.clone()).collect()
    }

    /// Whether this statement allows the call.
    pub(crate) fn allows(&self, request: &Request<'_>) -> bool {
        self.is_about(request.action, request.resource)
            && self.conditions.iter().all(|condition| condition.holds(request))
    }
}

impl Condition {
    fn holds(&self, request: &Request<'_>) -> bool {
        let given = request.context.get(self.key.as_str()).map_or(&[][..], Vec::as_slice);
        let equals = |value: &String| self.values.contains(value);
        let like = |value: &String| self.values.iter().any(|pattern| is_like(value, pattern));
        match self.operator.as_str() {
            // These hold if the key is absent. Therefore the policies also have `Null`.
            "ForAllValues:StringEquals" | "StringEqualsIfExists" => given.iter().all(equals),
            "ForAllValues:StringLike" => given.iter().all(like),
            "ForAnyValue:StringEquals" => given.iter().any(equals),
            "Null" => self.values == [given.is_empty().to_string()],
            other => panic!("the evaluator does not know the operator {other}"),
        }
    }
}

/// Whether `value` matches `pattern`, which may end with `*`.
fn is_like(value: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => value == pattern,
        Some((before, "")) => value.starts_with(before),
        Some(_) => panic!("the evaluator knows `*` only at the end of {pattern}"),
    }
}

#[test]
fn conditions_hold_as_iam_documents_them() {
    let holds = |operator: &str, values: &[&str], given: Option<&[&str]>| {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let condition = Condition { operator: operator.to_owned(), key: "key".to_owned(), values: texts(values) };
        let context = given.map(|given| ("key", texts(given))).into_iter().collect();
        condition.holds(&Request { action: "", resource: "", context })
    };
    let all = "ForAllValues:StringLike";
    assert!(holds(all, &["T#*"], Some(&["T#1", "T#2"])));
    assert!(!holds(all, &["T#*"], Some(&["T#1", "K#2"])));
    assert!(!holds(all, &["TENANTS"], Some(&["TENANTS2"])));
    assert!(holds(all, &["T#*"], None), "an absent key passes, so `Null` is needed");
    assert!(!holds("Null", &["false"], None));
    assert!(holds("Null", &["false"], Some(&["T#1"])));
    assert!(holds("ForAnyValue:StringEquals", &["a"], Some(&["b", "a"])));
    assert!(!holds("ForAnyValue:StringEquals", &["a"], None));
    assert!(holds("StringEqualsIfExists", &["a"], None));
    assert!(!holds("StringEqualsIfExists", &["a"], Some(&["b"])));
}
