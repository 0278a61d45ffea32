//! Every address of the server: for the `routes` command, for the header `Allow`, and for the labels of metrics.

use std::collections::HashMap;

use commerce_core::access::Permission;

use crate::api;

/// An operation and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: String,
    /// The path, with its parameters in braces.
    pub path: String,
    /// The name of the operation in the OpenAPI document; absent for pages.
    pub operation_id: Option<&'static str>,
    /// What its caller must be allowed to do; absent: it is open, or for whoever has the token of what it is about.
    pub permission: Option<Permission>,
}

/// Every address.
pub struct Routes {
    all: Vec<Route>,
    path_of: HashMap<&'static str, String>,
}

/// Pages beside the operations.
const PAGES: [&str; 8] = [
    "/",
    "/.well-known/jwks.json",
    "/docs",
    "/media/{key}",
    "/metrics",
    "/openapi.json",
    "/orders/{order_id}",
    "/swagger",
];

impl Routes {
    /// The addresses of this build.
    #[must_use]
    pub fn new() -> Self {
        let mut all = Vec::new();
        let mut path_of = HashMap::new();
        for path in api::contract().into_iter().flat_map(|api| api.paths) {
            for operation in path.operations {
                if let Some(id) = operation.operation_id {
                    path_of.insert(id, path.path.clone());
                }
                all.push(Route {
                    method: operation.method.to_string(),
                    path: path.path.clone(),
                    operation_id: operation.operation_id,
                    permission: api::permission_of(&operation),
                });
            }
        }
        all.extend(PAGES.map(|path| Route {
            method: "GET".to_owned(),
            path: path.to_owned(),
            operation_id: None,
            permission: None,
        }));
        all.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        Self { all, path_of }
    }

    /// All of them, by path and method.
    #[must_use]
    pub fn all(&self) -> &[Route] {
        &self.all
    }

    /// The methods that the path takes, as the header `Allow` lists them.
    pub(crate) fn allowed(&self, path: &str) -> String {
        let template = self.template(path);
        let mut methods: Vec<&str> = Vec::new();
        for route in self.all.iter().filter(|route| Some(route.path.as_str()) == template) {
            methods.push(&route.method);
            if route.method == "GET" {
                methods.push("HEAD");
            }
        }
        methods.join(", ")
    }

    /// What stands for the path in metrics: its template, so that the number of labels is bounded.
    pub(crate) fn label(&self, operation_id: Option<&str>, path: &str) -> String {
        let known = operation_id.and_then(|id| self.path_of.get(id)).map(String::as_str);
        known.or_else(|| self.template(path)).unwrap_or("none").to_owned()
    }

    /// The template that the path fits; of several, the one with the fewest parameters.
    fn template(&self, path: &str) -> Option<&str> {
        let path = path.trim_matches('/');
        let fits = |template: &&str| {
            let template = template.trim_matches('/');
            template.split('/').count() == path.split('/').count()
                && template
                    .split('/')
                    .zip(path.split('/'))
                    .all(|(want, got)| want.starts_with('{') || want == got)
        };
        let templates = self.all.iter().map(|route| route.path.as_str());
        templates.filter(fits).min_by_key(|template| template.matches('{').count())
    }
}

impl Default for Routes {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_methods_of_a_path() {
        let routes = Routes::new();
        assert_eq!(routes.allowed("/api/cart/items/0190/"), "DELETE, PUT");
        assert_eq!(routes.allowed("/api/cart/items"), "POST");
        assert_eq!(routes.allowed("/api/products/"), "GET, HEAD, POST");
        assert_eq!(routes.allowed("/nowhere"), "");
    }

    #[test]
    fn labels_are_bounded() {
        let routes = Routes::new();
        assert_eq!(routes.label(None, "/api/products/adire-dress/"), "/api/products/{slug}/");
        assert_eq!(routes.label(None, "/api/products/categories/"), "/api/products/categories/");
        assert_eq!(routes.label(None, "/wp-login.php"), "none");
        assert_eq!(routes.label(None, "/"), "/");
    }

    #[test]
    fn every_operation_has_a_name() {
        let routes = Routes::new();
        let unnamed: Vec<&Route> = routes
            .all()
            .iter()
            .filter(|route| route.operation_id.is_none() && !PAGES.contains(&route.path.as_str()))
            .collect();
        assert!(unnamed.is_empty(), "{unnamed:?}");
    }
}
