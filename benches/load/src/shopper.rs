//! What one shopper does, and how long each answer took.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

/// What all shoppers share.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Where the server is.
    pub url: String,
    /// What they are drawn from.
    pub seed: u64,
    /// How long they look at an answer, on average.
    pub think: Duration,
}

/// One answer.
#[derive(Debug)]
pub struct Note {
    /// What was asked.
    pub step: &'static str,
    /// How long it took.
    pub took: Duration,
    /// What was wrong; `None`: nothing.
    pub wrong: Option<Wrong>,
}

/// What was wrong with an answer.
#[derive(Debug)]
pub struct Wrong {
    /// What kind of error it is.
    pub kind: String,
    /// Whether the server is to blame, and not the state of the shop.
    pub failure: bool,
}

/// Somebody who shops, and what they have seen.
pub struct Shopper {
    terms: Terms,
    client: Client,
    dice: Dice,
    number: u32,
    notes: Vec<Note>,
    slugs: Vec<String>,
    categories: Vec<String>,
    words: Vec<String>,
    variants: Vec<String>,
    cart: Option<String>,
    orders: u32,
}

/// How often of a hundred times a shopper does what.
const MIX: [(u32, Step); 9] = [
    (18, Step::List),
    (10, Step::Category),
    (14, Step::Search),
    (12, Step::Facets),
    (24, Step::Detail),
    (10, Step::Complete),
    (6, Step::Add),
    (3, Step::Cart),
    (3, Step::Buy),
];

#[derive(Clone, Copy)]
enum Step {
    List,
    Category,
    Search,
    Facets,
    Detail,
    Complete,
    Add,
    Cart,
    Buy,
}

impl Shopper {
    pub fn new(terms: Terms, client: Client, number: u32) -> Self {
        let dice = Dice(terms.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(number));
        Self {
            terms,
            client,
            dice,
            number,
            notes: Vec::new(),
            slugs: Vec::new(),
            categories: Vec::new(),
            words: Vec::new(),
            variants: Vec::new(),
            cart: None,
            orders: 0,
        }
    }

    /// Shops until then. They come one after the other, within the time that they think.
    pub async fn shop_until(mut self, end: Instant) -> Vec<Note> {
        let think = u64::try_from(self.terms.think.as_millis()).unwrap_or(u64::MAX);
        let first = Duration::from_millis(self.dice.below(think.saturating_add(1)));
        tokio::time::sleep(first).await;
        self.tree().await;
        self.list().await;
        while Instant::now() < end {
            // Half of the time up to half as much again.
            let pause = Duration::from_millis(think / 2 + self.dice.below(think.saturating_add(1)));
            tokio::time::sleep_until((Instant::now() + pause).min(end).into()).await;
            self.step().await;
        }
        self.notes
    }

    async fn step(&mut self) {
        let mut drawn = u32::try_from(self.dice.below(100)).unwrap_or(0);
        for (weight, step) in MIX {
            if drawn < weight {
                return self.take(step).await;
            }
            drawn -= weight;
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::List => self.list().await,
            Step::Category => self.category().await,
            Step::Search => self.search("search", "").await,
            Step::Facets => self.search("search, facets", "&include_facets=true&in_stock=true").await,
            Step::Detail => self.detail().await,
            Step::Complete => self.complete().await,
            Step::Add => self.add().await,
            Step::Cart => self.look_at_cart().await,
            Step::Buy => self.buy().await,
        }
    }

    async fn tree(&mut self) {
        let Some(tree) = self.get("categories", "/api/products/categories/").await else { return };
        collect_slugs(&tree["results"], &mut self.categories);
    }

    async fn list(&mut self) {
        let sort = self.dice.one(&["newest", "newest", "price_asc", "price_desc", "name"]);
        let page = 1 + self.dice.below(4);
        let listed = self.get("list", &format!("/api/products/?sort_by={sort}&page={page}")).await;
        self.remember(listed);
    }

    async fn category(&mut self) {
        let Some(slug) = self.dice.any(&self.categories).cloned() else { return };
        let listed = self.get("list, category", &format!("/api/products/categories/{slug}/")).await;
        self.remember(listed);
    }

    async fn search(&mut self, step: &'static str, more: &str) {
        let words: Vec<String> = (0..=self.dice.below(2)).filter_map(|_| self.word()).collect();
        let path = format!("/api/products/search/?q={}{more}", words.join("+"));
        let found = self.get(step, &path).await;
        self.remember(found);
    }

    async fn detail(&mut self) {
        let Some(slug) = self.dice.any(&self.slugs).cloned() else { return };
        let Some(product) = self.get("detail", &format!("/api/products/{slug}/")).await else { return };
        let of_sale = |variant: &&Value| variant["in_stock"] == true;
        let variants = product["variants"].as_array().into_iter().flatten().filter(of_sale);
        self.variants = variants.filter_map(|variant| Some(variant["id"].as_str()?.to_owned())).collect();
    }

