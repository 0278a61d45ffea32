//! Pricing documents without a database: the command, the schemas, and every example of the documentation.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

const NOW: &str = "2026-11-22T09:30:00Z";
const PRICING: &str = include_str!("../../docs/pricing.md");
const SAMPLE: &str = include_str!("../sample/rules.json");

/// Files of one test, gone with the value.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("commerce-quote-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let file = self.0.join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// Exit code, what was printed, what was said on the standard error.
    fn quote(&self, rulebook: &str, cart: &str, flags: &[&str]) -> (i32, String, String) {
        let (rulebook, cart) = (self.write("rules.json", rulebook), self.write("cart.json", cart));
        let mut args = vec!["quote", "--rulebook", &rulebook, "--cart", &cart, "--now", NOW];
        args.extend(flags);
        run(&args, "")
    }

    fn priced(&self, rulebook: &Value, cart: &Value) -> Value {
        let (code, printed, said) = self.quote(&rulebook.to_string(), &cart.to_string(), &[]);
        assert_eq!(code, 0, "{rulebook}\n{said}");
        serde_json::from_str(&printed).unwrap()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn run(args: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_commerce"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that refuses its arguments reads nothing.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn cart() -> Value {
    json!({"lines": [{"sku": "MUG", "quantity": 3, "unit_price": "60000.00"}],
        "destination": {"country": "NG"}, "shipping_method": "express"})
}

#[test]
fn a_cart_is_priced_explained_and_shown_as_a_table() {
    let files = Files::new("priced");
    let (code, printed, said) = files.quote(SAMPLE, &cart().to_string(), &[]);
    assert_eq!((code, said.as_str()), (0, ""));
    let quote: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(quote["summary"]["subtotal"], "180000.00");
    assert_eq!(quote["summary"]["discount"], "5000.00");
    assert_eq!(quote["summary"]["total"], "181500.00");
    assert!(quote.get("steps").is_none(), "steps are told on demand");

    let (_, printed, _) = files.quote(SAMPLE, &cart().to_string(), &["--explain"]);
    let quote: Value = serde_json::from_str(&printed).unwrap();
    let steps = quote["steps"].as_array().unwrap();
    let welcome = steps.iter().find(|step| step["source"] == "welcome").unwrap();
    assert_eq!((&welcome["applied"], &welcome["reason"]), (&json!(false), &json!("needs-coupon")));

    let (_, table, _) = files.quote(SAMPLE, &cart().to_string(), &["--table"]);
    assert!(
        table.lines().any(|line| line.starts_with("promotion  welcome") && line.contains("needs a coupon")),
        "{table}"
    );
    assert!(table.lines().last().unwrap().contains("181500.00"), "{table}");
}

#[test]
fn one_document_may_come_from_the_standard_input() {
    let files = Files::new("stdin");
    let rules = files.write("rules.json", SAMPLE);
    let (code, printed, said) =
        run(&["quote", "--rulebook", &rules, "--cart", "-", "--now", NOW], &cart().to_string());
    assert_eq!(code, 0, "{said}");
    assert!(printed.contains("181500.00"));
    let (code, _, said) = run(&["quote", "--rulebook", "-", "--cart", "-"], "{}");
    assert_eq!(code, 2);
    assert!(said.contains("only one"), "{said}");
    let (code, _, said) = run(&["quote", "--rulebook", "nowhere.json", "--cart", "-"], "{}");
    assert_eq!(code, 2);
    assert!(said.contains("nowhere.json"), "{said}");
    let (code, _, said) = run(&["quote", "--rulebook", &rules, "--cart", "-", "--now", "tomorrow"], "{}");
    assert_eq!(code, 2, "{said}");
}

#[test]
fn the_time_is_that_of_the_cart_then_of_the_flag() {
    let files = Files::new("time");
    let mut rules: Value = serde_json::from_str(SAMPLE).unwrap();
    rules["promotions"][0]["until"] = json!("2026-11-23T00:00:00Z");
    let mut late = cart();
    assert_eq!(files.priced(&rules, &late)["summary"]["discount"], "5000.00");
    late["now"] = json!("2026-11-23T00:00:00Z");
    assert_eq!(files.priced(&rules, &late)["summary"]["discount"], "0.00");
}

#[test]
fn every_wrong_field_is_named_with_file_and_place() {
    let files = Files::new("wrong");
    let broken = r#"{"lines": [
        {"sku": 5, "quantity": "2", "unit_price": "1.00", "colour": "red"},
        {"quantity": 1, "unit_price": "1.00"},
        {"sku": "A", "quantity": 1, "unit_price": "1.00", "dimensions": {"length": "1", "width": "1", "height": "1", "unit": "ell"}}
    ], "shipping": "express", "destination": {"country": "Nigeria", "city": "Lagos"}}"#;
    let (code, printed, said) = files.quote(SAMPLE, broken, &[]);
    assert_eq!((code, printed.as_str()), (2, ""));
    for words in [
        "cart.json: /lines/0/sku: must be a string",
        "cart.json: /lines/0/quantity: must be a whole number",
        "cart.json: /lines/0/colour: is not known here; known are id, sku,",
        "cart.json: /lines/1/sku: is required",
        "cart.json: /lines/2/dimensions/unit: must be one of mm, cm, m, in",
        "cart.json: /shipping: is not known here; known are currency,",
        "cart.json: /destination/city: is not known here; known are country, state_province, postal_code",
        "cart.json: /destination/country:",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }

    let values = r#"{"lines": [{"sku": "A", "quantity": 0, "unit_price": "1.00"}, {"sku": "B", "quantity": 1, "unit_price": "-1"}]}"#;
    let (code, _, said) = files.quote(SAMPLE, values, &[]);
    assert_eq!(code, 2);
    assert!(
        said.contains("cart.json: /lines/0/quantity:") && said.contains("cart.json: /lines/1/unit_price:"),
        "{said}"
    );

    let mut rules: Value = serde_json::from_str(SAMPLE).unwrap();
    rules["promotions"][0]["action"] = json!({"amount": "five"});
    rules["promotions"][1]["action"] = json!({"percent": "110"});
    rules["tax"]["rates"][0]["zone"] = json!("nowhere");
    let (code, _, said) = files.quote(&rules.to_string(), &cart().to_string(), &[]);
    assert_eq!(code, 2);
    for place in ["/promotions/0/action/amount:", "/promotions/1/action/percent:", "/tax/rates/0/zone:"] {
        assert!(said.contains(&format!("rules.json: {place}")), "{place}\n{said}");
    }
    for (text, words) in [
        ("{\"lines\": [}", "line 1"),
        ("{\"lines\": [], \"lines\": []}", "/lines: occurs twice"),
        ("[]", "must be an object"),
    ] {
        let (code, _, said) = files.quote(SAMPLE, text, &[]);
        assert_eq!(code, 2);
        assert!(said.contains(words), "{said}");
    }
}

