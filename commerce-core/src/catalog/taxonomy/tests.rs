//! Given what is shared, when somebody decides, then this is written.

use proptest::prelude::*;

use super::*;
use crate::catalog::{AttributeKind, CategoryNode, category_tree};
use crate::pricing::Selection;
use crate::testkit::{property_cases, start};
use crate::{Currency, fold};

fn empty() -> TaxonomyView {
    TaxonomyView {
        now: start(),
        shared: SharedVersion::default(),
        brands: Vec::new(),
        categories: Vec::new(),
        attributes: Vec::new(),
        values: Vec::new(),
    }
}

fn rules() -> StoredRulebook {
    StoredRulebook { version: 1, rulebook: Rulebook::starter(Currency::NGN) }
}

fn ids(seed: u64) -> Ids {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    Ids::new(bytes, start())
}

/// Decides as staff, on these rules.
fn with<T>(rules: &StoredRulebook, decide: impl FnOnce(&By<'_>) -> T) -> T {
    decide(&By { actor: &Actor::System, request: None, expected: None, rules })
}

fn new(name: &str, parent: Option<&str>) -> NewCategory {
    let parent = parent.map(SharedKey::new);
    NewCategory { name: name.to_owned(), slug: None, parent, description: String::new(), position: None }
}

/// What a store makes of a batch.
fn write(view: &mut TaxonomyView, batch: &Batch) {
    let rewritten: Vec<_> = batch.revise.rewrite.categories.iter().map(|(id, _)| *id).collect();
    for category in &batch.revise.categories {
        let (known, _) = view.categories.iter_mut().find(|(known, _)| known.id == category.id).unwrap();
        let moved = known.path != category.path;
        assert!(!moved || rewritten.contains(&category.id), "its products say where it is");
        *known = category.clone();
    }
    view.categories.extend(batch.categories.iter().map(|category| (category.clone(), 0)));
    view.categories.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
}

fn create(view: &mut TaxonomyView, new: &NewCategory, seed: u64) -> Result<Category, TaxonomyError> {
    let decided = with(&rules(), |by| category::create(view, new, by, &mut ids(seed)))?;
    write(view, &decided.batch.unwrap());
    Ok(decided.row)
}

fn change(view: &mut TaxonomyView, key: &str, change: CategoryChange) -> Result<Category, TaxonomyError> {
    let key = SharedKey::new(key);
    let decided = with(&rules(), |by| category::change(view, &key, &change, by, &mut ids(0)))?;
    if let Some(batch) = decided.batch {
        write(view, &batch);
    }
    Ok(decided.row)
}

fn to(parent: Option<&str>) -> CategoryChange {
    CategoryChange { parent: Some(parent.map(SharedKey::new)), ..CategoryChange::default() }
}

fn home() -> TaxonomyView {
    let mut view = empty();
    create(&mut view, &new("Home", None), 1).unwrap();
    create(&mut view, &new("Kitchen", Some("home")), 2).unwrap();
    create(&mut view, &new("Mugs", Some("kitchen")), 3).unwrap();
    create(&mut view, &new("Garden", None), 4).unwrap();
    view
}

fn paths(view: &TaxonomyView) -> Vec<&str> {
    view.categories.iter().map(|(category, _)| category.path.as_str()).collect()
}

/// A category hangs on one that is there, in no circle; its path says so; no two are called alike.
fn is_tree(view: &TaxonomyView) {
    for (category, _) in &view.categories {
        let parent = category.parent.map(|parent| view.category(parent).expect("it hangs on what is there"));
        let path = Category::new(category.id, parent, category.slug.clone(), "").path;
        assert_eq!(category.path, path);
        assert!(category.slugs().count() <= Category::LEVELS_MAX, "{path}");
        let alike = view.categories.iter().filter(|(other, _)| {
            other.slug == category.slug
                || (other.parent == category.parent && fold(&other.name) == fold(&category.name))
        });
        assert_eq!(alike.count(), 1, "{category:?}");
    }
    let grown = category_tree(view.categories.clone());
    fn count(nodes: &[CategoryNode]) -> usize {
        nodes.iter().map(|node| 1 + count(&node.children)).sum()
    }
    assert_eq!(count(&grown), view.categories.len(), "all of it is reached from the roots");
}

#[test]
fn a_branch_moves_with_all_that_grows_on_it() {
    let mut view = home();
    change(&mut view, "kitchen", to(Some("garden"))).unwrap();
    assert_eq!(paths(&view), ["garden", "garden/kitchen", "garden/kitchen/mugs", "home"]);
    change(&mut view, "kitchen", to(None)).unwrap();
    assert_eq!(paths(&view), ["garden", "home", "kitchen", "kitchen/mugs"]);
    let slug = Some("cooking".parse().unwrap());
    let renamed = change(&mut view, "kitchen", CategoryChange { slug, ..CategoryChange::default() }).unwrap();
    assert_eq!(paths(&view), ["cooking", "cooking/mugs", "garden", "home"]);
    assert_eq!(renamed.version, 4, "a change each");
    assert_eq!(view.category_by(&SharedKey::new("mugs")).unwrap().0.version, 1, "none of its own");
}

#[test]
fn what_would_be_no_tree_is_refused() {
    let mut view = home();
    for below in ["kitchen", "mugs", "home"] {
        let refused = change(&mut view, "home", to(Some(below)));
        assert!(matches!(refused, Err(TaxonomyError::Cycle)), "home on {below}: {refused:?}");
    }
    let refused = change(&mut view, "home", to(Some("nowhere")));
    assert!(matches!(refused, Err(TaxonomyError::Parent(_))), "{refused:?}");
    let slug = Some("garden".parse().unwrap());
    let refused = change(&mut view, "mugs", CategoryChange { slug, ..CategoryChange::default() });
    assert!(matches!(refused, Err(TaxonomyError::Exists { field: "slug", .. })), "{refused:?}");
    let name = Some(" GARDEN".to_owned());
    let refused = change(&mut view, "home", CategoryChange { name, ..CategoryChange::default() });
    assert!(matches!(refused, Err(TaxonomyError::Exists { field: "name", .. })), "{refused:?}");
    let mut deep = empty();
    create(&mut deep, &new("c0", None), 0).unwrap();
    for level in 1..10 {
        create(&mut deep, &new(&format!("c{level}"), Some(&format!("c{}", level - 1))), level).unwrap();
    }
    let refused = create(&mut deep, &new("c10", Some("c9")), 10);
    assert!(matches!(refused, Err(TaxonomyError::TooDeep(11))), "{refused:?}");
    create(&mut deep, &new("root", None), 11).unwrap();
    let refused = change(&mut deep, "c0", to(Some("root")));
    assert!(matches!(refused, Err(TaxonomyError::TooDeep(11))), "{refused:?}");
}

#[test]
fn siblings_make_room() {
    let mut view = empty();
    for (seed, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        create(&mut view, &new(name, None), seed as u64).unwrap();
    }
    let order = |view: &TaxonomyView| -> Vec<String> {
        let tree = category_tree(view.categories.clone());
        tree.into_iter().map(|node| node.category.name).collect()
    };
    assert_eq!(order(&view), ["a", "b", "c", "d"]);
    let at = |position| CategoryChange { position: Some(position), ..CategoryChange::default() };
    change(&mut view, "d", at(1)).unwrap();
    assert_eq!(order(&view), ["d", "a", "b", "c"]);
    change(&mut view, "d", at(3)).unwrap();
    assert_eq!(order(&view), ["a", "b", "d", "c"]);
    change(&mut view, "a", at(99)).unwrap();
    assert_eq!(order(&view), ["b", "d", "c", "a"]);
    create(&mut view, &new("0", None), 9).unwrap();
    assert_eq!(order(&view), ["b", "d", "c", "a", "0"], "a new one comes behind those that are in order");
}

#[test]
fn only_what_is_empty_is_deleted_and_what_hangs_on_nothing_is_not_restored() {
    let mut view = home();
    let gone = |view: &mut TaxonomyView, key: &str| {
        let decided = with(&rules(), |by| category::delete(view, &SharedKey::new(key), by, &mut ids(0)))?;
        write(view, &decided.batch.unwrap());
        Ok::<_, TaxonomyError>(())
    };
    assert!(matches!(gone(&mut view, "kitchen"), Err(TaxonomyError::HasBranches(1))));
    view.categories.iter_mut().find(|(category, _)| category.name == "Mugs").unwrap().1 = 7;
    assert!(matches!(gone(&mut view, "mugs"), Err(TaxonomyError::InUse(7))));
    view.categories.iter_mut().for_each(|(_, products)| *products = 0);
    gone(&mut view, "mugs").unwrap();
    gone(&mut view, "kitchen").unwrap();
    let restored = with(&rules(), |by| category::restore(&view, &SharedKey::new("mugs"), by, &mut ids(0)));
    assert!(matches!(restored, Err(TaxonomyError::Parent(_))), "{restored:?}");
    let taken = create(&mut view, &new("kitchen", Some("home")), 9);
    assert!(matches!(taken, Err(TaxonomyError::Exists { deleted: true, .. })), "{taken:?}");
}

#[test]
fn rules_name_what_they_named_before() {
    let view = home();
    let mut stored = rules();
    let selection: Selection =
        serde_json::from_str(r#"{"categories": ["home"], "except": [{"categories": ["kitchen", "mugs"]}]}"#)
            .unwrap();
    stored.rulebook.promotions.push(
        serde_json::from_str(r#"{"code": "ten", "label": "10 % off", "action": {"percent": "10"}}"#).unwrap(),
    );
    stored.rulebook.promotions[0].targets.push(selection);
    let slug = Some("cooking".parse().unwrap());
    let change = CategoryChange { slug, ..CategoryChange::default() };
    let decided =
        with(&stored, |by| category::change(&view, &SharedKey::new("kitchen"), &change, by, &mut ids(0)));
    let written = decided.unwrap().batch.unwrap().pricing.rulebook.unwrap();
    let targets = &written.rulebook.promotions[0].targets[0];
    assert_eq!((written.version, &targets.categories[..]), (2, &["home".to_owned()][..]));
    assert_eq!(targets.except[0].categories, ["cooking", "mugs"]);
    let moved =
        with(&stored, |by| category::change(&view, &SharedKey::new("kitchen"), &to(None), by, &mut ids(0)));
    assert_eq!(moved.unwrap().batch.unwrap().pricing.rulebook, None, "a move changes no slug");
}

#[test]
fn an_attribute_changes_while_every_value_stays_one() {
    let mut view = empty();
    let size =
        Attribute::new(crate::testkit::named("attribute", "size"), "size", "Size", AttributeKind::Text);
    view.attributes.push((size, 3));
    view.values = vec!["10".to_owned(), "11.5".to_owned()];
    let changed = |view: &TaxonomyView, change: AttributeChange| {
        with(&rules(), |by| attribute::change(view, &SharedKey::new("size"), &change, by, &mut ids(0)))
    };
    let code = |code: &str| AttributeChange { code: Some(code.to_owned()), ..AttributeChange::default() };
    assert_eq!(changed(&view, code("size")).unwrap().batch, None, "its code, as it is");
    let refused = changed(&view, code("sizes"));
    assert!(matches!(refused, Err(TaxonomyError::Invalid { field: "code", .. })), "{refused:?}");
    let number = AttributeChange { kind: Some(AttributeKind::Number), ..AttributeChange::default() };
    let decided = changed(&view, number.clone()).unwrap();
    assert_eq!(decided.batch.unwrap().revise.values.unwrap().1, view.values, "others come in between");
    let least = Some(Some("11".parse().unwrap()));
    let refused = changed(&view, AttributeChange { least, ..number.clone() });
    assert!(matches!(refused, Err(TaxonomyError::Values(_))), "{refused:?}");
    let unit = Some(Some("cm".to_owned()));
    let refused = changed(&view, AttributeChange { unit, ..AttributeChange::default() });
    assert!(matches!(refused, Err(TaxonomyError::Invalid { field: "rules", .. })), "{refused:?}");
    view.values.push("large".to_owned());
    let refused = changed(&view, number.clone());
    assert!(matches!(refused, Err(TaxonomyError::Values(_))), "{refused:?}");
    view.values = vec![String::new(); VALUES_MAX as usize + 1];
    assert!(matches!(changed(&view, number), Err(TaxonomyError::TooManyValues)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(property_cases(64)))]

    /// Whatever is asked for, it stays a tree, and what is refused changes nothing.
    #[test]
    fn any_moves_leave_a_tree(
        moves in prop::collection::vec((0..12_usize, 0..14_usize, 0..4_u8, 0..9_u32), 1..60),
    ) {
        let mut view = empty();
        for number in 0..12_u64 {
            let parent = (number > 0).then(|| format!("c{}", number / 2));
            let parent = parent.filter(|_| number % 3 > 0);
            create(&mut view, &new(&format!("c{number}"), parent.as_deref()), number).unwrap();
        }
        let ids: Vec<String> = view.categories.iter().map(|(category, _)| category.id.to_string()).collect();
        for (what, where_to, kind, number) in moves {
            let parent = ids.get(where_to).map(String::as_str);
            let asked = match kind {
                0 | 1 => to(parent),
                2 => CategoryChange {
                    slug: Some(format!("c{}", number + 6).parse().unwrap()),
                    name: Some(format!("C{}", number + 6)),
                    ..to(parent)
                },
                _ => CategoryChange { position: Some(number), ..CategoryChange::default() },
            };
            let before = view.clone();
            if change(&mut view, &ids[what], asked).is_err() {
                prop_assert_eq!(&before, &view);
            }
            is_tree(&view);
        }
    }
}
