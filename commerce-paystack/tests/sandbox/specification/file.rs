//! Paystack's own file: what is in it as a table, and the judgement by its schemas.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use boon::{Compiler, ErrorKind, SchemaIndex, Schemas, ValidationError};
use serde_json::{Map, Value, json};

use super::run::Exchange;
use super::table::typed;
use super::{Differences, Place};

pub(super) struct Specification(Value);

/// Parameters by place and name: the schema, and whether one has to be sent.
type Parameters<'s> = BTreeMap<(&'s str, &'s str), (&'s Value, bool)>;

impl Specification {
    pub(super) fn read(path: &Path) -> Self {
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(serde_yaml::from_str(&text).unwrap())
    }

    /// What a reference leads to.
    fn follow<'s>(&'s self, mut value: &'s Value) -> &'s Value {
        while let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            value = self.0.pointer(reference.strip_prefix('#').unwrap()).unwrap();
        }
        value
    }

    /// The operation, and its parameters as they are named in it.
    fn operation<'s>(&'s self, named: &str) -> (&'s Value, Parameters<'s>) {
        let (method, path) = named.split_once(' ').unwrap();
        let shared = &self.0["paths"][path];
        let operation = &shared[method.to_lowercase()];
        assert!(operation.is_object(), "{named} is not in the file");
        let all = [&shared["parameters"], &operation["parameters"]];
        let all = all.into_iter().filter_map(Value::as_array).flatten().map(|it| self.follow(it));
        let text = |it: &'s Value| it.as_str().unwrap();
        let named = all.map(|it| {
            let required = it["required"] == json!(true);
            ((text(&it["in"]), text(&it["name"])), (&it["schema"], required))
        });
        (operation, named.collect())
    }

    /// The schemas of the body and of the answers, by the name of their part.
    fn parts<'s>(&'s self, operation: &'s Value) -> Vec<(String, &'s Value)> {
        let content = |it: &'s Value| {
            let schema = &self.follow(it)["content"]["application/json"]["schema"];
            (!schema.is_null()).then_some(schema)
        };
        let body = content(&operation["requestBody"]).map(|schema| ("body".to_owned(), schema));
        let answers = operation["responses"].as_object().unwrap().iter();
        let answers = answers.filter_map(|(status, answer)| Some((status.clone(), content(answer)?)));
        // No operation names every status that it refuses with; this is the schema of those it names.
        let refusal = ("refusal".to_owned(), &self.0["components"]["schemas"]["Error"]);
        body.into_iter().chain(answers).chain([refusal]).collect()
    }

    /// The demands on these operations, a line each.
    pub(super) fn table(&self, operations: &[&str]) -> String {
        let mut table = String::new();
        for named in operations {
            let (operation, parameters) = self.operation(named);
            writeln!(table, "{named}").unwrap();
            for ((place, name), (schema, required)) in parameters {
                let mark = if required { "" } else { "?" };
                writeln!(table, "  {place} {name}{mark} {}", self.kinds(schema).join("|")).unwrap();
            }
            for (part, schema) in self.parts(operation) {
                self.fields(&part, schema, "", &mut table);
            }
        }
        table
    }

    /// A line for each field of a schema, and of those in it.
    fn fields(&self, part: &str, schema: &Value, at: &str, table: &mut String) {
        for (name, (schema, required)) in self.members(schema) {
            let at = if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
            let mark = if required { "" } else { "?" };
            writeln!(table, "  {part} {at}{mark} {}", self.kinds(schema).join("|")).unwrap();
            self.inside(part, schema, at, table);
        }
    }

    fn inside(&self, part: &str, schema: &Value, at: String, table: &mut String) {
        self.fields(part, schema, &at, table);
        if let Some(entries) = self.follow(schema).get("items") {
            let at = format!("{at}[]");
            writeln!(table, "  {part} {at} {}", self.kinds(entries).join("|")).unwrap();
            self.inside(part, entries, at, table);
        }
    }

    /// The fields of an object and whether they have to be there. Of alternatives, none has to.
    fn members<'s>(&'s self, schema: &'s Value) -> BTreeMap<&'s str, (&'s Value, bool)> {
        let schema = self.follow(schema);
        let mut members = BTreeMap::new();
        for (word, all) in [("allOf", true), ("anyOf", false), ("oneOf", false)] {
            for part in schema[word].as_array().into_iter().flatten() {
                let inner = self.members(part).into_iter();
                members.extend(inner.map(|(name, (schema, required))| (name, (schema, required && all))));
            }
        }
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            members.insert(name.as_str(), (inner, required.contains(&json!(name))));
        }
        members
    }

    fn kinds(&self, schema: &Value) -> Vec<String> {
        let schema = self.follow(schema);
        let mut kinds = Vec::new();
        for word in ["anyOf", "oneOf"] {
            kinds.extend(schema[word].as_array().into_iter().flatten().flat_map(|it| self.kinds(it)));
        }
        let word = |it: &Value| it.as_str().map(str::to_owned);
        match schema["type"].as_str() {
            Some("string") => match schema["enum"].as_array() {
                Some(words) => {
                    let words: Vec<String> = words.iter().filter_map(word).collect();
                    kinds.push(format!("text({})", words.join(",")));
                }
                None => kinds.push("text".to_owned()),
            },
            Some("array") => kinds.push("list".to_owned()),
            Some("object") if schema["additionalProperties"] == json!(false) => {
                kinds.push("object!".to_owned())
            }
            Some(plain) => kinds.push(plain.to_owned()),
            None if schema["properties"].is_object() || schema["allOf"].is_array() => {
                kinds.push("object".to_owned());
            }
            None if kinds.is_empty() => kinds.push("any".to_owned()),
            None => {}
        }
        if schema["nullable"] == json!(true) {
            kinds.push("null".to_owned());
        }
        kinds.sort();
        kinds.dedup();
        kinds
    }

    pub(super) fn judge(&self) -> Judge<'_> {
        let mut compiler = Compiler::new();
        let components: Map<String, Value> = self.0["components"]["schemas"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, schema)| (name.clone(), translated(schema)))
            .collect();
        compiler.add_resource(HOME, json!({ "components": { "schemas": components } })).unwrap();
        Judge { specification: self, compiler, schemas: Schemas::new(), compiled: BTreeMap::new() }
    }
}