/// A schema, ready to judge.
struct Schema {
    schemas: boon::Schemas,
    index: boon::SchemaIndex,
}

impl Schema {
    fn of(document: &str) -> Self {
        let (code, printed, said) = run(&["schema", document], "");
        assert_eq!(code, 0, "{said}");
        let mut compiler = boon::Compiler::new();
        let mut schemas = boon::Schemas::new();
        compiler.add_resource("mem:///schema.json", serde_json::from_str(&printed).unwrap()).unwrap();
        let index = compiler.compile("mem:///schema.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn takes(&self, document: &Value) -> Result<(), String> {
        self.schemas.validate(document, self.index).map_err(|error| error.to_string())
    }
}

#[test]
fn the_schemas_are_the_ones_that_are_kept() {
    for (document, kept) in [
        ("rulebook", include_str!("../../docs/schema/rulebook.schema.json")),
        ("cart", include_str!("../../docs/schema/cart.schema.json")),
    ] {
        let (_, printed, _) = run(&["schema", document], "");
        assert!(
            printed == kept,
            "the schema has changed: look at the difference, then `commerce schema {document} > docs/schema/{document}.schema.json`"
        );
    }
}

/// Changes of the documents that the reader and the schema must judge alike: where, what, whether it is taken.
fn changes() -> Vec<(&'static str, &'static str, Value, bool)> {
    vec![
        ("rulebook", "/promotion", json!([]), false),
        ("rulebook", "/promotions", json!({}), false),
        ("rulebook", "/promotions/0/labels", json!("x"), false),
        ("rulebook", "/promotions/0/label", json!(5), false),
        ("rulebook", "/promotions/0/coupon", json!("yes"), false),
        ("rulebook", "/promotions/0/coupon", json!(null), false),
        ("rulebook", "/promotions/0/when", json!(null), true),
        ("rulebook", "/promotions/0/when", json!({"subtotal": {"from": "1.00"}, "country": ["NG"]}), false),
        ("rulebook", "/promotions/0/when", json!({"sum": {}}), false),
        (
            "rulebook",
            "/promotions/0/when",
            json!({"all": [{"not": {"first_order": false}}, {"channel": ["web"]}]}),
            true,
        ),
        ("rulebook", "/promotions/0/when", json!({"all": [{"not": {"first_order": 1}}]}), false),
        ("rulebook", "/promotions/0/when", json!({"quantity": {"from": -1}}), false),
        ("rulebook", "/promotions/0/when", json!({"quantity": {"from": 1.5}}), false),
        ("rulebook", "/promotions/0/when", json!({"quantity": {"at_least": 1}}), false),
        ("rulebook", "/promotions/1/action", json!("free_shipping"), true),
        ("rulebook", "/promotions/1/action", json!({"free_shipping": null}), false),
        ("rulebook", "/promotions/1/action", json!("percent"), false),
        ("rulebook", "/promotions/1/action", json!({"percent": 10}), false),
        ("rulebook", "/promotions/1/action", json!({"amount": 10}), false),
        ("rulebook", "/promotions/1/action", json!({"amount": {"NGN": "10.00"}}), true),
        ("rulebook", "/promotions/1/action", json!({"amount": {"NGN": 10}}), false),
        ("rulebook", "/promotions/1/action", json!({"amount": {"naira": "10"}}), false),
        (
            "rulebook",
            "/promotions/1/action",
            json!({"buy_get": {"buy": 1, "get": 1, "reduction": {"percent": "50"}}}),
            true,
        ),
        ("rulebook", "/promotions/1/action", json!({"buy_get": {"buy": 1, "get": 1}}), false),
        ("rulebook", "/promotions/0/scope", json!("everything"), false),
        ("rulebook", "/promotions/0/from", json!("2026-01-01T00:00:00Z"), true),
        ("rulebook", "/promotions/0/from", json!("2026-01-01"), false),
        ("rulebook", "/promotions/0/from", json!(5), false),
        ("rulebook", "/promotions/0/priority", json!(-5), true),
        ("rulebook", "/promotions/0/priority", json!(3_000_000_000_u64), false),
        ("rulebook", "/promotions/0/limits", json!({"per_customer": 1, "budget": "5.00"}), true),
        ("rulebook", "/promotions/0/limits", json!({"per_shopper": 1}), false),
        ("rulebook", "/rounding", json!({"mode": "half_even", "cash_interval": 5}), true),
        ("rulebook", "/rounding", json!({"mode": "bankers"}), false),
        ("rulebook", "/rounding", json!({"modus": "half_up"}), false),
        ("rulebook", "/tax/rates/0/rate", json!("7,5"), false),
        ("rulebook", "/tax/rates/0/classes", json!(["books"]), true),
        ("rulebook", "/tax/rates/0/classes", json!([""]), false),
        ("rulebook", "/tax/zones/0/areas/0/country", json!("Nigeria"), false),
        ("rulebook", "/tax/zones/0/areas/0/states", json!([]), false),
        ("rulebook", "/shipping/methods/0/rate", json!({"flat": "1.00"}), true),
        ("rulebook", "/shipping/methods/0/rate", json!({"flat": "1.00", "by_items": []}), false),
        (
            "rulebook",
            "/shipping/methods/0/rate",
            json!({"by_weight": [{"up_to": 5, "price": "1.00", "to": 1}]}),
            false,
        ),
        (
            "rulebook",
            "/shipping/methods/0/rate",
            json!({"carrier": {"service": "x", "fallback": "5.00"}}),
            true,
        ),
        (
            "rulebook",
            "/shipping/methods/0/estimate",
            json!({"min_days": 1, "max_days": 2, "cutoff": "14:00"}),
            true,
        ),
        ("rulebook", "/shipping/methods/0/estimate", json!({"min_days": 1, "max_days": 70_000}), false),
        ("rulebook", "/shipping/weekend", json!(["friday"]), true),
        ("rulebook", "/shipping/weekend", json!(["fri"]), false),
        ("rulebook", "/currency", json!("naira"), false),
        (
            "rulebook",
            "/price_lists",
            json!([{"code": "a", "label": "A", "prices": [{"sku": "A", "price": "1.00"}]}]),
            true,
        ),
        ("rulebook", "/price_lists", json!([{"code": "a", "label": "A"}]), false),
        ("cart", "/lines/0/quantity", json!(1.5), false),
        ("cart", "/lines/0/quantity", json!("1"), false),
        ("cart", "/lines/0/quantity", json!(5_000_000_000_u64), false),
        ("cart", "/lines/0/unit_price", json!(9.99), false),
        ("cart", "/lines/0/weight_grams", json!("250.5"), true),
        ("cart", "/lines/0/weight_grams", json!(250), false),
        ("cart", "/lines/0/price", json!("1.00"), false),
        ("cart", "/lines/0/attributes", json!({"color": "red"}), true),
        ("cart", "/lines/0/attributes", json!({"color": ["red"]}), false),
        (
            "cart",
            "/lines/0/dimensions",
            json!({"length": "1", "width": "1", "height": "1", "unit": "cm"}),
            true,
        ),
        (
            "cart",
            "/lines/0/dimensions",
            json!({"length": 1, "width": "1", "height": "1", "unit": "cm"}),
            false,
        ),
        ("cart", "/lines/0/sources", json!([{"location": 1, "units": 3}]), true),
        ("cart", "/lines/0/tax_rates", json!([{"name": "VAT", "rate": "5", "of": "net"}]), false),
        ("cart", "/destination/country", json!("ng"), false),
        ("cart", "/destination/zip", json!("1"), false),
        ("cart", "/customer", json!({"groups": ["a"], "ordered_before": null}), true),
        ("cart", "/customer", json!({"group": "a"}), false),
        ("cart", "/usage", json!([{"promotion": "welcome", "uses": 3, "spent": "5.00"}]), true),
        ("cart", "/usage", json!([{"uses": 3}]), false),
        ("cart", "/cash", json!("true"), false),
        ("cart", "/now", json!("2026-11-22T00:00:00+01:00"), true),
    ]
}

#[test]
fn what_a_schema_takes_the_reader_takes_and_nothing_else() {
    let files = Files::new("schema");
    let schemas = BTreeMap::from([("rulebook", Schema::of("rulebook")), ("cart", Schema::of("cart"))]);
    let good =
        |document: &str| if document == "rulebook" { serde_json::from_str(SAMPLE).unwrap() } else { cart() };
    for (document, schema) in &schemas {
        assert_eq!(schema.takes(&good(document)), Ok(()), "{document}");
    }
    for (document, place, value, taken) in changes() {
        let mut changed: Value = good(document);
        let (parent, name) = place.rsplit_once('/').unwrap();
        changed.pointer_mut(parent).unwrap()[name] = value;
        let by_schema = schemas[document].takes(&changed);
        assert_eq!(by_schema.is_ok(), taken, "the schema of {document} at {place}: {changed} {by_schema:?}");
        let (rulebook, cart) = match document {
            "rulebook" => (changed.to_string(), cart().to_string()),
            _ => (SAMPLE.to_owned(), changed.to_string()),
        };
        let (code, _, said) = files.quote(&rulebook, &cart, &[]);
        assert_eq!(code == 0, taken, "the reader of {document} at {place}: {said}");
        assert!(code == 0 || said.contains(place) || said.contains(parent), "{place}: {said}");
    }
}

/// An example of the documentation.
struct Example {
    kind: String,
    /// What it comes to: `total`, `takes`.
    comes_to: BTreeMap<String, String>,
    value: Value,
}

fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    let mut rest = PRICING;
    while let Some((_, block)) = rest.split_once("```json ") {
        let (head, block) = block.split_once('\n').unwrap();
        let (text, after) = block.split_once("\n```").unwrap();
        let mut words = head.split_whitespace();
        let kind = words.next().unwrap().to_owned();
        let comes_to =
            words.filter_map(|word| word.split_once('=')).map(|(name, to)| (name.to_owned(), to.to_owned()));
        let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        examples.push(Example { kind, comes_to: comes_to.collect(), value });
        rest = after;
    }
    examples
}

