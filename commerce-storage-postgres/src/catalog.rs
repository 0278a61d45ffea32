//! The bulk door: catalogue writes of many products in a few statements.

use std::collections::BTreeSet;
use std::ops::Range;

use commerce_core::cache::Shard;
use commerce_core::catalog::{
    Attribute, Batch, Brand, Category, Facts, ListPrice, Names, PriceChange, Product, ProductWrite, Redirect,
    Removal, Variant,
};
use commerce_core::search::StoredSettings;
use commerce_core::{CommitError, Guard, StoreError, fold};
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::product::{AttributeRow, BrandRow, CategoryRow};
use crate::search::settings_column;
use crate::{audit, bulk, idempotency, inventory, pricing, search, taxonomy};

pub(crate) const INSERT_BRANDS: &str = "
insert into brands (id, slug, name, name_folded)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
 where (select held from guards)";

pub(crate) const INSERT_CATEGORIES: &str = "
insert into categories (id, parent_id, slug, name, name_folded, path, description, position)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
 where (select held from guards)";

pub(crate) const INSERT_ATTRIBUTES: &str = "
insert into attributes (id, code, name, kind, filterable, required, variant_defining, rules)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[], $7::boolean[], $8::jsonb[])
 where (select held from guards)";

// A slug that is taken leaves its row out, so that the answer tells which product it was.
pub(crate) const INSERT_PRODUCTS: &str = "
insert into products (id, slug, name, sort_name, description_html, status, featured, brand_id, category_id, seller_id,
                      listed_variant_price, listed_compare_at, listed_currency, price_max, image_url, facts,
                      created_at, updated_at, deleted_at, version, publish_at, unpublish_at)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::uuid[],
                     $9::uuid[], $10::uuid[], $11::bigint[], $12::bigint[], $13::text[], $14::bigint[], $15::text[],
                     $16::jsonb[], $17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::bigint[],
                     $21::timestamptz[], $22::timestamptz[])
on conflict do nothing
returning id";

pub(crate) const UPDATE_PRODUCTS: &str = "
update products p
   set slug = w.slug, name = w.name, sort_name = w.sort_name, description_html = w.description_html,
       status = w.status, featured = w.featured, brand_id = w.brand_id, category_id = w.category_id,
       seller_id = w.seller_id, listed_variant_price = w.listed_variant_price,
       listed_compare_at = w.listed_compare_at, listed_currency = w.listed_currency, price_max = w.price_max,
       image_url = w.image_url, facts = w.facts, created_at = w.created_at, updated_at = w.updated_at, deleted_at = w.deleted_at,
       version = w.version, publish_at = w.publish_at, unpublish_at = w.unpublish_at
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::uuid[],
              $9::uuid[], $10::uuid[], $11::bigint[], $12::bigint[], $13::text[], $14::bigint[], $15::text[],
              $16::jsonb[], $17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::bigint[],
              $21::timestamptz[], $22::timestamptz[], $23::bigint[])
       as w (id, slug, name, sort_name, description_html, status, featured, brand_id, category_id, seller_id,
             listed_variant_price, listed_compare_at, listed_currency, price_max, image_url, facts,
             created_at, updated_at, deleted_at, version, publish_at, unpublish_at, expected)
 where p.id = w.id and p.version = w.expected
returning p.id";

pub(crate) const DELETE_TAGS: &str = "delete from product_tags where product_id = any($1::uuid[])
   and (select held from guards)";
pub(crate) const DELETE_IMAGES: &str = "delete from product_images where product_id = any($1::uuid[])
   and (select held from guards)";
pub(crate) const DELETE_OPTIONS: &str = "delete from product_options where product_id = any($1::uuid[])
   and (select held from guards)";
pub(crate) const DELETE_OPTION_VALUES: &str =
    "delete from product_option_values where product_id = any($1::uuid[])
   and (select held from guards)";
pub(crate) const DELETE_ATTRIBUTES: &str = "delete from product_attributes where product_id = any($1::uuid[])
   and (select held from guards)";
pub(crate) const DELETE_VARIANT_VALUES: &str =
    "delete from variant_option_values where variant_id = any($1::uuid[])
   and (select held from guards)";