const HOME: &str = "mem:///specification.json";

/// A schema of OpenAPI 3.0 as one of JSON Schema: there, null is a type among the others.
fn translated(schema: &Value) -> Value {
    let Value::Object(words) = schema else { return schema.clone() };
    let mut made = Map::new();
    for (word, value) in words {
        let value = match (word.as_str(), value) {
            ("example" | "description" | "default", _) => continue,
            ("$ref", Value::String(inside)) => json!(format!("{HOME}{inside}")),
            ("properties", Value::Object(fields)) => {
                fields.iter().map(|(name, inner)| (name.clone(), translated(inner))).collect()
            }
            ("items" | "additionalProperties" | "not", inner) => translated(inner),
            ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => parts.iter().map(translated).collect(),
            _ => value.clone(),
        };
        made.insert(word.clone(), value);
    }
    let nullable = made.remove("nullable") == Some(json!(true));
    if nullable && let Some(plain) = made.get_mut("type") {
        *plain = json!([plain.clone(), "null"]);
        if let Some(Value::Array(words)) = made.get_mut("enum") {
            words.push(Value::Null);
        }
    }
    Value::Object(made)
}

/// Judges by the schemas of the file.
pub(super) struct Judge<'s> {
    specification: &'s Specification,
    compiler: Compiler,
    schemas: Schemas,
    compiled: BTreeMap<String, SchemaIndex>,
}

impl Judge<'_> {
    pub(super) fn judge(&mut self, named: &str, exchange: &Exchange, differences: &mut Differences) {
        let specification = self.specification;
        let (operation, parameters) = specification.operation(named);
        let mut add = |part: &str, field: &str, what: String| {
            let place: Place = (named.to_owned(), part.to_owned(), field.to_owned());
            differences.insert((place, what));
        };
        for (place, name, text) in exchange.parameters(named) {
            match parameters.get(&(place, name.as_str())) {
                None => add(place, &name, "is not specified".to_owned()),
                Some((schema, _)) => {
                    let value = typed(&text, &specification.kinds(schema).join("|"));
                    for (_, what) in self.wrong(&format!("{named} {place} {name}"), schema, &value) {
                        add(place, &name, what);
                    }
                }
            }
        }
        let parts = specification.parts(operation);
        let status = exchange.status.to_string();
        let part = if parts.iter().any(|(part, _)| *part == status) { status.as_str() } else { "refusal" };
        for (part, value) in [("body", &exchange.body), (part, &exchange.answer)] {
            if part == "body" && value.is_null() {
                continue;
            }
            let (_, schema) =
                parts.iter().find(|(it, _)| it == part).unwrap_or_else(|| panic!("{named} has no {part}"));
            for (field, what) in self.wrong(&format!("{named} {part}"), schema, value) {
                add(part, &field, what);
            }
        }
    }

    /// What is wrong with a value, by field.
    fn wrong(&mut self, name: &str, schema: &Value, value: &Value) -> Vec<(String, String)> {
        let index = match self.compiled.get(name) {
            Some(index) => *index,
            None => {
                let url = format!("mem:///{}.json", self.compiled.len());
                self.compiler.add_resource(&url, translated(schema)).unwrap();
                let index = self.compiler.compile(&url, &mut self.schemas).unwrap();
                self.compiled.insert(name.to_owned(), index);
                index
            }
        };
        let mut wrong = Vec::new();
        if let Err(error) = self.schemas.validate(value, index) {
            collect(&error, &mut wrong);
        }
        wrong
    }
}

/// The innermost complaints; of alternatives, that none fits.
fn collect(error: &ValidationError<'_, '_>, wrong: &mut Vec<(String, String)>) {
    let pointer = error.instance_location.to_string();
    let mut at = String::new();
    for step in pointer.split('/').skip(1) {
        if step.bytes().all(|byte| byte.is_ascii_digit()) {
            at.push_str("[]");
        } else {
            at.push_str(if at.is_empty() { "" } else { "." });
            at.push_str(step);
        }
    }
    let inner = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match &error.kind {
        ErrorKind::Required { want } => {
            wrong.extend(want.iter().map(|name| (inner(name), "is missing".to_owned())));
        }
        ErrorKind::AdditionalProperties { got } => {
            wrong.extend(got.iter().map(|name| (inner(name), "is not specified".to_owned())));
        }
        ErrorKind::AnyOf | ErrorKind::OneOf(_) => wrong.push((at, "fits no alternative".to_owned())),
        _ if error.causes.is_empty() => wrong.push((at, error.kind.to_string())),
        _ => error.causes.iter().for_each(|cause| collect(cause, wrong)),
    }
}
