//! The page in a real browser: `web/tests/page.mjs` or `firefox.mjs`, by playwright.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, bail};
use xshell::cmd;

use super::{build, serve, sizes};
use crate::workspace::{root, say, shell, target};
use crate::{apt, bundle};

/// The oldest Node.js that playwright runs on.
const OLDEST_NODE: u32 = 20;

#[derive(clap::Args)]
pub struct Options {
    /// Check the page that was built last instead of building
    #[arg(long)]
    built: bool,
    /// Check it in Firefox instead of Chromium
    #[arg(long)]
    firefox: bool,
    /// Save the pictures to docs/images
    #[arg(long)]
    pictures: bool,
}

/// Builds the page and checks it.
pub fn check() -> Result<()> {
    run(&Options {
        built: false,
        firefox: false,
        pictures: false,
    })
}

/// Checks the page.
pub fn run(options: &Options) -> Result<()> {
    let (browser, script) = if options.firefox {
        (browser(&["firefox-esr", "firefox"])?, "firefox.mjs")
    } else {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        (browser(&names)?, "page.mjs")
    };
    let tests = tests()?;
    let page = if options.built {
        target()?.join("web")
    } else {
        build::build()?
    };
    sizes::print(&page)?;
    let lab = chords_of_the_command(&tests)?;
    let pictures = if options.pictures {
        root().join("docs/images")
    } else {
        tests.join("pictures")
    };
    fs::create_dir_all(&pictures)
        .with_context(|| format!("cannot create {}", pictures.display()))?;
    let log = tests.join("requests.log");
    fs::write(&log, "").with_context(|| format!("cannot write {}", log.display()))?;
    let asked = Mutex::new(fs::File::options().append(true).open(&log)?);
    let server = serve::Server::new((Ipv4Addr::LOCALHOST, 0))?;
    let sh = shell()?;
    thread::scope(|scope| {
        scope.spawn(|| {
            server.serve(&page, |path| {
                if let Ok(mut log) = asked.lock() {
                    // The test counts lines, and would notice a missing one.
                    let _ = std::io::Write::write_all(&mut *log, format!("{path}\n").as_bytes());
                }
            });
        });
        let script = tests.join(script);
        let result = cmd!(sh, "node {script}")
            .env("CHANGES_PAGE", server.address())
            .env("CHANGES_REQUESTS", &log)
            .env("CHANGES_BROWSER", browser)
            .env("CHANGES_LAB", &lab)
            .env("CHANGES_DEMO", root().join("assets/demo/town-theme.ogg"))
            .env("CHANGES_PICTURES", &pictures)
            .run();
        server.stop();
        Ok(result?)
    })
}

/// A browser with one of these names from the system, or the first one from Debian.
fn browser(names: &[&str]) -> Result<PathBuf> {
    let find = || {
        names.iter().find_map(|name| {
            let paths = std::env::var_os("PATH")?;
            std::env::split_paths(&paths)
                .map(|folder| folder.join(name))
                .find(|path| path.is_file())
        })
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    apt::ensure(&names[..1], "the page in a real browser")?;
    find().with_context(|| format!("no {} to check the page with", names[0]))
}

/// The folder of the tests, with the packages that they need.
fn tests() -> Result<PathBuf> {
    let sh = shell()?;
    let has = |program: &str| cmd!(sh, "{program} --version").quiet().read().is_ok();
    if !has("node") || !has("npm") {
        apt::ensure(&["nodejs", "npm"], "driving the browser")?;
    }
    let version = cmd!(sh, "node --version").quiet().read()?;
    let major = version.trim_start_matches('v').split('.').next();
    let major: u32 = major.and_then(|it| it.parse().ok()).unwrap_or(0);
    if major < OLDEST_NODE || !has("npm") {
        bail!("the page's tests need Node.js {OLDEST_NODE} or newer with npm; this is {version}");
    }
    let folder = target()?.join("web-tests");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut changed = false;
    for path in build::files(&root().join("web/tests"))? {
        let name = path.file_name().context("no file")?;
        let wanted = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let place = folder.join(name);
        if fs::read(&place).ok().as_ref() != Some(&wanted) {
            fs::write(&place, wanted)
                .with_context(|| format!("cannot write {}", place.display()))?;
            changed |= name == "package-lock.json";
        }
    }
    if changed || !folder.join("node_modules/playwright-firefox-esr").is_dir() {
        say("Installing playwright");
        let _here = sh.push_dir(&folder);
        cmd!(sh, "npm ci --no-audit --no-fund --ignore-scripts").run()?;
    }
    Ok(folder)
}

/// The chords that `changes` finds in the demo, as a label file.
fn chords_of_the_command(folder: &Path) -> Result<PathBuf> {
    let sh = shell()?;
    let changes = bundle::program("changes")?;
    let demo = root().join("assets/demo/town-theme.ogg");
    let lab = folder.join("town-theme.lab");
    cmd!(sh, "{changes} transcribe --force {demo} -o {lab}").run()?;
    Ok(lab)
}