// The code is free at once: whoever takes it comes with the next statement.
pub(crate) const REMOVE_VARIANTS: &str = "
update variants v
   set removed_at = w.at, removed_sku = v.sku, sku = replace(v.id::text, '-', '')
  from unnest($1::uuid[], $2::timestamptz[]) as w (id, at)
 where (select held from guards) and v.id = w.id and v.removed_at is null";

pub(crate) const INSERT_PRICES: &str = "
insert into price_changes (id, product_id, variant_id, sku, currency, price_before, price_after, compare_at_before,
                           compare_at_after, actor, at)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
                     $9::bigint[], $10::text[], $11::timestamptz[])
 where (select held from guards)";

pub(crate) const INSERT_REDIRECTS: &str = "
insert into slug_redirects (kind, slug, id)
select * from unnest($1::text[], $2::text[], $3::uuid[])
 where (select held from guards)
on conflict (kind, slug) do update set id = excluded.id";

pub(crate) const INSERT_TAGS: &str = "
insert into product_tags (product_id, position, tag)
select * from unnest($1::uuid[], $2::bigint[], $3::text[])
 where (select held from guards)";

pub(crate) const INSERT_IMAGES: &str = "
insert into product_images (product_id, position, id, url, alt, copies)
select * from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::jsonb[])
 where (select held from guards)";

pub(crate) const INSERT_OPTIONS: &str = "
insert into product_options (product_id, position, name, attribute_id)
select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[])
 where (select held from guards)";

pub(crate) const INSERT_OPTION_VALUES: &str = "
insert into product_option_values (product_id, option_position, position, value)
select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[])
 where (select held from guards)";

pub(crate) const INSERT_PRODUCT_ATTRIBUTES: &str = "
insert into product_attributes (product_id, position, attribute_id, value)
select * from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[])
 where (select held from guards)";

pub(crate) const WRITE_VARIANTS: &str = "
insert into variants (product_id, position, id, sku, price, compare_at_price, cost, currency, weight_grams, weight_unit,
                      dimensions, barcode, image_url, tax_class, digital, tracked, backorder)
select * from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
                     $8::text[], $9::numeric[], $10::text[], $11::jsonb[], $12::text[], $13::text[], $14::text[],
                     $15::boolean[], $16::boolean[], $17::boolean[])
 where (select held from guards)
on conflict (id) do update
   set product_id = excluded.product_id, position = excluded.position, sku = excluded.sku, price = excluded.price,
       compare_at_price = excluded.compare_at_price, cost = excluded.cost, currency = excluded.currency,
       weight_grams = excluded.weight_grams, weight_unit = excluded.weight_unit,
       dimensions = excluded.dimensions, barcode = excluded.barcode, image_url = excluded.image_url, tax_class = excluded.tax_class, digital = excluded.digital,
       tracked = excluded.tracked, backorder = excluded.backorder";

pub(crate) const INSERT_VARIANT_VALUES: &str = "
insert into variant_option_values (variant_id, position, value)
select * from unnest($1::uuid[], $2::bigint[], $3::text[])
 where (select held from guards)";

// What the products of a batch name, ancestors of categories included, as far as it is there already.
pub(crate) const NAMES: &str = concat!(
    "
with recursive branches as (
    select * from categories where id = any($2::uuid[])
    union
    select c.* from branches b join categories c on c.id = b.parent_id
)
select (select coalesce(json_agg(b), '[]') from brands b where b.id = any($1::uuid[])) as brands,
       (select coalesce(json_agg(b), '[]') from branches b) as categories,
       (select coalesce(json_agg(a), '[]') from attributes a where a.id = any($3::uuid[])) as attributes,
       ",
    settings_column!()
);

type NamesRow =
    (Json<Vec<BrandRow>>, Json<Vec<CategoryRow>>, Json<Vec<AttributeRow>>, Option<Json<StoredSettings>>);

