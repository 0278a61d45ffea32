//! Client libraries of other languages against the sandbox, as their authors published them: only the address in them is
//! another. They come from npm and PyPI, so this is a long form: `COMMERCE_SOAK=1`, with `node`, `npm` and `python3`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "what the libraries were told is for who reads along")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use commerce_paystack::sandbox::{Running, Sandbox};

/// Where the libraries think that the gateway is.
const PUBLISHED: &str = "https://api.paystack.co";

/// A folder of this test's own, with the files of `tests/libraries` that are named.
fn folder(name: &str, files: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libraries").join(name);
    fs::create_dir_all(&folder).unwrap();
    for file in files {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libraries").join(file);
        fs::copy(here, folder.join(file)).unwrap();
    }
    folder
}

fn run(folder: &Path, program: &str, arguments: &[&str], sandbox: Option<&Running>) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    if let Some(sandbox) = sandbox {
        command.env("SANDBOX_URL", sandbox.url()).env("SANDBOX_KEY", sandbox.secret_key());
    }
    let output = command.output().unwrap_or_else(|error| panic!("{program}, which this test needs: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// Lets every library in the folder call the sandbox where it would call the gateway.
fn redirect(folder: &Path, url: &str) -> usize {
    let mut redirected = 0;
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let is_source = path.extension().is_some_and(|end| end == "js" || end == "cjs" || end == "py");
        if kind.is_dir() {
            redirected += redirect(&path, url);
        } else if kind.is_file() && is_source {
            let Ok(source) = fs::read_to_string(&path) else { continue };
            if source.contains(PUBLISHED) {
                fs::write(&path, source.replace(PUBLISHED, url)).unwrap();
                redirected += 1;
            }
        }
    }
    redirected
}

async fn sandbox() -> Option<Running> {
    if std::env::var_os("COMMERCE_SOAK").is_none() {
        println!("left out: it installs packages, and is for COMMERCE_SOAK=1");
        return None;
    }
    Some(Sandbox::builder().rate_limit(None).start().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn libraries_for_node() {
    let Some(sandbox) = sandbox().await else { return };
    let folder = folder("node", &["package.json", "client.js"]);
    fs::remove_dir_all(folder.join("node_modules")).ok();
    run(&folder, "npm", &["install", "--no-audit", "--no-fund", "--ignore-scripts"], None);
    let redirected = redirect(&folder.join("node_modules"), &sandbox.url());
    assert!(redirected >= 3, "{redirected} files name the gateway");
    println!("{}", run(&folder, "node", &["client.js"], Some(&sandbox)));
    sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn libraries_for_python() {
    let Some(sandbox) = sandbox().await else { return };
    let folder = folder("python", &["requirements.txt", "client.py"]);
    fs::remove_dir_all(folder.join("environment")).ok();
    run(&folder, "python3", &["-m", "venv", "environment"], None);
    let install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", "requirements.txt"];
    run(&folder, "environment/bin/python", &install, None);
    let redirected = redirect(&folder.join("environment/lib"), &sandbox.url());
    assert!(redirected >= 2, "{redirected} files name the gateway");
    println!("{}", run(&folder, "environment/bin/python", &["client.py"], Some(&sandbox)));
    sandbox.shutdown().await;
}
