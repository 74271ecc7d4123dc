//! The command-line program; see [`trainer::run`].

fn main() -> anyhow::Result<()> {
    trainer::run()
}