/// Applies a batch in the caller's transaction, which is to be rolled back on an error.
///
/// Four to seven statements, whatever the number of products; where what they share is revised, some more, whatever the
/// number of those that say something by its name.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Shared`], [`Guard::Brand`], [`Guard::Category`], [`Guard::Attribute`],
/// [`Guard::Product`], [`Guard::Sku`], [`Guard::Idempotency`], or a guard of [`inventory::apply`].
pub async fn apply(conn: &mut PgConnection, batch: &Batch) -> Result<(), CommitError> {
    let Batch {
        shared: _,
        brands: _,
        categories: _,
        attributes: _,
        revise,
        products,
        removed,
        prices,
        redirects,
        inventory,
        pricing: _,
        bulk,
        idempotency,
        audit,
    } = batch;
    taxonomy::hold(conn, batch).await?;
    // By id, so that two batches lock the products that both have in one order.
    let mut products: Vec<&ProductWrite> = products.iter().collect();
    products.sort_unstable_by_key(|write| write.product.id);

    let whole = column(&products, |write| &write.product);
    let shared = shared(conn, batch, &whole).await?;
    let names = shared.names(batch);
    let facts = column(&whole, |product| Facts::of(product, &names));
    let mut first = Fused::new();
    write_shared(batch, &mut first);
    write_products(&products, &facts, &mut first);
    delete_parts(&products, &mut first);
    taxonomy::write(revise, &mut first);
    remove_variants(removed, &mut first);
    first.run(conn).await?;
    taxonomy::rewrite(conn, &revise.rewrite).await?;

    let mut second = Fused::new();
    bulk::write(bulk, &mut second);
    insert_parts(&products, &mut second);
    search::write(&whole, &names, &shared.settings, &mut second);
    write_prices(prices, &mut second);
    write_redirects(redirects, &mut second);
    if let Some(record) = idempotency {
        idempotency::write(record, &mut second);
    }
    audit::write(audit, &mut second);
    inventory::write(inventory, &mut second);
    second.run(conn).await?;

    let moves = inventory.moves_catalog().unwrap_or(Shard::FIRST);
    inventory::move_counters(conn, inventory, Some(moves)).await
}

/// What products share with others, as far as it is there already; and how the shop searches.
#[derive(Default)]
pub(crate) struct Shared {
    brands: Vec<Brand>,
    categories: Vec<Category>,
    attributes: Vec<Attribute>,
    pub(crate) settings: StoredSettings,
}

impl Shared {
    /// By id, with what the batch brings.
    pub(crate) fn names<'s>(&'s self, batch: &'s Batch) -> Names<'s> {
        Names::new(
            self.brands.iter().chain(&batch.brands),
            self.categories.iter().chain(&batch.categories),
            self.attributes.iter().chain(&batch.attributes),
        )
    }
}

/// What these products share with others, ancestors of categories that the batch brings included.
pub(crate) async fn shared(
    conn: &mut PgConnection,
    batch: &Batch,
    products: &[&Product],
) -> Result<Shared, StoreError> {
    if products.is_empty() {
        return Ok(Shared::default());
    }
    let parents = batch.categories.iter().filter_map(|category| category.parent);
    let of_options = products.iter().flat_map(|product| &product.options).filter_map(|of| of.attribute);
    let of_values = products.iter().flat_map(|product| &product.attributes).map(|value| value.attribute);
    let named_brands: BTreeSet<Uuid> =
        products.iter().filter_map(|product| product.brand).map(|id| id.0).collect();
    let named_categories: BTreeSet<Uuid> =
        products.iter().filter_map(|product| product.category).chain(parents).map(|id| id.0).collect();
    let named_attributes: BTreeSet<Uuid> = of_options.chain(of_values).map(|id| id.0).collect();
    let (brands, categories, attributes, settings): NamesRow = sqlx::query_as(NAMES)
        .bind(column(named_brands, |id| id))
        .bind(column(named_categories, |id| id))
        .bind(column(named_attributes, |id| id))
        .fetch_one(conn)
        .await
        .map_err(store_error)?;
    Ok(Shared {
        brands: brands.0.into_iter().map(BrandRow::read).collect::<Result<_, _>>()?,
        categories: categories.0.into_iter().map(CategoryRow::read).collect::<Result<_, _>>()?,
        attributes: attributes.0.into_iter().map(AttributeRow::read).collect::<Result<_, _>>()?,
        settings: settings.map(|Json(settings)| settings).unwrap_or_default(),
    })
}