#[test]
fn the_examples_of_the_documentation_cost_what_it_says() {
    let files = Files::new("examples");
    let (rulebook_schema, cart_schema) = (Schema::of("rulebook"), Schema::of("cart"));
    let examples = examples();
    assert!(examples.len() > 25, "{}", examples.len());
    assert!(!PRICING.contains("```json\n"), "an example that no test prices");
    let find = |kind: &str| examples.iter().find(|example| example.kind == kind).unwrap().value.clone();
    let (base, cart) = (find("rulebook"), find("cart"));
    assert_eq!(cart_schema.takes(&cart), Ok(()));
    for example in &examples {
        let mut rulebook = base.clone();
        let value = example.value.clone();
        match example.kind.as_str() {
            "rulebook" | "cart" => {}
            "promotion" => rulebook["promotions"] = json!([value]),
            "promotions" => rulebook["promotions"] = value,
            "rounding" => rulebook["rounding"] = value,
            "rules" => {
                value.as_object().unwrap().iter().for_each(|(name, part)| rulebook[name] = part.clone())
            }
            other => panic!("an example of {other}"),
        }
        assert_eq!(rulebook_schema.takes(&rulebook), Ok(()), "{}", example.value);
        let quote = files.priced(&rulebook, &cart);
        for (what, expected) in &example.comes_to {
            let amount = match what.as_str() {
                "takes" => {
                    sum(quote["promotions"].as_array().unwrap().iter().map(|promotion| &promotion["amount"]))
                }
                "tax" => sum(quote["taxes"].as_array().unwrap().iter().map(|tax| &tax["amount"])),
                summary => quote["summary"][summary].as_str().unwrap().to_owned(),
            };
            assert_eq!(amount, *expected, "{what} of {}\n{quote:#}", example.value);
        }
    }
}

/// Adds amounts with two decimals.
fn sum<'a>(amounts: impl Iterator<Item = &'a Value>) -> String {
    let cents: u64 =
        amounts.map(|amount| amount.as_str().unwrap().replace('.', "").parse::<u64>().unwrap()).sum();
    format!("{}.{:02}", cents / 100, cents % 100)
}