    async fn complete(&mut self) {
        let Some(word) = self.word() else { return };
        let length = 2 + usize::try_from(self.dice.below(4)).unwrap_or(0);
        let typed: String = word.chars().take(length).collect();
        self.get("autocomplete", &format!("/api/products/autocomplete/?query={typed}")).await;
    }

    async fn add(&mut self) {
        let Some(variant) = self.dice.any(&self.variants).cloned() else { return self.detail().await };
        let body = json!({"variant_id": variant, "quantity": 1 + self.dice.below(2)});
        if let Some(cart) = self.post("cart, add", "/api/cart/items/", &body).await {
            self.cart = cart["token"].as_str().map(str::to_owned).or(self.cart.take());
        }
    }

    async fn look_at_cart(&mut self) {
        self.get("cart", "/api/cart/").await;
    }

    async fn buy(&mut self) {
        if self.cart.is_none() {
            self.add().await;
        }
        if self.cart.is_none() {
            return;
        }
        let delivery = json!({
            "email": format!("shopper-{}@example.com", self.number),
            "address": {
                "contact_name": "Ada Obi", "phone": "+234 803 123 4567", "street_line1": "12 Marina Road",
                "city": "Lagos", "state_province": "LA", "country_code": "NG",
            },
            "shipping_method": "standard",
        });
        if self.post("checkout, delivery", "/api/cart/checkout/shipping/", &delivery).await.is_none() {
            // What was in it is sold out: another cart, another day.
            self.cart = None;
            return;
        }
        let payment = json!({"method": "cash_on_delivery"});
        let paid = self.post("checkout, payment", "/api/cart/checkout/payment/", &payment).await;
        if paid.is_some() {
            self.post("checkout, confirm", "/api/cart/checkout/confirm/", &json!({})).await;
            self.orders += 1;
        }
        self.cart = None;
    }

    /// A word that some product has, as far as is known.
    fn word(&mut self) -> Option<String> {
        self.dice.any(&self.words).cloned()
    }

    /// Takes up what a page of products showed.
    fn remember(&mut self, page: Option<Value>) {
        let Some(page) = page else { return };
        let products = page["results"].as_array().map(Vec::as_slice).unwrap_or_default();
        if products.is_empty() {
            return;
        }
        let text = |product: &Value, field: &str| product[field].as_str().map(str::to_lowercase);
        self.slugs = products.iter().filter_map(|product| text(product, "slug")).collect();
        let names = products.iter().filter_map(|product| text(product, "name"));
        let words = |name: String| name.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let word = |word: &String| word.chars().all(char::is_alphabetic) && word.len() > 2;
        self.words = names.flat_map(words).filter(word).collect();
    }

    async fn get(&mut self, step: &'static str, path: &str) -> Option<Value> {
        let request = self.client.request(Method::GET, format!("{}{path}", self.terms.url));
        self.send(step, request).await
    }

    async fn post(&mut self, step: &'static str, path: &str, body: &Value) -> Option<Value> {
        let key = format!("load-{}-{}-{}", self.number, self.orders, self.notes.len());
        let request = self.client.request(Method::POST, format!("{}{path}", self.terms.url));
        self.send(step, request.header("idempotency-key", key).json(body)).await
    }

    /// The answer, if it is a good one. It is noted in any case.
    async fn send(&mut self, step: &'static str, mut request: RequestBuilder) -> Option<Value> {
        if let Some(token) = &self.cart {
            request = request.header("x-cart-token", token);
        }
        let begun = Instant::now();
        let answer = answer(request).await;
        let took = begun.elapsed();
        let (body, wrong) = match answer {
            Ok(body) => (Some(body), None),
            Err(wrong) => (None, Some(wrong)),
        };
        self.notes.push(Note { step, took, wrong });
        body
    }
}

async fn answer(request: RequestBuilder) -> Result<Value, Wrong> {
    let none = |error: reqwest::Error| {
        let kind = if error.is_timeout() { "no answer within 30 s" } else { "no answer" };
        Wrong { kind: kind.to_owned(), failure: true }
    };
    let answer = request.send().await.map_err(none)?;
    let status = answer.status();
    let bytes = answer.bytes().await.map_err(none)?;
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if status.is_success() {
        return Ok(body);
    }
    let code =
        body["type"].as_str().and_then(|kind| kind.rsplit([':', '/']).next()).unwrap_or("without a body");
    Err(Wrong { kind: format!("{} {code}", status.as_u16()), failure: status.is_server_error() })
}

fn collect_slugs(branches: &Value, slugs: &mut Vec<String>) {
    for branch in branches.as_array().into_iter().flatten() {
        slugs.extend(branch["slug"].as_str().map(str::to_owned));
        collect_slugs(&branch["children"], slugs);
    }
}

/// SplitMix64: the same shoppers every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }

    fn any<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        let place = usize::try_from(self.below(things.len() as u64)).unwrap_or(0);
        things.get(place)
    }

    fn one<T: Copy>(&mut self, things: &[T]) -> T {
        *self.any(things).expect("it is never asked for one of none")
    }
}