fn write_shared(batch: &Batch, fused: &mut Fused) {
    let Batch { brands, categories, attributes, pricing, .. } = batch;
    pricing::write(pricing, fused);
    if !brands.is_empty() {
        fused
            .write(INSERT_BRANDS)
            .bind(column(brands, |brand| brand.id.0))
            .bind(column(brands, |brand| brand.slug.as_str()))
            .bind(column(brands, |brand| brand.name.as_str()))
            .bind(column(brands, |brand| fold(&brand.name)));
        for name in ["brands_pkey", "brands_slug_key", "brands_name_key"] {
            fused.constraint(name, Guard::Brand);
        }
    }
    if !categories.is_empty() {
        fused
            .write(INSERT_CATEGORIES)
            .bind(column(categories, |category| category.id.0))
            .bind(column(categories, |category| category.parent.map(|parent| parent.0)))
            .bind(column(categories, |category| category.slug.as_str()))
            .bind(column(categories, |category| category.name.as_str()))
            .bind(column(categories, |category| fold(&category.name)))
            .bind(column(categories, |category| category.path.as_str()))
            .bind(column(categories, |category| category.description.as_str()))
            .bind(column(categories, |category| i64::from(category.position)));
        for name in
            ["categories_pkey", "categories_slug_key", "categories_path_key", "categories_sibling_key"]
        {
            fused.constraint(name, Guard::Category);
        }
    }
    if !attributes.is_empty() {
        fused
            .write(INSERT_ATTRIBUTES)
            .bind(column(attributes, |attribute| attribute.id.0))
            .bind(column(attributes, |attribute| attribute.code.as_str()))
            .bind(column(attributes, |attribute| attribute.name.as_str()))
            .bind(column(attributes, |attribute| attribute.kind.as_str()))
            .bind(column(attributes, |attribute| attribute.filterable))
            .bind(column(attributes, |attribute| attribute.required))
            .bind(column(attributes, |attribute| attribute.variant_defining))
            .bind(column(attributes, |attribute| Json(&attribute.rules)));
        for name in ["attributes_pkey", "attributes_code_key"] {
            fused.constraint(name, Guard::Attribute);
        }
    }
}

fn remove_variants(removed: &[Removal], fused: &mut Fused) {
    if !removed.is_empty() {
        fused
            .write(REMOVE_VARIANTS)
            .bind(column(removed, |removal| removal.variant.0))
            .bind(column(removed, |removal| Instant(removal.at)));
    }
}

pub(crate) fn write_prices(prices: &[PriceChange], fused: &mut Fused) {
    if prices.is_empty() {
        return;
    }
    let compared = |prices: ListPrice| prices.compare_at_price.map(|price| price.ten_thousandths);
    fused
        .write(INSERT_PRICES)
        .bind(column(prices, |change| change.id.0))
        .bind(column(prices, |change| change.product.0))
        .bind(column(prices, |change| change.variant.0))
        .bind(column(prices, |change| change.sku.as_str()))
        .bind(column(prices, |change| change.after.price.currency.code()))
        .bind(column(prices, |change| change.before.price.ten_thousandths))
        .bind(column(prices, |change| change.after.price.ten_thousandths))
        .bind(column(prices, |change| compared(change.before)))
        .bind(column(prices, |change| compared(change.after)))
        .bind(column(prices, |change| change.actor.to_string()))
        .bind(column(prices, |change| Instant(change.at)));
}

fn write_redirects(redirects: &[Redirect], fused: &mut Fused) {
    if !redirects.is_empty() {
        fused
            .write(INSERT_REDIRECTS)
            .bind(column(redirects, |redirect| redirect.kind.as_str()))
            .bind(column(redirects, |redirect| redirect.slug.as_str()))
            .bind(column(redirects, |redirect| redirect.id));
    }
}

