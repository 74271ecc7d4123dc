//! `cargo xtask web`: builds the web page with the recognizer and serves it.

mod build;
mod check;
mod serve;
mod sizes;

use std::net::Ipv4Addr;

use anyhow::Result;

pub use check::{Options as Check, check, run as run_check};

use crate::workspace::say;

#[derive(clap::Args)]
pub struct Options {
    /// Only build the static folder, target/web
    #[arg(long)]
    build_only: bool,
    /// The port on loopback
    #[arg(long, default_value_t = 8470)]
    port: u16,
}

/// Builds the page, prints its sizes, and serves it until it is stopped.
pub fn run(options: &Options) -> Result<()> {
    let folder = build::build()?;
    sizes::print(&folder)?;
    say(format!("The page is in {}", folder.display()));
    if options.build_only {
        return Ok(());
    }
    let server = serve::Server::new((Ipv4Addr::LOCALHOST, options.port))?;
    say(format!("{} (Ctrl-C ends it)", server.address()));
    server.serve(&folder, |_| ());
    Ok(())
}
