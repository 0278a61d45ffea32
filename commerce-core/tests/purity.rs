//! The domain does no I/O: nothing that could is in its tree, and only ports and services wait for anything.

use std::path::PathBuf;
use std::process::Command;

#[test]
fn nothing_that_does_io_is_in_the_tree() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--package", "commerce-core", "--edges", "normal", "--prefix", "none", "--offline"])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .output()
        .expect("cargo runs");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).expect("names are text");
    let crates: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(crates.contains(&"commerce-core"), "{text}");
    let io = "async-std axum fred hyper lettre mio poem proptest redis reqwest rusqlite rustls smol socket2 sqlx \
              sqlx-core tokio tokio-postgres tower tracing-subscriber ureq";
    let found: Vec<&str> = io.split_whitespace().filter(|name| crates.contains(name)).collect();
    assert!(found.is_empty(), "{found:?} in the tree of commerce-core");
}

#[test]
fn only_ports_and_services_are_asynchronous() {
    let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the source is there") {
            let path = entry.expect("a file").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                // Tests wait for what they like, and a service may be a folder.
                folders.extend((!["testkit", "tests", "service"].contains(&name)).then_some(path));
                continue;
            }
            // The façade and the retry loop belong to the services.
            if ["service.rs", "ports.rs", "engine.rs", "attempts.rs"].contains(&name) {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("the source is text");
            assert!(!text.contains("async fn "), "{} is asynchronous", path.display());
        }
    }
}
