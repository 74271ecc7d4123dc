#[derive(clap::Args)]
pub struct Options {}
pub fn run(_: &Options) -> anyhow::Result<()> { Ok(()) }
pub fn test(_: &Options) -> anyhow::Result<()> { Ok(()) }
pub fn check() -> anyhow::Result<()> { Ok(()) }
