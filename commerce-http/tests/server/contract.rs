//! The OpenAPI document as a judge: every answer is checked against what the document says of it.

use std::process::Command;

use serde_json::Value;

/// The document of the program.
pub(crate) struct Contract {
    document: Value,
}

impl Contract {
    pub(crate) fn of_the_program() -> Self {
        let output = Command::new(env!("CARGO_BIN_EXE_commerce")).arg("openapi").output().unwrap();
        Self { document: serde_json::from_slice(&output.stdout).unwrap() }
    }

    /// Checks an answer. What is no operation of the document has nothing to keep to.
    pub(crate) fn check(&self, method: &str, path: &str, status: u16, body: &Value) -> Result<(), String> {
        let Some(operation) = self.operation(method, path) else { return Ok(()) };
        let responses = &operation["responses"];
        let response = match &responses[status.to_string()] {
            Value::Null if status >= 400 => &responses["default"],
            declared => declared,
        };
        if response.is_null() {
            return Err(format!("status {status} is not declared"));
        }
        let Some(content) = response["content"].as_object() else { return Ok(()) };
        let schema = &content.values().next().ok_or("no content")?["schema"];
        self.fits(schema, body).map_err(|error| format!("the body does not fit the document: {error}"))
    }

    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let path = path.split('?').next()?.trim_matches('/');
        let fits = |template: &str| {
            let template = template.trim_matches('/');
            template.split('/').count() == path.split('/').count()
                && template
                    .split('/')
                    .zip(path.split('/'))
                    .all(|(want, got)| want.starts_with('{') || want == got)
        };
        let paths = self.document["paths"].as_object()?;
        let (_, found) =
            paths.iter().filter(|(path, _)| fits(path)).min_by_key(|(path, _)| path.matches('{').count())?;
        found.get(method.to_lowercase())
    }

    fn fits(&self, schema: &Value, value: &Value) -> Result<(), String> {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap_or_default();
            let referred = &self.document["components"]["schemas"][name];
            return self.fits(referred, value).map_err(|error| format!("{name}{error}"));
        }
        if value.is_null() {
            return if schema["nullable"] == true { Ok(()) } else { Err(": is null".to_owned()) };
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.fits(part, value)?;
        }
        if let Some(known) = schema["enum"].as_array().filter(|known| !known.contains(value)) {
            return Err(format!(": {value} is none of {known:?}"));
        }
        match schema["type"].as_str() {
            None => Ok(()),
            Some("string") if value.is_string() => Ok(()),
            Some("integer") if value.is_u64() || value.is_i64() => Ok(()),
            Some("boolean") if value.is_boolean() => Ok(()),
            Some("array") if value.is_array() => {
                let items = value.as_array().into_iter().flatten().enumerate();
                items
                    .map(|(at, item)| (at, self.fits(&schema["items"], item)))
                    .try_for_each(|(at, fit)| fit.map_err(|error| format!("[{at}]{error}")))
            }
            Some("object") if value.is_object() => self.object_fits(schema, value),
            Some(kind) => Err(format!(": {value} is not {kind}")),
        }
    }

    fn object_fits(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let properties = schema["properties"].as_object();
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if value.get(name).is_none() {
                return Err(format!(".{name}: is missing"));
            }
        }
        for (name, value) in value.as_object().into_iter().flatten() {
            let property =
                properties.and_then(|known| known.get(name)).or(schema.get("additionalProperties"));
            let property = property.ok_or_else(|| format!(".{name}: is not in the document"))?;
            self.fits(property, value).map_err(|error| format!(".{name}{error}"))?;
        }
        Ok(())
    }
}
