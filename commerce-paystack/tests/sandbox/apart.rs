//! The sandbox and the client are two readings of one contract, so neither may use the other's code.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn the_sandbox_and_the_client_share_no_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sandbox = root.join("sandbox");
    let mut seen = 0;
    for path in sources(&root).into_iter().filter(|path| path.extension().is_some_and(|it| it == "rs")) {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let wrong: Vec<&str> = if path.starts_with(&sandbox) {
            seen += 1;
            lines.filter(|line| line.replace("crate::sandbox", "").contains("crate::")).collect()
        } else {
            lines.filter(|line| line.contains("sandbox::")).collect()
        };
        assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
    }
    assert!(seen > 20, "{seen}");
}