fn write_products(products: &[&ProductWrite], facts: &[Facts], fused: &mut Fused) {
    let (known, new): (Vec<_>, Vec<_>) =
        products.iter().copied().zip(facts).partition(|(write, _)| write.expected_version.is_some());
    if !known.is_empty() {
        fused.guarded(UPDATE_PRODUCTS);
        bind_products(&known, fused);
        fused.bind(column(&known, |(write, _)| write.expected_version.map(|version| version as i64)));
        for (write, _) in &known {
            fused.needs(Some(write.product.id.0), Guard::Product(write.product.id));
        }
        // The new slug of one of them is taken. Which one, the database does not say in words to rely on.
        fused.constraint("products_slug_key", Guard::Product(known[0].0.product.id));
    }
    if !new.is_empty() {
        fused.guarded(INSERT_PRODUCTS);
        bind_products(&new, fused);
        for (write, _) in &new {
            fused.needs(Some(write.product.id.0), Guard::Product(write.product.id));
        }
    }
}

fn bind_products(writes: &[(&ProductWrite, &Facts)], fused: &mut Fused) {
    let products = column(writes, |(write, _)| &write.product);
    let cheapest = column(&products, |product| product.cheapest());
    fused
        .bind(column(&products, |product| product.id.0))
        .bind(column(&products, |product| product.slug.as_str()))
        .bind(column(&products, |product| product.name.as_str()))
        .bind(column(&products, |product| product.sort_name()))
        .bind(column(&products, |product| product.description_html.as_str()))
        .bind(column(&products, |product| product.status.as_str()))
        .bind(column(&products, |product| product.featured))
        .bind(column(&products, |product| product.brand.map(|brand| brand.0)))
        .bind(column(&products, |product| product.category.map(|category| category.0)))
        .bind(column(&products, |product| product.seller.map(|seller| seller.0)))
        .bind(column(&cheapest, |variant| variant.map(|variant| variant.price.ten_thousandths)))
        .bind(column(&cheapest, |variant| {
            variant.and_then(|v| v.compare_at_price).map(|price| price.ten_thousandths)
        }))
        .bind(column(&cheapest, |variant| variant.map(|variant| variant.price.currency.code())))
        .bind(column(&products, |product| product.price_max().map(|price| price.ten_thousandths)))
        .bind(column(&products, |product| product.listed_image()))
        .bind(column(writes, |(_, facts)| Json(facts)))
        .bind(column(&products, |product| Instant(product.created_at)))
        .bind(column(&products, |product| Instant(product.updated_at)))
        .bind(column(&products, |product| product.deleted_at.map(Instant)))
        .bind(column(&products, |product| product.version as i64))
        .bind(column(&products, |product| product.publish_at.map(Instant)))
        .bind(column(&products, |product| product.unpublish_at.map(Instant)));
}

/// Takes the parts of known products away; the statement after this one puts the new ones in their place. One statement
/// could not do both: its parts see one snapshot and would meet on the same keys.
fn delete_parts(products: &[&ProductWrite], fused: &mut Fused) {
    let known =
        || products.iter().filter(|write| write.expected_version.is_some()).map(|write| &write.product);
    let ids = column(known(), |product| product.id.0);
    if ids.is_empty() {
        return;
    }
    for sql in [DELETE_TAGS, DELETE_IMAGES, DELETE_OPTIONS, DELETE_OPTION_VALUES, DELETE_ATTRIBUTES] {
        fused.write(sql).bind(ids.as_slice());
    }
    let variants = column(known().flat_map(|product| &product.variants), |variant| variant.id.0);
    fused.write(DELETE_VARIANT_VALUES).bind(variants);
}

