//! What the tests need and the machine lacks is installed where that is possible: as root on Debian.

use std::env;
use std::process::{Command, Stdio};

/// Whether [`install`] can do its work, or why not.
pub(crate) fn may_install() -> Result<(), String> {
    if !is_root() {
        return Err("without root xtask does not install it".to_owned());
    }
    if !in_path("apt-get") {
        return Err("there is no apt-get to install it with".to_owned());
    }
    Ok(())
}

/// Installs a package, or says what went wrong.
pub(crate) fn install(package: &str) -> Result<(), String> {
    apt_get(&["update"])?;
    apt_get(&["install", "-y", "--no-install-recommends", package])
}

fn apt_get(arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new("apt-get");
    // A configuration file that is there stays as it is; dpkg asks about it otherwise, whatever the frontend.
    command.args(["-q", "-o", "Dpkg::Options::=--force-confold"]).args(arguments);
    let status = command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).status();
    if status.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(format!("`apt-get {}` failed, see above", arguments.join(" ")))
}

pub(crate) fn in_path(program: &str) -> bool {
    env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(program).is_file())
}

pub(crate) fn is_root() -> bool {
    id(&["-u"]).is_some_and(|user| user == "0")
}

/// What the program `id` answers, if it does.
pub(crate) fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
