use super::*;

fn words(templates: &Templates, language: &str, kind: &str) -> Words {
    templates.render(language, kind, &mut sample::contexts(kind, language)[0]).unwrap()
}

fn own(files: &[(&str, &str)]) -> Result<Templates, String> {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("commerce-mail-{}-{number}", std::process::id()));
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let read = Templates::with_own(&folder).map_err(|error| error.to_string());
    std::fs::remove_dir_all(&folder).unwrap();
    read
}

/// `COMMERCE_SHOW_MAILS=folder` writes them there, to be looked at.
#[test]
fn every_mail_can_be_written_in_every_language() {
    let templates = Templates::built_in().unwrap();
    for language in ["en", "fr"] {
        for kind in Kind::NAMES {
            assert_eq!(
                templates.language(&language.parse().unwrap(), &"en".parse().unwrap(), kind),
                language
            );
            let Words { subject, text, html } = words(&templates, language, kind);
            assert!(!subject.is_empty() && !subject.contains('\n'));
            for part in [&subject, &text, &html] {
                for left in ["{{", "{%", "undefined"] {
                    assert!(!part.contains(left), "{language} {kind} has {left:?}: {part}");
                }
            }
            assert!(html.contains("Adire &amp; Co") && text.contains("Adire & Co"), "{language} {kind}");
            assert!(html.contains(&format!("<html lang=\"{language}\">")));
            assert!(!text.contains("\n\n\n") && !text.contains('<'), "{language} {kind}: {text}");
            let linked = sample::contexts(kind, language)[0].link.clone().unwrap();
            if kind.starts_with("order_")
                || ["verification", "password_reset", "email_change"].contains(&kind)
            {
                assert!(
                    text.contains(&linked) && html.contains(&linked.replace('/', "&#x2f;")),
                    "{language} {kind}"
                );
            }
            if let Some(folder) = std::env::var_os("COMMERCE_SHOW_MAILS") {
                let path = Path::new(&folder).join(format!("{language}-{kind}"));
                std::fs::write(path.with_extension("html"), &html).unwrap();
                std::fs::write(path.with_extension("txt"), format!("{subject}\n\n{text}")).unwrap();
            }
        }
    }
}

#[test]
fn every_file_of_the_folder_is_built_in() {
    for (language, templates) in BUILT_IN {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/mail").join(language);
        let mut files: Vec<String> = entries(&folder)
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        let mut names: Vec<String> = templates.iter().map(|(name, _)| (*name).to_owned()).collect();
        files.sort();
        names.sort();
        assert_eq!(names, files, "{language}");
    }
}

#[test]
fn a_language_falls_back_to_what_it_is_a_form_of_then_to_the_shops_then_to_english() {
    let german = [("subject.txt", "Passwort"), ("txt", "Neu"), ("html", "<p>Neu</p>")];
    let files: Vec<(String, &str)> =
        german.iter().map(|(ending, text)| (format!("de/password_changed.{ending}"), *text)).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let templates = own(&files).unwrap();
    let language = |wanted: &str, usual: &str, kind| {
        templates.language(&wanted.parse().unwrap(), &usual.parse().unwrap(), kind).to_owned()
    };
    assert_eq!(language("fr-CI", "en", "order_paid"), "fr");
    assert_eq!(language("de-AT", "en", "password_changed"), "de");
    assert_eq!(language("de", "fr", "order_paid"), "fr", "the shop's");
    assert_eq!(language("yo", "pt-BR", "order_paid"), "en");
    assert_eq!(words(&templates, "de", "password_changed").subject, "Passwort");
}

#[test]
fn a_file_of_the_shop_stands_in_place_of_the_built_in_one() {
    let templates = own(&[
        ("en/layout.txt", "{% block content %}{% endblock %}\nYours, {{ shop.name }}"),
        ("en/order_paid.subject.txt", "{% include '_hi.txt' %} {{ order.number }}"),
        ("en/_hi.txt", "Hi!"),
        ("en/.swp", "{{ not a template"),
    ])
    .unwrap();
    let paid = words(&templates, "en", "order_paid");
    assert_eq!(paid.subject, "Hi! 7KQ2-M4XPZ");
    assert!(paid.text.ends_with("Yours, Adire & Co\n"), "{}", paid.text);
    assert_eq!(
        words(&templates, "fr", "order_paid"),
        words(&Templates::built_in().unwrap(), "fr", "order_paid")
    );
}

#[test]
fn what_is_wrong_is_found_at_the_start_with_file_and_line() {
    let said = |name, text| own(&[(name, text)]).err().unwrap();
    let wrong = said("en/order_paid.txt", "Hello\n{{ order.nmuber }}");
    assert!(wrong.contains("en/order_paid.txt:2:") && wrong.contains("undefined"), "{wrong}");
    let wrong = said("en/order_paid.html", "one\ntwo\n{% if %}");
    assert!(wrong.contains("en/order_paid.html:3:") && wrong.contains("syntax"), "{wrong}");
    let wrong = said("en/order.txt", "\n\n\n{{ order.total | nofilter }}");
    assert!(wrong.contains("en/order.txt:4:"), "{wrong}");
    // Also what only some facts bring to light.
    let wrong = said("en/order_cancelled.txt", "{% if by == 'lapse' %}{{ whoops }}{% endif %}");
    assert!(wrong.contains("en/order_cancelled.txt:1:"), "{wrong}");
    let wrong = said(
        "en/order_paid.html",
        "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
    );
    assert!(wrong.contains("fuel"), "{wrong}");
    assert!(said("en/order_payed.txt", "x").contains("order_payed.txt"));
    assert!(said("english/order_paid.txt", "x").contains("language"));
    let wrong = said("de/order_paid.txt", "x");
    assert!(wrong.contains("de") && wrong.contains("order_paid.subject.txt"), "{wrong}");
    assert!(Templates::with_own(Path::new("/nowhere/at/all")).is_err());
}

#[test]
fn a_template_that_fails_later_gives_way_to_the_built_in_one() {
    // The samples have at most two line items.
    let fails = "{% if order.lines | length > 2 %}{{ whoops }}{% endif %}fine";
    let templates = own(&[("en/order_paid.txt", fails)]).unwrap();
    let mut context = sample::contexts("order_paid", "en").remove(0);
    assert_eq!(templates.render("en", "order_paid", &mut context).unwrap().text, "fine\n");
    let order = context.order.as_mut().unwrap();
    order.lines.push(order.lines[0].clone());
    let text = templates.render("en", "order_paid", &mut context).unwrap().text;
    assert!(text.contains("We have received ₦12,500.00"), "{text}");
}

#[test]
fn what_people_wrote_stays_text() {
    let templates = Templates::built_in().unwrap();
    let mut context = sample::contexts("order_placed", "en").remove(0);
    let order = context.order.as_mut().unwrap();
    order.lines[0].name = "<script>alert(1)</script>{{ shop.url }}".to_owned();
    order.number = "1\r\nBcc: everybody@example.com\u{2028}x\0".to_owned();
    context.shop.name = "A\nTo: b@example.com".to_owned();
    let Words { subject, html, .. } = templates.render("en", "order_placed", &mut context).unwrap();
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"), "{html}");
    assert!(html.contains("{{ shop.url }}"), "names are no templates");
    assert_eq!(subject, "Your order 1 Bcc: everybody@example.com x at A To: b@example.com");
}