fn insert_parts(products: &[&ProductWrite], fused: &mut Fused) {
    let products = column(products, |write| &write.product);
    let tags = parts(&products, |product| &product.tags);
    if !tags.is_empty() {
        fused
            .write(INSERT_TAGS)
            .bind(column(&tags, |(product, ..)| product.id.0))
            .bind(column(&tags, |(_, position, _)| *position))
            .bind(column(&tags, |(.., tag)| tag.as_str()));
    }
    let images = parts(&products, |product| &product.images);
    if let Some((product, ..)) = images.first() {
        fused
            .write(INSERT_IMAGES)
            .bind(column(&images, |(product, ..)| product.id.0))
            .bind(column(&images, |(_, position, _)| *position))
            .bind(column(&images, |(.., image)| image.id.0))
            .bind(column(&images, |(.., image)| image.url.as_str()))
            .bind(column(&images, |(.., image)| image.alt.as_str()))
            .bind(column(&images, |(.., image)| Json(&image.copies)))
            .constraint("product_images_pkey", Guard::Product(product.id));
    }
    let options = parts(&products, |product| &product.options);
    if !options.is_empty() {
        let values: Vec<_> = options
            .iter()
            .flat_map(|(product, option, of)| {
                places().zip(&of.values).map(move |(place, value)| (product.id, *option, place, value))
            })
            .collect();
        fused
            .write(INSERT_OPTIONS)
            .bind(column(&options, |(product, ..)| product.id.0))
            .bind(column(&options, |(_, position, _)| *position))
            .bind(column(&options, |(.., option)| option.name.as_str()))
            .bind(column(&options, |(.., option)| option.attribute.map(|attribute| attribute.0)))
            .write(INSERT_OPTION_VALUES)
            .bind(column(&values, |(product, ..)| product.0))
            .bind(column(&values, |(_, option, ..)| *option))
            .bind(column(&values, |(_, _, position, _)| *position))
            .bind(column(&values, |(.., value)| value.as_str()));
    }
    let attributes = parts(&products, |product| &product.attributes);
    if !attributes.is_empty() {
        fused
            .write(INSERT_PRODUCT_ATTRIBUTES)
            .bind(column(&attributes, |(product, ..)| product.id.0))
            .bind(column(&attributes, |(_, position, _)| *position))
            .bind(column(&attributes, |(.., value)| value.attribute.0))
            .bind(column(&attributes, |(.., value)| value.value.as_str()));
    }
    let variants = parts(&products, |product| &product.variants);
    if !variants.is_empty() {
        write_variants(&variants, fused);
    }
}

fn write_variants(variants: &[(&Product, i64, &Variant)], fused: &mut Fused) {
    fused
        .write(WRITE_VARIANTS)
        .bind(column(variants, |(product, ..)| product.id.0))
        .bind(column(variants, |(_, position, _)| *position))
        .bind(column(variants, |(.., variant)| variant.id.0))
        .bind(column(variants, |(.., variant)| variant.sku.as_str()))
        .bind(column(variants, |(.., variant)| variant.price.ten_thousandths))
        .bind(column(variants, |(.., variant)| variant.compare_at_price.map(|price| price.ten_thousandths)))
        .bind(column(variants, |(.., variant)| variant.cost.map(|cost| cost.ten_thousandths)))
        .bind(column(variants, |(.., variant)| variant.price.currency.code()))
        .bind(column(variants, |(.., variant)| variant.weight.map(|weight| weight.grams)))
        .bind(column(variants, |(.., variant)| variant.weight.map(|weight| weight.unit.to_string())))
        .bind(column(variants, |(.., variant)| variant.dimensions.map(Json)))
        .bind(column(variants, |(.., variant)| variant.barcode.as_deref()))
        .bind(column(variants, |(.., variant)| variant.image.as_deref()))
        .bind(column(variants, |(.., variant)| variant.tax_class.as_str()))
        .bind(column(variants, |(.., variant)| variant.digital))
        .bind(column(variants, |(.., variant)| variant.tracked))
        .bind(column(variants, |(.., variant)| variant.backorder))
        .constraint("variants_sku_key", Guard::Sku);
    let values: Vec<_> = variants
        .iter()
        .flat_map(|(.., variant)| {
            places().zip(&variant.option_values).map(|(place, value)| (variant.id, place, value))
        })
        .collect();
    if !values.is_empty() {
        fused
            .write(INSERT_VARIANT_VALUES)
            .bind(column(&values, |(variant, ..)| variant.0))
            .bind(column(&values, |(_, position, _)| *position))
            .bind(column(&values, |(.., value)| value.as_str()));
    }
}

/// The parts of all products, each with its product and its place there.
fn parts<'p, T>(
    products: &[&'p Product],
    of: impl Fn(&'p Product) -> &'p [T],
) -> Vec<(&'p Product, i64, &'p T)> {
    products
        .iter()
        .flat_map(|product| places().zip(of(product)).map(|(place, part)| (*product, place, part)))
        .collect()
}

fn places() -> Range<i64> {
    0..i64::MAX
}
